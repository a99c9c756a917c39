import { randomBytes } from 'node:crypto';
import { text, type Json } from '../json';
import type { SlackState } from '../state';
import type { IssuedToken } from '../tokens';
import { refuse, type AnonymousCall, type AnonymousMethod } from './method';

/** What somebody allowed on Slack's page, until the app trades it for a token. */
interface Grant {
  readonly teamId: string;
  readonly userId: string;
  readonly scopes: readonly string[];
  readonly redirectUri: string | null;
  readonly expiresAt: number;
}

/** docs.slack.dev, "Installing with OAuth": a code works once, for 10 minutes. */
export class Grants {
  static readonly #of = new WeakMap<SlackState, Grants>();
  readonly #codes = new Map<string, Grant>();

  static of(state: SlackState): Grants {
    const grants = Grants.#of.get(state) ?? new Grants();
    Grants.#of.set(state, grants);
    return grants;
  }

  allow(grant: Omit<Grant, 'expiresAt'>): string {
    const code = `${grant.teamId.slice(1)}.${randomBytes(20).toString('hex')}`;
    this.#codes.set(code, { ...grant, expiresAt: Date.now() + 600_000 });
    return code;
  }

  take(code: string): Grant | null {
    const grant = this.#codes.get(code);
    this.#codes.delete(code);
    return grant && grant.expiresAt > Date.now() ? grant : null;
  }
}

export const oauth: Readonly<Record<string, AnonymousMethod>> = {
  'oauth.v2.access': {
    isAnonymous: true,
    tier: 100,
    args: {
      client_id: 'string',
      client_secret: 'string',
      code: 'string',
      redirect_uri: 'string',
      grant_type: 'string',
      refresh_token: 'string',
    },
    run(call) {
      const { args, state } = call;
      const refused = refusedApp(call);
      if (refused) return refused;
      const grantType = args.grant_type ?? 'authorization_code';
      if (grantType === 'refresh_token') {
        const issued = state.tokens.refresh(text(args.refresh_token));
        return issued ? answer(issued, null, state) : refuse('invalid_refresh_token');
      }
      if (grantType !== 'authorization_code') return refuse('invalid_grant_type');
      const grant = Grants.of(state).take(text(args.code));
      if (!grant) return refuse('invalid_code');
      if (grant.redirectUri !== null && args.redirect_uri !== grant.redirectUri) return refuse('bad_redirect_uri');
      return answer(state.tokens.issue(grant.teamId, grant.scopes), grant.userId, state);
    },
  },

  /** Turns a token that never ends into one that does, with a refresh token. */
  'oauth.v2.exchange': {
    isAnonymous: true,
    tier: 50,
    args: { client_id: 'string', client_secret: 'string', token: 'string' },
    run(call) {
      const refused = refusedApp(call);
      if (refused) return refused;
      const { tokens, app } = call.state;
      const bearer = /^Bearer (\S+)$/.exec(call.authorization ?? '')?.[1];
      const token = tokens.get(text(call.args.token) || (bearer ?? ''));
      if (!token || token.state !== 'live' || token.expiresAt !== null) return refuse('invalid_auth');
      if (!app.rotates) return refuse('token_rotation_not_enabled');
      tokens.revoke(token.token);
      return answer(tokens.issue(token.teamId, token.scopes), null, call.state);
    },
  },
};

/** The app's id and secret, by HTTP Basic or as arguments. */
function refusedApp({ args, state, authorization }: AnonymousCall): Json | null {
  const basic = /^Basic (\S+)$/.exec(authorization ?? '')?.[1];
  const [id, secret] = basic
    ? Buffer.from(basic, 'base64').toString().split(':')
    : [text(args.client_id), text(args.client_secret)];
  if (id !== state.app.clientId) return refuse('invalid_client_id');
  return secret === state.app.clientSecret ? null : refuse('bad_client_secret');
}

function answer(issued: IssuedToken, userId: string | null, state: SlackState): Json {
  const workspace = state.workspace(issued.teamId);
  return {
    ok: true,
    access_token: issued.token,
    token_type: 'bot',
    scope: issued.scopes.join(','),
    bot_user_id: workspace.botUserId,
    app_id: state.app.id,
    ...(issued.refreshToken === null ? {} : { refresh_token: issued.refreshToken, expires_in: issued.expiresIn }),
    team: { id: workspace.id, name: workspace.name },
    enterprise: null,
    ...(userId === null ? {} : { authed_user: { id: userId } }),
    is_enterprise_install: false,
  };
}
