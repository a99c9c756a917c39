-- Top-ups that come by themselves, on a card that is kept.

-- When the card was given: an older one that is heard of late does not come back.
alter table talktime.stripe_customers add column card_at timestamptz;

-- What an attempt charges is kept with its row, so that asking again asks for the very same.
alter table talktime.payments
  add column payment_method text,
  add column acts_for       text;            -- of a checkout: the payment that its owner must confirm by it
-- One attempt at a time, whatever else goes wrong.
create unique index payments_one_recharge on talktime.payments (partner_id, wallet_id)
  where kind = 'recharge' and state in ('created', 'processing', 'needs_action');

create table talktime.auto_recharges (
  partner_id            uuid not null references talktime.partners,
  wallet_id             integer not null,
  enabled               boolean not null,
  threshold             bigint not null check (threshold >= 0),                  -- microcredits
  target                bigint,                    -- topped up to so many,
  amount                bigint,                    -- or by so many
  currency              text not null,             -- that the cap is in
  monthly_money         bigint not null check (monthly_money > 0),               -- millionths of the currency
  monthly_count         integer not null check (monthly_count between 1 and 1000),
  state                 text not null default 'active' check (state in ('active', 'suspended', 'needs_action')),
  failures              integer not null default 0,    -- in a row
  failed_at             timestamptz,               -- when the last attempt failed, since the card is this one
  failed_fingerprint    text,                      -- of the card that failed: another one ends what came of it
  suspended_because     text,
  action_payment        text,                      -- the checkout by which its owner confirms
  told_month            date,                      -- in which it was told that the cap is reached
  next_look_at          timestamptz not null default clock_timestamp(),
  updated_at            timestamptz not null default clock_timestamp(),
  primary key (partner_id, wallet_id),
  foreign key (partner_id, wallet_id) references talktime.wallets,
  check ((target is null) <> (amount is null)),
  check (target is null or target > threshold),
  check (amount is null or amount > 0)
);
create index auto_recharges_to_look_at on talktime.auto_recharges (partner_id, next_look_at) where enabled and state = 'active';
grant select, insert, update on talktime.auto_recharges to talktime_service;
alter table talktime.auto_recharges enable row level security;
create policy of_the_partner on talktime.auto_recharges to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));

-- The level at which a posting wakes whoever recharges: kept with the wallet, so that a posting reads no row more for it.
-- It is told by the database itself, because more than one way of writing leads to a wallet; one that has no level costs
-- the evaluation of the condition, and a crossing one notification.
alter table talktime.wallets add column recharge_below bigint;
create function talktime.tell_recharge() returns trigger language plpgsql as $$
begin
  perform pg_notify('talktime_recharge', new.partner_id::text);
  return null;
end
$$;
create trigger recharge after update on talktime.wallets for each row
  when (new.posted <= new.recharge_below and old.posted > new.recharge_below)
  execute function talktime.tell_recharge();
