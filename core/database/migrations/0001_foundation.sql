-- The foundation: who there is (directory), and what each partner has (talktime).
--
-- Every table of `talktime` begins its keys with partner_id and is guarded by row-level security on it, so that the
-- schema shards by partner and no query can cross partners. The `directory` schema finds the partner of a key, an
-- endpoint or a Slack team, and is the one exception.
--
-- The service works as the role talktime_service, which owns nothing: what it may do is granted at the end.

create schema directory;
create schema talktime;

do $$
begin
  create role talktime_service nologin;
exception
  when duplicate_object then null;  -- roles belong to the cluster: another database may have made it
end
$$;

-- The login that migrates may act as the service, so that one DATABASE_URL is enough.
do $$
begin
  if not pg_has_role(current_user, 'talktime_service', 'set') then
    execute format('grant talktime_service to %I', current_user);
  end if;
end
$$;

--------------------------------------------------------------------------------------------------------------------
-- directory
--------------------------------------------------------------------------------------------------------------------

create table directory.partners (
  partner_id uuid primary key,
  created_at timestamptz not null default now()
);

-- API keys, hashed. A host's key belongs to no partner.
create table directory.api_keys (
  key_hash    bytea primary key check (length(key_hash) = 32),
  key_id      text not null unique,
  partner_id  uuid references directory.partners,
  customer_id text,
  name        text not null,
  scopes      text[] not null,
  created_at  timestamptz not null default now(),
  revoked_at  timestamptz,
  check (partner_id is not null or scopes = array['host'])
);
create index on directory.api_keys (partner_id, created_at);

create table directory.endpoints (
  endpoint_id text primary key,
  partner_id  uuid not null references directory.partners,
  provider    text not null
);

create table directory.slack_teams (
  team_id    text primary key,
  partner_id uuid not null references directory.partners
);

--------------------------------------------------------------------------------------------------------------------
-- partners and customers
--------------------------------------------------------------------------------------------------------------------

-- The row that every writer of a partner locks first (docs/decisions/0002).
create table talktime.partners (
  partner_id           uuid primary key references directory.partners,
  name                 text not null,
  currency             text not null check (currency ~ '^[A-Z]{3}$'),
  credit_value         bigint not null check (credit_value > 0),  -- millionths of the currency for one credit
  funding              text not null default 'independent' check (funding in ('independent', 'allocated')),
  low_credit_threshold bigint,
  low_credit_notifications_enabled boolean not null default false,
  slack_team_id        text,
  slack_channel        text,
  last_wallet_id       integer not null default 0,
  created_at           timestamptz not null default now()
) with (fillfactor = 50);

-- A balance. Wallet 0 is the partner's own; the others are its customers'. Amounts are microcredits.
create table talktime.wallets (
  partner_id     uuid not null references talktime.partners,
  wallet_id      integer not null check (wallet_id >= 0),
  posted         bigint not null default 0 check (posted > -8000000000000000 and posted < 8000000000000000),
  held           bigint not null default 0 check (held >= 0),
  sequence       bigint not null default 0,   -- how many postings the wallet has
  last_posted_at timestamptz,
  -- The alert (money-rules 20): the status now, the worst one told in this episode, and the episode's number.
  status         text not null default 'ok' check (status in ('ok', 'low', 'critical', 'exhausted')),
  told           text not null default 'ok' check (told in ('ok', 'low', 'critical', 'exhausted')),
  episode        integer not null default 1,
  primary key (partner_id, wallet_id)
) with (fillfactor = 50);

create table talktime.customers (
  partner_id           uuid not null,
  customer_id          text not null,
  wallet_id            integer not null,
  name                 text not null,
  ai_credits_enabled   boolean not null default false,
  grace_seconds        integer not null default 0 check (grace_seconds >= 0),
  overdraft            bigint not null default 0 check (overdraft >= 0),
  shortfall_policy     text not null default 'debt' check (shortfall_policy in ('debt', 'partner')),
  low_credit_threshold bigint,
  low_credit_notifications_enabled boolean not null default false,
  show_pricing_information         boolean not null default false,
  customer_portal_enabled          boolean not null default false,
  restrict_credit_plan_visibility  boolean not null default false,
  visible_credit_plan_ids          text[] not null default '{}',
  created_at           timestamptz not null default now(),
  primary key (partner_id, customer_id),
  unique (partner_id, wallet_id),
  foreign key (partner_id, wallet_id) references talktime.wallets
);
create index customers_by_name on talktime.customers (partner_id, lower(name), customer_id);

-- What a minute costs, for a wallet. Versions are added, never changed and never backdated (money-rules 3).
create table talktime.rates (
  partner_id         uuid not null,
  wallet_id          integer not null,
  version            integer not null check (version >= 1),
  credits_per_minute bigint not null check (credits_per_minute >= 0),
  initial_seconds    integer not null check (initial_seconds >= 1),
  increment_seconds  integer not null check (increment_seconds >= 1),
  effective_from     timestamptz not null,
  primary key (partner_id, wallet_id, version),
  foreign key (partner_id, wallet_id) references talktime.wallets
);

-- Values in a provider's payload that tell whose call it was.
create table talktime.mappings (
  partner_id  uuid not null,
  kind        text not null check (kind in ('agent', 'phone_number', 'metadata')),
  value       text not null,
  customer_id text not null,
  created_at  timestamptz not null default now(),
  primary key (partner_id, kind, value),
  foreign key (partner_id, customer_id) references talktime.customers
);
create index on talktime.mappings (partner_id, customer_id);

--------------------------------------------------------------------------------------------------------------------
-- the ledger
--------------------------------------------------------------------------------------------------------------------

-- Every change, once. operation_id is derived from the partner and the key (UUIDv5), so that the primary key is what
-- makes a key permanent.
create table talktime.operations (
  partner_id   uuid not null references talktime.partners,
  operation_id uuid not null,
  kind         text not null,
  key          text not null,
  content_hash bytea not null check (length(content_hash) = 32),
  hash_version smallint not null,
  actor        text not null,
  at           timestamptz not null,
  call_id      uuid,
  reverses     uuid,
  result       jsonb not null,
  primary key (partner_id, operation_id)
);
create index operations_of_a_call on talktime.operations (partner_id, call_id) where call_id is not null;
create index reversals_of_an_operation on talktime.operations (partner_id, reverses) where reverses is not null;

-- Notes can hold personal data, so they live beside the ledger, where they can be erased (money-rules 23).
create table talktime.operation_notes (
  partner_id   uuid not null,
  operation_id uuid not null,
  note         text not null,
  primary key (partner_id, operation_id),
  foreign key (partner_id, operation_id) references talktime.operations
);

-- Double entry. An account of 0 or above is a wallet, below 0 one of the counter accounts (core/ledger/accounts.ts),
-- whose balances are derived from these rows. The wallet sides carry the wallet's sequence and balance after it.
create table talktime.transfers (
  partner_id     uuid not null,
  operation_id   uuid not null,
  line           smallint not null,
  debit_account  integer not null,
  credit_account integer not null,
  amount         bigint not null check (amount > 0),
  debit_sequence  bigint,
  debit_balance   bigint,
  credit_sequence bigint,
  credit_balance  bigint,
  at             timestamptz not null,
  floor          bigint,                               -- what the debited wallet was tested against
  flagged        bigint not null default 0 check (flagged >= 0 and flagged <= amount),
  flag           text check (flag in ('debt', 'refund', 'dispute', 'correction')),
  primary key (partner_id, operation_id, line),
  foreign key (partner_id, operation_id) references talktime.operations,
  check (debit_account <> credit_account),
  check ((debit_account >= 0) = (debit_sequence is not null) and (debit_account >= 0) = (debit_balance is not null)),
  check ((credit_account >= 0) = (credit_sequence is not null) and (credit_account >= 0) = (credit_balance is not null)),
  check ((flagged > 0) = (flag is not null)),
  -- Nothing stands below its floor but what is flagged so (money-rules 9).
  constraint nothing_below_its_floor
    check (debit_account < 0 or (floor is not null and (flagged = amount or debit_balance + flagged >= floor)))
);
create unique index debits_of_a_wallet on talktime.transfers (partner_id, debit_account, debit_sequence) where debit_sequence is not null;
create unique index credits_of_a_wallet on talktime.transfers (partner_id, credit_account, credit_sequence) where credit_sequence is not null;

-- Append-only: refused by the grants below for the service, and by triggers for everyone else.
create function talktime.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% of talktime.% is refused: the ledger is append-only; post a reversal instead', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end
$$;
create trigger append_only before update or delete on talktime.operations for each row execute function talktime.refuse_change();
create trigger append_only_truncate before truncate on talktime.operations for each statement execute function talktime.refuse_change();
create trigger append_only before update or delete on talktime.transfers for each row execute function talktime.refuse_change();
create trigger append_only_truncate before truncate on talktime.transfers for each statement execute function talktime.refuse_change();

--------------------------------------------------------------------------------------------------------------------
-- calls
--------------------------------------------------------------------------------------------------------------------

-- One row for a physical call's identity (money-rules 10); call_id is derived from it. What the call costs now, in
-- microcredits of the payer's rate, is `price`; `overage` is the part of it that the partner carries, and
-- `overage_paid` what that took from the partner's wallet.
create table talktime.calls (
  partner_id       uuid not null references talktime.partners,
  call_id          uuid not null,
  provider         text not null,
  account          text not null,
  provider_call_id text not null,
  leg              text not null default '',
  state            text not null check (state in ('charged', 'suspense', 'closed')),
  reason           text,                   -- why it is in suspense, or why it was closed
  customer_id      text,
  payer            text check (payer in ('customer', 'partner')),
  payer_rate       integer,                -- the rate version of the payer's wallet that priced it
  revision         integer not null default 0,
  price            bigint not null default 0,
  overage          bigint not null default 0,
  overage_paid     bigint not null default 0,
  overage_rate     integer,                -- the partner's rate version that it was priced with
  reversed         bigint not null default 0,
  facts            jsonb not null,         -- the best facts so far
  started_at       timestamptz not null,   -- what decides the rate version
  received_at      timestamptz not null,
  updated_at       timestamptz not null,
  agent_id         text,
  from_number      text,
  to_number        text,
  direction        text check (direction in ('inbound', 'outbound')),
  metadata_customer_id text,
  primary key (partner_id, call_id)
);
create index calls_in_suspense on talktime.calls (partner_id, received_at, call_id) where state = 'suspense';

-- Every distinct report of a call, and what became of it. Seen before = a replay.
create table talktime.call_facts (
  partner_id   uuid not null,
  call_id      uuid not null,
  facts_hash   bytea not null check (length(facts_hash) = 32),
  facts        jsonb not null,
  disposition  text not null check (disposition in ('posted', 'unchanged', 'outranked', 'review', 'suspense', 'closed')),
  operation_id uuid,                       -- the operation that answers a replay
  received_at  timestamptz not null,
  primary key (partner_id, call_id, facts_hash),
  foreign key (partner_id, call_id) references talktime.calls
);

-- A provider's account whose signed webhooks are taken, with its secrets sealed.
create table talktime.endpoints (
  partner_id     uuid not null,
  endpoint_id    text not null,
  provider       text not null,
  account        text not null,
  sealed_secrets bytea[] not null,
  created_at     timestamptz not null default now(),
  primary key (partner_id, endpoint_id),
  unique (partner_id, provider, account),
  foreign key (partner_id) references talktime.partners
);

--------------------------------------------------------------------------------------------------------------------
-- plans, alerts, audit
--------------------------------------------------------------------------------------------------------------------

create table talktime.plans (
  partner_id  uuid not null references talktime.partners,
  plan_id     text not null,
  name        text not null,
  description text not null default '',
  credits     bigint check (credits > 0),
  minutes     bigint check (minutes > 0),           -- millionths of a minute
  price       bigint not null check (price >= 0),   -- millionths of the currency
  currency    text not null,
  active      boolean not null default true,
  popular     boolean not null default false,
  created_at  timestamptz not null default now(),
  primary key (partner_id, plan_id),
  check ((credits is null) <> (minutes is null))
);
create unique index one_popular_plan on talktime.plans (partner_id) where popular;

-- Alerts to deliver, written in the transaction of the posting that caused them.
create table talktime.outbox (
  partner_id      uuid not null references talktime.partners,
  outbox_id       uuid not null,
  wallet_id       integer not null,
  episode         integer not null,
  event           text not null check (event in ('low', 'critical', 'exhausted', 'improved', 'recovered')),
  sequence        bigint not null,          -- of the wallet's posting that caused it
  created_at      timestamptz not null,
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null,
  delivered_at    timestamptz,
  dead_at         timestamptz,
  last_error      text,
  primary key (partner_id, outbox_id)
);
create index outbox_waiting on talktime.outbox (partner_id, wallet_id, created_at, outbox_id) where delivered_at is null and dead_at is null;

-- The message of an episode, so that it is updated in place.
create table talktime.alert_messages (
  partner_id uuid not null,
  wallet_id  integer not null,
  episode    integer not null,
  channel    text not null,
  ts         text not null,
  updated_at timestamptz not null,
  primary key (partner_id, wallet_id, episode),
  foreign key (partner_id, wallet_id) references talktime.wallets
);

create table talktime.audit_log (
  partner_id uuid not null references talktime.partners,
  audit_id   uuid not null,
  at         timestamptz not null default clock_timestamp(),
  actor      text not null,
  action     text not null,
  subject    text not null,
  change     jsonb not null,
  primary key (partner_id, audit_id)
);
create index audit_log_by_time on talktime.audit_log (partner_id, at);
create trigger append_only before update or delete on talktime.audit_log for each row execute function talktime.refuse_change();
create trigger append_only_truncate before truncate on talktime.audit_log for each statement execute function talktime.refuse_change();

--------------------------------------------------------------------------------------------------------------------
-- who may do what
--------------------------------------------------------------------------------------------------------------------

grant usage on schema directory, talktime to talktime_service;
grant select, insert on all tables in schema directory to talktime_service;
grant update (revoked_at) on directory.api_keys to talktime_service;
grant delete on directory.slack_teams to talktime_service;

grant select, insert on all tables in schema talktime to talktime_service;
grant update on talktime.partners, talktime.wallets, talktime.customers, talktime.calls, talktime.call_facts, talktime.endpoints,
  talktime.plans, talktime.outbox, talktime.alert_messages, talktime.operation_notes to talktime_service;
grant delete on talktime.mappings to talktime_service;

-- Row-level security: a transaction sees the partner that it said it works for, and without one, nothing.
do $$
declare
  name text;
begin
  for name in select tablename from pg_tables where schemaname = 'talktime' loop
    execute format('alter table talktime.%I enable row level security', name);
    execute format(
      'create policy of_the_partner on talktime.%I to talktime_service using (partner_id = (select nullif(current_setting(''talktime.partner_id'', true), '''')::uuid))',
      name);
  end loop;
end
$$;
