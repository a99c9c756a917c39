-- The weekly report: usage and margin of the week before, posted to the partner's own Slack channel on Mondays at 08:00 UTC.

alter table talktime.slack_settings add column weekly_report_since timestamptz;  -- null: off

-- One row a week and partner from the first attempt on, so that a report is posted once.
create table talktime.weekly_reports (
  partner_id      uuid not null references talktime.partners,
  week            date not null,               -- the Monday that the reported week begins with
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null,        -- while an attempt is under way: when another may believe that it died
  posted_at       timestamptz,
  channel         text,
  ts              text,
  last_error      text,
  primary key (partner_id, week),
  check ((posted_at is null) = (ts is null))
);

grant select, insert, update on talktime.weekly_reports to talktime_service;
alter table talktime.weekly_reports enable row level security;
create policy of_the_partner on talktime.weekly_reports to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
