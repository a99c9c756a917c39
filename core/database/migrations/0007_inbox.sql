-- Every provider: what is set of an account, and the inbox of its deliveries.

alter table talktime.endpoints add column settings jsonb not null default '{}';

-- A verified delivery, recorded before it is answered. One row for each distinct body; a repeat counts up `deliveries`.
create table talktime.inbox (
  partner_id      uuid not null,
  inbox_id        uuid not null,               -- follows from the endpoint and the body
  endpoint_id     text not null,
  provider        text not null,
  received_at     timestamptz not null default clock_timestamp(),
  deliveries      integer not null default 1,
  body            bytea not null,
  decoded         boolean not null,            -- JSON of ours, without transcripts; else the bytes as they came
  state           text not null check (state in ('received', 'booked', 'suspense', 'ignored', 'unreadable', 'refused')),
  message         text,                        -- why, unless booked
  provider_call_id text,
  attempts        integer not null default 0,
  next_attempt_at timestamptz,                 -- of one that is not booked yet
  processed_at    timestamptz,
  primary key (partner_id, inbox_id),
  foreign key (partner_id, endpoint_id) references talktime.endpoints,
  check ((state = 'received') = (next_attempt_at is not null))
);
create index inbox_by_time on talktime.inbox (partner_id, received_at desc, inbox_id);
create index inbox_waiting on talktime.inbox (partner_id, next_attempt_at) where state = 'received';

grant select, insert, update, delete on talktime.inbox to talktime_service;
alter table talktime.inbox enable row level security;
create policy of_the_partner on talktime.inbox to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
