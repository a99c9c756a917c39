-- Usage that is billed afterwards: a customer's deductions as meter events of Stripe.

-- The meter of each account that a partner sells on.
create table talktime.meters (
  partner_id uuid not null references talktime.partners,
  account    text not null,                  -- 'host', or a connected account
  meter_id   text not null,
  event_name text not null,
  primary key (partner_id, account)
);

-- A stretch of a wallet's sequence that is metered: from after `from_sequence` up to `to_sequence`. A wallet's sequence has
-- no gaps and its postings never change, so the sequence up to which Stripe has all is the whole outbox: what is still to be
-- sent is read off the ledger, and no deduction writes a row more for it.
create table talktime.metered_stretches (
  partner_id    uuid not null,
  wallet_id     integer not null,
  stretch       integer not null check (stretch >= 1),
  account       text not null,
  from_sequence bigint not null check (from_sequence >= 0),
  to_sequence   bigint check (to_sequence >= from_sequence),   -- null: still metered
  sent_sequence bigint not null check (sent_sequence >= from_sequence),
  started_at    timestamptz not null default clock_timestamp(),
  ended_at      timestamptz,
  -- Who works on it, until when, and since when Stripe may have the next posting without our knowing.
  claim         uuid,
  claimed_until timestamptz,
  asking_since  timestamptz,
  next_try_at   timestamptz not null default clock_timestamp(),
  tries         integer not null default 0,
  last_error    text,
  primary key (partner_id, wallet_id, stretch),
  foreign key (partner_id, wallet_id) references talktime.wallets,
  foreign key (partner_id, account) references talktime.meters,
  check ((to_sequence is null) = (ended_at is null))
);
create unique index one_stretch_at_a_time on talktime.metered_stretches (partner_id, wallet_id) where to_sequence is null;
create index stretches_to_send on talktime.metered_stretches (partner_id, next_try_at);

-- Postings that took back a whole event, by Stripe's adjustment of it. The row is there before Stripe is asked.
create table talktime.meter_cancellations (
  partner_id  uuid not null,
  wallet_id   integer not null,
  sequence    bigint not null,               -- the posting that takes back
  of_sequence bigint not null,               -- the one whose event is cancelled
  state       text not null default 'asked' check (state in ('asked', 'done', 'refused')),  -- refused: taken back by an event below zero
  asked_at    timestamptz not null default clock_timestamp(),
  primary key (partner_id, wallet_id, sequence),
  unique (partner_id, wallet_id, of_sequence),
  foreign key (partner_id, wallet_id) references talktime.wallets
);

grant select, insert, update on talktime.meters, talktime.metered_stretches, talktime.meter_cancellations to talktime_service;

do $$
declare
  name text;
begin
  foreach name in array array['meters', 'metered_stretches', 'meter_cancellations'] loop
    execute format('alter table talktime.%I enable row level security', name);
    execute format(
      'create policy of_the_partner on talktime.%I to talktime_service using (partner_id = (select nullif(current_setting(''talktime.partner_id'', true), '''')::uuid))',
      name);
  end loop;
end
$$;
