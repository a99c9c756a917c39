-- Levels: at what a balance is low or critical, for a partner's wallet, its customers and each of them; and what wallets
-- use an hour, which forecasts are made of.

-- A list of {"status": "low" | "critical", "kind": "credits" | "percent" | "minutes" | "days", "value": millionths}.
alter table talktime.partners
  add column alert_levels           jsonb not null default '[]' check (jsonb_typeof(alert_levels) = 'array'),
  add column customer_alert_levels  jsonb not null default '[]' check (jsonb_typeof(customer_alert_levels) = 'array'),
  add column alert_interval_minutes integer not null default 0 check (alert_interval_minutes between 0 and 1440),
  add column alert_emails           text[] not null default '{}' check (cardinality(alert_emails) <= 10);
alter table talktime.customers
  add column alert_levels jsonb check (jsonb_typeof(alert_levels) = 'array'),  -- null: the partner's for its customers
  add column alert_emails text[] not null default '{}' check (cardinality(alert_emails) <= 10);

-- The credits that last came in by a top-up or a plan, bonuses apart: what a level in percent is of.
alter table talktime.wallets add column last_top_up bigint check (last_top_up > 0);
update talktime.wallets w
set last_top_up = (
  select t.amount
  from talktime.transfers t
  join talktime.operations o on o.partner_id = t.partner_id and o.operation_id = t.operation_id
  where t.partner_id = w.partner_id and t.credit_account = w.wallet_id and t.credit_sequence is not null
    and o.kind in ('top_up', 'plan', 'start')
    and t.debit_account <> -3 and coalesce(o.result #>> '{grant,kind}', '') <> 'bonus'
  order by t.credit_sequence desc
  limit 1);

create type talktime.leveled_wallet_row as (
  wallet_id integer, posted bigint, held bigint, sequence bigint, head bytea, last_posted_at timestamptz,
  status text, told text, episode integer, lots jsonb, last_grant integer, due_at timestamptz, last_top_up bigint
);

-- What calls and amounts took of a wallet in an hour (UTC), less what came back in it; below 0 when that was more. Kept by
-- the ledger's own write, recomputed by `talktime verify`, and forgotten after 60 days.
create table talktime.wallet_usage (
  partner_id uuid not null,
  wallet_id  integer not null,
  hour       timestamptz not null,
  used       bigint not null,
  primary key (partner_id, wallet_id, hour)
) with (fillfactor = 70);
create type talktime.usage_row as (wallet_id integer, hour timestamptz, used bigint);

insert into talktime.wallet_usage (partner_id, wallet_id, hour, used)
select partner_id, wallet_id, hour, sum(used)
from (
  select partner_id, debit_account as wallet_id, date_trunc('hour', at, 'UTC') as hour, amount as used
  from talktime.transfers
  where debit_account >= 0 and credit_account in (-1, -6, -7) and at >= now() - interval '60 days'
  union all
  select partner_id, credit_account, date_trunc('hour', at, 'UTC'), -amount
  from talktime.transfers
  where credit_account >= 0 and debit_account in (-1, -6, -7) and at >= now() - interval '60 days'
) moved
group by partner_id, wallet_id, hour;

grant select, insert, update, delete on talktime.wallet_usage to talktime_service;
alter table talktime.wallet_usage enable row level security;
create policy of_the_partner on talktime.wallet_usage to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
