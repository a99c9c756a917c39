import { checkoutCreate } from '../../core/contract';
import { ApplyPlan } from '../../nodes/ApplyPlan/ApplyPlan.node';
import { TopUp } from '../../nodes/TopUp/TopUp.node';
import { API_KEY, failureOf, runNode } from './run-node';
import { startService, type ServiceDouble } from './service';

const operation = {
  operation_id: 'op',
  kind: 'top_up',
  customer_id: 'cus_acme',
  amount: 100,
  balance_after: 187.8,
  status: 'ok',
  replayed: false,
};
const acme = { __rl: true, mode: 'list', value: 'cus_acme', cachedResultName: 'Acme Dental (cus_acme)' };

describe('Top Up and Apply Plan', () => {
  let service: ServiceDouble;
  const credential = () => ({ baseUrl: service.url, apiKey: API_KEY });

  beforeAll(async () => {
    service = await startService(() => ({ body: operation }));
  });
  beforeEach(() => (service.requests.length = 0));
  afterAll(() => service.close());

  it('adds paid credits to a customer under a Reference', async () => {
    const { outputs } = await runNode(new TopUp(), {
      parameters: { customer: acme, amount: '100', reference: 'invoice-2026-118' },
      credential: credential(),
    });

    expect(service.requests).toMatchObject([
      {
        method: 'POST',
        path: '/v1/top-ups',
        body: { customer_id: 'cus_acme', amount: '100', kind: 'paid', idempotency_key: 'invoice-2026-118' },
      },
    ]);
    expect(outputs).toEqual([[{ json: operation, pairedItem: { item: 0 } }]]);
  });

  it("adds a bonus, with a note, and fills the partner's wallet for a host who says which partner", async () => {
    await runNode(new TopUp(), {
      parameters: { customer: acme, amount: 2.5, kind: 'bonus', reference: 'gift-1', options: { note: 'Welcome' } },
      credential: credential(),
    });
    await runNode(new TopUp(), {
      parameters: { wallet: 'partner', amount: '1', reference: 'r' },
      credential: { ...credential(), partnerId: 'par_1' },
    });

    expect(service.requests.map(({ body }) => body)).toEqual([
      { customer_id: 'cus_acme', amount: '2.5', kind: 'bonus', idempotency_key: 'gift-1', note: 'Welcome' },
      { wallet: 'partner', amount: '1', kind: 'paid', idempotency_key: 'r' },
    ]);
    expect(service.requests.map(({ headers }) => headers['talktime-partner'])).toEqual([undefined, 'par_1']);
  });

  it('creates a payment link for a plan, an amount of money or credits', async () => {
    const link = { customer: acme, operation: 'paymentLink', reference: 'r' };
    for (const parameters of [
      { ...link, plan: { __rl: true, mode: 'id', value: 'starter-100' } },
      {
        ...link,
        sells: 'money',
        money: '60',
        linkOptions: { successUrl: 'https://example.com/thanks', saveCard: true },
      },
      { ...link, sells: 'credits', credits: '5000', customer: undefined, wallet: 'partner' },
    ])
      await runNode(new TopUp(), { parameters, credential: credential() });
    expect(service.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array(3).fill('POST /v1/checkouts'),
    );
    expect(service.requests.map(({ body }) => body)).toEqual([
      { customer_id: 'cus_acme', plan_id: 'starter-100', idempotency_key: 'r' },
      {
        customer_id: 'cus_acme',
        amount: '60',
        idempotency_key: 'r',
        success_url: 'https://example.com/thanks',
        save_card: true,
      },
      { wallet: 'partner', credits: '5000', idempotency_key: 'r' },
    ]);
    expect(service.requests.every(({ body }) => checkoutCreate.safeParse(body).success)).toBe(true);
  });

  it('applies a plan to a customer under a Reference', async () => {
    await runNode(new ApplyPlan(), {
      parameters: {
        customer: acme,
        plan: { __rl: true, mode: 'id', value: '={{ $json.plan }}' },
        reference: 'order-7',
      },
      items: [{ json: { plan: 'starter-100' } }],
      credential: credential(),
    });

    expect(service.requests).toMatchObject([
      {
        method: 'POST',
        path: '/v1/plans/starter-100/apply',
        body: { customer_id: 'cus_acme', idempotency_key: 'order-7' },
      },
    ]);
  });

  it('hands on what was sold, and the subscription that a recurring plan starts', async () => {
    const applied = {
      ...operation,
      kind: 'plan',
      plan: { id: 'monthly', name: 'Monthly', credits: 100, bonus: 10 },
      subscription: { id: 'op', period: 1, starts_at: '2026-11-25T00:00:00.000Z', ends_at: '2026-12-25T00:00:00.000Z' },
    };
    const monthly = await startService(() => ({ body: applied }));
    const { outputs } = await runNode(new ApplyPlan(), {
      parameters: { customer: acme, plan: { __rl: true, mode: 'id', value: 'monthly' }, reference: 'order-8' },
      credential: { baseUrl: monthly.url, apiKey: API_KEY },
    });
    await monthly.close();

    expect(outputs).toEqual([[{ json: applied, pairedItem: { item: 0 } }]]);
  });

  it.each([
    [new TopUp(), { customer: acme, amount: '100' }, "The field 'Reference' is empty"],
    [new TopUp(), { customer: acme, reference: 'r' }, "The field 'Amount (Credits)' is empty"],
    [new TopUp(), { customer: acme, operation: 'paymentLink', reference: 'r' }, "No plan was given under 'Plan'"],
    [
      new TopUp(),
      { customer: acme, operation: 'paymentLink', sells: 'money', reference: 'r' },
      "The field 'Amount of Money' is empty",
    ],
    [new TopUp(), { amount: '100', reference: 'r' }, "No customer was given under 'Customer'"],
    [new ApplyPlan(), { customer: acme, reference: 'r' }, "No plan was given under 'Plan'"],
    [
      new ApplyPlan(),
      { customer: acme, plan: { __rl: true, mode: 'id', value: 'p' } },
      "The field 'Reference' is empty",
    ],
  ])('names the field that is missing, and sends nothing', async (node, parameters, message) => {
    const failure = await failureOf(node, { parameters, credential: credential() });

    expect(failure.message).toBe(message);
    expect(service.requests).toHaveLength(0);
  });

  it('has no default Reference: what n8n could fill in changes when an execution is retried', () => {
    for (const { description } of [new TopUp(), new ApplyPlan()]) {
      expect(description.properties.find(({ name }) => name === 'reference')).toMatchObject({
        default: '',
        required: true,
      });
    }
  });
});
