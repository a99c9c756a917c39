/** The nodes that were made with the API of today, against the real service. */
import { TestApi } from '../server/harness';
import { AuthorizeCall } from '../../nodes/AuthorizeCall/AuthorizeCall.node';
import { CheckThreshold } from '../../nodes/CheckThreshold/CheckThreshold.node';
import { Customer } from '../../nodes/Customer/Customer.node';
import { failureOf, rawBody, runNode } from './run-node';

let api: TestApi;
const credential = () => ({ baseUrl: api.url, apiKey: api.key });
beforeAll(async () => {
  api = await TestApi.start();
  await api.createCustomer('cus_acme', {}, [{ kind: 'agent', value: 'agent_acme' }]);
  await api.createCustomer('cus_poor');
  await api.topUp('cus_acme', '100');
  await api.post('/v1/endpoints', {
    provider: 'vapi',
    secrets: ['secret'],
    settings: { gate: { agents: { '+14155550199': 'agent_acme' } } },
  });
});
afterAll(() => api.stop());

const by = (mode: string, value: string) => ({ __rl: true, mode, value });

describe('Authorize Call', () => {
  const run = (parameters: object, items?: Parameters<typeof runNode>[1]['items'], onError?: 'continueRegularOutput') =>
    runNode(new AuthorizeCall(), { parameters: { ...parameters }, items, onError, credential: credential() });
  const fields = { source: 'fields', callId: '={{ $json.id }}', customer: by('id', '={{ $json.customer }}') };

  it("passes on a provider's question, and gives the answer in the provider's form", async () => {
    const question = JSON.stringify({
      message: { type: 'assistant-request', call: { id: 'v1' }, phoneNumber: { number: '+14155550199' } },
    });
    const item = { json: { headers: { 'x-vapi-secret': 'secret' } }, binary: rawBody(question) };

    const { outputs } = await run({ webhookProvider: 'vapi' }, [item]);

    expect(outputs[0]?.[0]?.json).toEqual({
      allowed: true,
      cap_seconds: 500,
      reason: null,
      code: null,
      response: {
        status: 200,
        body: { assistantId: 'agent_acme', assistantOverrides: { maxDurationSeconds: 500 } },
      },
      authorization: null,
    });
    await api.post('/v1/calls/release', { provider: 'vapi', call_id: 'v1' });
  });

  it('says no as an answer and not as a fault, and splits by it', async () => {
    const items = [
      { json: { id: 'c1', customer: 'cus_acme' } },
      { json: { id: 'c2', customer: 'cus_poor' } },
      { json: { id: 'c3', customer: 'cus_nobody' } },
    ];

    const { outputs } = await run({ ...fields, splitByDecision: true }, items, 'continueRegularOutput');

    expect(outputs[0]?.map(({ json, pairedItem }) => [json.allowed, json.cap_seconds, pairedItem])).toEqual([
      [true, 500, { item: 0 }],
    ]);
    expect(outputs[1]?.map(({ json }) => [json.allowed, json.code ?? (json.details as { code: string }).code])).toEqual(
      [
        [false, 'INSUFFICIENT_CREDITS'],
        [undefined, 'CUSTOMER_NOT_FOUND'],
      ],
    );
  });

  it('extends and releases what was authorized', async () => {
    await api.topUp('cus_acme', '20');
    const extended = await run({ operation: 'extend', callId: 'c1' });
    expect(extended.outputs[0]?.[0]?.json).toMatchObject({ hold: { cap_seconds: 600 } });
    const released = await run({ operation: 'release', callId: 'c1' });
    expect(released.outputs[0]?.[0]?.json).toMatchObject({ hold: { state: 'released' } });
    const unknown = await failureOf(new AuthorizeCall(), {
      parameters: { operation: 'release', callId: 'never' },
      credential: credential(),
    });
    expect(unknown.description).toContain("Check 'Provider' and 'Call ID'");
  });
});

describe('Check Threshold', () => {
  it('says whether there is enough for a call of some minutes', async () => {
    const { outputs } = await runNode(new CheckThreshold(), {
      parameters: { customer: by('agent', 'agent_acme'), checkAgainst: 'minutes', minutes: '10' },
      credential: credential(),
    });
    expect(outputs[0]?.[0]?.json).toMatchObject({
      customer_id: 'cus_acme',
      check: { needed: 120, enough: true, missing: 0 },
    });
  });
});

describe('Customer', () => {
  const run = async (parameters: object) =>
    (await runNode(new Customer(), { parameters: { ...parameters }, credential: credential() })).outputs[0]!.map(
      ({ json }) => json,
    );
  const mappings = {
    mapping: [
      { kind: 'agent', value: 'agent_new' },
      { kind: 'phone_number', value: '' },
    ],
  };

  it('creates one, and updates it the next time', async () => {
    const given = {
      operation: 'createOrUpdate',
      customerId: 'cus_new',
      name: 'New',
      settings: { price: '0.12', ai_credits_enabled: true, max_concurrent_calls: '5', visible_credit_plan_ids: 'a, b' },
      mappings,
    };
    expect(await run(given)).toMatchObject([
      {
        id: 'cus_new',
        created: true,
        settings: {
          rate: { credits_per_minute: 12 },
          ai_credits_enabled: true,
          max_concurrent_calls: 5,
          visible_credit_plan_ids: ['a', 'b'],
        },
      },
    ]);
    expect(
      await run({
        ...given,
        name: '',
        settings: { low_credit_threshold: '25', max_concurrent_calls: '' },
        mappings: { mapping: [{ kind: 'phone_number', value: '+14155550111' }] },
      }),
    ).toMatchObject([
      {
        name: 'New',
        created: false,
        settings: { low_credit_threshold: 25, max_concurrent_calls: null, rate: { credits_per_minute: 12 } },
      },
    ]);
    expect((await api.get('/v1/mappings?customer_id=cus_new')).body.items).toHaveLength(2);
  });

  it('is made once by ten executions at once', async () => {
    const given = { operation: 'createOrUpdate', customerId: 'cus_raced', name: 'Raced' };
    const answers = (await Promise.all(Array.from({ length: 10 }, () => run(given)))).flat();
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });

  it('reads one by its number, and lists up to a limit or all', async () => {
    expect(await run({ operation: 'get', customer: by('phone_number', '+1 415 555 0111') })).toMatchObject([
      { id: 'cus_new' },
    ]);
    expect(await run({ operation: 'getMany', limit: 2 })).toHaveLength(2);
    expect((await run({ operation: 'getMany', returnAll: true })).length).toBeGreaterThanOrEqual(4);
    expect(await run({ operation: 'getMany', search: 'raced' })).toMatchObject([{ id: 'cus_raced' }]);
  });

  it('onboards in one step, once for a Reference', async () => {
    const given = {
      operation: 'onboard',
      name: 'Dentist',
      reference: 'form-7',
      initialCredits: '500',
      settings: { price: '12', priceUnit: 'credits', ai_credits_enabled: true },
      mappings: { mapping: [{ kind: 'agent', value: 'agent_dentist' }] },
      onboardOptions: { kind: 'bonus' },
    };
    const [first] = await run(given);
    expect(first).toMatchObject({
      customer: { name: 'Dentist', balance: { posted: 500 } },
      initial_credits: { grant: { kind: 'bonus' } },
      replayed: false,
    });
    expect(await run(given)).toMatchObject([{ customer: { balance: { posted: 500 } }, replayed: true }]);
  });

  it('names the field that is wrong, as the panel calls it', async () => {
    const failure = await failureOf(new Customer(), {
      parameters: { operation: 'createOrUpdate', customerId: 'cus_new', settings: { price: 'twelve' } },
      credential: credential(),
    });
    expect(failure.message).toContain("'AI Credit Price Per Minute'");
    const taken = await failureOf(new Customer(), {
      parameters: {
        operation: 'createOrUpdate',
        customerId: 'cus_poor',
        mappings: { mapping: [{ kind: 'agent', value: 'agent_acme' }] },
      },
      credential: credential(),
    });
    expect(taken.description).toContain("'Call Mapping'");
  });
});
