-- The margin guard: tells when what is left of a customer's prices after costs falls below a level.

alter table talktime.partners
  add column margin_guard_level integer check (margin_guard_level between 1 and 999999), -- millionths: 200000 is a margin of 20 %
  add column margin_guard_days  integer not null default 7 check (margin_guard_days between 1 and 90);

create table talktime.margin_guards (
  partner_id  uuid not null,
  customer_id text not null,
  is_low      boolean not null,
  episode     integer not null,           -- counts from 1; its messages are apart from those of the balance
  primary key (partner_id, customer_id),
  foreign key (partner_id, customer_id) references talktime.customers
);

alter table talktime.outbox
  drop constraint outbox_event_check,
  add constraint outbox_event_check
    check (event in ('low', 'critical', 'exhausted', 'improved', 'recovered', 'margin_low', 'margin_recovered'));

grant select, insert, update on talktime.margin_guards to talktime_service;
alter table talktime.margin_guards enable row level security;
create policy of_the_partner on talktime.margin_guards to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
