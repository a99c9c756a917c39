import { TestApi } from './harness';

const DAY_1 = '2026-03-01T10:00:00Z';
const DAY_2 = '2026-03-02T23:59:59.500Z';
const MARCH = 'from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
  await api.patch('/v1/partner', { price_per_minute: { credits: '8' } });
  await api.createCustomer('cus_acme', { rounding: { initial_seconds: 60, increment_seconds: 60 } });
  await api.createCustomer('cus_birch', {});
  await api.createCustomer('cus_off', { ai_credits_enabled: false });
  await api.topUp('cus_acme', '1000');
  await api.topUp('cus_birch', '10');
  const call = async (call_id: string, customer_id: string, seconds: string, more: object = {}) => {
    const answer = await api.post('/v1/calls/end', {
      provider: 'vapi',
      call_id,
      customer_id,
      seconds,
      agent_id: `agent_of_${customer_id}`,
      started_at: DAY_1,
      ...more,
    });
    expect(answer.status).toBe(201);
    return answer.body.operation_id as string;
  };
  // Rounded up to 2 minutes: 24 credits = 0.24 USD, cost 0.16 USD
  await call('a1', 'cus_acme', '61', { cost: { amount: '0.16', currency: 'USD' } });
  await call('a2', 'cus_acme', '60', { started_at: DAY_2, cost: { amount: '0.08', currency: 'USD' } });
  await call('a3', 'cus_acme', '60', { provider: 'ultravox' }); // nobody told what it cost
  await call('a4', 'cus_acme', '30', { started_at: '2026-04-01T00:00:00Z' });
  await call('b1', 'cus_birch', '60', { cost: { amount: '0.05', currency: 'EUR' } }); // no rate of exchange
  await call('c1', 'cus_off', '60', { cost: { amount: '0.05', currency: 'USD' } });
  const reversed = await call('a5', 'cus_acme', '60', { cost: { amount: '0.08', currency: 'USD' } });
  await api.asHost('POST', '/v1/reversals', { operation_id: reversed, amount: '6', idempotency_key: 'half' });
});
afterAll(() => api.stop());

const usage = async (query: string) => (await api.get(`/v1/reports/usage?${MARCH}&${query}`)).body;
const margin = async (query: string) => (await api.get(`/v1/reports/margin?${MARCH}&${query}`)).body;

describe('the usage report', () => {
  it('adds up minutes and prices by customer, and in all', async () => {
    expect(await usage('by=customer')).toMatchObject({
      from: '2026-03-01T00:00:00.000Z',
      currency: 'USD',
      rows: [
        {
          customer_id: 'cus_acme',
          calls: 4,
          connected_calls: 4,
          minutes_raw: '4.016666',
          minutes_billed: '5',
          price: '54', // 24 + 12 + 12 + 12 - 6
          paid_by_customer: '54',
          paid_by_partner: '0',
        },
        { customer_id: 'cus_birch', calls: 1, price: '12' },
        { customer_id: 'cus_off', calls: 1, price: '8', paid_by_customer: '0', paid_by_partner: '8' },
      ],
      total: { calls: 6, minutes_billed: '7', price: '74' },
    });
  });

  it('by provider and day, in UTC; and of one agent', async () => {
    expect((await usage('by=provider,day&customer_id=cus_acme')).rows).toMatchObject([
      { provider: 'ultravox', day: '2026-03-01', calls: 1, price: '12' },
      { provider: 'vapi', day: '2026-03-01', calls: 2, price: '30' },
      { provider: 'vapi', day: '2026-03-02', calls: 1, price: '12' },
    ]);
    expect((await usage('by=agent&agent_id=agent_of_cus_birch')).rows).toMatchObject([
      { agent_id: 'agent_of_cus_birch', calls: 1 },
    ]);
  });

  it('of a time without calls is empty, and adds up to nothing', async () => {
    const answer = await api.get('/v1/reports/usage?from=2025-01-01T00:00:00Z&to=2025-02-01T00:00:00Z');
    expect(answer.body).toMatchObject({ rows: [], total: { calls: 0, price: '0', minutes_raw: '0' } });
  });
});

describe('the margin report', () => {
  it('sets price against cost, of the calls whose cost is known: markup 1 - and margin rightly', async () => {
    const { rows, total } = await margin('by=customer');
    expect(rows).toMatchObject([
      // 0.24 + 0.12 + 0.06 sold, 0.16 + 0.08 + 0.08 spent
      {
        customer_id: 'cus_acme',
        calls: 3,
        calls_without_cost: 1,
        minutes_billed: '4',
        price: '0.42',
        cost: '0.32',
        markup: 0.3125,
        margin: 0.238095,
      },
      // A currency without a rate of exchange is unknown, and never one to one
      { customer_id: 'cus_birch', calls: 0, calls_without_cost: 1, price: '0', cost: '0', markup: null, margin: null },
      { customer_id: 'cus_off', calls: 1, price: '0', cost: '0.05', markup: -1, margin: null },
    ]);
    expect(total).toMatchObject({ calls: 4, calls_without_cost: 2, price: '0.42', cost: '0.37' });
  });

  it('is 50 % markup and 33.3 % margin for 0.08 sold at 0.12', async () => {
    expect((await margin('by=day&customer_id=cus_acme')).rows[1]).toMatchObject({
      day: '2026-03-02',
      markup: 0.5,
      margin: 0.333333,
    });
  });

  it('is not for keys of a customer', async () => {
    const key = await api.keyWith(['read'], 'cus_acme');
    for (const name of ['margin', 'usage'])
      expect((await api.get(`/v1/reports/${name}`, { key })).body.code).toBe('CUSTOMER_KEY_LIMITED');
  });
});

it.each(['by=customer,customer', 'by=hour', 'from=2026-05-01T00:00:00Z', 'from=2020-01-01T00:00:00Z', 'by='])(
  'a report with %s is refused',
  async (query) => {
    const to = query.startsWith('from') ? '&to=2026-04-01T00:00:00Z' : '';
    expect((await api.get(`/v1/reports/usage?${query}${to}`)).body.code).toBe('REQUEST_INVALID');
  },
);
