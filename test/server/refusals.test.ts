import { request } from 'node:http';
import { ERRORS, problem } from '@talktime/core/contract';
import { callEnded, retellSignature, TestApi, type Answer } from './harness';

const SECRET = 'key_with_the_webhook_badge';

describe('what is refused', () => {
  let api: TestApi;
  let hook: string;
  beforeAll(async () => {
    api = await TestApi.start();
    await api.createCustomer('cus_acme', {}, [{ kind: 'agent', value: 'agent_acme' }]);
    await api.topUp('cus_acme', '100', 'the first top-up');
    hook = (await api.post('/v1/endpoints', { provider: 'retell', secrets: [SECRET] })).body.path;
  });
  afterAll(() => api.stop());

  /** Does it, and checks what holds for every refusal: a problem with a known code, and a ledger that has not moved. */
  async function refused(act: () => Promise<Answer>): Promise<Answer['body']> {
    const before = await api.ledger();
    const answer = await act();
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const body = problem.strict().parse(answer.body);
    expect(ERRORS[body.code as keyof typeof ERRORS]).toEqual([answer.status, body.title]);
    expect(body.status).toBe(answer.status);
    expect(body.type).toBe(`https://talktime.dev/errors/${body.code.toLowerCase().replaceAll('_', '-')}`);
    expect(body.detail).toMatch(/\.$/);
    expect(await api.ledger()).toBe(before);
    return answer.body;
  }

  const amount = (fields: object) => () =>
    api.post('/v1/deductions', {
      source: 'amount',
      customer_id: 'cus_acme',
      amount: '1',
      idempotency_key: 'never used',
      ...fields,
    });
  const topUp = (fields: object) => () =>
    api.post('/v1/top-ups', { customer_id: 'cus_acme', amount: '1', idempotency_key: 'never used', ...fields });
  const call = (fields: object) => () =>
    api.post('/v1/deductions', { source: 'call', provider: 'retell', call_id: 'call_never', seconds: '61', ...fields });

  describe('amounts', () => {
    it.each<[string, string, () => Promise<Answer>]>([
      ['an unknown customer', 'CUSTOMER_NOT_FOUND', topUp({ customer_id: 'cus_nobody' })],
      ['an unknown customer of a deduction', 'CUSTOMER_NOT_FOUND', amount({ customer_id: 'cus_nobody' })],
      ['an unknown customer of a call', 'CUSTOMER_NOT_FOUND', call({ customer_id: 'cus_nobody' })],
      ['a negative top-up', 'AMOUNT_NOT_POSITIVE', topUp({ amount: '-5' })],
      ['a negative deduction', 'AMOUNT_NOT_POSITIVE', amount({ amount: -5 })],
      ['zero', 'AMOUNT_NOT_POSITIVE', topUp({ amount: 0 })],
      ['7 decimals', 'NUMBER_PRECISION', topUp({ amount: '0.1234567' })],
      ['7 decimals of a number', 'NUMBER_PRECISION', amount({ amount: 0.1234567 })],
      ['an exponent', 'NUMBER_PRECISION', topUp({ amount: '1e3' })],
      ['a thousands separator', 'NUMBER_INVALID', topUp({ amount: '1,000' })],
      ['words', 'NUMBER_INVALID', topUp({ amount: 'ten' })],
      ['8,000,000,000', 'NUMBER_RANGE', topUp({ amount: '8000000000' })],
      ['a balance beyond the limit', 'WALLET_LIMIT', topUp({ amount: '7999999999.9' })],
      ['more than the balance', 'INSUFFICIENT_CREDITS', amount({ amount: '100.000001' })],
      [
        'a key with other content',
        'IDEMPOTENCY_CONFLICT',
        topUp({ amount: '101', idempotency_key: 'the first top-up' }),
      ],
      [
        'a key with another customer',
        'IDEMPOTENCY_CONFLICT',
        topUp({
          wallet: undefined,
          customer_id: 'cus_acme',
          amount: '100',
          kind: 'bonus',
          idempotency_key: 'the first top-up',
        }),
      ],
      [
        "a partner's key that fills its own wallet",
        'HOST_KEY_REQUIRED',
        topUp({ customer_id: undefined, wallet: 'partner' }),
      ],
      [
        "a partner's key that adjusts its own wallet upward",
        'HOST_KEY_REQUIRED',
        () => api.post('/v1/adjustments', { wallet: 'partner', amount: '5', note: 'mine', idempotency_key: 'mint' }),
      ],
      ['negative seconds', 'REQUEST_INVALID', call({ customer_id: 'cus_acme', seconds: '-1' })],
    ])('%s: %s', async (_, code, act) => {
      expect(await refused(act)).toMatchObject({ code });
    });

    it('leaves the key of a refused deduction free', async () => {
      const attempt = amount({ amount: '150', idempotency_key: 'tried twice' });
      await refused(attempt);
      await api.topUp('cus_acme', '60', 'in between');
      expect((await attempt()).status).toBe(201);
    });
  });

  describe('forms', () => {
    it.each<[string, () => Promise<Answer>, string[]]>([
      ['a missing key', topUp({ idempotency_key: undefined }), ['idempotency_key']],
      ['an empty key', topUp({ idempotency_key: '' }), ['idempotency_key']],
      ['a key of 201 characters', topUp({ idempotency_key: 'k'.repeat(201) }), ['idempotency_key']],
      ['no wallet', topUp({ customer_id: undefined }), ['customer_id']],
      ['two wallets', topUp({ wallet: 'partner' }), ['customer_id']],
      ['an unknown field', topUp({ amuont: '5' }), ['']],
      ['an unknown kind', topUp({ kind: 'free' }), ['kind']],
      ['an unknown source', () => api.post('/v1/deductions', { source: 'guess' }), ['source']],
      ['an amount that is an object', topUp({ amount: {} }), ['amount']],
      ['a note that is too long', topUp({ note: 'n'.repeat(501) }), ['note']],
      [
        'a price in both',
        () => api.post('/v1/customers', { name: 'X', settings: { price_per_minute: { credits: '1', money: '1' } } }),
        ['settings.price_per_minute'],
      ],
      [
        'a setting that is no number',
        () => api.patch('/v1/customers/cus_acme', { settings: { grace_seconds: 'long' } }),
        ['settings.grace_seconds'],
      ],
      ['two mistakes at once', () => api.post('/v1/customers', { id: 'not valid!', name: '' }), ['id', 'name']],
      ['a list instead of a body', () => api.post('/v1/top-ups', []), ['']],
      ['a limit of 0', () => api.get('/v1/customers?limit=0'), ['limit']],
      ['a cursor of somebody else', () => api.get('/v1/statement?customer_id=cus_acme&cursor=x'), ['cursor']],
      ['no wallet in a query', () => api.get('/v1/balance'), ['customer_id']],
      ['a customer id that can be none', () => api.get('/v1/customers/..%2f..'), ['id']],
      [
        'an id that is no UUID',
        () => api.post('/v1/reversals', { operation_id: '1', idempotency_key: 'x' }),
        ['operation_id'],
      ],
    ])('%s: REQUEST_INVALID, naming the field', async (_, act, paths) => {
      const body = await refused(act);
      expect(body.code).toBe('REQUEST_INVALID');
      expect(body.errors.map((error: { path: string }) => error.path)).toEqual(paths);
    });

    it.each<[string, string, Record<string, string>]>([
      ['JSON that breaks off', '{"amount": ', { 'content-type': 'application/json' }],
      ['nothing where JSON was announced', '', { 'content-type': 'application/json' }],
      ['a form', 'amount=5', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['a prototype in disguise', '{"__proto__": {"host": true}}', { 'content-type': 'application/json' }],
    ])('%s: REQUEST_INVALID', async (_, raw, headers) => {
      const body = await refused(() => api.call('POST', '/v1/top-ups', { raw, headers }));
      expect(body.code).toBe('REQUEST_INVALID');
    });

    it.each([
      ['GET', '/nothing'],
      ['GET', '/v1/deductions'],
      ['POST', '/hooks/vapi'],
      ['DELETE', '/v1/customers/cus_acme'],
    ])('%s %s: ROUTE_NOT_FOUND', async (method, path) => {
      expect(await refused(() => api.call(method, path))).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
    });

    it.each([
      ['a plan', 'PLAN_NOT_FOUND', '/v1/plans/none/apply', { customer_id: 'cus_acme', idempotency_key: 'p' }],
      [
        'an operation',
        'OPERATION_NOT_FOUND',
        '/v1/reversals',
        { operation_id: '018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69', idempotency_key: 'r' },
      ],
      [
        'a call in suspense',
        'CALL_NOT_FOUND',
        '/v1/suspense/018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69/assign',
        { customer_id: 'cus_acme' },
      ],
      [
        'a call',
        'CALL_NOT_FOUND',
        '/v1/calls/018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69/reassign',
        { customer_id: 'cus_acme' },
      ],
    ])('%s that there is not: %s', async (_, code, path, body) => {
      expect(await refused(() => api.post(path, body))).toMatchObject({ code });
    });

    it.each([
      ['a customer', 'CUSTOMER_EXISTS', '/v1/customers', { id: 'cus_acme', name: 'Again' }],
      [
        'a mapping',
        'MAPPING_TAKEN',
        '/v1/customers',
        { id: 'cus_thief', name: 'Thief', mappings: [{ kind: 'agent', value: 'agent_acme' }] },
      ],
      ['an endpoint', 'ENDPOINT_EXISTS', '/v1/endpoints', { provider: 'retell', secrets: ['x'] }],
    ])('%s that is taken: %s', async (_, code, path, body) => {
      expect(await refused(() => api.post(path, body))).toMatchObject({ code });
      expect((await api.get('/v1/customers/cus_thief')).status).toBe(404);
    });
  });

  describe('keys', () => {
    it.each<[string, string | null]>([
      ['none', null],
      ['a wrong one', `tt_${'x'.repeat(43)}`],
      ['something else', 'hello'],
    ])('%s: UNAUTHENTICATED', async (_, key) => {
      expect(await refused(() => api.get('/v1/customers', { key }))).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect((await api.get('/v1/customers', { key })).headers.get('www-authenticate')).toContain('Bearer');
    });

    it('is not fooled by another scheme, and looks at the key before the body', async () => {
      const headers = { authorization: `Basic ${api.key}` };
      expect(await refused(() => api.get('/v1/me', { key: null, headers }))).toMatchObject({ code: 'UNAUTHENTICATED' });
      const body = await refused(() => api.call('POST', '/v1/top-ups', { key: null, raw: '{broken' }));
      expect(body.code).toBe('UNAUTHENTICATED');
    });
  });

  describe('webhooks', () => {
    const raw = callEnded({ call_id: 'call_forged', seconds: 61, agent_id: 'agent_acme' });
    const deliver =
      (body: string | Buffer, signature?: string, path = hook) =>
      () =>
        api.call('POST', path, {
          key: null,
          raw: body,
          headers: { 'content-type': 'application/json', ...(signature ? { 'x-retell-signature': signature } : {}) },
        });
    const minutes = 60_000;

    it.each<[string, string, () => Promise<Answer>]>([
      ['without a signature', 'SIGNATURE_MISSING', () => deliver(raw)()],
      ['signed with another key', 'SIGNATURE_INVALID', () => deliver(raw, retellSignature(raw, 'another key'))()],
      ['with a signature that is nonsense', 'SIGNATURE_INVALID', () => deliver(raw, 'v=1,d=zz')()],
      [
        'changed after signing',
        'SIGNATURE_INVALID',
        () => deliver(raw.replace('61000', '1000'), retellSignature(raw, SECRET))(),
      ],
      [
        'written anew by a JSON parser',
        'SIGNATURE_INVALID',
        () => deliver(JSON.stringify(JSON.parse(raw), null, 1), retellSignature(raw, SECRET))(),
      ],
      [
        'signed 6 minutes ago',
        'SIGNATURE_EXPIRED',
        () => deliver(raw, retellSignature(raw, SECRET, Date.now() - 6 * minutes))(),
      ],
      [
        'signed 6 minutes ahead',
        'SIGNATURE_EXPIRED',
        () => deliver(raw, retellSignature(raw, SECRET, Date.now() + 6 * minutes))(),
      ],
      [
        'to an address that nobody has',
        'ENDPOINT_NOT_FOUND',
        () => deliver(raw, retellSignature(raw, SECRET), '/hooks/retell/ep_none')(),
      ],
      [
        'to a provider that is none',
        'REQUEST_INVALID',
        () => deliver(raw, retellSignature(raw, SECRET), '/hooks/nobody/ep_none')(),
      ],
      ['without a body', 'SIGNATURE_INVALID', () => deliver('', retellSignature(raw, SECRET))()],
    ])('%s: %s', async (_, code, act) => {
      expect(await refused(act)).toMatchObject({ code });
    });

    it('with bytes that are not UTF-8 are verified as they came', async () => {
      const bytes = Buffer.concat([
        Buffer.from('{"event":"call_started","call":{"call_id":"c","x":"'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"}}'),
      ]);
      expect((await deliver(bytes, retellSignature(bytes, SECRET))()).status).toBe(204);
    });

    it.each<[string, string, object]>([
      [
        'no signature',
        'SIGNATURE_MISSING',
        { provider: 'retell', headers: {}, body_base64: Buffer.from(raw).toString('base64') },
      ],
      ['no provider to be told', 'PROVIDER_UNKNOWN', { headers: { 'x-nobody': '1' }, body_base64: 'e30=' }],
      [
        'a wrong signature',
        'SIGNATURE_INVALID',
        {
          headers: { 'x-retell-signature': retellSignature(raw, 'x') },
          body_base64: Buffer.from(raw).toString('base64'),
        },
      ],
      ['no base64', 'REQUEST_INVALID', { headers: {}, body_base64: '!' }],
    ])('passed on with %s: %s', async (_, code, fields) => {
      expect(await refused(() => api.post('/v1/deductions', { source: 'provider_webhook', ...fields }))).toMatchObject({
        code,
      });
    });
  });

  describe('oversized bodies', () => {
    /** Announces a length and sends none of it: the answer must come all the same. */
    const announce = (path: string, length: number) => () =>
      new Promise<Answer>((resolve, reject) => {
        const sent = request(api.url + path, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${api.key}`,
            'content-type': 'application/json',
            'content-length': length,
            'x-retell-signature': 'v=1,d=1',
          },
        });
        sent.on('error', reject);
        sent.on('response', async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          const headers = new Headers(response.headers as Record<string, string>);
          resolve({ status: response.statusCode!, headers, text, body: JSON.parse(text) });
          sent.destroy();
        });
        sent.flushHeaders();
      });
    const megabyte = 1024 * 1024;

    it.each([
      ['a top-up of more than 1 MB', '/v1/top-ups', megabyte + 1],
      ['a passed-on webhook of more than 15 MB', '/v1/deductions', 15 * megabyte + 1],
    ])('%s: BODY_TOO_LARGE', async (_, path, length) => {
      expect(await refused(announce(path, length))).toMatchObject({ code: 'BODY_TOO_LARGE' });
    });

    it('a webhook of more than 10 MB: BODY_TOO_LARGE before it is read', async () => {
      expect(await refused(announce(hook, 10 * megabyte + 1))).toMatchObject({ code: 'BODY_TOO_LARGE' });
    });

    it('are refused too when no length was announced', async () => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let sent = 0; sent < 3; sent += 1) controller.enqueue(new Uint8Array(megabyte / 2).fill(32));
          controller.close();
        },
      });
      const act = async () => {
        const init = {
          method: 'POST',
          body,
          duplex: 'half',
          headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' },
        };
        const response = await fetch(`${api.url}/v1/top-ups`, init as RequestInit);
        const text = await response.text();
        return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
      };
      expect(await refused(act)).toMatchObject({ code: 'BODY_TOO_LARGE' });
    });

    it('of a webhook may be as large as its transcript', async () => {
      const raw = JSON.stringify({
        event: 'call_started',
        call: { call_id: 'c', transcript: 'x'.repeat(3 * megabyte) },
      });
      const headers = { 'content-type': 'application/json', 'x-retell-signature': retellSignature(raw, SECRET) };
      expect((await api.call('POST', hook, { key: null, raw, headers })).status).toBe(204);
    });
  });
});

describe('faults of ours', () => {
  it('say nothing but a request id, and are logged', async () => {
    const api = await TestApi.start();
    await api.database.superuser('alter table talktime.audit_log rename column subject to secret_column');
    const { status, body, headers } = await api.post('/v1/customers', { name: 'Ann Other' });
    expect([status, body.code]).toEqual([500, 'INTERNAL']);
    expect(body.detail).toContain(headers.get('x-request-id'));
    expect(JSON.stringify(body)).not.toMatch(/column|audit|insert|relation/i);
    const log = api.log.join('');
    expect(log).toContain('request failed');
    expect(log).toContain(headers.get('x-request-id'));
    expect(log).not.toContain('Ann Other');
    await api.stop();
  });

  it('that are the database being away answer 503 and are not ready', async () => {
    const api = await TestApi.start();
    await api.database.database.close();
    const away = new Error('connect ECONNREFUSED');
    jest.spyOn(api.database.database, 'ping').mockRejectedValue(away);
    jest.spyOn(api.database.database, 'asDirectory').mockRejectedValue(Object.assign(away, { code: 'ECONNREFUSED' }));
    const ready = await api.get('/readyz');
    expect([ready.status, ready.body.code]).toEqual([503, 'OVERLOADED']);
    const asked = await api.get('/v1/customers');
    expect([asked.status, asked.body.code]).toEqual([503, 'OVERLOADED']);
    expect(asked.headers.get('retry-after')).toBe('2');
    expect((await api.get('/healthz')).status).toBe(200);
    jest.restoreAllMocks();
    await api.stop().catch(() => undefined);
  });
});
