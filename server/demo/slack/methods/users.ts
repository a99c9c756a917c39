import type { Json } from '../json';
import type { SlackState, User, Workspace } from '../state';
import { refuse, type Method } from './method';

export const users: Readonly<Record<string, Method>> = {
  'users.info': {
    args: { user: 'string', include_locale: 'boolean' },
    scopes: ['users:read'],
    tier: 100,
    run({ args, state, token, workspace }) {
      if (args.user === workspace.botUserId) return { ok: true, user: bot(workspace, state) };
      const user = typeof args.user === 'string' ? state.user(args.user) : null;
      if (!user) return refuse('user_not_found');
      const isStranger = user.teamId !== token.teamId;
      const meets = [...state.channels.values()].some(
        (channel) => state.knows(token.teamId, channel) && channel.members.has(user.id),
      );
      if (isStranger && !meets) return refuse('user_not_visible');
      const hasEmail = token.scopes.includes('users:read.email') && user.email !== undefined;
      return { ok: true, user: describe(user, isStranger, hasEmail) };
    },
  },
};

function describe(user: User, isStranger: boolean, hasEmail: boolean): Json {
  return {
    id: user.id,
    team_id: user.teamId,
    name: user.name,
    deleted: user.deactivated ?? false,
    real_name: user.realName,
    tz: 'Europe/London',
    tz_label: 'Greenwich Mean Time',
    tz_offset: 0,
    profile: {
      real_name: user.realName,
      real_name_normalized: user.realName,
      display_name: user.name,
      display_name_normalized: user.name,
      ...(hasEmail ? { email: user.email } : {}),
      team: user.teamId,
    },
    is_admin: user.admin ?? false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: user.guest ?? false,
    is_ultra_restricted: false,
    is_bot: false,
    is_app_user: false,
    ...(isStranger ? { is_stranger: true } : {}),
    updated: 1_700_000_000,
  };
}

function bot(workspace: Workspace, { app }: SlackState): Json {
  return {
    id: workspace.botUserId,
    team_id: workspace.id,
    name: app.name.toLowerCase(),
    real_name: app.name,
    deleted: false,
    is_bot: true,
    profile: { real_name: app.name, display_name: app.name, bot_id: workspace.botId, api_app_id: app.id },
  };
}
