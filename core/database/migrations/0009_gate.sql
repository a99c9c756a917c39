-- The gate before a call.

alter table talktime.customers
  add column gate_failure text not null default 'closed' check (gate_failure in ('closed', 'open'));
alter table talktime.partners add column call_refusal_message text; -- null: the usual one
