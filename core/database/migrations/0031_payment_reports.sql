-- What the comparisons of Stripe with the ledger found.
create table talktime.payment_reports (
  partner_id  uuid not null references talktime.partners,
  at          timestamptz not null,
  differences integer not null check (differences >= 0),  -- that remain
  report      jsonb not null,
  primary key (partner_id, at)
);

grant select, insert, update, delete on talktime.payment_reports to talktime_service;
alter table talktime.payment_reports enable row level security;
create policy of_the_partner on talktime.payment_reports to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
