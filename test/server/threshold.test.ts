import { TestApi } from './harness';

describe('checking a balance against what is to come', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start();
    const rounding = { initial_seconds: 60, increment_seconds: 30 };
    await api.createCustomer('cus_acme', { low_credit_threshold: '50', rounding });
    await api.createCustomer('cus_free', { price_per_minute: undefined });
    await api.topUp('cus_acme', '100');
  });
  afterAll(() => api.stop());

  const check = async (query: string, id = 'cus_acme') =>
    (await api.get(`/v1/threshold?customer_id=${id}&${query}`)).body;

  it('tells the levels, highest first, and checks nothing unless asked', async () => {
    expect(await check('')).toMatchObject({
      levels: [
        { status: 'low', at: 50 },
        { status: 'exhausted', at: 0 },
      ],
      check: null,
    });
  });

  it('says whether credits, or a call of so many minutes at the rate and its rounding, are covered', async () => {
    expect((await check('amount=100')).check).toEqual({ needed: 100, enough: true, missing: 0 });
    expect((await check('amount=100.000001')).check).toEqual({ needed: 100.000001, enough: false, missing: 0.000001 });
    expect((await check('minutes=8.01')).check).toEqual({ needed: 102, enough: false, missing: 2 });
    expect((await check('minutes=0.1')).check).toEqual({ needed: 12, enough: true, missing: 0 });
  });

  it('counts what is held for live calls as gone', async () => {
    await api.post('/v1/calls/authorize', { provider: 'retell', call_id: 'live', customer_id: 'cus_acme' });
    expect((await check('amount=5')).check).toEqual({ needed: 5, enough: false, missing: 1 });
    await api.post('/v1/calls/release', { provider: 'retell', call_id: 'live' });
  });

  it('refuses minutes without a price, both at once, and what is no number', async () => {
    await api.call('PATCH', '/v1/customers/cus_free', { body: { settings: { ai_credits_enabled: false } } });
    expect(await check('minutes=10', 'cus_free')).toMatchObject({ code: 'RATE_REQUIRED' });
    expect(await check('minutes=10&amount=5')).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await check('amount=ten')).toMatchObject({ code: 'NUMBER_INVALID' });
    expect(await check('amount=-1')).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('finds whose an agent or a number is', async () => {
    await api.post('/v1/mappings', { kind: 'phone_number', value: '+1 (415) 555-0177', customer_id: 'cus_acme' });
    const found = (query: string) => api.get(`/v1/mappings?${query}`).then(({ body }) => body);
    expect(await found('kind=phone_number&value=%2B14155550177')).toEqual({
      items: [{ kind: 'phone_number', value: '+14155550177', customer_id: 'cus_acme' }],
    });
    expect(await found('kind=agent&value=nobody')).toEqual({ items: [] });
    expect(await found('value=nobody')).toMatchObject({ code: 'REQUEST_INVALID' });
  });
});
