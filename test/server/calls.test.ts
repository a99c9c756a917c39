import { TestApi } from './harness';

describe('the gate, over HTTP', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start();
    const settings = { ai_credits_enabled: true, price_per_minute: { credits: '12' }, max_call_seconds: 120 };
    for (const id of ['cus_acme', 'cus_other']) {
      await api.post('/v1/customers', { id, name: id, settings, mappings: [{ kind: 'agent', value: `agent_${id}` }] });
      await api.post('/v1/top-ups', { customer_id: id, amount: '20', idempotency_key: `fill-${id}` });
    }
  });
  afterAll(() => api.stop());

  const call = (call_id: string) => ({ provider: 'retell', call_id });
  const held = async () => (await api.get('/v1/balance?customer_id=cus_acme')).body;

  it('ends a call: its price is deducted, and the rest of its hold given back', async () => {
    await api.post('/v1/calls/authorize', { ...call('ended'), customer_id: 'cus_other' });
    const ended = await api.post('/v1/calls/end', { ...call('ended'), seconds: '61' });
    expect(ended).toMatchObject({ status: 201, body: { outcome: 'deducted', amount: -12.2, receipt: { hold: 20 } } });
    expect(await api.post('/v1/calls/end', { ...call('ended'), seconds: 61 })).toMatchObject({
      status: 200,
      body: { operation_id: ended.body.operation_id, replayed: true },
    });
    expect(await api.post('/v1/calls/end', { ...call('nobody'), seconds: '61' })).toMatchObject({
      status: 202,
      body: { outcome: 'suspense' },
    });
  });

  it('authorises, extends and releases', async () => {
    const authorized = await api.post('/v1/calls/authorize', { ...call('1'), agent_id: 'agent_cus_acme' });
    expect(authorized.status).toBe(201);
    expect(authorized.body).toMatchObject({
      customer_id: 'cus_acme',
      hold: { cap_seconds: 100, held: 20, state: 'live', payer: 'customer' },
    });
    expect(await held()).toMatchObject({ posted: 20, held: 20, available: 0 });
    expect((await api.post('/v1/calls/authorize', { ...call('1'), customer_id: 'cus_acme' })).status).toBe(200);

    expect(await api.post('/v1/calls/authorize', { ...call('2'), customer_id: 'cus_acme' })).toMatchObject({
      status: 402,
      body: { code: 'INSUFFICIENT_CREDITS' },
    });
    await api.post('/v1/top-ups', { customer_id: 'cus_acme', amount: '10', idempotency_key: 'more' });
    expect((await api.post('/v1/calls/extend', call('1'))).body).toMatchObject({
      hold: { cap_seconds: 120, held: 24 },
    });
    expect((await api.post('/v1/calls/release', call('1'))).body).toMatchObject({
      hold: { state: 'released', held: 0 },
    });
    expect(await held()).toMatchObject({ posted: 30, held: 0, available: 30 });
  });

  it('captures the hold when the call is deducted', async () => {
    await api.post('/v1/calls/authorize', { ...call('3'), customer_id: 'cus_acme' });
    const deducted = await api.post('/v1/deductions', { source: 'call', ...call('3'), seconds: '30' });
    expect(deducted.body).toMatchObject({ outcome: 'deducted', amount: -6, receipt: { hold: 24 } });
    expect(await held()).toMatchObject({ posted: 24, held: 0 });
  });

  it.each([
    ['a call that matches nobody', 'authorize', { ...call('x'), agent_id: 'agent_unknown' }, 404, 'CALL_UNMATCHED'],
    ['an unknown customer', 'authorize', { ...call('x'), customer_id: 'nobody' }, 404, 'CUSTOMER_NOT_FOUND'],
    ['a call that was not authorised', 'release', call('x'), 404, 'HOLD_NOT_FOUND'],
    ['a minimum that is no number', 'authorize', { ...call('x'), minimum_seconds: 'long' }, 400, 'REQUEST_INVALID'],
  ])('refuses %s', async (_, path, body, status, code) => {
    expect(await api.post(`/v1/calls/${path}`, body)).toMatchObject({ status, body: { code } });
  });

  it('keeps a key that is limited to a customer to that customer', async () => {
    const key = (await api.post('/v1/api-keys', { name: 'acme', scopes: ['deduct'], customer_id: 'cus_acme' })).body
      .key;
    await api.post('/v1/calls/authorize', { ...call('theirs'), customer_id: 'cus_other' });
    expect(
      (await api.post('/v1/calls/authorize', { ...call('4'), customer_id: 'cus_other' }, { key })).body,
    ).toMatchObject({ code: 'CUSTOMER_KEY_LIMITED' });
    expect((await api.post('/v1/calls/release', call('theirs'), { key })).body).toMatchObject({
      code: 'HOLD_NOT_FOUND',
    });
    expect((await api.post('/v1/calls/authorize', call('4'), { key })).body).toMatchObject({ customer_id: 'cus_acme' });
  });

  it("refuses what covers less than the provider's shortest limit: a minute with Retell", async () => {
    await api.createCustomer('cus_short');
    await api.topUp('cus_short', '11'); // 55 s
    const ask = (provider: string, more = {}) =>
      api.post('/v1/calls/authorize', { provider, call_id: `short_${provider}`, customer_id: 'cus_short', ...more });
    expect((await ask('retell')).body).toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    expect((await ask('vapi')).body).toMatchObject({ hold: { cap_seconds: 55 } });
    await api.post('/v1/calls/release', { provider: 'vapi', call_id: 'short_vapi' });
    expect((await ask('retell', { minimum_seconds: 30 })).body).toMatchObject({ hold: { cap_seconds: 55 } });
  });
});
