import { NodeHelpers, Workflow, type INode, type INodeTypes } from 'n8n-workflow';
import { CheckThreshold } from '../../nodes/CheckThreshold/CheckThreshold.node';
import { API_KEY, failureOf, runNode } from './run-node';
import { problem, startService, type ServiceDouble } from './service';

const STATUS_OF: Record<string, string> = {
  cus_ok: 'ok',
  cus_low: 'low',
  cus_critical: 'critical',
  cus_empty: 'exhausted',
};

describe('Check Threshold', () => {
  let service: ServiceDouble;
  const credential = () => ({ baseUrl: service.url, apiKey: API_KEY });

  beforeAll(async () => {
    service = await startService(({ query }) => {
      const status = query.wallet === 'partner' ? 'ok' : STATUS_OF[query.customer_id ?? ''];
      return status === undefined
        ? problem(404, 'CUSTOMER_NOT_FOUND', 'There is no such customer.')
        : {
            body: {
              customer_id: query.customer_id ?? null,
              payer: query.wallet ?? 'customer',
              status,
              posted: 10,
              minutes_left: 0.83,
            },
          };
    });
  });
  beforeEach(() => (service.requests.length = 0));
  afterAll(() => service.close());

  it('takes the customer from the output of Deduct Credits, with nothing filled in', async () => {
    const { outputs } = await runNode(new CheckThreshold(), {
      items: [{ json: { outcome: 'deducted', customer_id: 'cus_low', payer: 'customer' } }],
      credential: credential(),
    });

    expect(service.requests[0]).toMatchObject({
      method: 'GET',
      path: '/v1/threshold',
      query: { customer_id: 'cus_low' },
    });
    expect(outputs).toEqual([[{ json: expect.objectContaining({ status: 'low' }), pairedItem: { item: 0 } }]]);
  });

  it("asks for the partner's wallet when that was charged, and when it is chosen", async () => {
    await runNode(new CheckThreshold(), {
      items: [{ json: { outcome: 'deducted', customer_id: null, wallet: 'partner' } }],
      credential: credential(),
    });
    await runNode(new CheckThreshold(), { parameters: { wallet: 'partner' }, credential: credential() });

    expect(service.requests.map(({ query }) => query)).toEqual([{ wallet: 'partner' }, { wallet: 'partner' }]);
  });

  it.each([
    [
      { outcome: 'suspense', message: 'No customer matches agent_7.' },
      'the call waits in suspense',
      'No customer matches agent_7.',
    ],
    [
      { outcome: 'ignored', message: 'call_started' },
      'the webhook was not about an ended call',
      'Put an If node before this one',
    ],
    [{}, "No customer was given under 'Customer'", 'Choose one from the list'],
  ])('says what to do when there is no customer: %j', async (json, message, description) => {
    const failure = await failureOf(new CheckThreshold(), { items: [{ json }], credential: credential() });

    expect(failure.message).toContain(message);
    expect(failure.description).toContain(description);
    expect(service.requests).toHaveLength(0);
  });

  describe('with Split Output by Status', () => {
    const run = (customers: string[], onError?: 'continueRegularOutput') =>
      runNode(new CheckThreshold(), {
        parameters: { splitByStatus: true },
        items: customers.map((customer_id) => ({ json: { customer_id } })),
        onError,
        credential: credential(),
      });

    it('sends each item out by its status, paired; critical goes with low', async () => {
      const { outputs } = await run(['cus_empty', 'cus_ok', 'cus_critical', 'cus_low']);

      expect(outputs.map((items) => items.map(({ json, pairedItem }) => [json.status, pairedItem]))).toEqual([
        [['ok', { item: 1 }]],
        [
          ['critical', { item: 2 }],
          ['low', { item: 3 }],
        ],
        [['exhausted', { item: 0 }]],
      ]);
    });

    it('lets an item that could not be checked leave by Exhausted, never by Ok', async () => {
      const { outputs } = await run(['cus_nobody', 'cus_ok'], 'continueRegularOutput');

      expect(outputs.map((items) => items.length)).toEqual([1, 0, 1]);
      expect(outputs[2]?.[0]?.json).toMatchObject({ error: 'There is no such customer.' });
    });
  });

  it('shows n8n one output, or three with names', () => {
    const type = new CheckThreshold();
    const outputsOf = (splitByStatus: boolean) => {
      const node: INode = {
        id: '1',
        name: 'Check',
        type: 'checkThreshold',
        typeVersion: 1,
        position: [0, 0],
        parameters: { splitByStatus },
      };
      const nodeTypes = {
        getByName: () => type,
        getByNameAndVersion: () => type,
        getKnownTypes: () => ({}),
      } as unknown as INodeTypes;
      const workflow = new Workflow({ nodes: [node], connections: {}, active: false, nodeTypes });
      return NodeHelpers.getNodeOutputs(workflow, node, type.description);
    };

    expect(outputsOf(false)).toEqual([{ type: 'main' }]);
    expect(outputsOf(true)).toEqual([
      { type: 'main', displayName: 'Ok' },
      { type: 'main', displayName: 'Low' },
      { type: 'main', displayName: 'Exhausted' },
    ]);
  });
});
