import { createHmac } from 'node:crypto';
import { verify } from '@talktime/core/ledger';
import type { Vapi } from '@vapi-ai/server-sdk';
import { callEnded, retellSignature, TestApi } from './harness';

const SECRET = 'key_webhook';
const OURS = '+14155550199';

let api: TestApi;
beforeAll(async () => void (api = await TestApi.start({ refusalsPerMinute: 100_000 })));
afterAll(() => api.stop());
afterEach(async () => expect((await verify(api.database.database)).findings).toEqual([]));

let customers = 0;
/** A customer with `posted` credits at 12 a minute, whose agent and number are mapped. */
async function customer(posted: string, settings: object = {}): Promise<{ id: string; agent: string; number: string }> {
  const n = ++customers;
  const [id, agent, number] = [`cus_${n}`, `agent_${n}`, `+1415555${1000 + n}`];
  await api.createCustomer(id, settings, [
    { kind: 'agent', value: agent },
    { kind: 'phone_number', value: number },
  ]);
  if (posted !== '0') await api.topUp(id, posted);
  return { id, agent, number };
}

async function endpoint(provider: string, gate?: object): Promise<string> {
  const account = `a${Math.random()}`;
  const settings = gate ? { gate } : {};
  return (await api.post('/v1/endpoints', { provider, account, secrets: [SECRET], settings })).body.path as string;
}

const balance = async (id: string) => (await api.get(`/v1/balance?customer_id=${id}`)).body;
const ask = async (path: string, body: object, headers: Record<string, string>) => {
  const answer = await api.call('POST', path, { key: null, raw: JSON.stringify(body), headers });
  return { status: answer.status, body: answer.text === '' ? '' : answer.body };
};
const vapi = (path: string, id: string, number = OURS) =>
  ask(
    path,
    {
      message: {
        type: 'assistant-request' satisfies Vapi.ServerMessageAssistantRequestType,
        call: { id, type: 'inboundPhoneCall' },
        customer: { number: '+14155550123' },
        phoneNumber: { number },
      },
    },
    { 'x-vapi-secret': SECRET },
  );
const retell = (path: string, call: object) => {
  const body = { event: 'call_inbound', call_inbound: { from_number: '+14155550123', to_number: OURS, ...call } };
  return ask(path, body, { 'x-retell-signature': retellSignature(JSON.stringify(body), SECRET) });
};

describe('a question that is passed on by API key, as from n8n', () => {
  const passOn = async (provider: string | undefined, body: object, headers: Record<string, string>) =>
    (
      await api.post('/v1/calls/gate', {
        provider,
        headers,
        body_base64: Buffer.from(JSON.stringify(body)).toString('base64'),
      })
    ).body;

  it('is decided, and answered in the form of the provider, allowed or not', async () => {
    const { id, agent, number } = await customer('100');
    await endpoint('vapi', { agents: { [number]: agent } });
    const question = {
      message: {
        type: 'assistant-request',
        call: { id: 'vapi_passed_on', type: 'inboundPhoneCall' },
        phoneNumber: { number },
      },
    };
    expect(await passOn('vapi', question, { 'x-vapi-secret': SECRET })).toEqual({
      allowed: true,
      cap_seconds: 500,
      reason: null,
      code: null,
      response: { status: 200, body: { assistantId: agent, assistantOverrides: { maxDurationSeconds: 500 } } },
    });
    expect(await balance(id)).toMatchObject({ held: 100 });

    const poor = await customer('0');
    const refused = {
      event: 'call_inbound',
      call_inbound: { agent_id: poor.agent, from_number: '+1', to_number: OURS },
    };
    await endpoint('retell');
    expect(
      await passOn(undefined, refused, { 'x-retell-signature': retellSignature(JSON.stringify(refused), SECRET) }),
    ).toMatchObject({
      allowed: false,
      cap_seconds: null,
      code: 'INSUFFICIENT_CREDITS',
      reason: expect.stringContaining('credits'),
      response: { status: 200 },
    });
  });

  it('is refused without the right signature, for a provider that asks nothing, and for a body that asks nothing', async () => {
    await endpoint('vapi');
    const body = { message: { type: 'assistant-request' } };
    expect(await passOn('vapi', body, { 'x-vapi-secret': 'wrong' })).toMatchObject({ code: 'SIGNATURE_INVALID' });
    expect(await passOn('bland', body, {})).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
    expect(await passOn('vapi', { message: { type: 'hang' } }, { 'x-vapi-secret': SECRET })).toMatchObject({
      code: 'PAYLOAD_UNREADABLE',
    });
  });
});

describe('Vapi asks for an assistant', () => {
  it('and is given one, with the longest that the balance covers, which is held until the call has ended', async () => {
    const { id, agent, number } = await customer('100');
    const path = await endpoint('vapi', { agents: { [number]: agent } });
    // To the address of the gate, or to that of the webhooks: Vapi knows only one.
    for (const address of [`${path}/inbound`, path]) {
      expect(await vapi(address, 'vapi_1', number)).toEqual({
        status: 200,
        body: { assistantId: agent, assistantOverrides: { maxDurationSeconds: 500 } },
      });
    }
    expect(await balance(id)).toMatchObject({ posted: 100, held: 100, available: 0 });

    const report = {
      message: {
        type: 'end-of-call-report',
        endedReason: 'customer-ended-call',
        startedAt: '2025-11-24T16:00:00.000Z',
        endedAt: '2025-11-24T16:01:01.000Z',
        call: { id: 'vapi_1', assistantId: agent },
      },
    };
    expect((await ask(path, report, { 'x-vapi-secret': SECRET })).status).toBe(200);
    expect(await balance(id)).toMatchObject({ posted: 87.8, held: 0 });
  });

  it('and refuses in neutral words, which the partner may choose, when the balance covers no call', async () => {
    const { agent, number } = await customer('5'); // 25 s; a call takes 30 s at least
    const path = await endpoint('vapi', { agent_id: agent });
    expect((await vapi(path, 'vapi_2', number)).body).toEqual({ error: 'This line is temporarily unavailable.' });
    const fresh = await endpoint('vapi', { agent_id: agent });
    await api.patch('/v1/partner', { call_refusal_message: 'Please call again tomorrow.' });
    expect((await vapi(fresh, 'vapi_3', number)).body).toEqual({ error: 'Please call again tomorrow.' });
    await api.patch('/v1/partner', { call_refusal_message: null });
  });

  it('and refuses what is nobody’s, unless the endpoint lets it through', async () => {
    const strict = await endpoint('vapi', { agent_id: 'agent_nobody' });
    expect((await vapi(strict, 'vapi_4', '+19998887777')).body).toHaveProperty('error');
    const lenient = await endpoint('vapi', { agent_id: 'agent_nobody', unmatched: 'allow' });
    expect((await vapi(lenient, 'vapi_5', '+19998887777')).body).toMatchObject({ assistantId: 'agent_nobody' });
    const without = await endpoint('vapi');
    expect((await vapi(without, 'vapi_6')).body).toHaveProperty('error');
  });
});

describe('Retell asks about an inbound call', () => {
  it('and is given the agent and a limit in milliseconds; asked again, the same', async () => {
    const { id, agent, number } = await customer('24');
    const path = await endpoint('retell');
    const allowed = {
      status: 200,
      body: {
        call_inbound: { override_agent_id: agent, agent_override: { agent: { max_call_duration_ms: 120_000 } } },
      },
    };
    const question = { call_id: 'retell_1', agent_id: agent, to_number: number };
    expect(await retell(`${path}/inbound`, question)).toEqual(allowed);
    expect(await retell(`${path}/inbound`, question)).toEqual(allowed);
    expect(await balance(id)).toMatchObject({ posted: 24, held: 24 });
    const raw = callEnded({ call_id: 'retell_1', seconds: 61, agent_id: agent });
    await api.call('POST', path, { key: null, raw, headers: { 'x-retell-signature': retellSignature(raw, SECRET) } });
    expect(await balance(id)).toMatchObject({ posted: 11.8, held: 0 });
  });

  it('and is refused below the minute that is the shortest limit that Retell takes', async () => {
    const { agent } = await customer('11.8'); // 59 s
    const path = await endpoint('retell');
    expect(await retell(`${path}/inbound`, { call_id: 'retell_2', agent_id: agent })).toEqual({
      status: 200,
      body: { call_inbound: {} },
    });
  });

  it('and without a call id is answered, and nothing is held', async () => {
    const { id, agent } = await customer('24');
    const path = await endpoint('retell');
    expect((await retell(`${path}/inbound`, { agent_id: agent })).body).toMatchObject({
      call_inbound: { override_agent_id: agent },
    });
    expect(await balance(id)).toMatchObject({ held: 0 });
  });
});

describe('ElevenLabs asks for the conversation’s data', () => {
  const initiation = (path: string, agent: string, sid: string, headers = { 'x-talktime-secret': SECRET } as object) =>
    ask(
      `${path}/inbound`,
      { caller_id: '+14155550123', agent_id: agent, called_number: OURS, call_sid: sid },
      headers as Record<string, string>,
    );

  it('and is given a longest duration; the hold is found again by the carrier’s call', async () => {
    const { id, agent } = await customer('100');
    const path = await endpoint('elevenlabs');
    const sid = `CA${'2'.repeat(32)}`;
    expect(await initiation(path, agent, sid)).toEqual({
      status: 200,
      body: {
        type: 'conversation_initiation_client_data',
        dynamic_variables: {},
        conversation_config_override: { conversation: { max_duration_seconds: 500 } },
      },
    });
    expect(await balance(id)).toMatchObject({ held: 100 });
    const report = JSON.stringify({
      type: 'post_call_transcription',
      data: {
        agent_id: agent,
        conversation_id: 'conv_1',
        status: 'done',
        metadata: { call_duration_secs: 61, phone_call: { call_sid: sid, direction: 'inbound' } },
      },
    });
    const t = Math.floor(Date.now() / 1000);
    const v0 = createHmac('sha256', SECRET).update(`${t}.${report}`).digest('hex');
    for (let again = 0; again < 2; again++) {
      const headers = { 'elevenlabs-signature': `t=${t},v0=${v0}` };
      expect((await api.call('POST', path, { key: null, raw: report, headers })).status).toBe(200);
    }
    expect(await balance(id)).toMatchObject({ posted: 87.8, held: 0 });
  });

  it('and a refused caller hears the refusal, for a few seconds', async () => {
    const { agent } = await customer('0');
    const path = await endpoint('elevenlabs');
    expect((await initiation(path, agent, `CA${'3'.repeat(32)}`)).body).toMatchObject({
      conversation_config_override: {
        agent: { first_message: 'This line is temporarily unavailable.' },
        conversation: { max_duration_seconds: 5 },
      },
    });
  });

  it('and without the secret is told nothing', async () => {
    const { id, agent } = await customer('100');
    const path = await endpoint('elevenlabs');
    expect((await initiation(path, agent, 'CA1', {})).body).toMatchObject({ code: 'SIGNATURE_MISSING' });
    expect((await initiation(path, agent, 'CA1', { 'x-talktime-secret': 'x' })).body).toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
    expect(await balance(id)).toMatchObject({ held: 0 });
  });
});

describe('Synthflow asks about an inbound call', () => {
  const inbound = (path: string, model: string, id: string) =>
    ask(
      `${path}/inbound`,
      { call_inbound: { call_id: id, model_id: model, from_number: '+14155550123', to_number: OURS } },
      { 'x-talktime-secret': SECRET },
    );

  it('and goes on with its model, or is disconnected by an empty object', async () => {
    const rich = await customer('100');
    const poor = await customer('1');
    const path = await endpoint('synthflow');
    expect((await inbound(path, rich.agent, 'sf_1')).body).toEqual({ call_inbound: { override_model_id: rich.agent } });
    expect(await balance(rich.id)).toMatchObject({ held: 100 });
    expect((await inbound(path, poor.agent, 'sf_2')).body).toEqual({});
  });
});

describe('when the ledger cannot answer', () => {
  it('refuses, or lets through whom the customer’s setting says, as it was last known', async () => {
    const closed = await customer('100');
    const open = await customer('100', { gate_failure: 'open', max_call_seconds: 300 });
    const path = await endpoint('retell');
    const question = (agent: string, id: string) => retell(`${path}/inbound`, { call_id: id, agent_id: agent });
    for (const { agent } of [closed, open]) await question(agent, `before_${agent}`);
    await new Promise((done) => setTimeout(done, 200)); // the policy is read beside the answer
    await api.database.superuser('alter table talktime.holds rename to holds_away');
    try {
      expect((await question(closed.agent, 'during_1')).body).toEqual({ call_inbound: {} });
      expect((await question(open.agent, 'during_2')).body).toMatchObject({
        call_inbound: { agent_override: { agent: { max_call_duration_ms: 300_000 } } },
      });
    } finally {
      await api.database.superuser('alter table talktime.holds_away rename to holds');
    }
  });
});

describe('the gate', () => {
  it('is shut to providers that ask nobody, to what asks nothing, and to what is not signed', async () => {
    const twilio = await endpoint('twilio');
    expect((await ask(`${twilio}/inbound`, {}, { 'x-twilio-signature': 'x' })).body.code).toBe('ROUTE_NOT_FOUND');
    const path = await endpoint('retell');
    const nothing = JSON.stringify({ event: 'call_ended' });
    const headers = { 'x-retell-signature': retellSignature(nothing, SECRET) };
    expect((await api.call('POST', `${path}/inbound`, { key: null, raw: nothing, headers })).body.code).toBe(
      'PAYLOAD_UNREADABLE',
    );
    expect((await ask(`${path}/inbound`, { event: 'call_inbound' }, {})).body.code).toBe('SIGNATURE_MISSING');
  });
});
