-- What there is to tell of payments, and what somebody asks to be refunded.

-- Written in the transaction of what it tells, numbered by payment: a message about a payment has shown all up to a number.
create table talktime.payment_news (
  partner_id uuid not null,
  payment_id text not null,
  number     integer not null,
  event      text not null check (event in (
    'refunded', 'refund_failed', 'inquiry_opened', 'inquiry_closed', 'dispute_opened', 'dispute_won', 'dispute_lost',
    'mismatch', 'stuck', 'mended', 'failed', 'needs_action')),
  amount     bigint,                           -- money, in minor units of the payment's currency
  credits    bigint,                           -- taken, held or given back by it; null: not to be told apart
  reason     text,                             -- as somebody else put it
  answer_by  timestamptz,
  link       text,                             -- where somebody has to act
  at         timestamptz not null default clock_timestamp(),
  routed_at  timestamptz,
  primary key (partner_id, payment_id, number),
  foreign key (partner_id, payment_id) references talktime.payments
);
create index payment_news_unrouted on talktime.payment_news (partner_id, at) where routed_at is null;

-- A payment has one message on a route.
alter table talktime.alert_messages
  drop constraint alert_messages_kind_check,
  add constraint alert_messages_kind_check check (kind in ('episode', 'digest', 'route_dead', 'test', 'payment'));
create unique index alert_messages_of_a_payment on talktime.alert_messages (partner_id, route, (about ->> 'payment_id'))
  where kind = 'payment';

alter table talktime.payment_disputes add column answer_by timestamptz;

-- Money that somebody gives back: written before Stripe is asked, and asked again with the same key until it answers.
create table talktime.refund_requests (
  partner_id      uuid not null,
  request_id      text not null,
  payment_id      text not null,
  idempotency_key text not null,
  content_hash    bytea not null,
  amount          bigint not null check (amount > 0),
  reason          text check (reason in ('duplicate', 'fraudulent', 'requested_by_customer')),
  actor           text not null,
  created_at      timestamptz not null default clock_timestamp(),
  attempt         integer not null default 1,  -- the key of what Stripe refused may be used again
  refund_id       text,                        -- once Stripe made it
  refusal         text,                        -- why Stripe did not
  primary key (partner_id, request_id),
  foreign key (partner_id, payment_id) references talktime.payments,
  check (refund_id is null or refusal is null)
);
create unique index refund_requests_by_key on talktime.refund_requests (partner_id, idempotency_key);
create index refund_requests_of_a_payment on talktime.refund_requests (partner_id, payment_id);
create index refund_requests_open on talktime.refund_requests (partner_id, created_at) where refund_id is null and refusal is null;

grant select, insert, update on talktime.payment_news, talktime.refund_requests to talktime_service;

do $$
declare
  name text;
begin
  foreach name in array array['payment_news', 'refund_requests'] loop
    execute format('alter table talktime.%I enable row level security', name);
    execute format(
      'create policy of_the_partner on talktime.%I to talktime_service using (partner_id = (select nullif(current_setting(''talktime.partner_id'', true), '''')::uuid))',
      name);
  end loop;
end
$$;
