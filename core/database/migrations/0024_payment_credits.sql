-- Credits that were paid for: what is taken back of them by refunds and lost disputes, and held while disputes are open.

alter table talktime.partners
  add column dispute_policy text not null default 'hold' check (dispute_policy in ('hold', 'stop'));

-- What open disputes hold of a wallet beside its calls' holds, and how many are open: the sums over its payments.
alter table talktime.wallets
  add column disputed      bigint not null default 0 check (disputed >= 0),
  add column open_disputes integer not null default 0 check (open_disputes >= 0);

create type talktime.disputed_wallet_row as (
  wallet_id integer, posted bigint, held bigint, sequence bigint, head bytea, last_posted_at timestamptz,
  status text, told text, episode integer, lots jsonb, last_grant integer, due_at timestamptz, last_top_up bigint,
  disputed bigint, open_disputes integer
);

-- What became of a payment's credits, and of the bonus that came with them. Each is an operation with a grant of its own,
-- and its take-backs are operations that name it as what they reverse.
create table talktime.payment_credits (
  partner_id    uuid not null,
  payment       text not null,                -- the provider's id, as pi_…
  part          text not null check (part in ('paid', 'bonus')),
  wallet_id     integer not null,
  operation_id  uuid not null,
  credits       bigint not null check (credits > 0),
  refund_taken  bigint not null default 0 check (refund_taken >= 0),
  dispute_taken bigint not null default 0 check (dispute_taken >= 0),
  disputed      bigint not null default 0 check (disputed >= 0),
  open_disputes integer not null default 0 check (open_disputes >= 0),  -- counted with the part that was paid
  returned      bigint not null default 0,    -- with the part that was paid: what of both came back to the partner's wallet
  revision      integer not null default 0,   -- how many operations took back, gave back or held
  primary key (partner_id, payment, part),
  unique (partner_id, operation_id),
  foreign key (partner_id, wallet_id) references talktime.wallets,
  check (refund_taken + dispute_taken + disputed <= credits)
) with (fillfactor = 70);
create index payments_in_dispute on talktime.payment_credits (partner_id, wallet_id) where disputed > 0 or open_disputes > 0;
create type talktime.payment_credits_row as (
  payment text, part text, wallet_id integer, operation_id uuid, credits bigint, refund_taken bigint, dispute_taken bigint,
  disputed bigint, open_disputes integer, returned bigint, revision integer
);

grant select, insert, update on talktime.payment_credits to talktime_service;
alter table talktime.payment_credits enable row level security;
create policy of_the_partner on talktime.payment_credits to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
