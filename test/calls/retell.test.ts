import { randomBytes } from 'node:crypto';
import { parseScaledDecimal } from '@talktime/core/money';
import { adapterOf, createEndpoint, deduct, receiveWebhook, type Parsed } from '@talktime/core/calls';
import { addMapping } from '@talktime/core/customers';
import fc from 'fast-check';
import { symmetric } from 'retell-sdk/lib/webhook_auth';
import { PARTNER, World } from '../setup/world';
import type { TestDatabase } from '../setup/database';

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

describe('reading Retell', () => {
  it('reads the end of a call', () => {
    expect(retell.parse(payload())).toEqual<Parsed>({
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
    expect(retell.parse(payload(change, event))).toMatchObject({ kind: 'call', facts });
  });

  it.each(['call_started', 'transcript_updated', 'transfer_ended', 'anything_new'])('ignores %s', (event) => {
    expect(retell.parse(payload({}, event)).kind).toBe('ignored');
  });

  it.each([
    ['no event', { call: {} }],
    ['a list', []],
    ['nothing', null],
    ['a text as duration', payload({ duration_ms: '61500' })],
    ['a negative duration', payload({ duration_ms: -1 })],
    ['a connected call without any duration', payload({ duration_ms: undefined, end_timestamp: undefined })],
  ])('cannot read %s', (_, body) => {
    expect(retell.parse(body).kind).toBe('unreadable');
  });

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.anything(), (body) => void retell.parse(body)));
    fc.assert(
      fc.property(
        fc.record({ event: fc.constantFrom('call_ended', 'call_analyzed'), call: fc.object() }),
        (body) => void retell.parse(body),
      ),
    );
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

describe('verifying Retell', () => {
  const now = 1764000000000;
  const verify = (
    rawBody: string,
    header: string | undefined,
    options: { at?: number; secrets?: string[]; checkAge?: boolean } = {},
  ) =>
    retell.verify(
      { rawBody: Buffer.from(rawBody), headers: header === undefined ? {} : { 'x-retell-signature': header } },
      { secrets: options.secrets ?? ['key_test'], now: options.at ?? now, checkAge: options.checkAge ?? true },
    );
  // A vector made by retell-sdk.
  const body = '{"event":"call_ended","call":{"call_id":"call_1","duration_ms":61500}}';
  const header = 'v=1764000000000,d=b1e883add3f06a5f652512f0a3d18d237ae8d9e36a15a02aa0663b7b31873c39';

  it('accepts what retell-sdk signed', async () => {
    expect(verify(body, header)).toEqual({ ok: true });
    const accented = '{"call":{"name":"Zoë Ångström"}}';
    expect(verify(accented, await symmetric.sign(accented, 'key_test', now))).toEqual({ ok: true });
  });

  it('accepts any of several live secrets', () => {
    expect(verify(body, header, { secrets: ['key_new', 'key_test'] })).toEqual({ ok: true });
  });

  it.each([
    ['no header', body, undefined, {}, 'SIGNATURE_MISSING'],
    ['another body', body.replace('61500', '61501'), header, {}, 'SIGNATURE_INVALID'],
    ['another secret', body, header, { secrets: ['key_other'] }, 'SIGNATURE_INVALID'],
    ['no secret', body, header, { secrets: [] }, 'SIGNATURE_INVALID'],
    ['a shortened digest', body, header.slice(0, -2), {}, 'SIGNATURE_INVALID'],
    ['another time', body, header.replace('v=1764', 'v=1765'), {}, 'SIGNATURE_INVALID'],
    ['nonsense', body, 'v=,d=', {}, 'SIGNATURE_INVALID'],
    ['5 minutes and a bit later', body, header, { at: now + 300_001 }, 'SIGNATURE_EXPIRED'],
    ['5 minutes and a bit before', body, header, { at: now - 300_001 }, 'SIGNATURE_EXPIRED'],
  ] as const)('refuses %s', (_, rawBody, signature, options, code) => {
    expect(verify(rawBody, signature, options as object)).toMatchObject({ ok: false, code });
  });

  it('does not look at the age when told so', () => {
    expect(verify(body, header, { at: now + 86_400_000, checkAge: false })).toEqual({ ok: true });
  });
});

describe('a Retell webhook', () => {
  let test: TestDatabase;
  let world: World;
  let endpointId: string;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => {
    world = await World.create(test);
    await world.customer('cus_acme', '100');
    endpointId = (
      await createEndpoint(world.talktime, world.partnerId, PARTNER, {
        provider: 'retell',
        account: 'default',
        secrets: [SECRET],
      })
    ).id;
  });

  const signed = async (body: object | string, at = Date.now()) => {
    const rawBody = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    return {
      rawBody,
      headers: {
        'X-Retell-Signature': await symmetric.sign(rawBody.toString(), SECRET, at),
        'content-type': 'application/json',
      },
    };
  };
  const deliver = async (body: object | string, at?: number) => {
    const { rawBody, headers } = await signed(body, at);
    return receiveWebhook(world.talktime, 'retell', endpointId, headers, rawBody);
  };
  const passOn = async (body: object, at?: number) => {
    const { rawBody, headers } = await signed(body, at);
    return deduct(world.talktime, world.partnerId, PARTNER, {
      source: 'provider_webhook',
      headers,
      body_base64: rawBody.toString('base64'),
    });
  };

  it('is charged once by all three ways, in any order', async () => {
    const ways = [
      () => deliver(payload()),
      () => deliver(payload({}, 'call_analyzed')),
      () => passOn(payload()),
      () => passOn(payload({}, 'call_analyzed'), Date.now() - 3_600_000),
      () => world.callByFields('call_a4441234567890777c4a4a123e6', '61.5', 'cus_acme'),
    ];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...ways, ...ways], { minLength: 1 }), async (deliveries) => {
        world = await World.create(test);
        await world.customer('cus_acme', '100');
        endpointId = (
          await createEndpoint(world.talktime, world.partnerId, PARTNER, {
            provider: 'retell',
            account: 'default',
            secrets: [SECRET],
          })
        ).id;
        for (const way of deliveries) expect((await way()).outcome).toBe('deducted');
        expect(await world.posted('cus_acme')).toBe(87.6); // 62 s
      }),
      { numRuns: 25 },
    );
  });

  it('finds its customer by a mapped agent', async () => {
    await world.customer('cus_other', '100');
    await addMapping(test.database, world.partnerId, PARTNER, {
      kind: 'agent',
      value: 'agent_x',
      customer_id: 'cus_other',
    });
    expect(await deliver(payload({ agent_id: 'agent_x', metadata: null }))).toMatchObject({
      outcome: 'deducted',
      customer_id: 'cus_other',
    });
  });

  it.each([
    ['an old signature', () => deliver(payload(), Date.now() - 301_000), 'SIGNATURE_EXPIRED'],
    ['a body that is no JSON', () => deliver('{"event":'), 'PAYLOAD_UNREADABLE'],
    [
      'an endpoint that does not exist',
      async () => {
        const { rawBody, headers } = await signed(payload());
        return receiveWebhook(world.talktime, 'retell', 'ep_none', headers, rawBody);
      },
      'ENDPOINT_NOT_FOUND',
    ],
    [
      'an unknown provider',
      async () => {
        const { rawBody, headers } = await signed(payload());
        return receiveWebhook(world.talktime, 'nobody', endpointId, headers, rawBody);
      },
      'PROVIDER_UNKNOWN',
    ],
  ] as const)('is refused with %s, and the ledger unchanged', async (_, attempt, code) => {
    const before = await world.fingerprint();
    await expect(attempt()).rejects.toMatchObject({ code });
    expect(await world.fingerprint()).toBe(before);
  });

  it('never charges for a tampered or random body', async () => {
    const before = await world.fingerprint();
    const { rawBody, headers } = await signed(payload());
    await fc.assert(
      fc.asyncProperty(fc.nat(rawBody.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const tampered = Buffer.from(rawBody);
        tampered[at]! ^= change;
        await expect(receiveWebhook(world.talktime, 'retell', endpointId, headers, tampered)).rejects.toMatchObject({
          code: 'SIGNATURE_INVALID',
        });
      }),
      { numRuns: 50 },
    );
    expect(await world.fingerprint()).toBe(before);
  });

  it('keeps its secret sealed, and opens it only with the key it was sealed with', async () => {
    const rows = await test.superuser<{ sealed_secrets: Buffer[] }>(
      'select sealed_secrets from talktime.endpoints where endpoint_id = $1',
      [endpointId],
    );
    expect(Buffer.concat(rows[0]!.sealed_secrets).includes(SECRET)).toBe(false);
    const { Sealer } = await import('@talktime/core/access');
    const stranger = { ...world.talktime, sealer: new Sealer(randomBytes(32)) };
    const { rawBody, headers } = await signed(payload());
    await expect(receiveWebhook(stranger, 'retell', endpointId, headers, rawBody)).rejects.toThrow();
  });
});
