import { createHmac } from 'node:crypto';
import { adapterOf } from '@talktime/core/calls';
import { endpointSettings } from '@talktime/core/contract';
import type { Vapi } from '@vapi-ai/server-sdk';
import { describeProvider, type ProviderCase } from './suite';

const adapter = adapterOf('vapi');
const SECRET = 'vapi_test';

/** An end-of-call report in the SDK's own types, beside what the wire has more. */
const report = (change: object = {}, call: object = {}) => {
  const message: Omit<Partial<Vapi.ServerMessageEndOfCallReport>, 'call'> & { type: string; call: Partial<Vapi.Call> } =
    {
      type: 'end-of-call-report',
      timestamp: 1764000070123,
      endedReason: 'customer-ended-call',
      startedAt: '2025-11-24T16:00:00.000Z',
      endedAt: '2025-11-24T16:01:01.500Z',
      cost: 0.1127,
      artifact: { transcript: 'AI: Hello', messages: [] } as unknown as Vapi.Artifact,
      call: {
        id: '7420f27a-30fd-4f49-a995-5549ae7cc00d',
        type: 'inboundPhoneCall',
        assistantId: '4a170597-a0c2-4657-8c32-cb93f080cead',
        phoneCallProviderId: 'CA5d0d0d8047bf685c3f0ff980fe62c123',
        ...call,
      },
      ...change,
    };
  return { message: { ...message, customer: { number: '+14155550123' }, phoneNumber: { number: '+1 415 555 0199' } } };
};

const hmac = (rawBody: string, secret: string, at: number) => ({
  rawBody: Buffer.from(rawBody),
  headers: {
    'X-Signature': createHmac('sha256', secret)
      .update(`${Math.floor(at / 1000)}.${rawBody}`)
      .digest('hex'),
    'X-Timestamp': String(Math.floor(at / 1000)),
    'content-type': 'application/json',
  },
});

const one: ProviderCase = {
  provider: 'vapi',
  secret: SECRET,
  settings: { signature: {} },
  ended: ({ id, seconds }) =>
    JSON.stringify(
      report({ endedAt: new Date(Date.parse('2025-11-24T16:00:00.000Z') + seconds * 1000).toISOString() }, { id }),
    ),
  others: [
    JSON.stringify({ message: { type: 'status-update', status: 'ended', call: { id: 'call-1' } } }),
    JSON.stringify({ message: { type: 'transcript', role: 'user', transcript: 'Hello', call: { id: 'call-1' } } }),
  ],
  sign: hmac,
  windowSeconds: 300,
  clue: { kind: 'agent', value: '4a170597-a0c2-4657-8c32-cb93f080cead' },
  receivedStatus: 200,
  signatureHeaders: ['x-signature', 'x-timestamp'],
};
describeProvider(one);

describe('Vapi', () => {
  const parse = (body: unknown) => adapter.parse(body, {});

  it('reads an end-of-call report', () => {
    expect(parse(report())).toEqual({
      kind: 'call',
      callId: '7420f27a-30fd-4f49-a995-5549ae7cc00d',
      leg: '',
      facts: {
        outcome: 'connected',
        rawMilliseconds: 61_500,
        cost: { amount: 112_700n, currency: 'USD' },
        rank: 2,
        order: null,
      },
      startedAt: Date.parse('2025-11-24T16:00:00.000Z'),
      clues: {
        agentId: '4a170597-a0c2-4657-8c32-cb93f080cead',
        fromNumber: '+14155550123',
        toNumber: '+14155550199',
        direction: 'inbound',
        metadataCustomerId: null,
      },
      carrierCallId: 'CA5d0d0d8047bf685c3f0ff980fe62c123',
      unconfirmed: false,
    });
  });

  it.each([
    ['customer-ended-call', 'connected'],
    ['voicemail', 'connected'],
    ['silence-timed-out', 'connected'],
    ['exceeded-max-duration', 'connected'],
    ['call.in-progress.error-vapifault-worker-died', 'provider_fault'],
    ['call.in-progress.error-providerfault-openai-503-server-overloaded-error', 'provider_fault'],
    ['pipeline-error-eleven-labs-quota-exceeded', 'provider_fault'],
    ['call.start.error-subscription-concurrency-limit-reached', 'unconnected'],
    ['assistant-request-returned-error', 'unconnected'],
    ['customer-did-not-answer', 'unconnected'],
    ['customer-busy', 'unconnected'],
  ])('%s is %s', (endedReason, outcome) => {
    expect(parse(report({ endedReason }))).toMatchObject({ facts: { outcome } });
  });

  it.each([
    ['its own duration first', { durationMs: 60_100 }, 60_100],
    ['seconds when nothing else is there', { startedAt: undefined, endedAt: undefined, durationSeconds: 61.2 }, 61_200],
    ['a call that nobody ever joined', { startedAt: undefined, endedAt: undefined }, 0],
  ])('takes %s', (_, change, rawMilliseconds) => {
    expect(parse(report(change))).toMatchObject({ facts: { rawMilliseconds } });
  });

  it('reads the metadata of the call, and the cost of its breakdown', () => {
    expect(
      parse(
        report({ cost: undefined }, { metadata: { customer_id: 'cus_acme' }, costBreakdown: { total: 0.05 } as never }),
      ),
    ).toMatchObject({ clues: { metadataCustomerId: 'cus_acme' }, facts: { cost: { amount: 50_000n } } });
  });

  it('cannot read a call that started and says no end', () => {
    expect(parse(report({ endedAt: undefined }))).toMatchObject({ kind: 'unreadable' });
  });

  const verify = (
    headers: Record<string, string>,
    settings = {},
    rawBody = '{"message":{"type":"end-of-call-report"}}',
  ) =>
    adapter.verify(
      { rawBody: Buffer.from(rawBody), headers, url: null },
      { secrets: [SECRET], settings: endpointSettings.parse(settings), now: 1764000000000, checkAge: true },
    );
  const vector = '2718098af9821e2e4a6dfbe419b3a7deaeb424e4f059d33ab011b025ab6cc00a';

  it('accepts the vector of its default HMAC credential', () => {
    expect(verify({ 'x-signature': vector, 'x-timestamp': '1764000000' })).toEqual({ ok: true });
  });

  it.each([
    ['X-Vapi-Secret', { 'x-vapi-secret': SECRET }, {}, true],
    ['a bearer token', { authorization: `Bearer ${SECRET}` }, {}, true],
    ['another X-Vapi-Secret', { 'x-vapi-secret': 'vapi_tesT' }, {}, false],
    ['an empty bearer token', { authorization: 'Bearer ' }, {}, false],
    [
      'a secret beside a wrong signature',
      { 'x-vapi-secret': SECRET, 'x-signature': '00', 'x-timestamp': '1' },
      {},
      false,
    ],
    ['a secret where signatures are set', { 'x-vapi-secret': SECRET }, { signature: {} }, false],
    [
      'a signature with a prefix, in another header',
      { 'x-acme': `sha256=${vector}`, 'x-timestamp': '1764000000' },
      { signature: { header: 'X-Acme', prefix: 'sha256=' } },
      true,
    ],
  ])('takes %s as set', (_, headers, settings, ok) => {
    expect(verify(headers as Record<string, string>, settings).ok).toBe(ok);
  });
});
