import { alertQueue, startDispatcher, type Dispatcher } from '@talktime/core/alerts';
import { RecordingChannel } from '../alerts/alerting';
import { TestApi } from './harness';

const ROUTE = 'slack::C0ALERTS';
const DEAD = { kind: 'dead', reason: 'is_archived', routeIsDead: true } as const;

describe('alerts by the API', () => {
  let api: TestApi;
  let dispatcher: Dispatcher;
  const channel = new RecordingChannel();

  beforeAll(async () => {
    api = await TestApi.start();
    await api.patch('/v1/partner', { slack_channel: 'C0ALERTS' });
    const settings = { low_credit_threshold: '100', low_credit_notifications_enabled: true };
    for (const id of ['cus_acme', 'cus_harbor']) await api.createCustomer(id, settings);
    channel.scripts.set(ROUTE, [DEAD]);
    dispatcher = startDispatcher({
      database: api.database.database,
      url: api.database.url,
      queue: alertQueue(api.database.database, channel),
      onError: () => undefined, // the delivery that fails here
    });
    for (const id of ['cus_acme', 'cus_harbor']) await api.topUp(id, '50');
    await until(async () => (await list('?state=dead')).length === 2);
  });
  afterAll(async () => {
    await dispatcher.stop();
    await api.stop();
  });

  const list = async (query = ''): Promise<any[]> => (await api.get(`/v1/alerts${query}`)).body.items;
  const until = async (condition: () => Promise<boolean>) => {
    for (const end = Date.now() + 15_000; !(await condition()); ) {
      if (Date.now() > end) throw new Error(`It did not happen within 15 s: ${JSON.stringify(await list())}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  };

  it('are listed with what became of them, by page, state and customer', async () => {
    const { body: first } = await api.get('/v1/alerts?limit=1');
    const { body: second } = await api.get(`/v1/alerts?limit=1&cursor=${first.next_cursor}`);
    expect(second.next_cursor).toBeNull();
    expect([...first.items, ...second.items].map((item) => item.customer_ids[0]).sort()).toEqual([
      'cus_acme',
      'cus_harbor',
    ]);
    expect(first.items[0]).toMatchObject({
      route: ROUTE,
      audience: 'partner',
      kind: 'episode',
      state: 'dead',
      doubts: 0,
      last_error: 'is_archived',
      next_attempt_at: null,
      delivered_at: null,
    });
    expect(await list('?customer_id=cus_acme')).toHaveLength(1);
    expect(await list('?state=waiting')).toEqual([]);
    expect((await api.get('/v1/alerts?cursor=nonsense')).body.code).toBe('REQUEST_INVALID');
  });

  it('show the open episodes; to a customer’s key its own alone', async () => {
    const { body } = await api.get('/v1/alerts/open');
    expect(body.items).toMatchObject([
      {
        wallet: 'customer',
        customer_id: 'cus_acme',
        name: 'The customer cus_acme',
        status: 'low',
        episode: 1,
        snoozed_until: null,
      },
      { customer_id: 'cus_harbor' },
    ]);
    expect((await api.get('/v1/alerts/open?customer_id=cus_harbor')).body.items).toHaveLength(1);
    const key = await api.keyWith(['read', 'manage'], 'cus_harbor');
    expect((await api.get('/v1/alerts/open', { key })).body.items).toMatchObject([{ customer_id: 'cus_harbor' }]);
    expect((await api.get('/v1/alerts/open?customer_id=cus_acme', { key })).body.code).toBe('CUSTOMER_KEY_LIMITED');
    for (const path of ['/v1/alerts', '/v1/alerts/routes'])
      expect((await api.get(path, { key })).body.code).toBe('CUSTOMER_KEY_LIMITED');
    for (const [path, sent] of [
      ['/v1/alerts/routes/revive', { route: ROUTE }],
      ['/v1/alerts/test', {}],
      ['/v1/alerts/018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69/retry', undefined],
    ] as const)
      expect((await api.post(path, sent, { key })).body.code).toBe('CUSTOMER_KEY_LIMITED');
  });

  it('need the scope manage to be tried again', async () => {
    const key = await api.keyWith(['read']);
    expect((await api.post('/v1/alerts/test', {}, { key })).body.code).toBe('SCOPE_MISSING');
    expect((await api.post('/v1/alerts/routes/revive', { route: ROUTE }, { key })).body.code).toBe('SCOPE_MISSING');
  });

  it('refuse what there is not', async () => {
    const none = '018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69';
    expect((await api.post(`/v1/alerts/${none}/retry`, undefined)).body.code).toBe('ALERT_NOT_FOUND');
    expect((await api.post('/v1/alerts/test', { route: 'email:nobody@x.example' })).body.code).toBe(
      'ALERT_ROUTE_UNKNOWN',
    );
    expect((await api.post('/v1/alerts/routes/revive', { route: 'none' })).body.code).toBe('ALERT_ROUTE_UNKNOWN');
    expect((await api.post('/v1/alerts/test', { route: 'fax:1' })).body.code).toBe('REQUEST_INVALID');
  });

  it('arrive once the dead route is revived, and a test tells so', async () => {
    const { body } = await api.get('/v1/alerts/routes');
    expect(body.items).toEqual([
      { route: ROUTE, audience: 'partner', dead_at: expect.any(String), reason: 'is_archived', waiting: 2 },
    ]);
    expect((await api.post('/v1/alerts/routes/revive', { route: ROUTE })).status).toBe(204);
    expect((await api.get('/v1/alerts/routes')).body.items).toEqual([]);
    const tested = await api.post('/v1/alerts/test', {});
    expect(tested.status).toBe(201);
    expect(tested.body).toMatchObject({ route: ROUTE, kind: 'test', state: 'waiting' });
    await until(async () => (await list('?state=delivered')).length === 3);
    expect([...channel.told].sort()).toEqual(expect.arrayContaining(['cus_acme low', 'cus_harbor low', 'test']));
  });

  it('that are not dead stay as they are', async () => {
    const [delivered] = await list('?state=delivered');
    const { body } = await api.post(`/v1/alerts/${delivered.id}/retry`, undefined);
    expect(body).toEqual(delivered);
  });
});
