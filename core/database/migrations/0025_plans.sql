-- Plans: a bonus, an expiry of what they grant, and periods; and the subscriptions that recurring plans start.

alter table talktime.plans
  add column bonus              bigint not null default 0 check (bonus >= 0),                    -- on top, a grant of its own
  add column expires_after_days integer check (expires_after_days between 1 and 3650),           -- of a pack; null: never
  add column period             text check (period in ('day', 'week', 'month', 'year')),         -- null: a pack
  add column period_every       smallint check (period_every between 1 and 12),
  add column rollover_share     integer check (rollover_share between 0 and 1000000),            -- millionths; null: nothing rolls over
  add column rollover_cap       bigint check (rollover_cap >= 0),                                -- microcredits; null: no cap
  add column updated_at         timestamptz not null default now(),
  add constraint recurring_plans_have_periods check ((period is null) = (period_every is null)),
  add constraint only_recurring_plans_roll_over check (rollover_share is null or period is not null),
  add constraint caps_are_of_a_share check (rollover_cap is null or rollover_share is not null),
  add constraint recurring_plans_expire_by_period check (period is null or expires_after_days is null);

-- A recurring plan that a customer has. Its terms are those of the moment when it was applied, or changed to.
create table talktime.subscriptions (
  partner_id           uuid not null references talktime.partners,
  subscription_id      uuid not null,
  customer_id          text not null,
  wallet_id            integer not null,
  plan_id              text not null,
  terms                jsonb not null,
  next_terms           jsonb,                     -- from the next period on; null: the same
  collects             text not null check (collects in ('nothing', 'card')),
  status               text not null check (status in ('active', 'past_due', 'canceled')),
  anchor               timestamptz not null,      -- what periods are counted from
  anchor_period        integer not null,          -- the number of the period that begins there
  period               integer not null check (period >= anchor_period),   -- the one that was granted last
  period_start         timestamptz not null,
  period_end           timestamptz not null check (period_end > period_start),
  granted              uuid[] not null,           -- the operations that granted it: what is left of their grants rolls over
  cancel_at_period_end boolean not null default false,
  next_attempt_at      timestamptz not null,      -- of the renewal
  attempts             integer not null default 0,
  last_error           text,                      -- why the renewal was refused, while it is past due
  created_at           timestamptz not null,
  ended_at             timestamptz,
  ended_because        text check (ended_because in ('requested', 'unpaid')),
  primary key (partner_id, subscription_id),
  foreign key (partner_id, customer_id) references talktime.customers,
  foreign key (partner_id, plan_id) references talktime.plans,
  check ((status = 'canceled') = (ended_at is not null)),
  check ((ended_at is null) = (ended_because is null))
);
create unique index one_subscription_of_a_customer on talktime.subscriptions (partner_id, customer_id) where ended_at is null;
create index subscriptions_due on talktime.subscriptions (partner_id, next_attempt_at) where ended_at is null;
create index subscriptions_of_a_customer on talktime.subscriptions (partner_id, customer_id, created_at);

grant select, insert, update on talktime.subscriptions to talktime_service;
alter table talktime.subscriptions enable row level security;
create policy of_the_partner on talktime.subscriptions to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
