import { randomBytes } from 'node:crypto';
import { parseScaledDecimal } from '@talktime/core/money';
import { Sealer } from '@talktime/core/access';
import { adapterOf, receiveDelivery, type Parsed } from '@talktime/core/calls';
import { symmetric } from 'retell-sdk/lib/webhook_auth';
import { World } from '../../setup/world';
import { Account, describeProvider, type ProviderCase } from './suite';

const retell = adapterOf('retell');
const SECRET = 'key_3f9c0b1e';

const payload = (change: object = {}, event = 'call_ended') => ({
  event,
  call: {
    call_id: 'call_a4441234567890777c4a4a123e6',
    call_type: 'phone_call',
    agent_id: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD',
    call_status: 'ended',
    direction: 'inbound',
    from_number: '+14155550123',
    to_number: '+14155550199',
    start_timestamp: 1764000000000,
    end_timestamp: 1764000061500,
    duration_ms: 61500,
    disconnection_reason: 'user_hangup',
    metadata: { customer_id: 'cus_acme' },
    call_cost: { combined_cost: 8.2, total_duration_seconds: 62 },
    ...change,
  },
});

const RETELL: ProviderCase = {
  provider: 'retell',
  secret: SECRET,
  ended: ({ id, seconds }) =>
    JSON.stringify(payload({ call_id: id, duration_ms: seconds * 1000, transcript: 'Agent: Hello' })),
  others: ['call_started', 'transcript_updated', 'transfer_started'].map((event) =>
    JSON.stringify(payload({ call_id: 'call-1' }, event)),
  ),
  sign: async (rawBody, secret, at) => ({
    rawBody: Buffer.from(rawBody),
    headers: { 'X-Retell-Signature': await symmetric.sign(rawBody, secret, at), 'content-type': 'application/json' },
  }),
  windowSeconds: 300,
  clue: { kind: 'agent', value: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD' },
  receivedStatus: 204,
  signatureHeaders: ['x-retell-signature'],
};
describeProvider(RETELL);

describe('reading Retell', () => {
  const parse = (body: unknown) => retell.parse(body, {});

  it('reads the end of a call', () => {
    expect(parse(payload())).toEqual<Parsed>({
      kind: 'call',
      callId: 'call_a4441234567890777c4a4a123e6',
      leg: '',
      facts: {
        outcome: 'connected',
        rawMilliseconds: 61_500,
        cost: { amount: 82_000n, currency: 'USD' },
        rank: 2,
        order: 1,
      },
      startedAt: 1764000000000,
      clues: {
        agentId: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD',
        fromNumber: '+14155550123',
        toNumber: '+14155550199',
        direction: 'inbound',
        metadataCustomerId: 'cus_acme',
      },
      carrierCallId: null,
      unconfirmed: false,
    });
  });

  it.each([
    ["call_analyzed comes later in Retell's order", {}, 'call_analyzed', { order: 2 }],
    ['without a duration: end - start', { duration_ms: undefined }, 'call_ended', { rawMilliseconds: 61_500 }],
    [
      'nobody answered: free, and readable without a duration',
      {
        call_status: 'not_connected',
        disconnection_reason: 'dial_no_answer',
        duration_ms: undefined,
        start_timestamp: undefined,
        end_timestamp: undefined,
      },
      'call_ended',
      { outcome: 'unconnected', rawMilliseconds: 0 },
    ],
    [
      "Retell's own fault: free",
      { call_status: 'error', disconnection_reason: 'error_retell' },
      'call_ended',
      { outcome: 'provider_fault' },
    ],
    [
      "the agency's own LLM server failed: charged",
      { call_status: 'error', disconnection_reason: 'error_llm_websocket_open' },
      'call_ended',
      { outcome: 'connected' },
    ],
    ['no cost told: unknown, not zero', { call_cost: undefined }, 'call_ended', { cost: null }],
  ])('%s', (_, change, event, facts) => {
    expect(parse(payload(change, event))).toMatchObject({ kind: 'call', facts });
  });

  it.each(['call_started', 'transcript_updated', 'transfer_ended', 'anything_new'])('ignores %s', (event) => {
    expect(parse(payload({}, event)).kind).toBe('ignored');
  });

  it.each([
    ['no event', { call: {} }],
    ['a list', []],
    ['nothing', null],
    ['a text as duration', payload({ duration_ms: '61500' })],
    ['a negative duration', payload({ duration_ms: -1 })],
    ['a connected call without any duration', payload({ duration_ms: undefined, end_timestamp: undefined })],
  ])('cannot read %s', (_, body) => {
    expect(parse(body).kind).toBe('unreadable');
  });

  it('reads cents exactly', () => {
    expect([
      parseScaledDecimal('8.2', -2),
      parseScaledDecimal('5.69', -2),
      parseScaledDecimal('0.00005', -2),
      parseScaledDecimal('1e-7', -2),
    ]).toEqual([82_000n, 56_900n, 1n, null]);
  });
});

describe('signing like Retell', () => {
  const now = 1764000000000;
  const verify = (rawBody: string, header: string) =>
    retell.verify(
      { rawBody: Buffer.from(rawBody), headers: { 'x-retell-signature': header }, url: null },
      { secrets: ['key_test'], settings: {}, now, checkAge: true },
    );
  // A vector made by retell-sdk.
  const body = '{"event":"call_ended","call":{"call_id":"call_1","duration_ms":61500}}';
  const header = 'v=1764000000000,d=b1e883add3f06a5f652512f0a3d18d237ae8d9e36a15a02aa0663b7b31873c39';

  it('accepts the vector', () => {
    expect(verify(body, header)).toEqual({ ok: true });
  });

  it.each([
    ['a shortened digest', header.slice(0, -2)],
    ['another time', header.replace('v=1764', 'v=1765')],
    ['nonsense', 'v=,d='],
  ])('refuses %s', (_, signature) => {
    expect(verify(body, signature)).toMatchObject({ ok: false, code: 'SIGNATURE_INVALID' });
  });
});

describe("a Retell account's secret", () => {
  it('is sealed, and opens only with the key that it was sealed with', async () => {
    const test = await World.open();
    const { world, endpointId, one } = await Account.open(test, RETELL);
    const rows = await test.superuser<{ sealed_secrets: Buffer[] }>(
      'select sealed_secrets from talktime.endpoints where endpoint_id = $1',
      [endpointId],
    );
    expect(Buffer.concat(rows[0]!.sealed_secrets).includes(SECRET)).toBe(false);
    const stranger = { ...world.talktime, sealer: new Sealer(randomBytes(32)) };
    const { rawBody, headers } = await one.sign(one.ended({ id: 'call-1', seconds: 61 }), SECRET, Date.now(), '');
    const incoming = { provider: 'retell', endpointId, headers, rawBody, url: null };
    await expect(receiveDelivery(stranger, incoming)).rejects.toThrow();
    await test.drop();
  });
});
