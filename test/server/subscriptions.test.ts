import { TestApi } from './harness';

describe('subscriptions over the API', () => {
  let api: TestApi;
  beforeAll(async () => void (api = await TestApi.start()));
  afterAll(() => api.stop());

  it('goes from the plan through its application, a change, a cancellation and its undoing', async () => {
    await api.post('/v1/customers', { id: 'cus_acme', name: 'Acme' });
    const plan = {
      id: 'monthly',
      name: 'Monthly',
      credits: '100',
      bonus: '10',
      price: '30',
      recurring: { period: 'month', rollover: { share: '0.5', cap: '50' } },
    };
    const created = await api.post('/v1/plans', plan);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      recurring: { period: 'month', every: 1, rollover: { share: 0.5, cap: 50 } },
      bonus: 10,
      expires_after_days: null,
    });
    await api.post('/v1/plans', { ...plan, id: 'bigger', name: 'Bigger', credits: '500' });

    const order = { customer_id: 'cus_acme', idempotency_key: 'order-1' };
    const applied = await api.post('/v1/plans/monthly/apply', order);
    expect(applied.status).toBe(201);
    expect(applied.body).toMatchObject({
      amount: 100,
      balance_after: 110,
      plan: { id: 'monthly', credits: 100, bonus: 10, price: 30, currency: 'USD' },
      subscription: { period: 1 },
    });
    const again = await api.post('/v1/plans/monthly/apply', order);
    expect([again.status, again.body]).toEqual([200, { ...applied.body, replayed: true }]);
    const second = await api.post('/v1/plans/bigger/apply', { ...order, idempotency_key: 'order-2' });
    expect([second.status, second.body.code]).toEqual([409, 'SUBSCRIPTION_EXISTS']);

    const listed = await api.get('/v1/subscriptions?customer_id=cus_acme');
    expect(listed.body.items).toMatchObject([{ id: applied.body.subscription.id, status: 'active' }]);
    const path = `/v1/subscriptions/${applied.body.subscription.id}`;
    expect((await api.post(`${path}/change`, { plan_id: 'bigger' })).body.next_plan).toMatchObject({ credits: 500 });
    expect((await api.post(`${path}/cancel`, {})).body).toMatchObject({ cancel_at_period_end: true, renews_at: null });
    expect((await api.post(`${path}/resume`, {})).body).toMatchObject({ cancel_at_period_end: false });
    expect((await api.get(path)).body).toMatchObject({ next_plan: { id: 'bigger' }, collects: 'nothing' });
    expect((await api.get('/v1/subscriptions/none')).body.code).toBe('SUBSCRIPTION_NOT_FOUND');
  });

  it('changes a plan, and shows it', async () => {
    await api.post('/v1/plans', { id: 'pack', name: 'Pack', credits: '10', price: '1' });
    const changed = await api.patch('/v1/plans/pack', { bonus: '1', expires_after_days: 30, popular: true });
    expect([changed.status, changed.body]).toMatchObject([200, { bonus: 1, expires_after_days: 30, popular: true }]);
    expect((await api.get('/v1/plans/pack')).body).toEqual(changed.body);
    expect((await api.patch('/v1/plans/none', { bonus: '1' })).body.code).toBe('PLAN_NOT_FOUND');
  });

  it('lets a key that is limited to a customer see its own alone, and change nothing', async () => {
    await api.post('/v1/customers', { id: 'cus_zen', name: 'Zen' });
    const made = await api.post('/v1/api-keys', {
      name: 'zen',
      scopes: ['read', 'manage'],
      customer_id: 'cus_zen',
    });
    const key = made.body.secret ?? made.body.key;
    expect((await api.get('/v1/subscriptions', { key })).body.items).toEqual([]);
    const { body } = await api.get('/v1/subscriptions');
    const path = `/v1/subscriptions/${body.items[0].id}`;
    expect((await api.get(path, { key })).body.code).toBe('CUSTOMER_KEY_LIMITED');
    expect((await api.post(`${path}/cancel`, {}, { key })).body.code).toBe('CUSTOMER_KEY_LIMITED');
  });
});
