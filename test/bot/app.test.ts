import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSlackApp, type SlackApp } from '../../bot/app';
import { singleWorkspace, type BotData, type SlackActor } from '../../bot/ports';
import { startFakeSlack, type FakeSlack } from '../../server/demo/slack';
import { HOME_UNASKED } from './home-double';
import { NO_ALERTS } from './alerting/no-alerts';
import { customerBalance, keepingLogger, partnerBalance, standing } from './samples';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const TOKEN = 'xoxb-test-token';

const CUSTOMERS = [
  customerBalance('cus_zen', 'Zen Spa', -12.2),
  customerBalance('cus_acme', 'Acme Dental', 98),
  customerBalance('cus_twin1', 'Twin & Sons', 500),
  customerBalance('cus_twin2', 'Twin & Sons', 600),
];

/** The service's side, in memory: one partner in workspace T0BRIGHT. */
function data(changes: Partial<BotData> = {}): BotData {
  const refs = CUSTOMERS.map(({ customer: { id, name } }) => ({ id, name }));
  return {
    partnerOf: ({ teamId }) => Promise.resolve(teamId === 'T0BRIGHT' ? 'par_bright' : null),
    accessOf: ({ teamId }) =>
      Promise.resolve(
        teamId === 'T0BRIGHT' ? { partnerId: 'par_bright', role: 'owner', customerId: null, maxCredits: null } : null,
      ),
    partnerBalance: () => Promise.resolve(partnerBalance('Bright Agency', 5000)),
    findCustomers: (_partner, text) =>
      Promise.resolve(
        refs.filter(({ id, name }) => [id, name].some((word) => word.toLowerCase() === text.toLowerCase())),
      ),
    customerNames: () => Promise.resolve(refs),
    customerBalance: (_partner, id) => Promise.resolve(CUSTOMERS.find(({ customer }) => customer.id === id) ?? null),
    suspended: () => Promise.resolve({ calls: [], isAll: true }),
    searchCustomers: () => Promise.resolve(refs),
    customerOfWallet: () => Promise.resolve(refs[0] ?? null),
    draft: () => Promise.resolve({ kind: 'refused', code: 'X', detail: 'not in this test' }),
    perform: () => Promise.resolve({ kind: 'refused', code: 'X', detail: 'not in this test' }),
    activePlans: () => Promise.resolve([]),
    reversible: () => Promise.resolve([]),
    openSettings: () => Promise.resolve({ kind: 'refused', code: 'X', detail: 'not in this test' }),
    openedSettings: () => Promise.resolve({ kind: 'refused', code: 'X', detail: 'not in this test' }),
    saveSettings: () => Promise.resolve({ kind: 'refused', code: 'X', detail: 'not in this test' }),
    openRecharge: () => Promise.resolve({ kind: 'refused', code: 'X', detail: 'not in this test' }),
    saveRecharge: () => Promise.resolve({ kind: 'refused', code: 'X', detail: 'not in this test' }),
    cardLink: () => Promise.resolve({ kind: 'refused', code: 'X', detail: 'not in this test' }),
    suspendedCall: () => Promise.resolve(null),
    standings: () => Promise.resolve({ standings: CUSTOMERS.map(standing), total: CUSTOMERS.length, omitted: 0 }),
    usage: () => Promise.reject(new Error('not in this test')),
    history: () => Promise.resolve(null),
    plans: () => Promise.resolve({ plans: [], customers: 0, isAll: true }),
    report: () => Promise.reject(new Error('not in this test')),
    weeklyReport: () => Promise.reject(new Error('not in this test')),
    setWeeklyReport: () => Promise.reject(new Error('not in this test')),
    ...HOME_UNASKED,
    ...NO_ALERTS,
    diagnose: () => Promise.reject(new Error('not in this test')),
    takesPayments: () => false,
    paymentLink: () => Promise.reject(new Error('not in this test')),
    retryPayments: () => Promise.reject(new Error('not in this test')),
    ...changes,
  };
}

let slack: FakeSlack;
let server: Server;
let app: SlackApp;
let logger: ReturnType<typeof keepingLogger>;
let origin: string;

async function start(changes: Partial<BotData> = {}, installations = singleWorkspace(TOKEN)): Promise<void> {
  logger = keepingLogger();
  app = createSlackApp({
    signingSecret: SECRET,
    installations,
    data: data(changes),
    logger,
    apiUrl: slack.apiUrl,
    timeoutMs: 1_000,
  });
  server = createServer(app.listener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  slack = await startFakeSlack({
    workspaces: [{ id: 'T0BRIGHT', tokens: [TOKEN], users: [{ id: 'U0MIA' }], channels: [{ id: 'C0ALERTS' }] }],
  });
});
afterEach(async () => {
  await app.stop();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await slack.close();
});

interface Sending {
  readonly command?: string;
  readonly team?: string;
  readonly secret?: string;
  readonly ageSeconds?: number;
  readonly headers?: Record<string, string | undefined>;
}

/** Sends a slash command as Slack does: a form, signed over `v0:timestamp:body` (docs.slack.dev, "Verifying requests"). */
async function send(
  text: string,
  { command = '/credits', team = 'T0BRIGHT', secret = SECRET, ageSeconds = 0, headers = {} }: Sending = {},
): Promise<Response> {
  const body = new URLSearchParams({
    token: 'deprecated',
    team_id: team,
    team_domain: 'bright',
    channel_id: 'C0ALERTS',
    channel_name: 'alerts',
    user_id: 'U0MIA',
    user_name: 'mia',
    command,
    text,
    api_app_id: 'A0TALK',
    is_enterprise_install: 'false',
    response_url: slack.responseUrl(),
    trigger_id: '13345224609.738474920.8088930838d88f008e0',
  }).toString();
  const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds);
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const all = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': signature,
    ...headers,
  };
  const sent = Object.entries(all).filter((header): header is [string, string] => header[1] !== undefined);
  return fetch(`${origin}/slack/events`, { method: 'POST', headers: sent, body });
}

/** Sends a command and waits for its one answer. */
async function ask(text: string, sending: Sending = {}): Promise<string> {
  const response = await send(text, sending);
  expect([response.status, await response.text()]).toEqual([200, '']);
  await app.stop();
  expect(slack.responses).toHaveLength(1);
  const [answer] = slack.responses;
  expect(answer).toMatchObject({ response_type: 'ephemeral', replace_original: false });
  return JSON.stringify(answer);
}

describe('a request to the bot', () => {
  beforeEach(() => start());

  it('that is rightly signed is acknowledged', async () => {
    expect((await send('help')).status).toBe(200);
  });

  it.each([
    ['with another secret', { secret: 'another' }],
    ['more than 5 minutes ago', { ageSeconds: 301 }],
    ['with no signature', { headers: { 'x-slack-signature': undefined } }],
    ['with no timestamp', { headers: { 'x-slack-request-timestamp': undefined } }],
    ['with a signature of another form', { headers: { 'x-slack-signature': 'v1=abc' } }],
    ['with a timestamp that is none', { headers: { 'x-slack-request-timestamp': 'soon' } }],
  ])('signed %s is refused with 401 and nothing is answered', async (_how, sending) => {
    expect((await send('balance', sending)).status).toBe(401);
    await app.stop();
    expect(slack.responses).toEqual([]);
  });

  it('almost 5 minutes old is taken', async () => {
    expect((await send('help', { ageSeconds: 290 })).status).toBe(200);
  });

  it('that is too large is refused with 413', async () => {
    const response = await fetch(`${origin}/slack/events`, { method: 'POST', body: 'x'.repeat(600_000) });
    expect(response.status).toBe(413);
  });

  it.each([
    ['GET', '/slack/events', 405],
    ['POST', '/slack/elsewhere', 404],
    ['GET', '/slack/', 404],
    ['POST', '/slack/events?x=1', 401],
  ])('by %s to %s is answered with %i', async (method, path, status) => {
    expect((await fetch(origin + path, { method })).status).toBe(status);
  });

  it('after the stop is refused with 503, so that Slack shows an error instead of silence', async () => {
    await app.stop();
    expect((await send('help')).status).toBe(503);
  });
});

describe('/credits', () => {
  it.each(['', 'help', 'HELP', '  help  '])('%j says what there is', async (text) => {
    await start();
    expect(await ask(text)).toContain('/credits balance [customer]');
  });

  it('balance shows the own balance and the customers that run out soonest', async () => {
    await start();
    const answer = await ask('balance');
    for (const part of ['Bright Agency', '5,000 credits', 'Zen Spa', '-12.2 credits']) expect(answer).toContain(part);
    expect(answer.indexOf('Zen Spa')).toBeLessThan(answer.indexOf('Acme Dental'));
  });

  it.each(['cus_acme', 'CUS_ACME', 'acme dental', '"Acme Dental"', '“Acme Dental”', '  Acme Dental '])(
    'balance %s shows that customer',
    async (customer) => {
      await start();
      const answer = await ask(`balance ${customer}`);
      expect(answer).toContain('98 credits ($0.98)');
    },
  );

  it('balance understands what Slack escaped', async () => {
    await start();
    const answer = await ask('balance Twin &amp; Sons');
    expect(answer).toContain('Several customers are called `Twin &amp; Sons`');
    expect(answer).toContain('/credits balance cus_twin2');
  });

  it('balance of nobody names the nearest', async () => {
    await start();
    const answer = await ask('balance acne dental');
    expect(answer).toContain('There is no customer `acne dental`. Did you mean:');
    expect(answer).toContain('/credits balance cus_acme');
  });

  it('an unknown word gets the nearest and the list', async () => {
    await start();
    const answer = await ask('blance acme');
    expect(answer).toContain("I don't know `blance`. Did you mean `/credits balance`?");
    expect(answer).toContain('/credits balance [customer]');
  });

  it('a word that would ping comes back inert', async () => {
    await start();
    expect(await ask('<!channel>')).not.toContain('<!channel>');
  });

  it('under another name works under that name', async () => {
    await start();
    expect(await ask('help', { command: '/talktime' })).toContain('/talktime balance [customer]');
  });

  it('in a workspace of no partner says what to do', async () => {
    await start();
    const answer = await ask('balance', { team: 'T0STRANGER' });
    expect(answer).toContain('not connected to a Talktime partner');
    expect(answer).toContain('T0STRANGER');
  });

  it('asks for the partner of this team and this user, so that roles can stand behind it', async () => {
    const actors: SlackActor[] = [];
    await start({
      accessOf: (actor) => {
        actors.push(actor);
        return Promise.resolve(null);
      },
    });
    await ask('balance');
    expect(actors).toEqual([{ teamId: 'T0BRIGHT', enterpriseId: null, userId: 'U0MIA' }]);
  });

  it('is acknowledged long before a slow answer, and the answer still arrives', async () => {
    let answer = () => {};
    await start({
      partnerBalance: () => new Promise((answered) => (answer = () => answered(partnerBalance('Bright Agency', 5000)))),
    });
    expect((await send('balance')).status).toBe(200);
    expect(slack.responses).toEqual([]);
    answer();
    await app.stop();
    expect(slack.responses).toHaveLength(1);
  });

  it('that fails inside says so with a reference that the log knows, and no detail', async () => {
    await start({ partnerBalance: () => Promise.reject(new Error('connection to 10.0.0.7 refused')) });
    const answer = await ask('balance');
    const reference = /this reference: `([0-9a-f]{8})`/.exec(answer)?.[1];
    expect(answer).not.toContain('10.0.0.7');
    expect(logger.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ event: 'slack_listener_failed', reference, teamId: 'T0BRIGHT' }),
      }),
    );
  });

  it('whose answer Slack does not take is logged, not lost in silence', async () => {
    await start();
    slack.responseUrl = () => slack.apiUrl.replace('/api/', '/response/unknown');
    expect((await send('help')).status).toBe(200);
    await app.stop();
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ event: 'slack_request_failed' }) }),
    );
  });

  it('in a workspace without the app is logged', async () => {
    await start({}, () => Promise.resolve(null));
    expect((await send('balance')).status).toBe(200);
    await app.stop();
    expect(slack.responses).toEqual([]);
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ event: 'slack_request_failed' }) }),
    );
  });

  it('logs neither the token, nor the signing secret, nor a customer', async () => {
    await start({ findCustomers: () => Promise.reject(new Error('down')) });
    await ask('balance Acme Dental');
    const log = JSON.stringify(logger.lines);
    for (const secret of [TOKEN, SECRET, 'Acme']) expect(log).not.toContain(secret);
  });
});

describe('commands in a rush', () => {
  it('are each acknowledged and answered', async () => {
    await start();
    const one = async () => void expect((await send('balance acme dental')).status).toBe(200);
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 10 }, one));
    await app.stop();
    expect(slack.responses).toHaveLength(100);
  });
});
