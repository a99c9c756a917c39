import type { IDataObject } from 'n8n-workflow';
import Retell from 'retell-sdk';
import { DeductCredits } from '../../nodes/DeductCredits/DeductCredits.node';
import { API_KEY, failureOf, rawBody, runNode } from './run-node';
import { problem, startService, type ServiceAnswer, type ServiceDouble, type ServiceRequest } from './service';

const deducted = {
  operation_id: '0b5a3c1e-3c4f-4d59-9d5c-2f1f6c1a5f01',
  kind: 'call',
  outcome: 'deducted',
  customer_id: 'cus_acme',
  amount: -12.2,
  balance_after: 87.8,
  status: 'ok',
  at: '2026-11-24T16:01:02.000Z',
  replayed: false,
  payer: 'customer',
  receipt: null,
};

describe('Deduct Credits', () => {
  let service: ServiceDouble;
  let answer: (request: ServiceRequest) => ServiceAnswer;
  const credential = () => ({ baseUrl: `${service.url}/`, apiKey: API_KEY });

  /** The batch as the service answers it: each item as if it had come alone. */
  const batch = (request: ServiceRequest): ServiceAnswer => {
    const { items } = request.body as { items: object[] };
    const results = items.map((body) => {
      const { status = 200, body: answered } = answer({ ...request, body });
      return status >= 400 ? { outcome: 'refused', problem: answered } : answered;
    });
    return { body: { results } };
  };
  const itemsSent = () => service.requests.flatMap(({ body }) => (body as { items: object[] }).items);

  beforeEach(async () => {
    answer = () => ({ body: deducted });
    service = await startService((request) =>
      request.path === '/v1/deductions/batch' ? batch(request) : answer(request),
    );
  });
  afterEach(() => service.close());

  describe('from a provider webhook', () => {
    it('needs no field: passes the headers and the very bytes of the body, and gives the receipt', async () => {
      // Given a body that no JSON round trip would keep: spaces, an escape, an accent, key order
      const bytes = Buffer.from(
        '{ "event":"call_ended", "call":{"call_id":"c\\u0031", "agent_name":"Zoë", "duration_ms":61500} }',
      );
      const signature = await Retell.sign(bytes.toString('utf8'), 'key_test');
      const headers = { 'x-retell-signature': signature, 'content-type': 'application/json', cookie: 'session=1' };

      const { outputs } = await runNode(new DeductCredits(), {
        items: [{ json: { headers, body: {} }, binary: rawBody(bytes) }],
        credential: credential(),
      });

      expect(service.requests).toHaveLength(1);
      const [{ method, path, body, headers: sent }] = service.requests as [ServiceRequest];
      expect([method, path, sent.authorization]).toEqual(['POST', '/v1/deductions', `Bearer ${API_KEY}`]);
      expect(body).toEqual({
        source: 'provider_webhook',
        headers: { 'x-retell-signature': signature, 'content-type': 'application/json' },
        body_base64: bytes.toString('base64'),
      });
      expect(Buffer.from((body as { body_base64: string }).body_base64, 'base64')).toEqual(bytes);
      expect(outputs).toEqual([[{ json: deducted, pairedItem: { item: 0 } }]]);
    });

    it('names the provider when one is chosen, and takes body and headers from where they are', async () => {
      await runNode(new DeductCredits(), {
        parameters: {
          webhookProvider: 'retell',
          webhookOptions: { binaryField: 'raw', headers: '={{ $json.original.headers }}' },
        },
        items: [{ json: { original: { headers: { 'x-retell-signature': 'v=1,d=a' } } }, binary: rawBody('{}', 'raw') }],
        credential: credential(),
      });

      expect(service.requests[0]?.body).toEqual({
        source: 'provider_webhook',
        provider: 'retell',
        headers: { 'x-retell-signature': 'v=1,d=a' },
        body_base64: 'e30=',
      });
    });

    it('passes on the address that the provider called, which Twilio signs', async () => {
      const webhook = { headers: { 'x-twilio-signature': 'a' }, webhookUrl: 'https://n8n.example.com/webhook/calls' };
      await runNode(new DeductCredits(), {
        items: [
          { json: webhook, binary: rawBody('CallSid=CA1') },
          { json: { ...webhook, query: { client: 'a b', tag: ['1', '2'] } }, binary: rawBody('CallSid=CA1') },
        ],
        parameters: { webhookProvider: 'twilio' },
        credential: credential(),
      });

      expect(service.requests.map(({ body }) => (body as { url?: string }).url)).toEqual([
        'https://n8n.example.com/webhook/calls',
        'https://n8n.example.com/webhook/calls?client=a+b&tag=1&tag=2',
      ]);
    });

    it('says how to switch on Raw Body when the raw body is missing, and sends nothing', async () => {
      const failure = await failureOf(new DeductCredits(), {
        items: [{ json: { headers: {} } }],
        credential: credential(),
      });

      expect(failure.message).toBe("The webhook's raw body is missing");
      expect(failure.description).toContain("add the option 'Raw Body'");
      expect(service.requests).toHaveLength(0);
    });

    it('says so when the headers are missing', async () => {
      const failure = await failureOf(new DeductCredits(), {
        items: [{ json: {}, binary: rawBody('{}') }],
        credential: credential(),
      });

      expect(failure.message).toBe("The webhook's headers are missing");
    });

    it('hints that calls in suspense wait for someone', async () => {
      answer = () => ({
        status: 202,
        body: {
          outcome: 'suspense',
          call_id: deducted.operation_id,
          reason: 'no_customer',
          message: 'Nobody.',
          replayed: false,
        },
      });

      const { outputs, hints } = await runNode(new DeductCredits(), {
        items: [{ json: { headers: {} }, binary: rawBody('{}') }],
        credential: credential(),
      });

      expect(outputs[0]?.[0]?.json).toMatchObject({ outcome: 'suspense', message: 'Nobody.' });
      expect(hints[0]?.message).toMatch(/^1 call was not charged yet/);
    });
  });

  describe('from the fields of a call', () => {
    it('sends the fields, evaluated for each item, and pairs the results', async () => {
      answer = ({ body }) => ({ body: { ...deducted, operation_id: (body as { call_id: string }).call_id } });

      const { outputs } = await runNode(new DeductCredits(), {
        parameters: {
          source: 'call',
          callId: '={{ $json.id }}',
          seconds: '={{ $json.ms / 1000 }}',
          customer: { __rl: true, mode: 'id', value: '={{ $json.customer }}' },
          callOptions: { costAmount: 0.082, costCurrency: 'usd', startedAt: '={{ $json.start }}', agentId: '' },
        },
        items: [
          { json: { id: 'call_1', ms: 61500, customer: 'cus_acme', start: 1764000000000 } },
          { json: { id: 'call_2', ms: 31000, start: '2025-11-24T17:00:00+01:00' } },
        ],
        credential: credential(),
      });

      const cost = { amount: '0.082', currency: 'USD' };
      const started_at = '2025-11-24T16:00:00.000Z';
      expect(itemsSent()).toEqual([
        {
          source: 'call',
          provider: 'retell',
          call_id: 'call_1',
          seconds: '61.5',
          customer_id: 'cus_acme',
          started_at,
          cost,
        },
        { source: 'call', provider: 'retell', call_id: 'call_2', seconds: '31', started_at, cost },
      ]);
      expect(outputs[0]?.map(({ json, pairedItem }) => [json.operation_id, pairedItem])).toEqual([
        ['call_1', { item: 0 }],
        ['call_2', { item: 1 }],
      ]);
    });

    it.each([
      ['Call ID', { callId: '', seconds: '61' }],
      ['Duration (Seconds)', { callId: 'c1', seconds: '={{ $json.not_there }}' }],
    ])('names the field when "%s" is empty', async (name, fields) => {
      const failure = await failureOf(new DeductCredits(), {
        parameters: { source: 'call', ...fields },
        credential: credential(),
      });

      expect(failure.message).toBe(`The field '${name}' is empty`);
      expect(service.requests).toHaveLength(0);
    });

    it('says what a moment looks like', async () => {
      const failure = await failureOf(new DeductCredits(), {
        parameters: { source: 'call', callId: 'c1', seconds: '61', callOptions: { startedAt: 'yesterday' } },
        credential: credential(),
      });

      expect(failure.message).toBe("'Started At' is not a moment in time");
    });
  });

  describe('of an amount', () => {
    const parameters = {
      source: 'amount',
      customer: { __rl: true, mode: 'list', value: 'cus_acme', cachedResultName: 'Acme Dental (cus_acme)' },
      amount: '5.000001',
      reference: 'setup-2026-7',
    };

    it('sends the amount as it was typed, under the Reference', async () => {
      await runNode(new DeductCredits(), {
        parameters: { ...parameters, amountOptions: { note: 'Setup' } },
        credential: credential(),
      });

      expect(itemsSent()[0]).toEqual({
        source: 'amount',
        customer_id: 'cus_acme',
        amount: '5.000001',
        idempotency_key: 'setup-2026-7',
        note: 'Setup',
      });
    });

    it("charges the partner's own wallet when asked to", async () => {
      await runNode(new DeductCredits(), {
        parameters: { ...parameters, wallet: 'partner' },
        credential: credential(),
      });

      expect(itemsSent()[0]).toMatchObject({ wallet: 'partner' });
      expect(itemsSent()[0]).not.toHaveProperty('customer_id');
    });

    it('refuses to run without a Reference', async () => {
      const failure = await failureOf(new DeductCredits(), {
        parameters: { ...parameters, reference: '' },
        credential: credential(),
      });

      expect(failure.message).toBe("The field 'Reference' is empty");
    });
  });

  it('goes on with the other items when told to, and says of the one that failed what to do', async () => {
    answer = ({ body }) =>
      (body as { customer_id: string }).customer_id === 'cus_nobody'
        ? problem(404, 'CUSTOMER_NOT_FOUND', 'There is no customer "cus_nobody".')
        : { body: deducted };

    const { outputs } = await runNode(new DeductCredits(), {
      parameters: {
        source: 'amount',
        customer: { __rl: true, mode: 'id', value: '={{ $json.customer }}' },
        amount: '1',
        reference: '={{ $json.customer }}-7',
      },
      items: [{ json: { customer: 'cus_nobody' } }, { json: { customer: 'cus_acme' } }],
      onError: 'continueRegularOutput',
      credential: credential(),
    });

    expect(outputs[0]).toEqual([
      {
        json: {
          error: 'There is no customer "cus_nobody".',
          details: { code: 'CUSTOMER_NOT_FOUND', description: expect.stringContaining("set 'Customer' to From List") },
        },
        pairedItem: { item: 0 },
      },
      { json: deducted, pairedItem: { item: 1 } },
    ]);
  });

  it('finds the customer by an agent or a number: itself for a call, among the mappings for an amount', async () => {
    const agent = { __rl: true, mode: 'agent', value: 'agent_acme' };
    await runNode(new DeductCredits(), {
      parameters: { source: 'call', callId: 'c1', seconds: '61', customer: agent },
      credential: credential(),
    });
    expect(itemsSent()).toEqual([
      { source: 'call', provider: 'retell', call_id: 'c1', seconds: '61', agent_id: 'agent_acme' },
    ]);
    service.requests.length = 0;

    answer = ({ path, query }) =>
      path === '/v1/mappings'
        ? { body: { items: query.value === '+1415' ? [{ ...query, customer_id: 'cus_acme' }] : [] } }
        : { body: deducted };
    const parameters = {
      source: 'amount',
      customer: { __rl: true, mode: 'phone_number', value: '={{ $json.number }}' },
      amount: '1',
      reference: '={{ $json.id }}',
    };
    const items = [{ json: { number: '+1415', id: 'a' } }, { json: { number: '+1415', id: 'b' } }];
    await runNode(new DeductCredits(), { parameters, items, credential: credential() });
    expect(service.requests.map(({ path }) => path)).toEqual(['/v1/mappings', '/v1/deductions/batch']);
    expect(service.requests[1]?.body).toMatchObject({
      items: [{ customer_id: 'cus_acme' }, { customer_id: 'cus_acme' }],
    });

    const failure = await failureOf(new DeductCredits(), {
      parameters,
      items: [{ json: { number: '+99', id: 'c' } }],
      credential: credential(),
    });
    expect(failure.message).toBe('No customer has the phone number "+99"');
  });

  describe('many items', () => {
    const parameters = { source: 'call', callId: '={{ $json.id }}', seconds: '={{ $json.seconds }}' };
    const calls = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ json: { id: `call_${n}`, seconds: '61' } as IDataObject }));

    it('go in one request up to 1,000, and each result to its item', async () => {
      answer = ({ body }) => ({ body: { ...deducted, operation_id: (body as { call_id: string }).call_id } });

      const { outputs } = await runNode(new DeductCredits(), {
        parameters,
        items: calls(2500),
        credential: credential(),
      });

      expect(service.requests.map(({ body }) => (body as { items: object[] }).items.length)).toEqual([1000, 1000, 500]);
      expect(outputs[0]).toHaveLength(2500);
      outputs[0]?.forEach(({ json, pairedItem }, n) =>
        expect([json.operation_id, pairedItem]).toEqual([`call_${n}`, { item: n }]),
      );
    });

    it('are all read before any is charged', async () => {
      const items = calls(3);
      items[2]!.json.seconds = '';
      const failure = await failureOf(new DeductCredits(), { parameters, items, credential: credential() });
      expect(failure.message).toBe("The field 'Duration (Seconds)' is empty");
      expect(service.requests).toHaveLength(0);

      const { outputs } = await runNode(new DeductCredits(), {
        parameters,
        items,
        onError: 'continueRegularOutput',
        credential: credential(),
      });
      expect(outputs[0]?.map(({ json }) => json.outcome ?? json.error)).toEqual([
        'deducted',
        'deducted',
        "The field 'Duration (Seconds)' is empty",
      ]);
    });

    it('all say so when the service does not answer', async () => {
      await service.close();
      const { outputs } = await runNode(new DeductCredits(), {
        parameters,
        items: calls(2),
        onError: 'continueRegularOutput',
        credential: credential(),
      });
      expect(outputs[0]?.map(({ json }) => json.error)).toEqual(['Talktime did not answer', 'Talktime did not answer']);
      service = await startService(() => ({}));
    });
  });
});
