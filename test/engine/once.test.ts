/** However often n8n runs it again: a retry, another execution, a loop. What was charged or topped up stays so once. */
import type { INode } from 'n8n-workflow';
import { node, workflowOf } from './n8n/workflow-file';
import { deduct, receiver, respond, split } from './parts';
import { World, type Customer } from './world';

let world: World;
let customer: Customer;
beforeAll(async () => void (world = await World.start()));
afterAll(() => world.stop());
beforeEach(async () => {
  world.wire.mend();
  customer = await world.customer('1000');
});

let names = 0;
const callsOf = (count: number, name = `round-${++names}`) =>
  Array.from({ length: count }, (_, n) => ({ id: `${name}-${n}`, seconds: 60, customer: customer.id }));
const chargedOnce = async (calls: { id: string }[]) => {
  expect(await world.used(customer)).toEqual(calls.map(({ id }) => [`retell ${id}`, -12]));
  expect(await world.posted(customer)).toBe(1000 - 12 * calls.length);
};
const chain = (...nodes: INode[]) =>
  workflowOf(nodes, Object.fromEntries(nodes.slice(1).map(({ name }, n) => [nodes[n]!.name, [[name]]])));

describe('a retry, which is another execution', () => {
  it('charges once what was charged although the answer never came', async () => {
    const calls = callsOf(50);
    world.wire.lose('POST /v1/deductions/batch', 'after', 1);
    const failed = await world.post(chain(receiver, split, deduct(), respond), { calls });
    expect([failed.status, failed.execution.status]).toEqual([500, 'error']);
    expect(failed.execution.error).toBe('Talktime did not answer');
    await chargedOnce(calls);

    const retried = await world.n8n.retry(failed.execution);

    expect([retried.mode, retried.status, retried.error]).toEqual(['retry', 'success', undefined]);
    expect(retried.id).not.toBe(failed.execution.id);
    expect(world.wire.requests).toEqual(Array(2).fill('POST /v1/deductions/batch'));
    expect(retried.json('Deduct Credits').map(({ replayed }) => replayed)).toEqual(Array(50).fill(true));
    await chargedOnce(calls);
  });

  it('charges now what never arrived', async () => {
    const calls = callsOf(2);
    world.wire.lose('POST /v1/deductions/batch', 'before', 1);
    const failed = await world.post(chain(receiver, split, deduct(), respond), { calls });
    expect(await world.used(customer)).toEqual([]);

    const retried = await world.n8n.retry(failed.execution);

    expect(retried.json('Deduct Credits').map(({ replayed }) => replayed)).toEqual([false, false]);
    await chargedOnce(calls);
  });

  it('goes on behind a charge that is done', async () => {
    const calls = callsOf(3);
    const check = node('Check Threshold', 'n8n-nodes-talktime.checkThreshold', {
      wallet: 'customer',
      customer: { __rl: true, mode: 'id', value: '={{ $json.customer_id }}' },
      checkAgainst: 'none',
      splitByStatus: false,
    });
    world.wire.lose('GET /v1/threshold', 'before', 1);
    const failed = await world.post(chain(receiver, split, deduct(), check, respond), { calls });
    expect([failed.execution.status, failed.execution.ran.at(-1)]).toEqual(['error', 'Check Threshold']);

    const retried = await world.n8n.retry(failed.execution);

    expect([retried.status, retried.json('Check Threshold').map(({ posted }) => posted)]).toEqual([
      'success',
      [964, 964, 964],
    ]);
    expect(world.wire.requests.filter((each) => each === 'POST /v1/deductions/batch')).toHaveLength(1);
    await chargedOnce(calls);
  });

  it('tops up once, by its Reference', async () => {
    const topUp = node('Top Up', 'n8n-nodes-talktime.topUp', {
      wallet: 'customer',
      customer: { __rl: true, mode: 'id', value: '={{ $json.body.customer }}' },
      amount: '={{ $json.body.amount }}',
      kind: 'paid',
      reference: '={{ $json.body.invoice }}',
      options: {},
    });
    const invoice = { customer: customer.id, amount: '25.5', invoice: `invoice of ${customer.id}` };
    world.wire.lose('POST /v1/top-ups', 'after', 1);
    const failed = await world.post(chain(receiver, topUp, respond), invoice);
    expect(failed.execution.status).toBe('error');

    const retried = await world.n8n.retry(failed.execution);
    const sentAgain = await world.post(chain(receiver, topUp, respond), invoice);

    expect([retried, sentAgain.execution].map((each) => each.json('Top Up')[0]?.replayed)).toEqual([true, true]);
    expect(await world.posted(customer)).toBe(1025.5);
  });
});

describe('the same again', () => {
  it('in another execution charges nothing', async () => {
    const calls = callsOf(5);
    const workflow = chain(receiver, split, deduct(), respond);
    const runs = [await world.post(workflow, { calls }), await world.post(workflow, { calls })];
    expect(runs.map(({ execution }) => execution.json('Deduct Credits').map(({ replayed }) => replayed))).toEqual([
      Array(5).fill(false),
      Array(5).fill(true),
    ]);
    await chargedOnce(calls);
  });

  it('within an execution charges once', async () => {
    const [call] = callsOf(1);
    const { execution } = await world.post(chain(receiver, split, deduct(), respond), { calls: [call, call, call] });
    expect(execution.json('Deduct Credits').map(({ replayed }) => replayed)).toEqual([false, true, true]);
    await chargedOnce([call!]);
  });
});

describe('in a loop', () => {
  /** Loop Over Items: by "loop" through Deduct Credits and back, by "done" to the answer. */
  const looping = (batchSize: number) => {
    const loop = node(
      'Loop Over Items',
      'n8n-nodes-base.splitInBatches',
      { batchSize, options: {} },
      { typeVersion: 3 },
    );
    return workflowOf([receiver, split, loop, deduct(), respond], {
      Webhook: [['Split Out']],
      'Split Out': [['Loop Over Items']],
      'Loop Over Items': [['Respond to Webhook'], ['Deduct Credits']],
      'Deduct Credits': [['Loop Over Items']],
    });
  };

  it.each([
    [1, 12],
    [5, 3],
  ])('%i at a time, each call is charged once in %i rounds', async (batchSize, rounds) => {
    const calls = callsOf(12);

    const { answer, execution } = await world.post(looping(batchSize), { calls });

    expect(execution.status).toBe('success');
    expect(execution.ran.filter((name) => name === 'Deduct Credits')).toHaveLength(rounds);
    expect(answer.map(({ receipt }: any) => receipt.call.call_id)).toEqual(calls.map(({ id }) => id));
    await chargedOnce(calls);
  });

  it('one that comes round again and again is charged once', async () => {
    const [call] = callsOf(1);
    const { answer } = await world.post(looping(1), { calls: Array(4).fill(call) });
    expect(answer.map(({ replayed }: any) => replayed)).toEqual([false, true, true, true]);
    await chargedOnce([call!]);
  });

  it('that broke off is retried from where it broke, and charges the rest', async () => {
    const calls = callsOf(6);
    const workflow = looping(2);
    world.wire.lose('POST /v1/deductions/batch', 'after', 1);
    const first = await world.post(workflow, { calls });
    expect([first.execution.status, (await world.used(customer)).length]).toEqual(['error', 2]);

    const retried = await world.n8n.retry(first.execution);

    expect([retried.status, retried.error]).toEqual(['success', undefined]);
    await chargedOnce(calls);
  });
});
