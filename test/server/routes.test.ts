import { callEnded, retellSignature, TestApi } from './harness';

describe('the API', () => {
  let api: TestApi;
  beforeAll(async () => void (api = await TestApi.start()));
  afterAll(() => api.stop());

  it('says which key it is', async () => {
    const { status, body } = await api.get('/v1/me');
    expect(status).toBe(200);
    expect(body).toEqual({
      partner: { id: api.partnerId, name: 'Brightline', currency: 'USD' },
      key: {
        id: expect.stringMatching(/^key_/),
        name: 'all of the partner',
        scopes: ['read', 'deduct', 'top-up', 'manage'],
        customer_id: null,
      },
    });
    const host = await api.get('/v1/me', { key: api.hostKey });
    expect(host.body).toMatchObject({ partner: null, key: { scopes: ['host'] } });
  });

  it('lets the host create partners, and a partner change its own settings', async () => {
    const created = await api.post(
      '/v1/partners',
      { name: 'Second', currency: 'EUR', credit_value: '0.02' },
      { key: api.hostKey },
    );
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ name: 'Second', currency: 'EUR', credit_value: 0.02, funding: 'independent' });
    const listed = await api.get('/v1/partners', { key: api.hostKey });
    expect(listed.body.items.map((partner: { name: string }) => partner.name)).toEqual(['Brightline', 'Second']);

    const changed = await api.patch('/v1/partner', {
      price_per_minute: { money: '0.08' },
      low_credit_threshold: '1000',
      slack_channel: 'C0123456789',
    });
    expect(changed.status).toBe(200);
    expect((await api.get('/v1/partner')).body.settings).toMatchObject({
      rate: { version: 1, credits_per_minute: 8 },
      low_credit_threshold: 1000,
      slack_channel: 'C0123456789',
    });
  });

  it('goes through the playbook: customer, price, alerts, credits, mapping, plan', async () => {
    const created = await api.post('/v1/customers', { id: 'cus_acme', name: 'Acme Dental' });
    expect(created.status).toBe(201);
    expect(created.body.settings).toMatchObject({
      ai_credits_enabled: false,
      grace_seconds: 0,
      overdraft: 0,
      shortfall_policy: 'debt',
      low_credit_threshold: null,
      low_credit_notifications_enabled: false,
      show_pricing_information: false,
      customer_portal_enabled: false,
      restrict_credit_plan_visibility: false,
      rate: null,
    });
    const settings = {
      ai_credits_enabled: true,
      price_per_minute: { money: '0.12' },
      grace_seconds: 30,
      low_credit_threshold: '100',
      low_credit_notifications_enabled: true,
    };
    const updated = await api.patch('/v1/customers/cus_acme', { settings });
    expect(updated.body.settings).toMatchObject({
      grace_seconds: 30,
      rate: { credits_per_minute: 12 },
      low_credit_threshold: 100,
    });

    expect(
      (await api.post('/v1/mappings', { kind: 'agent', value: 'agent_acme', customer_id: 'cus_acme' })).status,
    ).toBe(201);
    expect((await api.get('/v1/mappings?customer_id=cus_acme')).body.items).toEqual([
      { kind: 'agent', value: 'agent_acme', customer_id: 'cus_acme' },
    ]);

    const first = await api.topUp('cus_acme', '112.2', 'invoice-1');
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      kind: 'top_up',
      amount: 112.2,
      balance_after: 112.2,
      status: 'ok',
      replayed: false,
    });
    const again = await api.topUp('cus_acme', '112.20', 'invoice-1');
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ ...first.body, replayed: true });

    const deducted = await api.post('/v1/deductions', {
      source: 'call',
      provider: 'retell',
      call_id: 'call_1',
      seconds: 61,
      agent_id: 'agent_acme',
    });
    expect(deducted.status).toBe(201);
    expect(deducted.body).toMatchObject({
      outcome: 'deducted',
      payer: 'customer',
      amount: -12.2,
      balance_after: 100,
      status: 'low',
      receipt: { raw_seconds: 61, billed_seconds: 61, price: 12.2, rate: { credits_per_minute: 12 } },
    });

    expect(
      (await api.post('/v1/plans', { id: 'minutes-100', name: '100 minutes', minutes: '100', price: '60' })).status,
    ).toBe(201);
    const applied = await api.post('/v1/plans/minutes-100/apply', {
      customer_id: 'cus_acme',
      idempotency_key: 'order-1',
    });
    expect(applied.status).toBe(201);
    expect(applied.body).toMatchObject({ kind: 'plan', amount: 1200, balance_after: 1300, status: 'ok' });

    const balance = await api.get('/v1/balance?customer_id=cus_acme');
    expect(balance.body).toMatchObject({ posted: 1300, held: 0, available: 1300, currency: 'USD', money: 13 });
    const threshold = await api.get('/v1/threshold?customer_id=cus_acme');
    expect(threshold.body).toMatchObject({
      payer: 'customer',
      status: 'ok',
      low_credit_threshold: 100,
      minutes_left: 108.33,
    });
  });

  it('adjusts and reverses, and shows it in the statement', async () => {
    await api.createCustomer('cus_books');
    await api.topUp('cus_books', '50');
    const adjusted = await api.post('/v1/adjustments', {
      customer_id: 'cus_books',
      amount: '-5',
      note: 'Test calls',
      idempotency_key: 'adj-1',
    });
    expect(adjusted.body).toMatchObject({ kind: 'adjustment', amount: -5, balance_after: 45 });
    const reversed = await api.post('/v1/reversals', {
      operation_id: adjusted.body.operation_id,
      amount: '2',
      idempotency_key: 'rev-1',
    });
    expect(reversed.status).toBe(201);
    expect(reversed.body).toMatchObject({ kind: 'reversal', amount: 2, balance_after: 47 });

    const { body } = await api.get('/v1/statement?customer_id=cus_books&limit=2');
    expect(body.lines).toMatchObject([
      { type: 'Added', amount: 2, balance: 47, kind: 'reversal' },
      { type: 'Deducted', amount: -5, balance: 45, note: 'Test calls' },
    ]);
    const next = await api.get(`/v1/statement?customer_id=cus_books&limit=2&cursor=${body.next_cursor}`);
    expect(next.body).toMatchObject({ lines: [{ type: 'Added', amount: 50, balance: 50 }], next_cursor: null });
  });

  it('searches and pages customers', async () => {
    for (const id of ['cus_p1', 'cus_p2', 'cus_p3']) await api.post('/v1/customers', { id, name: `Paged ${id}` });
    const first = await api.get('/v1/customers?search=paged&limit=2');
    expect(first.body.items.map((item: { id: string }) => item.id)).toEqual(['cus_p1', 'cus_p2']);
    const second = await api.get(
      `/v1/customers?search=paged&limit=2&cursor=${encodeURIComponent(first.body.next_cursor)}`,
    );
    expect(second.body).toMatchObject({ items: [{ id: 'cus_p3' }], next_cursor: null });
  });

  it('removes a mapping, whatever its value looks like', async () => {
    await api.createCustomer('cus_mapped');
    const value = 'metadata value/with ü?';
    await api.post('/v1/mappings', { kind: 'metadata', value, customer_id: 'cus_mapped' });
    const path = `/v1/mappings/metadata/${encodeURIComponent(value)}`;
    expect((await api.call('DELETE', path)).status).toBe(204);
    expect((await api.call('DELETE', path)).body.code).toBe('MAPPING_NOT_FOUND');
  });

  it('keeps API keys: made, listed without the key, ended at once', async () => {
    const made = await api.post('/v1/api-keys', { name: 'n8n', scopes: ['read'] });
    expect(made.status).toBe(201);
    expect(made.body.key).toMatch(/^tt_/);
    expect(made.headers.get('cache-control')).toBe('no-store');
    const listed = await api.get('/v1/api-keys');
    expect(listed.text).not.toContain(made.body.key);
    expect(listed.body.items[0]).toMatchObject({ id: made.body.id, name: 'n8n', revoked_at: null });
    expect((await api.get('/v1/me', { key: made.body.key })).status).toBe(200);
    expect((await api.call('DELETE', `/v1/api-keys/${made.body.id}`)).status).toBe(204);
    expect((await api.get('/v1/me', { key: made.body.key })).body.code).toBe('UNAUTHENTICATED');
  });

  describe('a Retell account', () => {
    const secret = 'key_with_the_webhook_badge';
    let path: string;
    beforeAll(async () => {
      const made = await api.post('/v1/endpoints', { provider: 'retell', secrets: ['an older secret', secret] });
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({ provider: 'retell', account: 'default', secrets_set: 2 });
      expect(made.text).not.toContain(secret);
      path = made.body.path;
      await api.createCustomer('cus_retell', {}, [{ kind: 'agent', value: 'agent_retell' }]);
      await api.topUp('cus_retell', '100');
    });

    const deliver = (raw: string, signature = retellSignature(raw, secret)) =>
      api.call('POST', path, {
        key: null,
        raw,
        headers: { 'content-type': 'application/json', 'x-retell-signature': signature },
      });

    it('is charged by its signed webhook, once', async () => {
      const raw = callEnded({ call_id: 'call_hook', seconds: 61, agent_id: 'agent_retell' });
      expect((await deliver(raw)).status).toBe(204);
      expect((await deliver(raw)).status).toBe(204);
      const { body } = await api.get('/v1/statement?customer_id=cus_retell');
      expect(body.lines.map((line: { amount: number }) => line.amount)).toEqual([-12.2, 100]);
      const asCall = await api.post('/v1/deductions', {
        source: 'provider_webhook',
        headers: { 'X-Retell-Signature': retellSignature(raw, secret) },
        body_base64: Buffer.from(raw).toString('base64'),
      });
      expect(asCall.status).toBe(200);
      expect(asCall.body).toMatchObject({ outcome: 'deducted', replayed: true, amount: -12.2 });
    });

    it('answers 204 to events that are not billed', async () => {
      expect((await deliver(JSON.stringify({ event: 'call_started', call: { call_id: 'call_hook' } }))).status).toBe(
        204,
      );
    });

    it('puts calls of nobody into suspense, from where they are assigned or dismissed', async () => {
      for (const call_id of ['call_lost', 'call_test'])
        expect((await deliver(callEnded({ call_id, seconds: 30 }))).status).toBe(204);
      const { body } = await api.get('/v1/suspense');
      const waiting = new Map(
        body.items.map((item: { provider_call_id: string; call_id: string }) => [item.provider_call_id, item.call_id]),
      );
      const assigned = await api.post(`/v1/suspense/${waiting.get('call_lost')}/assign`, { customer_id: 'cus_retell' });
      expect(assigned.body).toMatchObject({ outcome: 'deducted', amount: -6, customer_id: 'cus_retell' });
      expect((await api.post(`/v1/suspense/${waiting.get('call_test')}/dismiss`, { reason: 'ours' })).status).toBe(204);
      expect((await api.get('/v1/suspense')).body.items).toEqual([]);

      await api.createCustomer('cus_right');
      await api.topUp('cus_right', '20');
      const moved = await api.post(`/v1/calls/${waiting.get('call_lost')}/reassign`, { customer_id: 'cus_right' });
      expect(moved.status).toBe(200);
      expect((await api.get('/v1/balance?customer_id=cus_right')).body.posted).toBe(14);
    });

    it('answers 202 when the API is told of a call of nobody', async () => {
      const { status, body } = await api.post('/v1/deductions', {
        source: 'call',
        provider: 'retell',
        call_id: 'call_api_lost',
        seconds: '9',
        agent_id: 'agent_unknown',
      });
      expect([status, body.outcome, body.reason]).toEqual([202, 'suspense', 'no_customer']);
    });
  });

  describe('health', () => {
    it('tells that it lives and is ready', async () => {
      expect((await api.get('/healthz', { key: null })).body).toEqual({ status: 'ok' });
      expect((await api.get('/readyz', { key: null })).body).toEqual({ status: 'ok' });
    });

    it('counts deductions by outcome and requests by route, and names nobody', async () => {
      const { text, headers } = await api.get('/metrics', { key: null });
      expect(headers.get('content-type')).toContain('text/plain');
      expect(text).toMatch(/talktime_deductions_total\{source="call",outcome="deducted"\} 1/);
      expect(text).toMatch(/talktime_deductions_total\{source="ingress",outcome="replayed"\} 1/);
      expect(text).toContain('route="/v1/customers/:id"');
      expect(text).not.toMatch(/cus_|call_hook|Acme/);
    });

    it('writes log lines without secrets, bodies, queries or names', () => {
      const log = api.log.join('');
      expect(log).toContain('"route":"/v1/customers"');
      expect(log).not.toMatch(/tt_[A-Za-z0-9_-]{20}|Acme|search=|paged|webhook_badge|São Paulo|4155550123/i);
    });
  });
});
