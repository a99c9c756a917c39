import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HTTPReceiver, LogLevel } from '@slack/bolt';
import type { Installation } from '@slack/oauth';
import { WebClient } from '@slack/web-api';
import manifest from '../../../bot/manifest.json';
import { startFakeSlack, type FakeSlack } from '../../../server/demo/slack';

/** What oauth.v2.access answers, as far as these tests ask. */
interface Trade {
  readonly ok: boolean;
  readonly error: string;
  readonly access_token: string;
  readonly refresh_token: string;
}

/** Slack's own OAuth library does the app's part. */
let slack: FakeSlack;
beforeEach(async () => {
  slack = await startFakeSlack({
    app: { tokenLifetime: 2 },
    workspaces: [{ id: 'T0BRIGHT', name: 'Bright Agency', users: [{ id: 'U0MIA' }] }],
  });
});
afterEach(() => slack.close());

const access = async (args: Record<string, string>): Promise<Trade> => {
  const { clientId: client_id, clientSecret: client_secret } = slack.app;
  const body = new URLSearchParams({ client_id, client_secret, ...args });
  return (await fetch(`${slack.apiUrl}oauth.v2.access`, { method: 'POST', body })).json() as Promise<Trade>;
};
const authorizeUrl = (changes: Record<string, string> = {}) => {
  const query = {
    client_id: slack.app.clientId,
    scope: 'chat:write,commands',
    state: 's1',
    redirect_uri: 'http://localhost/back',
  };
  return `${slack.authorizeUrl}?${new URLSearchParams({ ...query, ...changes }).toString()}`;
};
const allow = async () => {
  const location = await slack.person('T0BRIGHT', 'U0MIA').authorize(authorizeUrl());
  return new URL(location).searchParams;
};

describe('an installation', () => {
  it("goes through with Slack's own library, from its install page to a token that works", async () => {
    const installed: Installation[] = [];
    const server = createServer((request, response) => receiver.requestListener(request, response));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const receiver = new HTTPReceiver({
      signingSecret: slack.app.signingSecret,
      clientId: slack.app.clientId,
      clientSecret: slack.app.clientSecret,
      scopes: ['chat:write', 'commands'],
      redirectUri: `${origin}/slack/oauth_redirect`,
      logLevel: LogLevel.ERROR,
      installationStore: {
        storeInstallation: (installation) => Promise.resolve(void installed.push(installation)),
        fetchInstallation: () => Promise.reject(new Error('not asked for')),
      },
      installerOptions: {
        authorizationUrl: slack.authorizeUrl,
        directInstall: true,
        redirectUriPath: '/slack/oauth_redirect',
        stateVerification: false,
        clientOptions: { slackApiUrl: slack.apiUrl },
      },
    });
    const begun = await fetch(`${origin}/slack/install`, { redirect: 'manual' });
    const back = await slack.person('T0BRIGHT', 'U0MIA').authorize(begun.headers.get('location') ?? '');
    expect((await fetch(back)).status).toBe(200);
    expect(installed).toMatchObject([
      {
        team: { id: 'T0BRIGHT', name: 'Bright Agency' },
        user: { id: 'U0MIA' },
        bot: { userId: 'U0BRIGHTBOT', id: 'B0BRIGHT', scopes: ['chat:write', 'commands'] },
      },
    ]);
    const web = new WebClient(installed[0]?.bot?.token, { slackApiUrl: slack.apiUrl });
    expect((await web.auth.test()).team_id).toBe('T0BRIGHT');
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  it('shows a page on which each person of each workspace can allow it', async () => {
    const page = await (await fetch(authorizeUrl())).text();
    expect(page).toContain('Talktime is requesting permission');
    expect(page).toContain('Allow as Mia');
    expect(page).toContain('<code>chat:write</code>');
  });

  it('sends back access_denied when it was not allowed', async () => {
    const location = await slack.person('T0BRIGHT', 'U0MIA').authorize(authorizeUrl(), { allow: false });
    expect(location).toBe('http://localhost/back?state=s1&error=access_denied');
  });

  it.each([
    ['another app', { client_id: '1.1' }, 'Invalid client_id'],
    ['no scopes', { scope: '' }, 'No scopes requested'],
    ['scopes that the app does not have', { scope: 'admin' }, 'Invalid permissions requested: admin'],
  ])('asked for %s is refused', async (_what, changes, said) => {
    expect(await (await fetch(authorizeUrl(changes))).text()).toContain(said);
  });

  it('gives a code that works once, with the app’s secret and the same redirect_uri', async () => {
    const code = (await allow()).get('code') ?? '';
    const redirect_uri = 'http://localhost/back';
    expect(await access({ code, redirect_uri, client_secret: 'x' })).toMatchObject({ error: 'bad_client_secret' });
    expect(await access({ code, redirect_uri })).toMatchObject({
      ok: true,
      token_type: 'bot',
      scope: 'chat:write,commands',
      access_token: expect.stringMatching(/^xoxe\.xoxb-1-/),
      refresh_token: expect.stringMatching(/^xoxe-1-/),
      expires_in: 2,
      is_enterprise_install: false,
    });
    expect(await access({ code, redirect_uri })).toMatchObject({ error: 'invalid_code' });
    const another = (await allow()).get('code') ?? '';
    expect(await access({ code: another, redirect_uri: 'http://evil' })).toMatchObject({ error: 'bad_redirect_uri' });
  });

  it('is a token that ends, and a refresh token that works once', async () => {
    const redirect_uri = 'http://localhost/back';
    const first = await access({ code: (await allow()).get('code') ?? '', redirect_uri });
    const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
    const [one, other] = await Promise.all([access(refresh), access(refresh)]);
    expect([one.ok, other.ok].sort()).toEqual([false, true]);
    expect(one.error ?? other.error).toBe('invalid_refresh_token');
    const works = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${slack.apiUrl}auth.test`, { method: 'POST', headers });
      return ((await response.json()) as { error?: string }).error ?? 'ok';
    };
    const fresh = one.ok ? one : other;
    expect([await works(first.access_token), await works(fresh.access_token)]).toEqual(['ok', 'ok']);
    // Of a workspace at most two are live.
    const third = await access({ grant_type: 'refresh_token', refresh_token: fresh.refresh_token });
    expect([await works(first.access_token), await works(third.access_token)]).toEqual(['token_revoked', 'ok']);
    await new Promise((over) => setTimeout(over, 2_050));
    expect(await works(third.access_token)).toBe('token_expired');
    await slack.uninstall('T0BRIGHT');
    expect(await access({ grant_type: 'refresh_token', refresh_token: third.refresh_token })).toMatchObject({
      ok: false,
    });
  });
});

describe("the app's manifest", () => {
  it('decides which commands, shortcuts, events and scopes there are', async () => {
    await slack.close();
    slack = await startFakeSlack({
      app: { manifest },
      workspaces: [{ id: 'T0BRIGHT', tokens: ['xoxb'], users: [{ id: 'U0MIA' }], channels: [{ id: 'C0ALERTS' }] }],
    });
    const mia = slack.person('T0BRIGHT', 'U0MIA');
    await expect(mia.command('/nothing', { channel: 'C0ALERTS' })).rejects.toThrow('/nothing is not a valid command');
    await expect(mia.shortcut('Nothing')).rejects.toThrow('no global shortcut Nothing');
    expect(await slack.event('T0BRIGHT', { type: 'message' })).toBeNull();
    expect(slack.app.scopes).toEqual(manifest.oauth_config.scopes.bot);
    expect(await mia.command('/credits', { channel: 'C0ALERTS' })).toMatchObject({ problem: 'app_missing_action_url' });
  });
});
