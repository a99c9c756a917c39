import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { createInstallToken, listSlackInstallations, listSlackRoles } from '@talktime/core/access';
import { updatePartner } from '@talktime/core/customers';
import { createSlackApp, type SlackApp } from '../../bot/app';
import { SCOPES } from '../../bot/installs';
import type { Installations } from '../../bot/ports';
import { botData } from '../../server/slack';
import { slackInstallations, slackInstalling, type SlackOptions } from '../../server/slack-install';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';
import { Browser } from './browser';
import { CLIENT, startOAuthFake, type Consent, type OAuthFake } from './oauth-fake';
import { keepingLogger } from './samples';

/** Installing the app: links, Slack's own library for OAuth, and the core, over HTTP. Only Slack is a fake, or emulate. */
const PUBLIC = 'https://talktime.example.com';
const SIGNING = '8f742231b10e8888s3cretyyyzzz85a5';

let test: TestDatabase;
let slack: OAuthFake;
beforeAll(async () => {
  test = await createTestDatabase();
  slack = await startOAuthFake();
});
afterAll(() => Promise.all([test.drop(), slack.close()]));

interface Running {
  readonly app: SlackApp;
  readonly installations: Installations;
  readonly logger: ReturnType<typeof keepingLogger>;
  readonly world: World;
  readonly server: Server;
  readonly at: string;
}

let running: Running;
let count = 0;
/** A workspace of each test's own. */
let team: string;
/** Secrets that this test knows: none may be in a log line. */
let known: string[];

async function start(addresses: Partial<SlackOptions> = {}): Promise<void> {
  const logger = keepingLogger();
  const world = await World.create(test);
  const options = {
    signingSecret: SIGNING,
    oauth: CLIENT,
    apiUrl: slack.apiUrl,
    authorizationUrl: slack.authorizationUrl,
    publicUrl: PUBLIC,
    logger,
    ...addresses,
  };
  const installations = slackInstallations(world.talktime, options);
  const app = createSlackApp({
    signingSecret: SIGNING,
    installations,
    installing: slackInstalling(world.talktime, options),
    data: botData(world.talktime),
    logger,
    apiUrl: options.apiUrl,
    timeoutMs: 2_000,
  });
  const server = createServer(app.listener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  running = { app, installations, logger, world, server, at };
  team = `T0WORK${String(++count).padStart(3, '0')}`;
  known = [SIGNING];
}

async function stop({ app, server }: Running): Promise<void> {
  await app.stop();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
}

const open = () => new Browser(PUBLIC, running.at);
const tokenOf = async () => (await running.installations({ teamId: team, enterpriseId: null }))?.botToken;

async function link(world = running.world): Promise<string> {
  const { token } = await createInstallToken(test.database, world.partnerId, { id: 'key:key_link', host: false });
  known.push(token);
  return `${PUBLIC}/slack/install?link=${token}`;
}

/** Opens a link and answers where Slack's page is. */
async function toSlack(browser: Browser, address: string): Promise<string> {
  const response = await browser.visit(address);
  expect(response.status).toBe(302);
  return response.headers.get('location') ?? '';
}

/** The whole dance; the page at its end. */
async function install(consent: Partial<Consent> = {}, browser = open(), address?: string): Promise<Response> {
  const page = await toSlack(browser, address ?? (await link()));
  return browser.visit(slack.allow(page, { teamId: team, userId: 'U0OLGA', ...consent }));
}

/** An event, signed as Slack does. */
async function event(type: string, fields: object = {}, envelope: object = {}): Promise<number> {
  const body = JSON.stringify({
    type: 'event_callback',
    team_id: team,
    api_app_id: 'A0TALK',
    event: { type, ...fields },
    event_id: `Ev${Math.random()}`,
    event_time: Math.floor(Date.now() / 1000),
    authorizations: [],
    ...envelope,
  });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const response = await fetch(`${running.at}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${createHmac('sha256', SIGNING).update(`v0:${timestamp}:${body}`).digest('hex')}`,
    },
    body,
  });
  return response.status;
}

const title = async (response: Response) => /<h1>(.*)<\/h1>/.exec(await response.text())?.[1];
const installed = (world = running.world) => listSlackInstallations(test.database, world.partnerId);

describe('installing the app', () => {
  beforeEach(() => start());
  // Whatever happened: nothing secret is in a log line, of an error's inside neither.
  afterEach(async () => {
    await stop(running);
    const log = inspect(running.logger.lines, { depth: 10, maxStringLength: null });
    for (const secret of [...known, ...slack.secrets]) expect(log).not.toContain(secret);
  });

  it('by a link binds the workspace, keeps its token, and makes the installer an owner', async () => {
    const response = await install();
    expect([response.status, await title(response)]).toEqual([200, 'Talktime is installed']);
    expect(await installed()).toMatchObject([
      { workspace_id: team, scopes: SCOPES, installer_id: 'U0OLGA', gone_at: null },
    ]);
    expect(await listSlackRoles(test.database, running.world.partnerId)).toMatchObject([
      { team_id: team, user_id: 'U0OLGA', role: 'owner' },
    ]);
    expect(slack.secrets).toContain(await tokenOf());
  });

  it("asks Slack for the manifest's scopes, and lets neither caches nor other sites have the link", async () => {
    const browser = open();
    const response = await browser.visit(await link());
    const { searchParams } = new URL(response.headers.get('location') ?? '');
    expect(searchParams.get('scope')?.split(',')).toEqual(SCOPES);
    expect(searchParams.get('redirect_uri')).toBe(`${PUBLIC}/slack/oauth_redirect`);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('set-cookie')).toMatch(/Secure; HttpOnly; Path=\/; Max-Age=3600/);
  });

  it('anew, by a new link, takes the place of the installation before', async () => {
    await install();
    const first = await tokenOf();
    expect((await install({ userId: 'U0MIA' })).status).toBe(200);
    expect(await tokenOf()).not.toBe(first);
    expect(await installed()).toHaveLength(1);
  });

  it('by a link that was used is refused, at its beginning and at its end', async () => {
    const address = await link();
    const [first, second] = [open(), open()];
    const pages = [await toSlack(first, address), await toSlack(second, address)];
    const consent = { teamId: team, userId: 'U0OLGA' };
    expect((await first.visit(slack.allow(pages[0]!, consent))).status).toBe(200);
    const late = await second.visit(slack.allow(pages[1]!, consent));
    expect([late.status, await title(late)]).toEqual([410, 'This link cannot be used']);
    const again = await open().visit(address);
    expect([again.status, await title(again)]).toEqual([410, 'This link cannot be used']);
    expect(slack.asked.filter((call) => call === 'oauth.v2.access').length).toBeGreaterThan(0);
  });

  it('with a state that was used, even of the same browser, asks Slack for nothing', async () => {
    const browser = open();
    const back = slack.allow(await toSlack(browser, await link()), { teamId: team, userId: 'U0OLGA' });
    await browser.visit(back);
    const before = slack.asked.length;
    expect((await browser.visit(back)).status).toBe(410);
    expect(slack.asked.length).toBe(before);
  });

  it.each([
    ['another browser than the one that opened the link', () => open()],
    [
      'a browser that opened another link',
      async () => {
        const browser = open();
        await toSlack(browser, await link());
        return browser;
      },
    ],
  ])('in %s is refused, and the link is not used up', async (_which, other) => {
    const browser = open();
    const page = await toSlack(browser, await link());
    const consent = { teamId: team, userId: 'U0OLGA' };
    const stolen = await (await other()).visit(slack.allow(page, consent));
    expect([stolen.status, await title(stolen)]).toEqual([410, 'This link cannot be used']);
    expect(await installed()).toEqual([]);
    expect((await browser.visit(slack.allow(page, consent))).status).toBe(200);
  });

  it('that was cancelled in Slack changes nothing, and the link is still good', async () => {
    const [browser, address] = [open(), await link()];
    const response = await browser.visit(slack.cancel(await toSlack(browser, address)));
    expect([response.status, await title(response)]).toEqual([200, 'Nothing was installed']);
    expect(await installed()).toEqual([]);
    expect((await install({}, browser, address)).status).toBe(200);
  });

  it("in another partner's workspace is refused, and changes nothing", async () => {
    await install();
    const token = await tokenOf();
    const other = await World.create(test);
    const response = await install({ userId: 'U0EVIL' }, open(), await link(other));
    expect([response.status, await title(response)]).toEqual([409, 'This workspace belongs to another account']);
    expect(await installed(other)).toEqual([]);
    expect(await tokenOf()).toBe(token);
  });

  it('for a whole organisation serves each workspace of it', async () => {
    await install({ teamId: null, enterpriseId: 'E0GROUP', isEnterpriseInstall: true });
    expect(await installed()).toMatchObject([{ workspace_id: 'E0GROUP' }]);
    expect(await running.installations({ teamId: team, enterpriseId: 'E0GROUP' })).not.toBeNull();
    expect(await event('app_uninstalled', {}, { enterprise_id: 'E0GROUP' })).toBe(200);
    await running.app.stop();
    expect(await running.installations({ teamId: team, enterpriseId: 'E0GROUP' })).not.toBeNull(); // of one workspace only
  });

  it('for a whole organisation ends when it is removed from the organisation', async () => {
    await install({ teamId: null, enterpriseId: 'E0OTHER', isEnterpriseInstall: true });
    const authorizations = [{ enterprise_id: 'E0OTHER', team_id: null, is_enterprise_install: true, is_bot: true }];
    expect(await event('app_uninstalled', {}, { enterprise_id: 'E0OTHER', authorizations })).toBe(200);
    await running.app.stop();
    expect(await running.installations({ teamId: null, enterpriseId: 'E0OTHER' })).toBeNull();
  });

  it.each(['invalid_code', '500'])('that Slack answers with %s fails, says so, and keeps nothing', async (failure) => {
    slack.script('oauth.v2.access', failure);
    const response = await install();
    expect([response.status, await title(response)]).toEqual([502, 'The installation failed']);
    expect(await installed()).toEqual([]);
    expect(running.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ event: 'slack_install_failed' }) }),
    );
  });

  it.each([
    ['no link', '/slack/install', 410],
    ['an unknown link', `/slack/install?link=${'a'.repeat(43)}`, 410],
    ['a callback out of nowhere', '/slack/oauth_redirect?code=x&state=y', 410],
    ['a callback without a state', '/slack/oauth_redirect?code=x', 410],
    ['a callback without anything', '/slack/oauth_redirect', 410],
  ])('with %s is refused', async (_what, path, status) => {
    expect((await open().visit(PUBLIC + path)).status).toBe(status);
  });

  it.each(['POST', 'HEAD', 'PUT'])('by %s is not how it is done: 405', async (method) => {
    for (const path of ['/slack/install', '/slack/oauth_redirect'])
      expect((await open().visit(PUBLIC + path, { method })).status).toBe(405);
  });

  it('shows pages that load nothing, run nothing, and are framed by nobody', async () => {
    const response = await open().visit(`${PUBLIC}/slack/install`);
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; .*frame-ancestors 'none'$/,
    );
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await response.text();
    expect(html).not.toMatch(/<script|style="|https?:\/\//);
    const style = /<style>([^]*)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(response.headers.get('content-security-policy')).toContain(`'sha256-${hash}'`);
  });
});

describe('an installed workspace', () => {
  beforeEach(async () => {
    await start();
    await install();
  });
  afterEach(() => stop(running));

  it.each([
    ['app_uninstalled', {}],
    ['tokens_revoked', { tokens: { bot: ['U0BOT'] } }],
  ])('that sends %s is installed no more', async (type, fields) => {
    expect(await event(type, fields)).toBe(200);
    expect(await event(type, fields)).toBe(200); // Slack repeats events
    await running.app.stop();
    expect(await tokenOf()).toBeUndefined();
    expect(await installed()).toMatchObject([{ gone_because: type }]);
  });

  it("whose people's own tokens are revoked stays installed", async () => {
    expect(await event('tokens_revoked', { tokens: { oauth: ['U0OLGA'] } })).toBe(200);
    await running.app.stop();
    expect(await tokenOf()).toBeDefined();
  });

  it('stays installed when an event of before its installation comes late', async () => {
    expect(await event('app_uninstalled', {}, { event_time: Math.floor(Date.now() / 1000) - 60 })).toBe(200);
    await running.app.stop();
    expect(await tokenOf()).toBeDefined();
  });

  it('can be installed again after it was removed', async () => {
    await event('app_uninstalled');
    expect((await install()).status).toBe(200);
    expect(await tokenOf()).toBeDefined();
  });
});

describe('a token that rotates', () => {
  beforeEach(() => start());
  afterEach(() => stop(running));

  it('is traded in by one of those who need it at once, with the secret of the app', async () => {
    await install({ expiresIn: 60 });
    const before = slack.asked.length;
    const tokens = await Promise.all(Array.from({ length: 10 }, tokenOf));
    expect(new Set(tokens).size).toBe(1);
    expect(slack.asked.slice(before)).toEqual(['oauth.v2.access']);
    expect(await tokenOf()).toBe(tokens[0]);
    expect(slack.asked.length).toBe(before + 1);
  });

  it('is used on when Slack fails, and the failure is told without it', async () => {
    await install({ expiresIn: 3600 });
    slack.script('oauth.v2.access', '500');
    expect(slack.secrets).toContain(await tokenOf());
    expect(running.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ event: 'slack_refresh_failed' }) }),
    );
    const log = inspect(running.logger.lines, { depth: 10 });
    for (const secret of slack.secrets) expect(log).not.toContain(secret);
  });

  it('and is refused for good ends the installation when it ends', async () => {
    await install({ expiresIn: 0 });
    slack.script('oauth.v2.access', 'invalid_refresh_token');
    expect(await tokenOf()).toBeUndefined();
    expect(await installed()).toMatchObject([{ gone_because: 'refresh_refused' }]);
  });
});

describe('beside SLACK_BOT_TOKEN', () => {
  afterEach(() => stop(running));

  it('an installation comes first, and the token stands for its own workspace alone', async () => {
    await start();
    await install({ teamId: 'T0BYHAND' });
    const handToken = (await running.installations({ teamId: 'T0BYHAND', enterpriseId: null }))!.botToken;
    await install();
    const both = slackInstallations(running.world.talktime, {
      signingSecret: SIGNING,
      oauth: CLIENT,
      botToken: handToken,
      apiUrl: slack.apiUrl,
      logger: running.logger,
    });
    await event('app_uninstalled', {}, { team_id: 'T0BYHAND' });
    await running.app.stop();
    const of = async (teamId: string | null) => (await both({ teamId, enterpriseId: null }))?.botToken ?? null;

    slack.script('auth.test', '500');
    await expect(of('T0BYHAND')).rejects.toThrow();
    expect(await of('T0BYHAND')).toBe(handToken);
    expect(await of(team)).toBe(await tokenOf());
    const asked = slack.asked.length;
    // A partner may name any workspace as its own; the token reaches no channel for it.
    await updatePartner(test.database, (await World.create(test)).partnerId, PARTNER, { slack_team_id: 'T0CLAIMED' });
    expect([await of('T0CLAIMED'), await of('T0UNKNOWN'), await of(null)]).toEqual([null, null, null]);
    expect(slack.asked.length).toBe(asked);
  });
});

describe("the same dance with emulate's Slack", () => {
  let emulator: ChildProcess;
  let apiUrl: string;
  beforeAll(async () => {
    const seed = {
      oauth_apps: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          name: 'Talktime',
          redirect_uris: [CLIENT.redirectUri],
          scopes: SCOPES,
        },
      ],
    };
    emulator = spawn(process.execPath, [join(__dirname, 'fake-slack', 'emulate-child.mjs'), JSON.stringify(seed)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(emulator.stdout ?? emulator, 'data')) as [Buffer];
    apiUrl = line.toString().trim();
    await start({ apiUrl, authorizationUrl: new URL('/oauth/v2/authorize', apiUrl).toString() });
  });
  afterAll(async () => {
    await stop(running);
    emulator.stdin?.end();
    await once(emulator, 'exit');
  });

  /** Presses the first button of emulate's page. */
  async function press(browser: Browser, pageUrl: string): Promise<string> {
    const page = await browser.visit(pageUrl);
    expect(page.status).toBe(200);
    const [, form = ''] =
      /<form[^>]*action="\/oauth\/v2\/authorize\/callback"[^>]*>([^]*?)<\/form>/.exec(await page.text()) ?? [];
    const fields = [...form.matchAll(/name="([^"]+)"[^>]*value="([^"]*)"/g)].map(
      ([, name, value]): [string, string] => [name!, value!.replaceAll('&amp;', '&')],
    );
    const pressed = await browser.visit(new URL('/oauth/v2/authorize/callback', pageUrl).toString(), {
      method: 'POST',
      body: new URLSearchParams(fields),
    });
    expect(pressed.status).toBe(302);
    return pressed.headers.get('location') ?? '';
  }

  it('installs, and the token that came is one that emulate takes', async () => {
    const browser = open();
    const back = await press(browser, await toSlack(browser, await link()));
    const response = await browser.visit(back);
    expect([response.status, await title(response)]).toEqual([200, 'Talktime is installed']);
    const [installation] = await installed();
    expect(installation).toMatchObject({ scopes: SCOPES, gone_at: null });
    const token = (await running.installations({ teamId: installation!.workspace_id, enterpriseId: null }))?.botToken;
    const told = await fetch(`${apiUrl}auth.test`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    expect(await told.json()).toMatchObject({ ok: true, team_id: installation!.workspace_id });
    expect((await browser.visit(back)).status).toBe(410);
  });

  it('fails alike with a code that is none', async () => {
    const browser = open();
    const page = new URL(await toSlack(browser, await link()));
    const back = `${CLIENT.redirectUri}?code=none&state=${page.searchParams.get('state')}`;
    expect((await browser.visit(back)).status).toBe(502);
  });
});
