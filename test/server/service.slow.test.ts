import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createApiKey } from '@talktime/core/access';
import { createCustomer, createPartner, updatePartner } from '@talktime/core/customers';
import type { AlertChannel, AlertDelivery } from '@talktime/core/alerts';
import { createLogger } from '../../server/logging';
import { startService, type Service } from '../../server/service';
import { noticeOf } from '../alerts/alerting';
import { createTestDatabase, type TestDatabase } from '../setup/database';

const ROOT = resolve(__dirname, '../..');
const SYSTEM = { id: 'system', host: true };
const SIGNING_SECRET = '8f742231b10e8888abcd99baac67f6ab';

describe('the service', () => {
  let test: TestDatabase;
  let service: Service;
  const delivered: AlertDelivery[] = [];
  const channel: AlertChannel = {
    deliver: async (delivery) => {
      delivered.push(delivery);
      return { kind: 'delivered', message: { channel: 'C1', ts: '1.1' } };
    },
  };

  beforeAll(async () => {
    test = await createTestDatabase();
    service = await startService({
      url: test.url,
      sealKey: Buffer.alloc(32, 1),
      host: '127.0.0.1',
      port: 0,
      alertChannel: channel,
      slack: { botToken: 'xoxb-test', signingSecret: SIGNING_SECRET },
      logger: createLogger('silent'),
    });
  });
  afterAll(async () => {
    await service.stop();
    await test.drop();
  });

  it('delivers the alert of a posting that came by the API', async () => {
    const partner = await createPartner(test.database, SYSTEM, { name: 'P', currency: 'USD' });
    const { key } = await createApiKey(test.database, partner.id, SYSTEM, { name: 'k', scopes: ['top-up', 'deduct'] });
    await createCustomer(test.database, partner.id, SYSTEM, {
      id: 'cus_a',
      name: 'A',
      settings: { low_credit_threshold: '100', low_credit_notifications_enabled: true },
    });
    await updatePartner(test.database, partner.id, SYSTEM, { slack_channel: 'C0123456789' });
    const post = (path: string, body: object) =>
      fetch(service.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ customer_id: 'cus_a', ...body }),
      });
    expect((await post('/v1/top-ups', { amount: '101', idempotency_key: 'a' })).status).toBe(201);
    expect((await post('/v1/deductions', { source: 'amount', amount: '5', idempotency_key: 'b' })).status).toBe(201);
    const low = () => delivered.map(noticeOf).find((notice) => notice.event === 'low');
    for (let waited = 0; !low() && waited < 10_000; waited += 50) await new Promise((done) => setTimeout(done, 50));
    expect(low()).toMatchObject({ customerId: 'cus_a', posted: 96_000_000n });
  });

  it("hands Slack's requests to the bot untouched, on the same port", async () => {
    const body = 'token=x&team_id=T0000&user_id=U1&command=%2Fcredits&text=help&response_url=&trigger_id=1';
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = `v0=${createHmac('sha256', SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest('hex')}`;
    const ask = (signed: string) =>
      fetch(`${service.url}/slack/events`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': signed,
        },
        body,
      });
    expect((await ask('v0=00')).status).toBe(401);
    expect((await ask(signature)).status).toBe(200);
  });

  it('lets workspaces install the app, by a link that the API makes and the bot takes', async () => {
    const other = await startService({
      url: test.url,
      sealKey: Buffer.alloc(32, 1),
      host: '127.0.0.1',
      port: 0,
      publicUrl: 'https://talktime.example.com',
      alertChannel: channel,
      slack: {
        signingSecret: SIGNING_SECRET,
        oauth: { clientId: '1234567890123.9876543210987', clientSecret: 'c'.repeat(32) },
      },
      logger: createLogger('silent'),
    });
    const partner = await createPartner(test.database, SYSTEM, { name: 'Q', currency: 'USD' });
    const { key } = await createApiKey(test.database, partner.id, SYSTEM, { name: 'k', scopes: ['manage'] });
    const made = await fetch(`${other.url}/v1/slack/install-links`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    });
    const { url } = (await made.json()) as { url: string };
    const opened = await fetch(url.replace('https://talktime.example.com', other.url), { redirect: 'manual' });
    expect(opened.status).toBe(302);
    const slack = new URL(opened.headers.get('location') ?? '');
    expect(slack.origin + slack.pathname).toBe('https://slack.com/oauth/v2/authorize');
    expect(slack.searchParams.get('redirect_uri')).toBe('https://talktime.example.com/slack/oauth_redirect');
    await other.stop();
  });

  it('is stopped once, however often it is asked to', async () => {
    const other = await startService({
      url: test.url,
      sealKey: Buffer.alloc(32, 1),
      host: '127.0.0.1',
      port: 0,
      alertChannel: channel,
      logger: createLogger('silent'),
    });
    expect((await fetch(`${other.url}/readyz`)).status).toBe(200);
    await Promise.all([other.stop(), other.stop()]);
    await expect(fetch(`${other.url}/healthz`)).rejects.toThrow();
  });
});

describe('npm start in an empty folder', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'talktime-start-'));
    chmodSync(folder, 0o755); // PostgreSQL, which is another user when this is root, works in it
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (script: string, ...words: string[]) =>
    spawn(
      process.execPath,
      ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), join(ROOT, 'server', script), ...words],
      {
        cwd: folder,
        env: { PATH: process.env.PATH, PORT: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );

  /** What a process has printed by the time that `until` shows, or that it ends. */
  async function printed(child: ChildProcess, until?: RegExp): Promise<string> {
    let text = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const ended = once(child, 'close');
    while (!until?.test(text)) {
      const done = await Promise.race([
        ended.then(() => true),
        new Promise<false>((tick) => setTimeout(tick, 50, false)),
      ]);
      if (done) break;
    }
    return text;
  }

  it('makes the first keys and prints them once, keeps the data, and drains on SIGTERM', async () => {
    const first = run('main.ts');
    const greeting = await printed(first, /Stop it with Ctrl-C/);
    const [, url] = /API +(http:\S+)\/v1/.exec(greeting)!;
    const [, hostKey] = /Host key +(tt_\S+)/.exec(greeting)!;
    const [, partnerKey] = /Partner key +(tt_\S+)/.exec(greeting)!;
    const me = async (key: string) =>
      (await fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${key}` } })).json();
    expect(await me(hostKey!)).toMatchObject({ partner: null, key: { scopes: ['host'] } });
    expect(await me(partnerKey!)).toMatchObject({ partner: { name: 'My agency' } });
    expect(statSync(join(folder, '.talktime', 'seal-key')).mode & 0o777).toBe(0o600);

    // The command line works on the same database meanwhile; a second service does not.
    expect(await printed(run('cli.ts', 'partners', 'list'))).toMatch(/^[0-9a-f-]{36} {2}0 credits {2}My agency\n$/);
    const second = run('main.ts');
    const ended = once(second, 'exit');
    expect(await printed(second)).toContain('Talktime runs in this folder already');
    expect(await ended).toEqual([1, null]);

    const stopped = once(first, 'exit');
    first.kill('SIGTERM');
    expect(await stopped).toEqual([0, null]);

    const again = run('main.ts');
    const stoppedAgain = once(again, 'exit');
    expect(await printed(again, /Stop it with Ctrl-C/)).not.toContain('tt_');
    again.stdout.destroy(); // as `npm start | head` does: nobody reads on
    again.stderr.destroy();
    again.kill('SIGINT');
    expect(await stoppedAgain).toEqual([0, null]);
    expect(readdirSync(folder)).toEqual(['.talktime']);
  }, 90_000);

  it('shows how to use the command line, and ends with 2 when it is not understood', async () => {
    const help = run('cli.ts', '--help');
    const ended = once(help, 'exit');
    expect(await printed(help)).toContain('suspense assign CALL_ID');
    expect(await ended).toEqual([0, null]);
    const wrong = run('cli.ts', 'keys', 'create', '--name', 'x');
    const refused = once(wrong, 'exit');
    expect(await printed(wrong)).toContain('--scopes is missing');
    expect(await refused).toEqual([2, null]);
  }, 30_000);
});
