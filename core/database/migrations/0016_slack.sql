-- Several Slack workspaces: which installations there are, who may do what in them, and which channels are a customer's.

-- directory.slack_teams binds a workspace (T…) to its partner; since now also a whole Enterprise organisation (E…), for
-- an app that was installed for all of it.

-- A link by which somebody installs the app for a partner. Works once, and not for long; its token is kept as a hash.
create table directory.slack_install_links (
  token_hash bytea primary key check (length(token_hash) = 32),
  partner_id uuid not null references directory.partners,
  actor      text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index on directory.slack_install_links (expires_at);

create table talktime.slack_installations (
  partner_id      uuid not null references talktime.partners,
  workspace_id    text not null check (workspace_id ~ '^[TE][A-Z0-9]{2,20}$'),
  sealed          bytea,                       -- tokens and what Slack said with them; null once they are gone
  scopes          text[] not null,
  token_ends_at   timestamptz,                 -- null: the token is not rotated
  installer_id    text not null,
  installed_at    timestamptz not null default clock_timestamp(),
  gone_at         timestamptz,
  gone_because    text check (gone_because in ('app_uninstalled', 'tokens_revoked', 'refresh_refused')),
  primary key (partner_id, workspace_id),
  check ((gone_at is null) = (sealed is not null)),
  check ((gone_at is null) = (gone_because is null))
);

-- What somebody may do. A person is a user of the workspace that is theirs, which may be another company's.
create table talktime.slack_roles (
  partner_id  uuid not null references talktime.partners,
  team_id     text not null check (team_id ~ '^[TE][A-Z0-9]{2,20}$'),
  user_id     text not null check (user_id ~ '^[UW][A-Z0-9]{2,20}$'),
  role        text not null check (role in ('owner', 'manager', 'viewer', 'customer')),
  customer_id text,
  max_credits bigint check (max_credits >= 0), -- microcredits; null: as the partner's cap for the role says
  created_at  timestamptz not null default clock_timestamp(),
  primary key (partner_id, team_id, user_id),
  foreign key (partner_id, customer_id) references talktime.customers,
  check ((role = 'customer') = (customer_id is not null)),
  check (max_credits is null or role in ('owner', 'manager'))
);

create table talktime.slack_channels (
  partner_id  uuid not null references talktime.partners,
  channel_id  text not null check (channel_id ~ '^[CG][A-Z0-9]{2,20}$'),
  customer_id text not null,
  linked_at   timestamptz not null default clock_timestamp(),
  primary key (partner_id, channel_id),
  foreign key (partner_id, customer_id) references talktime.customers
);
create index on talktime.slack_channels (partner_id, customer_id);

create table talktime.slack_settings (
  partner_id          uuid primary key references talktime.partners,
  members_may_view    boolean,                 -- null: only where the workspace was bound by hand
  manager_max_credits bigint default 10000000000 check (manager_max_credits >= 0),  -- microcredits; null: no cap
  owner_max_credits   bigint check (owner_max_credits >= 0)
);

grant select, insert on directory.slack_install_links to talktime_service;
grant update (used_at) on directory.slack_install_links to talktime_service;
grant delete on directory.slack_install_links to talktime_service;
grant select, insert, update on talktime.slack_installations to talktime_service;
grant select, insert, update, delete on talktime.slack_roles, talktime.slack_channels to talktime_service;
grant select, insert, update on talktime.slack_settings to talktime_service;

do $$
declare
  name text;
begin
  foreach name in array array['slack_installations', 'slack_roles', 'slack_channels', 'slack_settings'] loop
    execute format('alter table talktime.%I enable row level security', name);
    execute format(
      'create policy of_the_partner on talktime.%I to talktime_service using (partner_id = (select nullif(current_setting(''talktime.partner_id'', true), '''')::uuid))',
      name);
  end loop;
end
$$;
