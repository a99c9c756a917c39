/** A provider asks before a call: the workflows that decide, from the signed question to the answer and what is held. */
import type { Vapi } from '@vapi-ai/server-sdk';
import { startFakeSlack, type FakeSlack } from '../../server/demo/slack';
import { readWorkflow } from './n8n/workflow-file';
import { callId, delivery, retell, vapi, type Provider } from './providers';
import { World, type Customer } from './world';

const SLACK_TOKEN = 'xoxb-of-the-agency';

let world: World;
let slack: FakeSlack;
beforeAll(async () => {
  // n8n's Slack node sends one of its own options along.
  const passedOver = ['includeLinkToWorkflow'];
  slack = await startFakeSlack({
    workspaces: [{ id: 'T0AGENCY', tokens: [SLACK_TOKEN], channels: [{ id: '#calls' }] }],
    passedOver,
  });
  world = await World.start({
    credentials: { slackApi: { accessToken: SLACK_TOKEN } },
    standIns: { 'https://slack.com/api': slack.apiUrl.replace(/\/$/, '') },
  });
});
afterAll(async () => {
  await world.stop();
  await slack.close();
});
beforeEach(() => void (slack.messages.length = 0));
afterEach(() => world.wire.mend());

const toldTeam = () => slack.messages.map(({ channel, text }) => [channel, text]);
const receive = async (address: string, provider: Provider, body: string, secret?: string) =>
  world.n8n.receive(address, await delivery(provider, body, address, secret));

describe('workflows/retell-call-gate.json', () => {
  let address: string;
  /** 100 credits are 500 seconds at 12 a minute; 24 are two minutes; 1 is less than any call. */
  let rich: Customer;
  let low: Customer;
  let poor: Customer;
  beforeEach(async () => {
    rich = await world.customer('100');
    low = await world.customer('24');
    poor = await world.customer('1');
  });
  beforeAll(async () => {
    await world.endpoint({ provider: 'retell', secrets: [retell.secret] });
    address = world.n8n.activate(readWorkflow('retell-call-gate.json'));
  });

  const question = ({ agent, number }: Customer, call_id = callId(`retell asks about ${agent}`)) =>
    JSON.stringify({
      event: 'call_inbound',
      call_inbound: { call_id, agent_id: agent, from_number: '+14155550123', to_number: number },
    });
  const ask = (customer: Customer, secret?: string) => receive(address, retell, question(customer), secret);
  const begins = (agent: string, milliseconds: number) => ({
    call_inbound: { override_agent_id: agent, agent_override: { agent: { max_call_duration_ms: milliseconds } } },
  });

  it('lets a call begin for as long as the credits last, and holds them', async () => {
    const { status, answer, execution } = await ask(rich);

    expect([status, answer]).toEqual([200, begins(rich.agent, 500_000)]);
    expect([execution.status, execution.error]).toEqual(['success', undefined]);
    expect(execution.ran.slice(1)).toEqual([
      'Authorize Call',
      'Let It Begin',
      'Less than Five Minutes?',
      'All Is Well',
    ]);
    expect(await world.balance(rich)).toMatchObject({ posted: 100, held: 100 });
    expect(toldTeam()).toEqual([]);
  });

  it('holds once when it is asked twice', async () => {
    await ask(rich);
    expect((await ask(rich)).answer).toEqual(begins(rich.agent, 500_000));
    expect(await world.balance(rich)).toMatchObject({ held: 100 });
  });

  it('tells the team of a call with few minutes, after it has answered', async () => {
    const { answer, execution } = await ask(low);

    expect(answer).toEqual(begins(low.agent, 120_000));
    expect([execution.status, execution.error]).toEqual(['success', undefined]);
    expect(execution.ran.slice(-3)).toEqual(['Less than Five Minutes?', 'Fill In', 'Tell the Team']);
    expect(toldTeam()).toEqual([['#calls', `A call to ${low.number} began with credits for 2 minutes.`]]);
  });

  it('refuses a call that the credits do not cover, holds nothing, and tells the team why', async () => {
    const { status, answer, execution } = await ask(poor);

    expect([status, answer]).toEqual([200, { call_inbound: {} }]);
    expect(execution.ran.slice(1)).toEqual(['Authorize Call', 'Refuse It', 'Fill In', 'Tell the Team']);
    expect(await world.balance(poor)).toMatchObject({ posted: 1, held: 0 });
    expect(toldTeam()).toEqual([
      ['#calls', expect.stringMatching(`A call to \\${poor.number} was refused: .*credits`)],
    ]);
  });

  it('lets nothing begin while nobody can decide', async () => {
    world.wire.lose('POST /v1/calls/gate', 'before');
    const { status, answer, execution } = await ask(rich);
    expect([status, answer, execution.ran.at(-1)]).toEqual([200, { call_inbound: {} }, 'Nobody Could Decide']);
  });

  it('refuses a question that somebody else has signed', async () => {
    const { status, execution } = await ask(rich, 'the key of somebody else');
    expect([status, execution.ran.at(-1)]).toEqual([401, 'Nobody Could Decide']);
    expect(await world.balance(rich)).toMatchObject({ held: 0 });
  });

  it('and the end of that call captures what was held', async () => {
    const id = callId('retell begins and ends');
    await receive(address, retell, question(rich, id));
    const ended = world.n8n.activate(readWorkflow('retell-call-ended.json'));

    await receive(ended, retell, retell.ended({ id, seconds: 61, of: rich }));

    expect(await world.balance(rich)).toEqual(expect.objectContaining({ posted: 87.8, held: 0, available: 87.8 }));
  });
});

describe('workflows/vapi-call-gate.json', () => {
  let address: string;
  let customers: { rich: Customer; poor: Customer };
  beforeAll(async () => {
    customers = { rich: await world.customer('100'), poor: await world.customer('1') };
    // Which assistant answers which number is a setting of the endpoint.
    const agents = Object.fromEntries(Object.values(customers).map(({ agent, number }) => [number, agent]));
    await world.endpoint({ provider: 'vapi', secrets: [vapi.secret], settings: { gate: { agents } } });
    address = world.n8n.activate(readWorkflow('vapi-call-gate.json'));
  });

  const ask = ({ number }: Customer, id: string, secret?: string) =>
    receive(
      address,
      vapi,
      JSON.stringify({
        message: {
          type: 'assistant-request' satisfies Vapi.ServerMessageAssistantRequestType,
          call: { id, type: 'inboundPhoneCall' },
          customer: { number: '+14155550123' },
          phoneNumber: { number },
        },
      }),
      secret,
    );

  it('refuses in neutral words what the credits do not cover', async () => {
    const { poor } = customers;
    const { status, answer, execution } = await ask(poor, 'v-poor');
    expect([status, answer]).toEqual([200, { error: 'This line is temporarily unavailable.' }]);
    expect(execution.json('Authorize Call', 1)[0]?.code).toBe('INSUFFICIENT_CREDITS');
    expect(execution.ran.at(-1)).toBe('Refuse It');
    expect(await world.balance(poor)).toMatchObject({ held: 0 });
  });

  it('lets nothing begin while nobody can decide, and not for somebody else', async () => {
    const { rich } = customers;
    world.wire.lose('POST /v1/calls/gate', 'before');
    const away = await ask(rich, 'v-away');
    world.wire.mend();
    const other = await ask(rich, 'v-other', 'the secret of somebody else');

    expect([away.status, other.status]).toEqual([200, 401]);
    for (const { answer, execution } of [away, other]) {
      expect(answer).toEqual({ error: 'This line is temporarily unavailable.' });
      expect(execution.ran.at(-1)).toBe('Nobody Could Decide');
    }
    expect(await world.balance(rich)).toMatchObject({ held: 0 });
  });

  it('names the assistant and how long it may talk, and charges what it reports at the end', async () => {
    const { rich } = customers;

    const asked = await ask(rich, 'v-talks');

    expect([asked.status, asked.answer]).toEqual([
      200,
      { assistantId: rich.agent, assistantOverrides: { maxDurationSeconds: 500 } },
    ]);
    expect(asked.execution.ran.slice(-2)).toEqual(['Authorize Call', 'Let It Begin']);
    expect(await world.balance(rich)).toMatchObject({ posted: 100, held: 100 });

    const talking = await receive(address, vapi, vapi.started({ id: 'v-talks', seconds: 0, of: rich }));
    const ended = await receive(address, vapi, vapi.ended({ id: 'v-talks', seconds: 61, of: rich }));

    expect([talking.status, talking.answer]).toEqual([200, { received: true, outcome: 'ignored' }]);
    expect([ended.status, ended.answer]).toEqual([200, { received: true, outcome: 'deducted' }]);
    expect(ended.execution.ran.slice(-2)).toEqual(['Deduct Credits', 'Charged or Ignored']);
    expect(await world.balance(rich)).toMatchObject({ posted: 87.8, held: 0 });
  });
});
