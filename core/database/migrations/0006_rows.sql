-- The rows that a batch writes, as types: each table's rows come as one array of its type (core/database/rows.ts). A
-- column that a table gets later comes with a new type; these stay for the replicas that still use them.

create type talktime.operation_row as (
  operation_id uuid, kind text, key text, content_hash bytea, actor text, at timestamptz, call_id uuid, reverses uuid, result jsonb
);

create type talktime.transfer_row as (
  operation_id uuid, line smallint, debit_account integer, credit_account integer, amount bigint,
  debit_sequence bigint, debit_balance bigint, debit_hash bytea, credit_sequence bigint, credit_balance bigint, credit_hash bytea,
  at timestamptz, floor bigint, flagged bigint, flag text, captured bigint, burned text
);

create type talktime.wallet_row as (
  wallet_id integer, posted bigint, held bigint, sequence bigint, head bytea, last_posted_at timestamptz,
  status text, told text, episode integer, lots jsonb, last_grant integer, due_at timestamptz
);

create type talktime.call_row as (
  call_id uuid, provider text, account text, provider_call_id text, leg text, state text, reason text, customer_id text,
  payer text, payer_rate integer, revision integer, price bigint, overage bigint, overage_paid bigint, overage_rate integer,
  cost_paid bigint, reversed bigint, in_review bigint, facts jsonb, started_at timestamptz, received_at timestamptz,
  agent_id text, from_number text, to_number text, direction text, metadata_customer_id text
);

create type talktime.hold_row as (
  call_id uuid, provider text, account text, provider_call_id text, leg text, state text, customer_id text, payer text,
  wallet_id integer, payer_rate integer, floor bigint, amount bigint, cap_seconds integer, extensions integer,
  authorized_at timestamptz, ended_at timestamptz
);

create type talktime.facts_row as (
  call_id uuid, facts_hash bytea, facts jsonb, disposition text, operation_id uuid, received_at timestamptz
);
