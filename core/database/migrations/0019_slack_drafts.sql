-- What somebody in Slack is about to do with credits, until they confirm it. The id is the operation's idempotency key, so
-- a double click and a request that Slack repeats do it once.

create table talktime.slack_drafts (
  partner_id   uuid not null references talktime.partners,
  draft_id     uuid not null,
  team_id      text not null,
  user_id      text not null,
  draft        jsonb not null,
  created_at   timestamptz not null default clock_timestamp(),
  performed_at timestamptz,
  primary key (partner_id, draft_id)
);
create index slack_drafts_by_time on talktime.slack_drafts (partner_id, created_at);

grant select, insert, update, delete on talktime.slack_drafts to talktime_service;
alter table talktime.slack_drafts enable row level security;
create policy of_the_partner on talktime.slack_drafts to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
