-- Asking providers themselves: for calls whose webhook never came, and to end calls that nobody pays for.

alter table talktime.endpoints
  add column sealed_api_key bytea,
  add column reconciled_until timestamptz;   -- calls that began before this have been asked for
alter table talktime.customers add column end_calls_when_exhausted boolean not null default false;
