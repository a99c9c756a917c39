import { verify } from '@talktime/core/ledger';
import { TestApi } from './harness';

describe('deductions in one request', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start();
    for (const id of ['cus_acme', 'cus_other']) {
      await api.createCustomer(id, {}, [{ kind: 'agent', value: `agent_${id}` }]);
      await api.topUp(id, '1000');
    }
  });
  afterAll(() => api.stop());
  afterEach(async () => expect((await verify(api.database.database)).findings).toEqual([]));

  const batch = (items: unknown, key?: string) => api.post('/v1/deductions/batch', { items }, key ? { key } : {});
  const call = (call_id: string, fields: object = {}) => ({
    source: 'call',
    provider: 'retell',
    call_id,
    seconds: '60',
    customer_id: 'cus_acme',
    ...fields,
  });
  const amount = (idempotency_key: string, fields: object = {}) => ({
    source: 'amount',
    customer_id: 'cus_acme',
    amount: '1',
    idempotency_key,
    ...fields,
  });
  const posted = async (id = 'cus_acme') => (await api.get(`/v1/balance?customer_id=${id}`)).body.posted as number;

  it('answers each item in its place; what is refused takes no neighbours along', async () => {
    const { status, body } = await batch([
      call('c1'),
      call('c2', { customer_id: 'cus_nobody' }),
      { ...call('c3'), seconds: undefined },
      amount('a1'),
      'nonsense',
      call('c4', { customer_id: undefined, agent_id: 'agent_unknown' }),
      amount('a2', { amount: '5000' }),
      call('c1'),
    ]);

    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { outcome: 'deducted', amount: -12, replayed: false },
      { outcome: 'refused', problem: { code: 'CUSTOMER_NOT_FOUND' } },
      {
        outcome: 'refused',
        problem: { code: 'REQUEST_INVALID', errors: [{ path: 'seconds', message: 'is missing' }] },
      },
      { outcome: 'deducted', amount: -1, receipt: null },
      { outcome: 'refused', problem: { code: 'REQUEST_INVALID' } },
      { outcome: 'suspense', reason: 'no_customer' },
      { outcome: 'refused', problem: { code: 'INSUFFICIENT_CREDITS' } },
      { outcome: 'deducted', amount: -12, replayed: true },
    ]);
    expect(await posted()).toBe(987);
  });

  it('charges 1,000 calls once, also when the request is sent three times at once', async () => {
    const before = await posted('cus_other');
    const items = Array.from({ length: 1000 }, (_, n) => call(`many_${n}`, { customer_id: 'cus_other', seconds: '3' }));

    const answers = await Promise.all([batch(items), batch(items), batch(items)]);

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const charged = answers.flatMap(({ body }) => body.results).filter((result) => !result.replayed);
    expect(charged).toHaveLength(1000);
    expect(await posted('cus_other')).toBe(before - 600);
  });

  it('refuses none, and more than 1,000', async () => {
    expect((await batch([])).body.code).toBe('REQUEST_INVALID');
    expect((await batch(Array.from({ length: 1001 }, (_, n) => amount(`over_${n}`)))).body).toMatchObject({
      code: 'REQUEST_INVALID',
      errors: [{ path: 'items' }],
    });
  });

  it('keeps a key to its customer, item by item', async () => {
    const key = await api.keyWith(['deduct'], 'cus_acme');
    const { body } = await batch([amount('k1'), amount('k2', { customer_id: 'cus_other' })], key);
    expect(body.results).toMatchObject([
      { outcome: 'deducted' },
      { outcome: 'refused', problem: { code: 'CUSTOMER_KEY_LIMITED' } },
    ]);
  });
});
