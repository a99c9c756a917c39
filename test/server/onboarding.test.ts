import { verify } from '@talktime/core/ledger';
import { TestApi } from './harness';

describe('onboarding a customer in one call', () => {
  let api: TestApi;
  beforeAll(async () => void (api = await TestApi.start()));
  afterAll(() => api.stop());
  afterEach(async () => expect((await verify(api.database.database)).findings).toEqual([]));

  const terms = (n: number) => ({
    idempotency_key: `contract-${n}`,
    name: `Customer ${n}`,
    settings: { ai_credits_enabled: true, price_per_minute: { credits: '12' }, low_credit_threshold: '100' },
    mappings: [{ kind: 'agent', value: `agent_${n}` }],
    initial_credits: { amount: '500', note: 'Starter' },
  });
  const customers = async () => (await api.get('/v1/customers?limit=200')).body.items.length as number;

  it('creates it with settings and mappings, and gives it its first credits', async () => {
    const { status, body } = await api.post('/v1/onboarding', { ...terms(1), id: 'cus_1' });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      customer: {
        id: 'cus_1',
        name: 'Customer 1',
        settings: { ai_credits_enabled: true, low_credit_threshold: 100, rate: { credits_per_minute: 12 } },
        balance: { posted: 500, status: 'ok' },
      },
      initial_credits: { kind: 'top_up', amount: 500, balance_after: 500, replayed: false },
      replayed: false,
    });
    const call = { source: 'call', provider: 'retell', call_id: 'c1', seconds: '60', agent_id: 'agent_1' };
    expect((await api.post('/v1/deductions', call)).body).toMatchObject({ customer_id: 'cus_1', amount: -12 });
  });

  it('answers the same when it is sent again, five times at once too, with the customer as it is now', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => api.post('/v1/onboarding', terms(2))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.customer.id)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.initial_credits.operation_id)).size).toBe(1);

    const { id } = answers[0]!.body.customer;
    await api.patch(`/v1/customers/${id}`, { name: 'Renamed' });
    const again = await api.post('/v1/onboarding', terms(2));
    expect(again).toMatchObject({
      status: 200,
      body: { replayed: true, customer: { name: 'Renamed', balance: { posted: 500 } } },
    });
  });

  it('refuses other terms under the same key, and changes nothing', async () => {
    const before = await customers();
    const answer = await api.post('/v1/onboarding', { ...terms(2), initial_credits: { amount: '501' } });
    expect(answer).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_CONFLICT' } });
    expect(await customers()).toBe(before);
  });

  it('does nothing at all when a part of it is refused', async () => {
    const before = await customers();
    const refused = async (changes: object) =>
      (await api.post('/v1/onboarding', { ...terms(3), ...changes })).body.code as string;

    expect(await refused({ mappings: [{ kind: 'agent', value: 'agent_1' }] })).toBe('MAPPING_TAKEN');
    expect(await refused({ initial_credits: { amount: '0' } })).toBe('AMOUNT_NOT_POSITIVE');
    expect(await refused({ initial_credits: { amount: '1', expires_at: '2020-01-01T00:00:00Z' } })).toBe(
      'GRANT_EXPIRED',
    );
    expect(await refused({ id: 'cus_1' })).toBe('CUSTOMER_EXISTS');
    expect(await customers()).toBe(before);

    expect((await api.post('/v1/onboarding', terms(3))).status).toBe(201);
  });

  it("takes an allocated customer's first credits out of the partner's wallet, or creates nobody", async () => {
    const allocated = await TestApi.start();
    await allocated.asHost('PATCH', '/v1/partner', { funding: 'allocated' });
    await allocated.asHost('POST', '/v1/top-ups', { wallet: 'partner', amount: '600', idempotency_key: 'fill' });

    expect((await allocated.post('/v1/onboarding', terms(1))).status).toBe(201);
    const poor = await allocated.post('/v1/onboarding', terms(2));
    expect(poor.body.code).toBe('INSUFFICIENT_CREDITS');
    expect((await allocated.get('/v1/customers')).body.items).toHaveLength(1);
    expect((await allocated.get('/v1/balance?wallet=partner')).body.posted).toBe(100);
    await allocated.stop();
  });

  it('needs "manage", and "top-up" for the credits', async () => {
    const key = await api.keyWith(['read', 'manage']);
    expect((await api.post('/v1/onboarding', terms(4), { key })).body.code).toBe('SCOPE_MISSING');
    const { initial_credits: _, ...without } = terms(4);
    expect((await api.post('/v1/onboarding', without, { key })).body).toMatchObject({ initial_credits: null });
  });
});
