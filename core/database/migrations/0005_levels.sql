-- Two levels (money-rules 4): what calls cost the partner, booked beside what they are sold for.

alter table talktime.partners add column track_cost boolean not null default false;

-- What a call's cost took from the partner's wallet.
alter table talktime.calls add column cost_paid bigint not null default 0 check (cost_paid >= 0);

-- What one unit of another currency is worth in the partner's, in millionths. Versions are added, never changed and never
-- backdated (money-rules 1).
create table talktime.exchange_rates (
  partner_id     uuid not null,
  currency       text not null check (currency ~ '^[A-Z]{3}$'),
  version        integer not null check (version >= 1),
  rate           bigint not null check (rate > 0),
  effective_from timestamptz not null,
  primary key (partner_id, currency, version),
  foreign key (partner_id) references talktime.partners
);

grant select, insert on talktime.exchange_rates to talktime_service;
alter table talktime.exchange_rates enable row level security;
create policy of_the_partner on talktime.exchange_rates to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
