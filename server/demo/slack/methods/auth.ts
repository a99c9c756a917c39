import { isTrue, refuse, type Method } from './method';
import { text } from '../json';

export const auth: Readonly<Record<string, Method>> = {
  'auth.test': {
    args: {},
    tier: 600,
    run: ({ state, workspace }) => ({
      ok: true,
      url: `https://${workspace.domain}.slack.com/`,
      team: workspace.name,
      user: state.app.name.toLowerCase(),
      team_id: workspace.id,
      user_id: workspace.botUserId,
      bot_id: workspace.botId,
      is_enterprise_install: false,
    }),
  },

  'auth.revoke': {
    args: { test: 'boolean' },
    tier: 50,
    run({ args, state, token, workspace, tell }) {
      if (isTrue(args.test)) return { ok: true, revoked: false };
      state.tokens.revoke(token.token);
      tell(token.teamId, { type: 'tokens_revoked', tokens: { oauth: [], bot: [workspace.botUserId] } });
      return { ok: true, revoked: true };
    },
  },

  'apps.uninstall': {
    args: { client_id: 'string', client_secret: 'string' },
    tier: 20,
    run({ args, state, token, tell, workspace }) {
      if (text(args.client_id) !== state.app.clientId) return refuse('invalid_client_id');
      if (text(args.client_secret) !== state.app.clientSecret) return refuse('bad_client_secret');
      state.tokens.uninstall(token.teamId);
      tell(token.teamId, { type: 'tokens_revoked', tokens: { oauth: [], bot: [workspace.botUserId] } });
      tell(token.teamId, { type: 'app_uninstalled' });
      return { ok: true };
    },
  },
};
