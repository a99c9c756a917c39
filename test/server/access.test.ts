import type { Scope } from '@talktime/core/contract';
import { TestApi } from './harness';

describe('who may do what', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start();
    await api.createCustomer('cus_a');
    await api.createCustomer('cus_b');
    await api.topUp('cus_a', '100');
    await api.post('/v1/plans', { id: 'pack', name: 'Pack', credits: '10', price: '5' });
  });
  afterAll(() => api.stop());

  const deduction = (customer_id: string, key: string) => ({
    source: 'amount',
    customer_id,
    amount: '1',
    idempotency_key: key,
  });
  const topUp = (customer_id: string, key: string) => ({ customer_id, amount: '1', idempotency_key: key });

  describe.each<[Scope, [string, string, unknown?][]]>([
    [
      'read',
      [
        ['GET', '/v1/partner'],
        ['GET', '/v1/customers'],
        ['GET', '/v1/customers/cus_a'],
        ['GET', '/v1/mappings'],
        ['GET', '/v1/balance?customer_id=cus_a'],
        ['GET', '/v1/threshold?wallet=partner'],
        ['GET', '/v1/statement?customer_id=cus_a'],
        ['GET', '/v1/plans'],
        ['GET', '/v1/suspense'],
        ['GET', '/v1/endpoints'],
      ],
    ],
    ['deduct', [['POST', '/v1/deductions', deduction('cus_a', 'scope deduct')]]],
    [
      'top-up',
      [
        ['POST', '/v1/top-ups', topUp('cus_a', 'scope top-up')],
        ['POST', '/v1/plans/pack/apply', { customer_id: 'cus_a', idempotency_key: 'scope plan' }],
      ],
    ],
    [
      'manage',
      [
        ['PATCH', '/v1/partner', { name: 'Brightline' }],
        ['POST', '/v1/customers', { id: 'cus_made', name: 'Made' }],
        ['PATCH', '/v1/customers/cus_a', { name: 'A' }],
        ['POST', '/v1/mappings', { kind: 'agent', value: 'agent_a', customer_id: 'cus_a' }],
        ['DELETE', '/v1/mappings/agent/agent_a'],
        [
          'POST',
          '/v1/adjustments',
          { customer_id: 'cus_a', amount: '-1', note: 'why', idempotency_key: 'scope adjust' },
        ],
        ['POST', '/v1/plans', { id: 'other', name: 'Other', credits: '1', price: '1' }],
        ['POST', '/v1/endpoints', { provider: 'retell', secrets: ['s'] }],
        ['GET', '/v1/api-keys'],
      ],
    ],
    [
      'host',
      [
        ['GET', '/v1/partners'],
        ['POST', '/v1/partners', { name: 'New' }],
      ],
    ],
  ])('the scope %s', (scope, requests) => {
    it.each(requests)('is what %s %s needs', async (method, path, ...[body]) => {
      const others = (['read', 'deduct', 'top-up', 'manage'] as Scope[]).filter((other) => other !== scope);
      const without = await api.keyWith(others);
      const before = await api.ledger();
      const refused = await api.call(method, path, { key: without, body });
      expect([refused.status, refused.body.code]).toEqual([403, 'SCOPE_MISSING']);
      expect(refused.body.detail).toBe(
        `This needs a key with the scope "${scope}"; this key has: ${others.join(', ')}.`,
      );
      expect(await api.ledger()).toBe(before);

      const withIt = scope === 'host' ? api.hostKey : await api.keyWith([scope]);
      expect((await api.call(method, path, { key: withIt, body })).status).toBeLessThan(300);
    });
  });

  it('asks a host key for which partner it acts', async () => {
    const missing = await api.get('/v1/customers', { key: api.hostKey });
    expect([missing.status, missing.body.code]).toEqual([400, 'PARTNER_REQUIRED']);
    for (const partner of ['no-uuid', '00000000-0000-4000-8000-000000000000']) {
      expect((await api.get('/v1/customers', { key: api.hostKey, partner })).body.code).toBe('PARTNER_NOT_FOUND');
    }
    expect((await api.asHost('GET', '/v1/customers')).body.items.length).toBeGreaterThan(1);
  });

  it("keeps a partner's key to its own partner", async () => {
    const other = await api.post('/v1/partners', { name: 'Other' }, { key: api.hostKey });
    const asked = await api.get('/v1/customers', { partner: other.body.id });
    expect([asked.status, asked.body.code]).toEqual([404, 'PARTNER_NOT_FOUND']);
    const made = await api.call('POST', '/v1/api-keys', {
      key: api.hostKey,
      partner: other.body.id,
      body: { name: 'theirs', scopes: ['read', 'manage', 'top-up'] },
    });
    const theirs = made.body.key as string;
    expect((await api.get('/v1/customers', { key: theirs })).body.items).toEqual([]);
    expect((await api.get('/v1/customers/cus_a', { key: theirs })).body.code).toBe('CUSTOMER_NOT_FOUND');
    expect((await api.post('/v1/top-ups', topUp('cus_a', 'theirs'), { key: theirs })).body.code).toBe(
      'CUSTOMER_NOT_FOUND',
    );
    const [ours] = (await api.get('/v1/api-keys')).body.items;
    expect((await api.call('DELETE', `/v1/api-keys/${ours.id}`, { key: theirs })).body.code).toBe('API_KEY_NOT_FOUND');
  });

  describe('a key limited to one customer', () => {
    let key: string;
    beforeAll(async () => void (key = await api.keyWith(['read', 'deduct', 'top-up', 'manage'], 'cus_a')));

    it.each<[string, string, unknown?]>([
      ['GET', '/v1/customers/cus_a'],
      ['GET', '/v1/balance?customer_id=cus_a'],
      ['GET', '/v1/threshold?customer_id=cus_a'],
      ['GET', '/v1/statement?customer_id=cus_a'],
      ['GET', '/v1/mappings'],
      ['GET', '/v1/plans'],
      ['POST', '/v1/deductions', deduction('cus_a', 'limited 1')],
      ['POST', '/v1/deductions', { source: 'call', provider: 'retell', call_id: 'limited', seconds: '5' }],
      ['POST', '/v1/top-ups', topUp('cus_a', 'limited 2')],
      ['POST', '/v1/plans/pack/apply', { customer_id: 'cus_a', idempotency_key: 'limited 3' }],
      ['PATCH', '/v1/customers/cus_a', { settings: { grace_seconds: 10 } }],
    ])('may %s %s', async (method, path, ...[body]) => {
      expect((await api.call(method, path, { key, body })).status).toBeLessThan(300);
    });

    it('sees that one customer alone in the list', async () => {
      const { body } = await api.get('/v1/customers', { key });
      expect(body.items.map((item: { id: string }) => item.id)).toEqual(['cus_a']);
    });

    it.each<[string, string, unknown?]>([
      ['GET', '/v1/partner'],
      ['PATCH', '/v1/partner', { name: 'Mine' }],
      ['GET', '/v1/customers/cus_b'],
      ['PATCH', '/v1/customers/cus_b', { name: 'Mine' }],
      ['POST', '/v1/customers', { name: 'Another' }],
      ['GET', '/v1/balance?customer_id=cus_b'],
      ['GET', '/v1/balance?wallet=partner'],
      ['GET', '/v1/threshold?wallet=partner'],
      ['GET', '/v1/statement?wallet=partner'],
      ['GET', '/v1/mappings?customer_id=cus_b'],
      ['POST', '/v1/mappings', { kind: 'agent', value: 'x', customer_id: 'cus_a' }],
      ['DELETE', '/v1/mappings/agent/x'],
      ['GET', '/v1/plans?customer_id=cus_b'],
      ['POST', '/v1/plans', { name: 'P', credits: '1', price: '1' }],
      ['POST', '/v1/deductions', deduction('cus_b', 'limited 4')],
      [
        'POST',
        '/v1/deductions',
        { source: 'call', provider: 'retell', call_id: 'c', seconds: '5', customer_id: 'cus_b' },
      ],
      ['POST', '/v1/deductions', { source: 'provider_webhook', headers: {}, body_base64: '' }],
      ['POST', '/v1/top-ups', topUp('cus_b', 'limited 5')],
      ['POST', '/v1/top-ups', { wallet: 'partner', amount: '1', idempotency_key: 'limited 6' }],
      ['POST', '/v1/plans/pack/apply', { customer_id: 'cus_b', idempotency_key: 'limited 7' }],
      ['POST', '/v1/adjustments', { customer_id: 'cus_b', amount: '1', note: 'x', idempotency_key: 'limited 8' }],
      ['POST', '/v1/reversals', { operation_id: '018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69', idempotency_key: 'limited 9' }],
      ['GET', '/v1/suspense'],
      ['POST', '/v1/suspense/018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69/assign', { customer_id: 'cus_a' }],
      ['POST', '/v1/calls/018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69/reassign', { customer_id: 'cus_a' }],
      ['GET', '/v1/api-keys'],
      ['POST', '/v1/api-keys', { name: 'all', scopes: ['read'] }],
      ['DELETE', '/v1/api-keys/key_1'],
      ['GET', '/v1/endpoints'],
      ['POST', '/v1/endpoints', { provider: 'retell', account: 'mine', secrets: ['s'] }],
    ])('may not %s %s', async (method, path, ...[body]) => {
      const before = await api.ledger();
      const { status, body: problem } = await api.call(method, path, { key, body });
      expect([status, problem.code]).toEqual([403, 'CUSTOMER_KEY_LIMITED']);
      expect(problem.detail).toContain('customer');
      expect(await api.ledger()).toBe(before);
    });
  });

  describe('making keys', () => {
    it('gives no scope that the maker lacks', async () => {
      const key = await api.keyWith(['read', 'manage']);
      const refused = await api.post('/v1/api-keys', { name: 'more', scopes: ['read', 'top-up'] }, { key });
      expect([refused.status, refused.body.code]).toEqual([403, 'SCOPE_MISSING']);
      expect(refused.body.detail).toContain('top-up');
      expect((await api.post('/v1/api-keys', { name: 'same', scopes: ['read'] }, { key })).status).toBe(201);
    });

    it("makes no host's key for a partner, whoever asks", async () => {
      expect((await api.post('/v1/api-keys', { name: 'host', scopes: ['host'] })).body.code).toBe('SCOPE_MISSING');
      expect((await api.asHost('POST', '/v1/api-keys', { name: 'host', scopes: ['host'] })).body.code).toBe(
        'REQUEST_INVALID',
      );
    });

    it('lets the host make host keys', async () => {
      const made = await api.post('/v1/api-keys', { name: 'second host', scopes: ['host'] }, { key: api.hostKey });
      expect(made.status).toBe(201);
      expect((await api.get('/v1/partners', { key: made.body.key })).status).toBe(200);
    });
  });

  describe('limits of requests', () => {
    let limited: TestApi;
    beforeAll(async () => void (limited = await TestApi.start({ requestsPerMinute: 3, refusalsPerMinute: 2 })));
    afterAll(() => limited.stop());

    it('counts a key by itself, and says when to come back', async () => {
      const other = await limited.keyWith(['read']);
      for (const _ of [1, 2]) expect((await limited.get('/v1/me')).status).toBe(200);
      const refused = await limited.get('/v1/me');
      expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED']);
      expect(refused.headers.get('content-type')).toBe('application/problem+json');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await limited.get('/v1/me', { key: other })).status).toBe(200);
    });

    it('counts guesses by address, and lets valid keys through meanwhile', async () => {
      const statuses = [];
      for (const guess of ['tt_1', 'tt_2', 'tt_3']) statuses.push((await limited.get('/v1/me', { key: guess })).status);
      expect(statuses).toEqual([401, 401, 429]);
      expect((await limited.get('/v1/me', { key: limited.hostKey })).status).toBe(200);
    });

    it('believes as many proxies as it is told of, and no caller', async () => {
      const behind = await TestApi.start({ trustedProxies: 1, refusalsPerMinute: 1 });
      const guess = async (forwarded: string) =>
        (await behind.get('/v1/me', { key: 'tt_x', headers: { 'x-forwarded-for': forwarded } })).status;
      expect(await guess('203.0.113.1')).toBe(401);
      expect(await guess('198.51.100.7, 203.0.113.1')).toBe(429); // what the caller wrote itself, then what the proxy saw
      expect(await guess('203.0.113.2')).toBe(401);
      await behind.stop();
    });
  });
});
