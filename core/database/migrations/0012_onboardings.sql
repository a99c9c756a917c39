-- Onboarding in one call: a customer, its settings, mappings and first credits, once for a key.

create table talktime.onboardings (
  partner_id      uuid not null,
  idempotency_key text not null,
  content_hash    bytea not null check (length(content_hash) = 32),
  customer_id     text not null,
  created_at      timestamptz not null default clock_timestamp(),
  primary key (partner_id, idempotency_key),
  foreign key (partner_id, customer_id) references talktime.customers
);

grant select, insert on talktime.onboardings to talktime_service;
alter table talktime.onboardings enable row level security;
create policy of_the_partner on talktime.onboardings to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
