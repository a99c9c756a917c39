-- Delivery of alerts in two steps: what the ledger wrote is routed (which messages it changes), and messages are delivered.

-- An event of a wallet's episode, as the ledger wrote it. Once it is routed, nothing more is to do with it here.
-- `next_attempt_at` is still written by the service before this version, and read by nobody.
alter table talktime.outbox rename column delivered_at to routed_at;
alter table talktime.outbox
  add column detail text,                      -- what else there is to say: why a recharge failed
  alter column next_attempt_at drop not null,
  drop constraint outbox_event_check,
  add constraint outbox_event_check
    check (event in ('low', 'critical', 'exhausted', 'improved', 'recovered', 'recharge_failed', 'margin_low', 'margin_recovered'));
drop index talktime.outbox_waiting;

-- A message on a route. There is something to deliver while `version` is ahead of `shown`.
alter table talktime.alert_messages rename to alert_messages_before;
alter table talktime.alert_messages_before add column message_id uuid not null default gen_random_uuid();
create table talktime.alert_messages (
  partner_id      uuid not null references talktime.partners,
  message_id      uuid not null,
  route           text not null,               -- slack:T…:C…, dm:T…:U…, email:…, none
  audience        text not null check (audience in ('partner', 'customer')),
  kind            text not null check (kind in ('episode', 'digest', 'route_dead', 'test')),
  about           jsonb,                       -- of a route that died: which, and why
  version         integer not null default 1,  -- counts what there was to show
  shown           integer not null default 0,  -- the version that the message shows
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  held_until      timestamptz not null default clock_timestamp(),   -- by a rule: an interval, a snooze, a digest that gathers
  leased_until    timestamptz,                 -- somebody delivers it
  lease_id        uuid,
  posts           boolean not null default false,  -- what is under way can't be repeated without being there twice
  in_doubt        boolean not null default false,  -- whether the last post arrived is unknown
  doubts          integer not null default 0,
  posted_in_doubt boolean not null default false,  -- it may be there twice
  dead_at         timestamptz,
  dead_because    text check (dead_because in ('route', 'message', 'attempts')),
  last_error      text,
  channel         text,                        -- where it was posted, for updates in place
  ts              text,
  created_at      timestamptz not null default clock_timestamp(),
  shown_at        timestamptz,
  primary key (partner_id, message_id),
  check ((dead_at is null) = (dead_because is null))
);
create index alert_messages_waiting on talktime.alert_messages (partner_id, route) where version > shown and dead_at is null;
create index alert_messages_dead on talktime.alert_messages (partner_id, route) where dead_at is not null;
create index alert_messages_by_time on talktime.alert_messages (partner_id, created_at desc, message_id);

-- Which episode is in which message: in one on each route, with the latest of what happened.
create table talktime.alert_members (
  partner_id uuid not null,
  wallet_id  integer not null,
  episode    integer not null,
  route      text not null,
  message_id uuid not null,
  event      text not null,
  detail     text,
  at         timestamptz not null,
  sequence   bigint not null,
  began_at   timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  told_at    timestamptz,                      -- when the message was last delivered
  primary key (partner_id, wallet_id, episode, route),
  foreign key (partner_id, wallet_id) references talktime.wallets,
  foreign key (partner_id, message_id) references talktime.alert_messages
);
create index alert_members_of_a_message on talktime.alert_members (partner_id, message_id);
create index alert_members_by_time on talktime.alert_members (partner_id, route, created_at);

-- What a message's thread tells. Told once the message shows the version that it belongs to.
create table talktime.alert_entries (
  partner_id uuid not null,
  message_id uuid not null,
  entry_id   uuid not null,
  version    integer not null,
  wallet_id  integer not null,
  episode    integer not null,
  event      text not null,
  detail     text,
  at         timestamptz not null,
  sequence   bigint not null,
  broadcast  boolean not null,                 -- shown in the channel too
  primary key (partner_id, message_id, entry_id),
  foreign key (partner_id, message_id) references talktime.alert_messages
);

-- When a route may be used next, over all replicas: `next_post_at` by our own pace, `closed_until` as the other side asked.
create table talktime.alert_paces (
  partner_id   uuid not null references talktime.partners,
  route        text not null,
  next_post_at timestamptz,
  closed_until timestamptz,
  primary key (partner_id, route)
);

-- Routes that are not tried again until somebody mended them.
create table talktime.alert_routes (
  partner_id uuid not null references talktime.partners,
  route      text not null,
  audience   text not null check (audience in ('partner', 'customer')),
  dead_at    timestamptz not null,
  reason     text not null,
  primary key (partner_id, route)
);

-- What people, and a recharge under way, said about a wallet's alerts.
create table talktime.alert_states (
  partner_id           uuid not null,
  wallet_id            integer not null,
  snoozed_until        timestamptz,
  snoozed_status       text check (snoozed_status in ('low', 'critical', 'exhausted')),   -- this and better is not told
  snoozed_by           text,
  snoozed_at           timestamptz,
  acknowledged_episode integer,
  acknowledged_by      text,
  acknowledged_at      timestamptz,
  quiet_until          timestamptz,
  primary key (partner_id, wallet_id),
  foreign key (partner_id, wallet_id) references talktime.wallets,
  check (num_nulls(snoozed_until, snoozed_status, snoozed_by, snoozed_at) in (0, 4)),
  check (num_nulls(acknowledged_episode, acknowledged_by, acknowledged_at) in (0, 3))
);
create index alert_states_snoozed on talktime.alert_states (partner_id, snoozed_until) where snoozed_until is not null;

-- A customer's channel may be in a workspace other than the one that the partner's alerts go to.
alter table talktime.slack_channels add column team_id text check (team_id ~ '^[TE][A-Z0-9]{2,20}$');

-- What was posted, or given up, until now: an episode's later events go on in its message.
insert into talktime.alert_messages
  (partner_id, message_id, route, audience, kind, version, shown, channel, ts, created_at, shown_at)
select b.partner_id, b.message_id, format('slack:%s:%s', p.slack_team_id, b.channel), 'partner', 'episode', 1, 1, b.channel, b.ts, b.updated_at, b.updated_at
from talktime.alert_messages_before b
join talktime.partners p using (partner_id);
with given_up as (
  select partner_id, wallet_id, episode, gen_random_uuid() as message_id, max(dead_at) as dead_at, min(created_at) as created_at,
         (array_agg(last_error order by dead_at desc))[1] as last_error
  from talktime.outbox
  where dead_at is not null
    and not exists (select from talktime.alert_messages_before b
                    where b.partner_id = outbox.partner_id and b.wallet_id = outbox.wallet_id and b.episode = outbox.episode)
  group by partner_id, wallet_id, episode
), kept as (
  insert into talktime.alert_messages (partner_id, message_id, route, audience, kind, dead_at, dead_because, last_error, created_at)
  select g.partner_id, g.message_id,
         case when p.slack_channel is null then 'none' else format('slack:%s:%s', p.slack_team_id, p.slack_channel) end,
         'partner', 'episode', g.dead_at, 'message', coalesce(g.last_error, 'unknown'), g.created_at
  from given_up g join talktime.partners p using (partner_id)
  returning partner_id, message_id, route, created_at
)
insert into talktime.alert_members (partner_id, wallet_id, episode, route, message_id, event, at, sequence, began_at, created_at, told_at)
select m.partner_id, m.wallet_id, m.episode, m.route, m.message_id, latest.event, latest.created_at, latest.sequence, first.began_at, m.created_at, m.told_at
from (select b.partner_id, b.wallet_id, b.episode, b.message_id, format('slack:%s:%s', p.slack_team_id, b.channel) as route,
             b.updated_at as created_at, b.updated_at as told_at
      from talktime.alert_messages_before b join talktime.partners p using (partner_id)
      union all
      select g.partner_id, g.wallet_id, g.episode, g.message_id, k.route, k.created_at, null
      from given_up g join kept k using (partner_id, message_id)) m
join lateral (
  select event, created_at, sequence from talktime.outbox o
  where o.partner_id = m.partner_id and o.wallet_id = m.wallet_id and o.episode = m.episode
  order by sequence desc, created_at desc limit 1) latest on true
join lateral (
  select min(created_at) as began_at from talktime.outbox o
  where o.partner_id = m.partner_id and o.wallet_id = m.wallet_id and o.episode = m.episode) first on true;
update talktime.outbox set routed_at = dead_at where dead_at is not null and routed_at is null;
alter table talktime.outbox drop column attempts, drop column dead_at, drop column last_error;
drop table talktime.alert_messages_before;

create index outbox_unrouted on talktime.outbox (partner_id, created_at, sequence) where routed_at is null;
create index outbox_of_a_wallet on talktime.outbox (partner_id, wallet_id, episode);

grant select, insert, update, delete on
  talktime.alert_messages, talktime.alert_members, talktime.alert_entries, talktime.alert_paces, talktime.alert_routes, talktime.alert_states
  to talktime_service;

do $$
declare
  name text;
begin
  foreach name in array array['alert_messages', 'alert_members', 'alert_entries', 'alert_paces', 'alert_routes', 'alert_states'] loop
    execute format('alter table talktime.%I enable row level security', name);
    execute format(
      'create policy of_the_partner on talktime.%I to talktime_service using (partner_id = (select nullif(current_setting(''talktime.partner_id'', true), '''')::uuid))',
      name);
  end loop;
end
$$;
