import SwaggerParser from '@apidevtools/swagger-parser';
import { ERRORS } from '@talktime/core/contract';
import { TestApi } from './harness';

describe('the OpenAPI document', () => {
  let api: TestApi;
  let document: any;
  beforeAll(async () => {
    api = await TestApi.start();
    document = (await api.get('/openapi.json', { key: null })).body;
  });
  afterAll(() => api.stop());

  const operations = () =>
    Object.entries<any>(document.paths).flatMap(([path, methods]) =>
      Object.entries<any>(methods).map(([method, operation]) => ({ path, method, ...operation })),
    );

  it('is valid OpenAPI 3.1, with every reference resolved', async () => {
    expect(document.openapi).toBe('3.1.0');
    await expect(SwaggerParser.validate(structuredClone(document))).resolves.toBeDefined();
  });

  it('describes every route', () => {
    expect(
      operations()
        .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
        .sort(),
    ).toEqual([
      'DELETE /v1/api-keys/{id}',
      'DELETE /v1/cards',
      'DELETE /v1/customers/{id}/pay-links',
      'DELETE /v1/mappings/{kind}/{value}',
      'DELETE /v1/slack/channels/{channel_id}',
      'DELETE /v1/slack/roles/{team_id}/{user_id}',
      'DELETE /v1/stripe/connect',
      'DELETE /v1/webhooks/{id}',
      'GET /healthz',
      'GET /readyz',
      'GET /v1/alerts',
      'GET /v1/alerts/open',
      'GET /v1/alerts/routes',
      'GET /v1/api-keys',
      'GET /v1/auto-recharge',
      'GET /v1/balance',
      'GET /v1/cards',
      'GET /v1/customers',
      'GET /v1/customers/{id}',
      'GET /v1/customers/{id}/billing',
      'GET /v1/doctor',
      'GET /v1/endpoints',
      'GET /v1/exchange-rates',
      'GET /v1/grants',
      'GET /v1/inbox',
      'GET /v1/inbox/{delivery_id}',
      'GET /v1/mappings',
      'GET /v1/me',
      'GET /v1/partner',
      'GET /v1/partners',
      'GET /v1/payment-settings',
      'GET /v1/payments',
      'GET /v1/payments/reconciliation',
      'GET /v1/payments/{id}',
      'GET /v1/plans',
      'GET /v1/plans/{id}',
      'GET /v1/reports/margin',
      'GET /v1/reports/metering',
      'GET /v1/reports/usage',
      'GET /v1/slack/channels',
      'GET /v1/slack/installations',
      'GET /v1/slack/roles',
      'GET /v1/slack/roles/{team_id}/{user_id}',
      'GET /v1/slack/settings',
      'GET /v1/statement',
      'GET /v1/stripe/connect',
      'GET /v1/subscriptions',
      'GET /v1/subscriptions/{id}',
      'GET /v1/suspense',
      'GET /v1/threshold',
      'GET /v1/webhooks',
      'GET /v1/webhooks/{id}',
      'GET /v1/webhooks/{id}/deliveries',
      'PATCH /v1/customers/{id}',
      'PATCH /v1/endpoints/{endpoint_id}',
      'PATCH /v1/partner',
      'PATCH /v1/payment-settings',
      'PATCH /v1/plans/{id}',
      'PATCH /v1/slack/settings',
      'POST /hooks/{provider}/{endpoint}',
      'POST /hooks/{provider}/{endpoint}/inbound',
      'POST /stripe/connect/webhook',
      'POST /stripe/webhook',
      'POST /v1/adjustments',
      'POST /v1/alerts/routes/revive',
      'POST /v1/alerts/test',
      'POST /v1/alerts/{id}/retry',
      'POST /v1/api-keys',
      'POST /v1/calls/authorize',
      'POST /v1/calls/end',
      'POST /v1/calls/extend',
      'POST /v1/calls/gate',
      'POST /v1/calls/release',
      'POST /v1/calls/{call_id}/reassign',
      'POST /v1/cards/setup',
      'POST /v1/checkouts',
      'POST /v1/customers',
      'POST /v1/customers/{id}/pay-links',
      'POST /v1/deductions',
      'POST /v1/deductions/batch',
      'POST /v1/endpoints',
      'POST /v1/grants/{grant_id}/void',
      'POST /v1/inbox/{delivery_id}/replay',
      'POST /v1/mappings',
      'POST /v1/metering/set-up',
      'POST /v1/onboarding',
      'POST /v1/partners',
      'POST /v1/payments/reconcile',
      'POST /v1/payments/{id}/refunds',
      'POST /v1/payments/{id}/sync',
      'POST /v1/plans',
      'POST /v1/plans/{id}/apply',
      'POST /v1/reversals',
      'POST /v1/slack/install-links',
      'POST /v1/stripe/connect',
      'POST /v1/subscriptions/{id}/cancel',
      'POST /v1/subscriptions/{id}/change',
      'POST /v1/subscriptions/{id}/resume',
      'POST /v1/suspense/{call_id}/assign',
      'POST /v1/suspense/{call_id}/dismiss',
      'POST /v1/top-ups',
      'POST /v1/webhooks',
      'POST /v1/webhooks/{id}/deliveries/{event_id}/replay',
      'PUT /v1/auto-recharge',
      'PUT /v1/customers/{id}/billing',
      'PUT /v1/exchange-rates/{currency}',
      'PUT /v1/slack/channels/{channel_id}',
      'PUT /v1/slack/roles/{team_id}/{user_id}',
    ]);
  });

  it('gives every operation a summary, a tag, an id, a security and an answer that went well', () => {
    for (const operation of operations()) {
      expect(operation.summary).toBeTruthy();
      expect(operation.tags).toHaveLength(1);
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.security).toBeDefined();
      expect(Object.keys(operation.responses).filter((status) => status.startsWith('2'))).not.toEqual([]);
    }
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells the scope, the refusals and an example of whatever needs a key', () => {
    for (const operation of operations().filter(({ path }) => path.startsWith('/v1/'))) {
      expect(operation.security).toEqual([{ apiKey: [] }]);
      expect(operation.description).toMatch(/Needs (the scope `|a valid key)/);
      for (const status of ['400', '401', '403', '429', '500', '503']) {
        expect(Object.keys(operation.responses[status].content)).toEqual(['application/problem+json']);
      }
      if (operation.requestBody) expect(operation.requestBody.content['application/json'].example).toBeDefined();
    }
  });

  it('has examples that the service accepts the form of', async () => {
    for (const { path, method, requestBody } of operations().filter(({ path }) => path.startsWith('/v1/'))) {
      const example = requestBody?.content['application/json'].example;
      if (example === undefined) continue;
      const concrete = path
        .replace(/\/auto-recharge$/, '/auto-recharge?wallet=partner')
        .replace('{call_id}', '018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69')
        .replace('payments/{id}', 'payments/pay_0123456789abcdef0123')
        .replace('{id}', 'an-id')
        .replace('{grant_id}', 'g1-1')
        .replace('{currency}', 'EUR')
        .replace('{team_id}', 'T0123456789')
        .replace('{user_id}', 'U0123456789')
        .replace('{channel_id}', 'C0123456789');
      const answer = await api.call(method.toUpperCase(), concrete, {
        key: api.hostKey,
        partner: api.partnerId,
        body: example,
      });
      expect({ path, code: answer.body.code }).not.toMatchObject({ code: 'REQUEST_INVALID' });
    }
  });

  it('keeps named schemas, and only those that something refers to', () => {
    const names = Object.keys(document.components.schemas);
    expect(names).toEqual(
      expect.arrayContaining([
        'Customer',
        'DeductionResult',
        'Operation',
        'Problem',
        'Receipt',
        'Statement',
        'Threshold',
      ]),
    );
    const text = JSON.stringify(document);
    for (const name of names) expect(text).toContain(`"#/components/schemas/${name}"`);
  });

  it('names only codes that there are', () => {
    const named = new Set(JSON.stringify(document.paths).match(/(?<=errors\/)[a-z-]+/g));
    const known = Object.keys(ERRORS).map((code) => code.toLowerCase().replaceAll('_', '-'));
    expect([...named].filter((code) => !known.includes(code))).toEqual([]);
  });

  it('says where it is reached, when that is configured', async () => {
    const elsewhere = await TestApi.start({ publicUrl: 'https://talktime.example.com' });
    expect((await elsewhere.get('/openapi.json')).body.servers).toEqual([{ url: 'https://talktime.example.com' }]);
    await elsewhere.stop();
  });
});

describe('the API page', () => {
  let api: TestApi;
  beforeAll(async () => void (api = await TestApi.start()));
  afterAll(() => api.stop());

  it('loads nothing from elsewhere, and its policy would not let it', async () => {
    const page = await api.get('/docs', { key: null });
    expect(page.headers.get('content-type')).toContain('text/html');
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/https?:|unsafe-eval/);
    const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
    expect(sources.filter((source) => !source.startsWith('/docs/') && source !== 'data:,')).toEqual([]);
    expect(page.text).not.toMatch(/<script>|style=|onload=/);
    for (const source of sources.filter((each) => each.startsWith('/'))) {
      const asset = await api.get(source, { key: null });
      expect([source, asset.status]).toEqual([source, 200]);
      expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
      expect(asset.headers.get('content-type')).toMatch(source.endsWith('.css') ? /text\/css/ : /javascript/);
    }
    expect((await api.get('/docs/page.js', { key: null })).text).toContain("url: '/openapi.json'");
  });
});
