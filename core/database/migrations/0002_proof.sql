-- Proof: what makes tampering with the ledger show (money-rules 24, docs/decisions/0007), and the schedule of jobs.

--------------------------------------------------------------------------------------------------------------------
-- the hash chain of each wallet
--------------------------------------------------------------------------------------------------------------------

-- The chain's hash after this posting, for each side that is a wallet (core/ledger/proof/README.md has the form).
alter table talktime.transfers
  add column debit_hash bytea check (debit_hash is null or (length(debit_hash) = 32 and debit_sequence is not null)),
  add column credit_hash bytea check (credit_hash is null or (length(credit_hash) = 32 and credit_sequence is not null));

-- The hash after the wallet's newest posting; null before the first one.
alter table talktime.wallets
  add column head bytea check (length(head) = 32),
  -- How many of its first postings are older than this migration and have no hash. `talktime verify` says so.
  add column unchained bigint not null default 0;
update talktime.wallets set unchained = sequence where sequence > 0;

--------------------------------------------------------------------------------------------------------------------
-- seals
--------------------------------------------------------------------------------------------------------------------

-- A seal covers every wallet that moved since the seal before it, and that seal's digest; so the newest digest stands for
-- every wallet's sequence and head at that moment.
create table talktime.seals (
  partner_id uuid not null references talktime.partners,
  seal       bigint not null check (seal >= 1),
  at         timestamptz not null,
  previous   bytea not null check (length(previous) = 32),  -- 32 zero bytes for the first
  digest     bytea not null check (length(digest) = 32),
  primary key (partner_id, seal)
);

create table talktime.seal_heads (
  partner_id uuid not null,
  wallet_id  integer not null,
  sequence   bigint not null check (sequence >= 1),
  head       bytea not null check (length(head) = 32),
  seal       bigint not null,
  primary key (partner_id, wallet_id, sequence),
  foreign key (partner_id, seal) references talktime.seals
);
create index seal_heads_of_a_seal on talktime.seal_heads (partner_id, seal, wallet_id);

create trigger append_only before update or delete on talktime.seals for each row execute function talktime.refuse_change();
create trigger append_only_truncate before truncate on talktime.seals for each statement execute function talktime.refuse_change();
create trigger append_only before update or delete on talktime.seal_heads for each row execute function talktime.refuse_change();
create trigger append_only_truncate before truncate on talktime.seal_heads for each statement execute function talktime.refuse_change();

--------------------------------------------------------------------------------------------------------------------
-- jobs
--------------------------------------------------------------------------------------------------------------------

-- What runs on a schedule, once over all replicas: a replica claims a job that is due by taking its lease (core/jobs).
create table directory.jobs (
  name        text primary key,
  next_run_at timestamptz not null,
  lease_id    uuid,                        -- whose run it is; null while nobody runs it
  lease_until timestamptz,
  failures    integer not null default 0,  -- in a row
  last_run_at timestamptz,
  last_error  text,
  check ((lease_id is null) = (lease_until is null))
);

--------------------------------------------------------------------------------------------------------------------
-- who may do what
--------------------------------------------------------------------------------------------------------------------

grant select, insert on talktime.seals, talktime.seal_heads to talktime_service;
grant select, insert, update on directory.jobs to talktime_service;

do $$
declare
  name text;
begin
  foreach name in array array['seals', 'seal_heads'] loop
    execute format('alter table talktime.%I enable row level security', name);
    execute format(
      'create policy of_the_partner on talktime.%I to talktime_service using (partner_id = (select nullif(current_setting(''talktime.partner_id'', true), '''')::uuid))',
      name);
  end loop;
end
$$;
