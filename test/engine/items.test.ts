/** Many items in one execution: which result belongs to which, and where those go that fail. */
import type { INode } from 'n8n-workflow';
import { node, workflowOf, type WorkflowFile } from './n8n/workflow-file';
import { deduct, receiver, respond, set, split } from './parts';
import { World, type Customer } from './world';

let world: World;
beforeAll(async () => void (world = await World.start()));
afterAll(() => world.stop());
beforeEach(() => world.wire.mend());

interface CallItem {
  readonly id: string;
  readonly seconds: number | string;
  readonly customer: string;
}

/** Calls that are posted together, deducted together, and answered together. */
const together = (settings: Partial<INode> = {}): WorkflowFile =>
  workflowOf([receiver, split, deduct(settings), respond], {
    Webhook: [['Split Out']],
    'Split Out': [['Deduct Credits']],
    'Deduct Credits': [
      ['Respond to Webhook'],
      ...(settings.onError === 'continueErrorOutput' ? [['Respond to Webhook']] : []),
    ],
  });

const post = (workflow: WorkflowFile, body: object) => world.post(workflow, body);
const callsOf = (customer: Customer, count: number, name: string): CallItem[] =>
  Array.from({ length: count }, (_, n) => ({ id: `${name}-${n}`, seconds: 60 + n, customer: customer.id }));
const batches = () => world.wire.requests.filter((request) => request === 'POST /v1/deductions/batch');

describe('which result belongs to which item', () => {
  it('is known downstream, however the items were mixed since', async () => {
    const customer = await world.customer('10000');
    const calls = callsOf(customer, 50, 'paired');
    // What nodes after Deduct Credits can ask of the nodes before it.
    const line = set('Line', {
      charged: '={{ $json.receipt.call.call_id }}',
      billed: '={{ $json.receipt.billed_seconds }}',
      id: "={{ $('Split Out').item.json.id }}",
      seconds: "={{ $('Split Out').item.json.seconds }}",
      batch: "={{ $('Webhook').item.json.body.batch }}",
    });
    const dearest = node('Dearest First', 'n8n-nodes-base.sort', {
      sortFieldsUi: { sortField: [{ fieldName: 'receipt.price', order: 'descending' }] },
      options: {},
    });
    const workflow = workflowOf([receiver, split, deduct(), dearest, line, respond], {
      Webhook: [['Split Out']],
      'Split Out': [['Deduct Credits']],
      'Deduct Credits': [['Dearest First']],
      'Dearest First': [['Line']],
      Line: [['Respond to Webhook']],
    });

    const { answer, execution } = await post(workflow, { batch: 'november', calls });

    expect([execution.status, execution.error]).toEqual(['success', undefined]);
    expect(execution.items('Deduct Credits').map(({ pairedItem }) => pairedItem)).toEqual(
      calls.map((_, item) => expect.objectContaining({ item })),
    );
    expect(answer).toEqual(
      [...calls].reverse().map(({ id, seconds }) => ({
        charged: id,
        billed: String(seconds),
        id,
        seconds: String(seconds),
        batch: 'november',
      })),
    );
    expect(batches()).toHaveLength(1);
  });
});

describe('items that fail', () => {
  let customer: Customer;
  /** Two that cannot be charged, among three that can. */
  let calls: CallItem[];
  let round = 0;
  beforeEach(async () => {
    customer = await world.customer('100');
    calls = callsOf(customer, 5, `round-${++round}`);
    calls[1] = { ...calls[1]!, customer: 'cus_nobody' };
    calls[3] = { ...calls[3]!, seconds: '' };
  });
  const good = () => calls.filter((_, n) => n !== 1 && n !== 3).map(({ id }) => id);
  const charged = async () => (await world.used(customer)).map(([call]) => call.replace('retell ', ''));

  it('leave by the error output, each with its own data and what to do, and the others are charged', async () => {
    const failed = set('Failed', {
      id: "={{ $('Split Out').item.json.id }}",
      own: '={{ $json.id }}',
      error: '={{ $json.error }}',
      code: '={{ $json.details.code }}',
    });
    const workflow = workflowOf([receiver, split, deduct({ onError: 'continueErrorOutput' }), failed, respond], {
      Webhook: [['Split Out']],
      'Split Out': [['Deduct Credits']],
      'Deduct Credits': [[], ['Failed']],
      Failed: [['Respond to Webhook']],
    });

    const { answer, execution } = await post(workflow, { calls });

    expect(execution.json('Deduct Credits', 0).map((each: any) => each.receipt.call.call_id)).toEqual(good());
    expect(answer).toEqual([
      expect.objectContaining({ id: calls[1]!.id, own: calls[1]!.id, code: 'CUSTOMER_NOT_FOUND' }),
      {
        id: calls[3]!.id,
        own: calls[3]!.id,
        error: "The field 'Duration (Seconds)' is empty",
        code: 'NODE_SETUP',
      },
    ]);
    expect(answer[0].error).toContain('cus_nobody');
    expect(await charged()).toEqual(good());
  });

  it('all leave by it when the whole request is lost, and charge nothing', async () => {
    world.wire.lose('POST /v1/deductions/batch', 'before');
    const { execution } = await post(together({ onError: 'continueErrorOutput' }), { calls });
    expect(
      [execution.items('Deduct Credits', 0), execution.items('Deduct Credits', 1)].map(({ length }) => length),
    ).toEqual([0, 5]);
    expect(await charged()).toEqual([]);
  });

  it('stay among the others with "Continue"', async () => {
    const { execution } = await post(together({ onError: 'continueRegularOutput' }), { calls });
    const results = execution.json('Deduct Credits');
    expect(results.map(({ error }) => error !== undefined)).toEqual([false, true, false, true, false]);
    expect(await charged()).toEqual(good());
  });

  it('stop the workflow unless told otherwise: one that cannot be read does so before any is charged', async () => {
    const { status, answer, execution } = await post(together(), { calls });
    expect([status, answer]).toEqual([500, { message: 'Error in workflow' }]);
    expect([execution.status, execution.error]).toEqual(['error', "The field 'Duration (Seconds)' is empty"]);
    expect(batches()).toHaveLength(0);
    expect(await charged()).toEqual([]);
  });
});

describe('a thousand items', () => {
  it('go in one request, and each is charged once, in the next execution, too', async () => {
    const customer = await world.customer('1000000');
    const calls = callsOf(customer, 1000, 'thousand');
    const price = ({ seconds }: CallItem) => Number(seconds) / 5; // 12 a minute

    const { answer, execution } = await post(together(), { calls });

    expect(execution.status).toBe('success');
    expect(batches()).toHaveLength(1);
    expect(answer.map(({ outcome, receipt }: any) => [outcome, receipt.call.call_id, receipt.price])).toEqual(
      calls.map((call) => ['deducted', call.id, price(call)]),
    );
    const used = await world.used(customer);
    expect(used).toHaveLength(1000);
    expect(new Map(used)).toEqual(new Map(calls.map((call) => [`retell ${call.id}`, -price(call)])));
    const total = calls.reduce((sum, call) => sum + Number(call.seconds), 0) / 5;
    expect(await world.posted(customer)).toBe(1_000_000 - total);

    const again = await post(together(), { calls });

    expect(batches()).toHaveLength(2);
    expect(again.answer.every(({ replayed }: any) => replayed)).toBe(true);
    expect(await world.posted(customer)).toBe(1_000_000 - total);
  });
});
