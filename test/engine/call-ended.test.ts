/** A call ends: every workflow that a provider's webhook starts, from the signed request to the answer and the ledger. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeOf, readWorkflow } from './n8n/workflow-file';
import {
  bland,
  callId,
  delivery,
  elevenlabs,
  retell,
  synthflow,
  twilioCalls,
  ultravox,
  vapi,
  type Provider,
} from './providers';
import { World, type Customer } from './world';

/** Which provider sends to which workflow. A new file needs a line here; one that decides before the call is in call-gate.test.ts. */
const CASES: readonly [file: string, name: string, provider: Provider][] = [
  ['bland-call-ended.json', 'bland', bland],
  ['elevenlabs-call-ended.json', 'elevenlabs', elevenlabs],
  ['retell-call-ended.json', 'retell', retell],
  ['synthflow-call-ended.json', 'synthflow', synthflow],
  ['twilio-call-ended.json', 'twilio', twilioCalls],
  ['ultravox-call-ended.json', 'ultravox', ultravox],
  ['vapi-call-ended.json', 'vapi', vapi],
];
const GATES = ['retell-call-gate.json', 'vapi-call-gate.json'];
const SENDING_AGAIN = ['retell', 'ultravox'];
const NOBODY = { agent: 'agent_of_nobody', number: '+14155550199' };

let world: World;
beforeAll(async () => void (world = await World.start()));
afterAll(() => world.stop());
afterEach(() => world.wire.mend());

it('there is a case for every workflow that starts with a webhook', () => {
  const files = readdirSync(join(__dirname, '../../workflows')).filter((file) => file.endsWith('.json'));
  const startingSo = files.filter((file) =>
    readWorkflow(file).nodes.some(({ type }) => type === 'n8n-nodes-base.webhook'),
  );
  expect([...CASES.map(([file]) => file), ...GATES].sort()).toEqual(startingSo.sort());
});

describe.each(CASES)('workflows/%s', (file, name, provider) => {
  let address: string;
  let customer: Customer;
  beforeAll(async () => {
    await world.endpoint({ provider: name, secrets: [provider.secret], settings: provider.settings });
    const workflow = readWorkflow(file);
    nodeOf(workflow, 'Deduct Credits').waitBetweenTries = 1; // a second each in the file
    address = world.n8n.activate(workflow);
  });
  beforeEach(async () => void (customer = await world.customer('100')));

  let calls = 0;
  const newCall = (seconds: number, of: Pick<Customer, 'agent' | 'number'> = customer) => ({
    id: callId(`${name} ${++calls}`),
    seconds,
    of,
  });
  const send = async (body: string, secret?: string) =>
    world.n8n.receive(address, await delivery(provider, body, address, secret));

  it('charges the call, and answers how much is left', async () => {
    const call = newCall(61);

    const { status, answer, execution } = await send(provider.ended(call));

    expect([status, answer]).toEqual([200, { received: true, outcome: 'deducted', status: 'ok', minutes_left: 7.31 }]);
    expect([execution.status, execution.error]).toEqual(['success', undefined]);
    expect(execution.ran.slice(1)).toEqual(['Deduct Credits', 'Was It Charged?', 'Check Threshold', 'Enough Credits']);
    expect(await world.used(customer)).toEqual([[`${name} ${call.id}`, -12.2]]);
    expect(await world.posted(customer)).toBe(87.8);
  });

  it('charges it once, however often it is sent, each time in an execution of its own', async () => {
    const body = provider.ended(newCall(61));

    const answers = [await send(body), await send(body), await send(body)];

    expect(new Set(answers.map(({ execution }) => execution.id)).size).toBe(3);
    expect(answers.map(({ status, answer }) => [status, answer.outcome])).toEqual(Array(3).fill([200, 'deducted']));
    expect(answers.map(({ execution }) => execution.json('Deduct Credits')[0]?.replayed)).toEqual([false, true, true]);
    expect(await world.used(customer)).toHaveLength(1);
  });

  it('leaves by Credits Low, and then by Credits Exhausted', async () => {
    const low = await send(provider.ended(newCall(300)));
    const exhausted = await send(provider.ended(newCall(300)));

    expect([low.answer.status, low.execution.ran.at(-1)]).toEqual(['low', 'Credits Low']);
    expect([exhausted.answer.status, exhausted.execution.ran.at(-1)]).toEqual(['exhausted', 'Credits Exhausted']);
    expect(await world.posted(customer)).toBe(-20);
  });

  it('answers what is not the end of a call, and charges nothing', async () => {
    const { status, answer, execution } = await send(provider.started(newCall(61)));

    expect([status, answer.outcome, execution.ran.at(-1)]).toEqual([200, 'ignored', 'Not Charged']);
    expect(await world.posted(customer)).toBe(100);
  });

  it("keeps nobody's call in suspense, and says why", async () => {
    const call = newCall(61, NOBODY);

    const { status, answer, execution } = await send(provider.ended(call));

    expect([status, answer.outcome, execution.ran.at(-1)]).toEqual([200, 'suspense', 'Not Charged']);
    expect(answer.reason).toContain('belongs to a customer');
    const { items } = (await world.api.get('/v1/suspense?limit=100')).body;
    expect(items.filter((each: any) => each.provider_call_id === call.id)).toHaveLength(1);
  });

  it('refuses what somebody else has signed, and changes nothing', async () => {
    const body = provider.ended(newCall(61));
    const before = await world.api.ledger();

    const { status, answer } = await send(body, 'the secret of somebody else');

    expect([status, answer]).toEqual([401, expect.objectContaining({ received: false, code: 'SIGNATURE_INVALID' })]);
    expect(await world.api.ledger()).toBe(before);
  });

  it('is done when the call was charged and its balance cannot be read', async () => {
    world.wire.lose('GET /v1/threshold', 'before');

    const { status, answer, execution } = await send(provider.ended(newCall(61)));

    expect([status, answer.outcome, answer.status]).toEqual([200, 'deducted', 'unknown']);
    expect([execution.status, execution.ran.at(-1)]).toEqual(['success', 'Balance Unknown']);
    expect(await world.posted(customer)).toBe(87.8);
  });

  it('tries again by itself when an answer is lost after the call was charged', async () => {
    world.wire.lose('POST /v1/deductions', 'after', 2);

    const { status, answer, execution } = await send(provider.ended(newCall(61)));

    expect(world.wire.requests).toEqual([...Array(3).fill('POST /v1/deductions'), 'GET /v1/threshold']);
    expect([status, answer.outcome, answer.status]).toEqual([200, 'deducted', 'ok']);
    expect(execution.json('Deduct Credits')[0]?.replayed).toBe(true);
    expect(await world.used(customer)).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)(
    'asks for the webhook again when no try is answered (lost %s Talktime took it), and then charges once',
    async (loss) => {
      const body = provider.ended(newCall(61));
      world.wire.lose('POST /v1/deductions', loss);
      const away = await send(body);
      // The fourth is the last try, which waits for a retry in n8n.
      expect(world.wire.requests).toHaveLength(SENDING_AGAIN.includes(name) ? 3 : 4);
      expect([away.status, away.answer.received]).toEqual([503, false]);

      world.wire.mend();
      const back = await send(body);

      expect([back.status, back.answer.outcome]).toEqual([200, 'deducted']);
      expect(await world.used(customer)).toHaveLength(1);
      expect(await world.posted(customer)).toBe(87.8);
    },
  );

  it('leaves what a provider does not send again to a retry in n8n, which charges it once', async () => {
    const call = newCall(61);
    world.wire.lose('POST /v1/deductions', 'before');
    const { execution } = await send(provider.ended(call));
    // Retell and Ultravox send again by themselves.
    expect(execution.status).toBe(SENDING_AGAIN.includes(name) ? 'success' : 'error');
    if (execution.status === 'success') return;

    world.wire.mend();
    const retried = await world.n8n.retry(execution);

    expect([retried.status, retried.error]).toEqual(['success', undefined]);
    expect(await world.used(customer)).toEqual([[`${name} ${call.id}`, -12.2]]);
  });
});
