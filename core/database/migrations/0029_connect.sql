-- What Stripe says of a partner's connected account, and whether the partner still sells on it.
alter table talktime.payment_settings
  add column payouts_enabled   boolean not null default false,
  add column details_submitted boolean not null default false,
  add column account_due       text[] not null default '{}',   -- what Stripe wants to know yet, in its own words
  add column account_refusal   text,                           -- why no charges are made; null while they are
  add column accounts_made     integer not null default 0,     -- the account's number goes into the key that it is made under
  add column disconnected_at   timestamptz,                    -- nothing is sold on it since
  add column account_looks     bigint not null default 0,      -- the last look at it that began
  add column account_acted     bigint not null default 0,      -- the newest one that was acted on
  add column account_looked_at timestamptz;

create index on directory.stripe_accounts (partner_id);
