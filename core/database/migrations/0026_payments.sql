-- What is paid for through Stripe. Money is in the minor units of its currency, as Stripe counts it.

-- Which partner a connected account is of.
create table directory.stripe_accounts (
  account    text primary key check (account ~ '^acct_[A-Za-z0-9]{1,64}$'),
  partner_id uuid not null references directory.partners
);

-- What Stripe told, once each: ids alone, the content is read anew when it is worked on.
create table directory.stripe_events (
  account         text not null,             -- 'host', or a connected account
  event_id        text not null,
  type            text not null,
  object_id       text not null,
  received_at     timestamptz not null default clock_timestamp(),
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  done_at         timestamptz,
  outcome         text,                      -- what it came to, or why it could not be worked on yet
  primary key (account, event_id)
);
create index stripe_events_waiting on directory.stripe_events (next_attempt_at) where done_at is null;
create index stripe_events_done on directory.stripe_events (done_at) where done_at is not null;

-- How a partner sells.
create table talktime.payment_settings (
  partner_id      uuid primary key references talktime.partners,
  sells_on        text not null default 'own' check (sells_on in ('own', 'host')),   -- 'host' is the host's to allow
  stripe_account  text check (stripe_account ~ '^acct_[A-Za-z0-9]{1,64}$'),
  charges_enabled boolean not null default false,
  application_fee integer not null default 0 check (application_fee between 0 and 500000),  -- millionths of the amount
  automatic_tax   boolean not null default false,
  least_top_up    bigint not null default 5000000 check (least_top_up > 0),          -- millionths of the currency
  most_top_up     bigint not null default 1000000000 check (most_top_up >= least_top_up)
);

-- Who pays for a wallet, at Stripe, and the card that is kept for it.
create table talktime.stripe_customers (
  partner_id         uuid not null references talktime.partners,
  account            text not null,
  wallet_id          integer not null,
  stripe_customer    text not null,
  payment_method     text,
  card_fingerprint   text,
  card_brand         text,
  card_last4         text,
  card_expires       text,                   -- 2027-04
  updated_at         timestamptz not null default clock_timestamp(),
  primary key (partner_id, account, wallet_id),
  foreign key (partner_id, wallet_id) references talktime.wallets
);

-- Something to be paid. The row is there before Stripe is asked; its terms never change.
create table talktime.payments (
  partner_id        uuid not null references talktime.partners,
  payment_id        text not null,
  kind              text not null check (kind in ('checkout', 'recharge', 'renewal')),
  wallet_id         integer not null,
  customer_id       text,                    -- null: the partner's own wallet
  account           text not null,
  currency          text not null,
  amount            bigint not null check (amount > 0),       -- without tax
  credits           bigint not null check (credits > 0),
  bonus             bigint not null default 0 check (bonus >= 0),
  plan_id           text,
  terms             jsonb,                   -- of the plan, as sold
  save_card         boolean not null default false,
  automatic_tax     boolean not null default false,
  application_fee   bigint not null default 0 check (application_fee >= 0),
  success_url       text,
  cancel_url        text,
  idempotency_key   text not null,
  content_hash      bytea not null,
  actor             text not null,
  created_at        timestamptz not null default clock_timestamp(),
  expires_at        timestamptz,
  -- what Stripe says
  state             text not null default 'created'
    check (state in ('created', 'open', 'processing', 'needs_action', 'paid', 'failed', 'expired', 'mismatch', 'stuck')),
  checkout_session  text,
  checkout_url      text,
  payment_intent    text,
  charge            text,
  receipt_url       text,
  received          bigint,                  -- with tax
  refunded          bigint not null default 0,
  lost              bigint not null default 0,
  disputed          bigint not null default 0,
  failure_code      text,
  failure_message   text,
  -- what the ledger has of it
  operation_id      uuid,
  paid_at           timestamptz,
  -- how the two are kept together
  sync_no           bigint not null default 0,   -- the last look that began
  acted_no          bigint not null default 0,   -- the newest one that was acted on
  synced_at         timestamptz,
  next_sync_at      timestamptz,             -- null: only when something is heard
  syncs             integer not null default 0,
  primary key (partner_id, payment_id),
  foreign key (partner_id, wallet_id) references talktime.wallets
);
create unique index payments_by_key on talktime.payments (partner_id, idempotency_key);
create unique index payments_by_intent on talktime.payments (partner_id, payment_intent) where payment_intent is not null;
create unique index payments_by_session on talktime.payments (partner_id, checkout_session) where checkout_session is not null;
create index payments_by_time on talktime.payments (partner_id, created_at desc, payment_id);
create index payments_of_a_wallet on talktime.payments (partner_id, wallet_id, created_at desc);
create index payments_of_an_operation on talktime.payments (partner_id, operation_id) where operation_id is not null;
create index payments_to_look_at on talktime.payments (partner_id, next_sync_at) where next_sync_at is not null;

-- What went back of a payment, and what somebody wants back, as Stripe said last.
create table talktime.payment_refunds (
  partner_id uuid not null,
  refund_id  text not null,
  payment_id text not null,
  amount     bigint not null,
  status     text not null,
  created_at timestamptz not null,
  primary key (partner_id, refund_id),
  foreign key (partner_id, payment_id) references talktime.payments
);
create index on talktime.payment_refunds (partner_id, payment_id);
create table talktime.payment_disputes (
  partner_id uuid not null,
  dispute_id text not null,
  payment_id text not null,
  amount     bigint not null,
  status     text not null,
  reason     text not null,
  created_at timestamptz not null,
  primary key (partner_id, dispute_id),
  foreign key (partner_id, payment_id) references talktime.payments
);
create index on talktime.payment_disputes (partner_id, payment_id);

grant select, insert, update on directory.stripe_events to talktime_service;
grant delete on directory.stripe_events, directory.stripe_accounts to talktime_service;
grant select, insert on directory.stripe_accounts to talktime_service;
grant select, insert, update on talktime.payment_settings, talktime.stripe_customers, talktime.payments, talktime.payment_refunds,
  talktime.payment_disputes to talktime_service;

do $$
declare
  name text;
begin
  foreach name in array array['payment_settings', 'stripe_customers', 'payments', 'payment_refunds', 'payment_disputes'] loop
    execute format('alter table talktime.%I enable row level security', name);
    execute format(
      'create policy of_the_partner on talktime.%I to talktime_service using (partner_id = (select nullif(current_setting(''talktime.partner_id'', true), '''')::uuid))',
      name);
  end loop;
end
$$;
