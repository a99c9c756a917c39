-- One physical call, two providers (money-rules 12): a carrier and the voice agent that speaks over it.

alter table talktime.calls
  add column carrier_call_id text,   -- Twilio's CallSid: the same in both reports
  add column linked_to       uuid,   -- of a carrier's call: the agent's call that is billed instead
  add column billed_seconds  integer not null default 0,
  add column cost            bigint; -- in millionths of the partner's currency, what is linked included; null: unknown
create index calls_of_a_carrier on talktime.calls (partner_id, carrier_call_id) where carrier_call_id is not null;

-- What reports are made of. Partial, so that looking calls up by their ids cannot take it for the primary key before the
-- table has statistics: that would read all calls of a partner, batch after batch.
create index calls_by_start on talktime.calls (partner_id, started_at) where revision > 0;

create type talktime.linked_call_row as (
  call_id uuid, provider text, account text, provider_call_id text, leg text, state text, reason text, customer_id text,
  payer text, payer_rate integer, revision integer, price bigint, overage bigint, overage_paid bigint, overage_rate integer,
  cost_paid bigint, reversed bigint, in_review bigint, facts jsonb, started_at timestamptz, received_at timestamptz,
  agent_id text, from_number text, to_number text, direction text, metadata_customer_id text,
  carrier_call_id text, linked_to uuid, billed_seconds integer, cost bigint
);
