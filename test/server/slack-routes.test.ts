import { storeSlackInstallation, Sealer } from '@talktime/core/access';
import { TestApi, type Answer } from './harness';

const ADDRESS = 'https://talktime.example.com/slack/install';
const OLGA = '/v1/slack/roles/T0BRIGHT/U0OLGA';
const MIA = '/v1/slack/roles/T0BRIGHT/U0MIA';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start({ slackInstallAddress: ADDRESS });
  await api.createCustomer('acme');
});
afterAll(() => api.stop());

const put = (path: string, body: unknown, key?: string) => api.call('PUT', path, { body, key });
const remove = (path: string, key?: string) => api.call('DELETE', path, { key });
const codeOf = ({ status, body }: Answer) => [status, body.code];

describe('roles over the API', () => {
  it('are given, shown, changed and taken away', async () => {
    expect((await put(OLGA, { role: 'owner' })).body).toMatchObject({ role: 'owner', max_credits: null });
    const given = await put(MIA, { role: 'manager', max_credits: '500.5' });
    expect(given.status).toBe(200);
    expect(given.body).toEqual({
      team_id: 'T0BRIGHT',
      user_id: 'U0MIA',
      role: 'manager',
      customer_id: null,
      max_credits: 500.5,
      created_at: expect.any(String),
    });
    expect((await api.get(MIA)).body).toEqual(given.body);
    expect((await api.get('/v1/slack/roles')).body.items).toMatchObject([{ user_id: 'U0OLGA' }, { user_id: 'U0MIA' }]);
    expect((await put(MIA, { role: 'customer', customer_id: 'acme' })).body).toMatchObject({ customer_id: 'acme' });
    expect((await remove(MIA)).status).toBe(204);
    expect(codeOf(await remove(MIA))).toEqual([404, 'SLACK_ROLE_NOT_FOUND']);
    expect(codeOf(await api.get(MIA))).toEqual([404, 'SLACK_ROLE_NOT_FOUND']);
    expect(codeOf(await remove(OLGA))).toEqual([409, 'SLACK_LAST_OWNER']);
  });

  it.each<[string, object, number, string]>([
    [MIA, { role: 'king' }, 400, 'REQUEST_INVALID'],
    [MIA, { role: 'viewer', more: 1 }, 400, 'REQUEST_INVALID'],
    [MIA, { role: 'customer' }, 400, 'REQUEST_INVALID'],
    [MIA, { role: 'customer', customer_id: 'nobody' }, 404, 'CUSTOMER_NOT_FOUND'],
    [MIA, { role: 'manager', max_credits: '1.1234567' }, 400, 'NUMBER_PRECISION'],
    ['/v1/slack/roles/bright/U0MIA', { role: 'viewer' }, 400, 'REQUEST_INVALID'],
    ['/v1/slack/roles/T0BRIGHT/mia', { role: 'viewer' }, 400, 'REQUEST_INVALID'],
  ])('PUT %s with %j is refused', async (path, body, status, code) => {
    expect(codeOf(await put(path, body))).toEqual([status, code]);
  });
});

describe("customers' channels over the API", () => {
  it('are linked, shown and unlinked', async () => {
    const linked = await put('/v1/slack/channels/C0SHARED', { customer_id: 'acme' });
    expect(linked.status).toBe(200);
    expect(linked.body).toMatchObject({ channel_id: 'C0SHARED', customer_id: 'acme' });
    expect((await api.get('/v1/slack/channels')).body.items).toEqual([linked.body]);
    expect(codeOf(await api.patch('/v1/partner', { slack_channel: 'C0SHARED' }))).toEqual([409, 'SLACK_CHANNEL_TAKEN']);
    expect((await remove('/v1/slack/channels/C0SHARED')).status).toBe(204);
    expect((await remove('/v1/slack/channels/C0SHARED')).status).toBe(204);
    expect((await api.get('/v1/slack/channels')).body.items).toEqual([]);
  });

  it('may be in another workspace than the alerts of the partner', async () => {
    const linked = await put('/v1/slack/channels/C0SHARED', { customer_id: 'acme', team_id: 'T0OTHER' });
    expect(linked.body).toMatchObject({ channel_id: 'C0SHARED', team_id: 'T0OTHER' });
    expect((await put('/v1/slack/channels/C0SHARED', { customer_id: 'acme' })).body).toMatchObject({ team_id: null });
    expect((await remove('/v1/slack/channels/C0SHARED')).status).toBe(204);
  });

  it("are no customer's that there is not, and never the partner's own", async () => {
    expect(codeOf(await put('/v1/slack/channels/C0SHARED', { customer_id: 'nobody' }))).toEqual([
      404,
      'CUSTOMER_NOT_FOUND',
    ]);
    await api.patch('/v1/partner', { slack_channel: 'C0ALERTS' });
    expect(codeOf(await put('/v1/slack/channels/C0ALERTS', { customer_id: 'acme' }))).toEqual([
      409,
      'SLACK_CHANNEL_TAKEN',
    ]);
    expect(codeOf(await put('/v1/slack/channels/D0DIRECT', { customer_id: 'acme' }))).toEqual([400, 'REQUEST_INVALID']);
  });
});

it('the settings are shown and changed over the API', async () => {
  const usual = { members_may_view: null, manager_max_credits: 10_000, owner_max_credits: null };
  expect((await api.get('/v1/slack/settings')).body).toEqual(usual);
  expect((await api.patch('/v1/slack/settings', { manager_max_credits: '2500' })).body).toEqual({
    ...usual,
    manager_max_credits: 2500,
  });
  expect((await api.patch('/v1/slack/settings', {})).body).toMatchObject({ manager_max_credits: 2500 });
  expect(codeOf(await api.patch('/v1/slack/settings', { members_may_view: 'yes' }))).toEqual([400, 'REQUEST_INVALID']);
});

it('installations are shown without a token', async () => {
  await storeSlackInstallation(
    { database: api.database.database, sealer: new Sealer(Buffer.alloc(32, 7)) },
    api.partnerId,
    { id: 'key:k', host: false },
    {
      botToken: 'xoxb-s3cret',
      refreshToken: 'xoxe-s3cret',
      endsAt: new Date(Date.now() + 43_200_000),
      teamId: 'T0INSTALLED',
      enterpriseId: null,
      isEnterpriseInstall: false,
      appId: 'A0',
      botId: 'B0',
      botUserId: 'U0BOT',
      scopes: ['commands'],
      installerId: 'U0OLGA',
    },
  );
  const answer = await api.get('/v1/slack/installations');
  expect(answer.body.items).toEqual([
    {
      workspace_id: 'T0INSTALLED',
      scopes: ['commands'],
      installer_id: 'U0OLGA',
      installed_at: expect.any(String),
      gone_at: null,
      gone_because: null,
    },
  ]);
  expect(answer.text).not.toContain('s3cret');
});

describe('install links over the API', () => {
  it('lead to the service, for an hour, each to be used once', async () => {
    const answer = await api.post('/v1/slack/install-links', undefined);
    expect(answer.status).toBe(201);
    expect(answer.body.url).toMatch(/^https:\/\/talktime\.example\.com\/slack\/install\?link=[A-Za-z0-9_-]{43}$/);
    const lasts = Date.parse(answer.body.expires_at) - Date.now();
    expect(lasts).toBeGreaterThan(59 * 60_000);
    expect(lasts).toBeLessThanOrEqual(60 * 60_000);
    expect((await api.post('/v1/slack/install-links', undefined)).body.url).not.toBe(answer.body.url);
    expect(api.log.join('\n')).not.toContain(answer.body.url.split('link=')[1]);
  });

  it('are not made where workspaces cannot install the app', async () => {
    const without = await TestApi.start();
    expect(codeOf(await without.post('/v1/slack/install-links', undefined))).toEqual([409, 'SLACK_NOT_INSTALLABLE']);
    await without.stop();
  });
});

describe('Slack over the API', () => {
  const everything: [string, string, object | undefined][] = [
    ['GET', '/v1/slack/roles', undefined],
    ['GET', OLGA, undefined],
    ['PUT', OLGA, { role: 'owner' }],
    ['DELETE', OLGA, undefined],
    ['GET', '/v1/slack/channels', undefined],
    ['PUT', '/v1/slack/channels/C0SHARED', { customer_id: 'acme' }],
    ['DELETE', '/v1/slack/channels/C0SHARED', undefined],
    ['GET', '/v1/slack/settings', undefined],
    ['PATCH', '/v1/slack/settings', { members_may_view: true }],
    ['GET', '/v1/slack/installations', undefined],
    ['POST', '/v1/slack/install-links', undefined],
  ];

  it.each(everything)(
    '%s %s is not for a key of one customer, nor without the scope manage',
    async (method, path, body) => {
      const ofCustomer = await api.keyWith(['read', 'manage'], 'acme');
      const reading = await api.keyWith(['read', 'deduct', 'top-up']);
      expect(codeOf(await api.call(method, path, { key: ofCustomer, body }))).toEqual([403, 'CUSTOMER_KEY_LIMITED']);
      expect(codeOf(await api.call(method, path, { key: reading, body }))).toEqual([403, 'SCOPE_MISSING']);
      expect(codeOf(await api.call(method, path, { key: null, body }))).toEqual([401, 'UNAUTHENTICATED']);
    },
  );

  it('is for the host, who names a partner', async () => {
    expect((await api.asHost('GET', '/v1/slack/roles')).body.items).toMatchObject([
      { user_id: 'U0OLGA', role: 'owner' },
      { team_id: 'T0INSTALLED' },
    ]);
    expect(codeOf(await api.call('GET', '/v1/slack/roles', { key: api.hostKey }))).toEqual([400, 'PARTNER_REQUIRED']);
  });

  it("shows nothing of another partner's", async () => {
    const other = await api.call('POST', '/v1/partners', { key: api.hostKey, body: { name: 'Another' } });
    for (const list of ['roles', 'channels', 'installations']) {
      const answer = await api.call('GET', `/v1/slack/${list}`, { key: api.hostKey, partner: other.body.id });
      expect([list, answer.body.items]).toEqual([list, []]);
    }
  });
});
