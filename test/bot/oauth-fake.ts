import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Whom a code is for: what somebody chose on Slack's page. */
export interface Consent {
  readonly teamId: string | null;
  readonly enterpriseId?: string;
  readonly isEnterpriseInstall?: boolean;
  readonly userId: string;
  /** Seconds that tokens last; they don't rotate unless said. */
  readonly expiresIn?: number;
}

export interface OAuthFake {
  /** For `apiUrl`: ends with /api/. */
  readonly apiUrl: string;
  readonly authorizationUrl: string;
  /** What was asked of oauth.v2.access and auth.test, and what was answered: `ok` or an error. */
  readonly asked: string[];
  /** Every secret that was given out or is known. */
  readonly secrets: string[];
  /** Somebody presses Allow on Slack's page: where their browser is sent. Throws when the page would refuse. */
  allow(authorizeUrl: string, consent: Consent): string;
  /** Somebody presses Cancel. */
  cancel(authorizeUrl: string): string;
  /** The next request of a method is answered with this error, or `500`. */
  script(method: string, failure: string): void;
  close(): Promise<void>;
}

export const CLIENT = {
  clientId: '1234567890123.9876543210987',
  clientSecret: '33fea0113f5b1b5cs3cretd7c9d1e2f3',
  redirectUri: 'https://talktime.example.com/slack/oauth_redirect',
};

/**
 * Slack's side of the OAuth dance on loopback, strict about client, secret, code, redirect address and scopes. Codes and
 * refresh tokens work once. What emulate has of it is held against the same test.
 */
export async function startOAuthFake(): Promise<OAuthFake> {
  const asked: string[] = [];
  const secrets: string[] = [CLIENT.clientSecret];
  const codes = new Map<string, Consent & { readonly scope: string }>();
  const refreshTokens = new Map<string, Consent & { readonly scope: string }>();
  const tokens = new Map<string, Consent>();
  const scripted = new Map<string, string>();
  let count = 0;

  const secret = (prefix: string) => {
    const made = `${prefix}s3cret-${++count}-${Math.random().toString(36).slice(2)}`;
    secrets.push(made);
    return made;
  };

  function parsed(authorizeUrl: string) {
    const { searchParams } = new URL(authorizeUrl);
    if (searchParams.get('client_id') !== CLIENT.clientId) throw new Error('Slack knows no such client');
    if (searchParams.get('redirect_uri') !== CLIENT.redirectUri) throw new Error('bad_redirect_uri');
    const [scope, state] = [searchParams.get('scope'), searchParams.get('state')];
    if (!scope || !state) throw new Error('Slack wants a scope, and we a state');
    return { scope, state, back: new URL(CLIENT.redirectUri) };
  }

  function grant(consent: Consent & { readonly scope: string }): Record<string, unknown> {
    const rotates = consent.expiresIn !== undefined;
    const accessToken = secret(rotates ? 'xoxe.xoxb-1-' : 'xoxb-');
    tokens.set(accessToken, consent);
    const refreshToken = rotates ? secret('xoxe-1-') : undefined;
    if (refreshToken) refreshTokens.set(refreshToken, consent);
    return {
      ok: true,
      access_token: accessToken,
      token_type: 'bot',
      scope: consent.scope,
      bot_user_id: 'U0BOT',
      app_id: 'A0TALK',
      team: consent.teamId === null ? null : { id: consent.teamId, name: 'Bright' },
      enterprise: consent.enterpriseId ? { id: consent.enterpriseId, name: 'Bright Group' } : null,
      is_enterprise_install: consent.isEnterpriseInstall === true,
      authed_user: { id: consent.userId },
      ...(rotates ? { refresh_token: refreshToken, expires_in: consent.expiresIn } : {}),
    };
  }

  function access(form: Record<string, string>): Record<string, unknown> {
    const { client_id, client_secret, code, redirect_uri, grant_type, refresh_token, ...strange } = form;
    if (Object.keys(strange).length > 0) return refuse(`invalid_arguments ${Object.keys(strange).join()}`);
    if (client_id !== CLIENT.clientId) return refuse('invalid_client_id');
    if (client_secret !== CLIENT.clientSecret) return refuse('bad_client_secret');
    if (grant_type === 'refresh_token') {
      const of = refreshTokens.get(refresh_token ?? '');
      refreshTokens.delete(refresh_token ?? '');
      return of ? grant({ ...of, expiresIn: 43_200 }) : refuse('invalid_refresh_token');
    }
    const of = codes.get(code ?? '');
    codes.delete(code ?? '');
    if (!of) return refuse('invalid_code');
    return redirect_uri === CLIENT.redirectUri ? grant(of) : refuse('bad_redirect_uri');
  }

  function authTest(authorization: string | undefined): Record<string, unknown> {
    const of = tokens.get(/^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '');
    if (!of) return refuse('invalid_auth');
    return {
      ok: true,
      url: 'https://bright.slack.com/',
      team_id: of.teamId ?? of.enterpriseId,
      user_id: 'U0BOT',
      bot_id: 'B0BOT',
      ...(of.enterpriseId ? { enterprise_id: of.enterpriseId } : {}),
      is_enterprise_install: of.isEnterpriseInstall === true,
    };
  }

  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const method = (request.url ?? '').replace('/api/', '');
      const failure = scripted.get(method);
      scripted.delete(method);
      asked.push(`${method} ${failure ?? ''}`.trim());
      if (failure === '500') return response.writeHead(500).end('oops');
      const form = Object.fromEntries(new URLSearchParams(body));
      const answer = failure
        ? refuse(failure)
        : method === 'oauth.v2.access'
          ? access(form)
          : method === 'auth.test'
            ? authTest(request.headers.authorization)
            : refuse('unknown_method');
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    apiUrl: `${origin}/api/`,
    authorizationUrl: `${origin}/oauth/v2/authorize`,
    asked,
    secrets,
    allow(authorizeUrl, consent) {
      const { scope, state, back } = parsed(authorizeUrl);
      const code = secret('');
      codes.set(code, { ...consent, scope });
      back.search = new URLSearchParams({ code, state }).toString();
      return back.toString();
    },
    cancel(authorizeUrl) {
      const { state, back } = parsed(authorizeUrl);
      back.search = new URLSearchParams({ error: 'access_denied', error_description: 'no', state }).toString();
      return back.toString();
    },
    script: (method, failure) => void scripted.set(method, failure),
    close() {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

const refuse = (error: string) => ({ ok: false, error });

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
