-- Grants: the lots that a wallet's credits came in, and what each posting burned of them (money-rules 15 to 18).

-- The time that the ledger goes by. A function of its own, so that a test can show what a clock brings.
create function talktime.clock() returns timestamptz language sql volatile as $$ select clock_timestamp() $$;

-- The lots that still have credits or have yet to start, in the order in which they burn (core/ledger/lots.ts): with the
-- wallet, so that a deduction reads and writes no row more for them. What they have left, less what no grant backs, is the
-- posted balance.
alter table talktime.wallets
  add column lots       jsonb not null default '[]',
  add column last_grant integer not null default 0,
  add column due_at     timestamptz,             -- when the next of them starts or expires
  add column ungranted  bigint not null default 0; -- how many of its first postings are older than grants
update talktime.wallets set ungranted = sequence where sequence > 0;
create index wallets_due on talktime.wallets (partner_id, due_at) where due_at is not null;

-- A grant's terms, for good, and what has expired of it.
create table talktime.grants (
  partner_id   uuid not null,
  wallet_id    integer not null,
  grant_no     integer not null check (grant_no >= 1),
  kind         text not null check (kind in ('paid', 'bonus', 'plan')),
  priority     smallint not null check (priority between 0 and 100),
  amount       bigint not null check (amount > 0),
  source       integer not null,                 -- the account that it came from
  effective_at timestamptz not null,
  expires_at   timestamptz check (expires_at >= effective_at),
  cost_basis   bigint check (cost_basis >= 0),   -- what was paid for it, in millionths of the partner's currency
  operation_id uuid,                             -- null: what a wallet had when grants began
  voided_at    timestamptz,
  expired      bigint not null default 0 check (expired >= 0),
  primary key (partner_id, wallet_id, grant_no),
  foreign key (partner_id, wallet_id) references talktime.wallets
);
create index grants_of_an_operation on talktime.grants (partner_id, operation_id);

-- What a posting burned when it was posted: "grant:microcredits" by commas, in the order in which they burned. The rest of
-- its amount no grant backed.
alter table talktime.transfers add column burned text check (burned is null or debit_sequence is not null);

-- What became of that later, by the posting with `sequence`: below 0 given back (to a grant, or, without one, off what no
-- grant backs), above 0 settled by a grant that came in.
create table talktime.burn_changes (
  partner_id  uuid not null,
  wallet_id   integer not null,
  of_sequence bigint not null,
  sequence    bigint not null check (sequence > of_sequence),
  ordinal     integer not null,
  grant_no    integer,
  amount      bigint not null check (amount <> 0),
  primary key (partner_id, wallet_id, of_sequence, sequence, ordinal),
  check (grant_no is not null or amount < 0)
);
create index burn_changes_by_cause on talktime.burn_changes (partner_id, wallet_id, sequence, ordinal);
create trigger append_only before update or delete on talktime.burn_changes for each row execute function talktime.refuse_change();
create trigger append_only_truncate before truncate on talktime.burn_changes for each statement execute function talktime.refuse_change();

-- The open part of what no grant backs: a queue, settled oldest first by credits that arrive.
create table talktime.unbacked (
  partner_id  uuid not null,
  wallet_id   integer not null,
  of_sequence bigint not null,
  amount      bigint not null check (amount > 0),
  primary key (partner_id, wallet_id, of_sequence)
);

-- What wallets have from before there were grants counts as paid, and never expires.
insert into talktime.grants (partner_id, wallet_id, grant_no, kind, priority, amount, source, effective_at)
select partner_id, wallet_id, 1, 'paid', 30, posted, -2, coalesce(last_posted_at, now()) from talktime.wallets where posted > 0;
update talktime.wallets
set last_grant = 1, lots = jsonb_build_array(jsonb_build_object('grant', 1, 'kind', 'paid', 'priority', 30, 'source', -2, 'left', posted))
where posted > 0;
insert into talktime.unbacked (partner_id, wallet_id, of_sequence, amount)
select partner_id, wallet_id, sequence, -posted from talktime.wallets where posted < 0;

grant select, insert on talktime.grants, talktime.burn_changes, talktime.unbacked to talktime_service;
grant update (expires_at, voided_at, expired) on talktime.grants to talktime_service;
grant update, delete on talktime.unbacked to talktime_service;

do $$
declare
  name text;
begin
  foreach name in array array['grants', 'burn_changes', 'unbacked'] loop
    execute format('alter table talktime.%I enable row level security', name);
    execute format(
      'create policy of_the_partner on talktime.%I to talktime_service using (partner_id = (select nullif(current_setting(''talktime.partner_id'', true), '''')::uuid))',
      name);
  end loop;
end
$$;
