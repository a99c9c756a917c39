-- Holds: credits reserved when a call is authorised, and the settings that bound it (money-rules 6 and 7).

alter table talktime.customers
  add column max_call_seconds     integer not null default 3600 check (max_call_seconds between 1 and 86400),
  add column max_concurrent_calls integer check (max_concurrent_calls >= 1),
  add column max_spend_per_day    bigint check (max_spend_per_day >= 0),
  add column max_spend_per_month  bigint check (max_spend_per_month >= 0);

-- One hold for a call. What it froze when the call was authorised decides about the call for good; what it holds is
-- counted in its wallet's `held` while it is live.
create table talktime.holds (
  partner_id       uuid not null references talktime.partners,
  call_id          uuid not null,             -- follows from the identity, as in talktime.calls
  provider         text not null,
  account          text not null,
  provider_call_id text not null,
  leg              text not null default '',
  state            text not null check (state in ('live', 'captured', 'released', 'timed_out')),
  customer_id      text not null,
  payer            text not null check (payer in ('customer', 'partner')),
  wallet_id        integer not null,
  payer_rate       integer not null,          -- the rate version
  floor            bigint not null,
  amount           bigint not null check (amount >= 0),
  cap_seconds      integer not null check (cap_seconds >= 1),
  extensions       integer not null default 0,
  authorized_at    timestamptz not null,
  ended_at         timestamptz,
  primary key (partner_id, call_id),
  foreign key (partner_id, wallet_id) references talktime.wallets,
  check ((state = 'live') = (ended_at is null))
);
create index live_holds on talktime.holds (partner_id, customer_id, authorized_at) where state = 'live';

-- The part of a posting that a hold had promised: posted as ordinary whatever changed meanwhile (money-rules 7).
alter table talktime.transfers
  add column captured bigint not null default 0 check (captured >= 0 and captured <= amount),
  drop constraint nothing_below_its_floor,
  add constraint nothing_below_its_floor check (
    debit_account < 0 or (floor is not null and (flagged + captured >= amount or debit_balance + flagged >= floor))
  );

-- What a report says beyond a plausible end of a held call waits for a human (money-rules 7).
alter table talktime.calls add column in_review bigint not null default 0 check (in_review >= 0);

grant select, insert, update on talktime.holds to talktime_service;
alter table talktime.holds enable row level security;
create policy of_the_partner on talktime.holds to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));

-- What a customer's calls took in a day or a month, for its limits.
create index calls_of_a_customer on talktime.calls (partner_id, customer_id, received_at) where customer_id is not null;
