/** Nodes with outputs of their own: each item leaves by the right one. */
import type { INode } from 'n8n-workflow';
import type { Received } from './n8n/n8n';
import { node, workflowOf } from './n8n/workflow-file';
import { receiver, respond, split } from './parts';
import { World } from './world';

let world: World;
beforeAll(async () => void (world = await World.start()));
afterAll(() => world.stop());

/** A node between the calls and places that are named after its outputs; who came to each place. */
const sort = async (
  sorting: INode,
  outputs: string[],
  calls: object[],
): Promise<{ execution: Received['execution']; places: Record<string, unknown[]> }> => {
  const places = outputs.map((name) => node(name, 'n8n-nodes-base.noOp'));
  const arrows = {
    Webhook: [['Split Out']],
    'Split Out': [[sorting.name]],
    [sorting.name]: outputs.map((name) => [name]),
  };
  const { execution } = await world.post(
    workflowOf([receiver, split, sorting, ...places, respond], {
      ...arrows,
      ...Object.fromEntries(outputs.map((name) => [name, [['Respond to Webhook']]])),
    }),
    { calls },
  );
  return {
    execution,
    places: Object.fromEntries(
      outputs.map((name) => [
        name,
        execution.items(name).map(({ pairedItem }) => who(execution, sorting.name, outputs.indexOf(name), pairedItem)),
      ]),
    ),
  };
};

/** Follows an item back to the call that it came from, as n8n does. */
const who = (execution: Received['execution'], sorting: string, output: number, place: unknown): unknown => {
  const left = execution.items(sorting, output)[(place as { item: number }).item];
  return execution.json('Split Out')[(left?.pairedItem as { item: number }).item]?.name;
};

const customerOfItem = { __rl: true, mode: 'id', value: '={{ $json.customer }}' };

describe('Check Threshold', () => {
  const check = (splitByStatus: boolean, settings: Partial<INode> = {}) =>
    node(
      'Check Threshold',
      'n8n-nodes-talktime.checkThreshold',
      { wallet: 'customer', customer: customerOfItem, checkAgainst: 'none', splitByStatus },
      settings,
    );
  let calls: { name: string; customer: string }[];
  beforeAll(async () => {
    const ofBalance = async (name: string, posted: string) => ({ name, customer: (await world.customer(posted)).id });
    calls = [
      await ofBalance('exhausted', '0'),
      await ofBalance('ok', '100'),
      { name: 'nobody', customer: 'cus_nobody' },
      await ofBalance('low', '40'),
      await ofBalance('ok, too', '51'),
      await ofBalance('low, too', '5'),
    ];
  });

  it('splits by status: Ok, Low and Exhausted, and beside them what failed', async () => {
    const { execution, places } = await sort(
      check(true, { onError: 'continueErrorOutput' }),
      ['Ok', 'Low', 'Exhausted', 'Failed'],
      calls,
    );

    expect([execution.status, execution.error]).toEqual(['success', undefined]);
    expect(places).toEqual({
      Ok: ['ok', 'ok, too'],
      Low: ['low', 'low, too'],
      Exhausted: ['exhausted'],
      Failed: ['nobody'],
    });
    expect(execution.json('Low').map(({ status, posted }) => [status, posted])).toEqual([
      ['low', 40],
      ['low', 5],
    ]);
  });

  it('takes a balance that it cannot read for exhausted, when it goes on', async () => {
    const { places } = await sort(check(true, { onError: 'continueRegularOutput' }), ['Ok', 'Low', 'Exhausted'], calls);
    expect(places).toEqual({ Ok: ['ok', 'ok, too'], Low: ['low', 'low, too'], Exhausted: ['exhausted', 'nobody'] });
  });

  it('has one output without the split, and the status in each item', async () => {
    const { execution, places } = await sort(
      check(false, { onError: 'continueErrorOutput' }),
      ['Checked', 'Failed'],
      calls,
    );
    expect(places).toEqual({ Checked: ['exhausted', 'ok', 'low', 'ok, too', 'low, too'], Failed: ['nobody'] });
    expect(execution.json('Checked').map(({ status }) => status)).toEqual(['exhausted', 'ok', 'low', 'ok', 'low']);
  });
});

describe('Authorize Call', () => {
  const authorize = (splitByDecision: boolean, settings: Partial<INode> = {}) =>
    node(
      'Authorize Call',
      'n8n-nodes-talktime.authorizeCall',
      {
        operation: 'authorize',
        source: 'fields',
        provider: 'retell',
        callId: '={{ $json.id }}',
        customer: customerOfItem,
        callOptions: {},
        splitByDecision,
      },
      settings,
    );
  let calls: { name: string; id: string; customer: string }[];
  let rich: string;
  beforeEach(async () => {
    rich = (await world.customer('100')).id;
    const poor = (await world.customer('1')).id;
    const call = (name: string, customer: string) => ({ name, id: `${name} of ${rich}`, customer });
    calls = [call('poor', poor), call('rich', rich), call('nobody', 'cus_nobody'), call('after rich', rich)];
  });

  it('splits by its decision, and beside them what failed; only what may begin is held', async () => {
    const { execution, places } = await sort(
      authorize(true, { onError: 'continueErrorOutput' }),
      ['Allowed', 'Refused', 'Failed'],
      calls,
    );

    expect([execution.status, execution.error]).toEqual(['success', undefined]);
    // The first call of the rich customer holds all 100 credits: there is nothing left for the second.
    expect(places).toEqual({ Allowed: ['rich'], Refused: ['poor', 'after rich'], Failed: ['nobody'] });
    expect(execution.json('Refused').map(({ code }) => code)).toEqual(['INSUFFICIENT_CREDITS', 'INSUFFICIENT_CREDITS']);
    expect(await world.balance({ id: rich })).toMatchObject({ posted: 100, held: 100 });
  });

  it('lets no call begin that it could not decide, when it goes on', async () => {
    const { places } = await sort(authorize(true, { onError: 'continueRegularOutput' }), ['Allowed', 'Refused'], calls);
    expect(places).toEqual({ Allowed: ['rich'], Refused: ['poor', 'nobody', 'after rich'] });
  });

  it('has one output without the split, and the decision in each item', async () => {
    const { execution, places } = await sort(
      authorize(false, { onError: 'continueErrorOutput' }),
      ['Decided', 'Failed'],
      calls,
    );
    expect(places).toEqual({ Decided: ['poor', 'rich', 'after rich'], Failed: ['nobody'] });
    expect(execution.json('Decided').map(({ allowed }) => allowed)).toEqual([false, true, false]);
  });
});
