-- Outgoing webhooks: who is told what, and what is on its way.

create table talktime.webhooks (
  partner_id    uuid not null references talktime.partners,
  webhook_id    text not null,
  url           text not null,
  events        text[] not null check (cardinality(events) > 0),
  customer_id   text,                          -- only what is about this customer
  description   text not null default '',
  sealed_secret bytea not null,
  created_at    timestamptz not null default clock_timestamp(),
  primary key (partner_id, webhook_id),
  foreign key (partner_id, customer_id) references talktime.customers
);

-- Whether the partner has any: what nobody asked to be told is not written down.
alter table talktime.partners add column announces boolean not null default false;

-- Written in the transaction of what it tells. The payload is made once, before the first attempt.
create table talktime.webhook_deliveries (
  partner_id      uuid not null,
  webhook_id      text not null,
  event_id        uuid not null,
  type            text not null,
  customer_id     text,
  subject         text not null,               -- the operation, the call or the wallet that it is about
  at              timestamptz not null,
  payload         text,                        -- JSON, to the letter what is signed and posted
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  delivered_at    timestamptz,
  dead_at         timestamptz,
  last_error      text,
  primary key (partner_id, webhook_id, event_id),
  foreign key (partner_id, webhook_id) references talktime.webhooks on delete cascade
);
create index webhook_deliveries_due on talktime.webhook_deliveries (partner_id, next_attempt_at)
  where delivered_at is null and dead_at is null;
create index webhook_deliveries_by_time on talktime.webhook_deliveries (partner_id, webhook_id, at desc, event_id);

grant select, insert, delete on talktime.webhooks to talktime_service;
grant select, insert, update, delete on talktime.webhook_deliveries to talktime_service;
alter table talktime.webhooks enable row level security;
create policy of_the_partner on talktime.webhooks to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
alter table talktime.webhook_deliveries enable row level security;
create policy of_the_partner on talktime.webhook_deliveries to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
