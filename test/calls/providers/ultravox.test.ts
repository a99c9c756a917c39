import { createHmac } from 'node:crypto';
import { adapterOf } from '@talktime/core/calls';
import { describeProvider, type ProviderCase } from './suite';

const adapter = adapterOf('ultravox');
const SECRET = 'uvsec_test';

const billed = (call: object = {}, event = 'call.billed') => ({
  event,
  call: {
    callId: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
    created: '2025-11-24T15:59:58.100Z',
    joined: '2025-11-24T16:00:00.000Z',
    ended: '2025-11-24T16:01:01.500Z',
    endReason: 'hangup',
    billedDuration: '66s',
    billingStatus: 'BILLING_STATUS_BILLED',
    agentId: 'agent_uv',
    metadata: { customer_id: 'cus_acme' },
    shortSummary: 'Hello',
    ...call,
  },
});

const sign = (rawBody: string, secret: string, at: number) => {
  const timestamp = new Date(at).toISOString().replace('Z', '000Z');
  const signature = createHmac('sha256', secret)
    .update(rawBody + timestamp)
    .digest('hex');
  return {
    rawBody: Buffer.from(rawBody),
    headers: {
      'X-Ultravox-Webhook-Signature': `${'0'.repeat(64)}, ${signature}`,
      'X-Ultravox-Webhook-Timestamp': timestamp,
    },
  };
};

const one: ProviderCase = {
  provider: 'ultravox',
  secret: SECRET,
  ended: ({ id, seconds }) => JSON.stringify(billed({ callId: id, billedDuration: `${seconds}s` })),
  others: ['call.started', 'call.joined', 'call.ended'].map((event) =>
    JSON.stringify(billed({ callId: 'call-1' }, event)),
  ),
  sign,
  windowSeconds: 60,
  clue: { kind: 'agent', value: 'agent_uv' },
  receivedStatus: 204,
  signatureHeaders: ['x-ultravox-webhook-signature', 'x-ultravox-webhook-timestamp'],
};
describeProvider(one);

describe('Ultravox', () => {
  const parse = (body: unknown) => adapter.parse(body, {});

  it('reads call.billed', () => {
    expect(parse(billed())).toMatchObject({
      kind: 'call',
      callId: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
      facts: { outcome: 'connected', rawMilliseconds: 66_000, cost: null, rank: 2, order: null },
      startedAt: Date.parse('2025-11-24T16:00:00.000Z'),
      clues: { agentId: 'agent_uv', metadataCustomerId: 'cus_acme' },
    });
  });

  it.each([
    [{ billingStatus: 'BILLING_STATUS_FREE_SYSTEM_ERROR' }, 'provider_fault'],
    [{ endReason: 'system_error' }, 'provider_fault'],
    [{ billingStatus: 'BILLING_STATUS_FREE_ZERO_EFFECTIVE_DURATION', billedDuration: '0s' }, 'unconnected'],
    [{ endReason: 'unjoined', joined: null, billedDuration: null }, 'unconnected'],
    [{ billingStatus: 'BILLING_STATUS_FREE_MINUTES' }, 'connected'],
  ])('%j is %s', (call, outcome) => {
    expect(parse(billed(call))).toMatchObject({ facts: { outcome } });
  });

  it.each([
    ['a test in the console', { billingStatus: 'BILLING_STATUS_FREE_CONSOLE' }, 'ignored'],
    ['a length in another unit', { billedDuration: '66' }, 'unreadable'],
    ['no length', { billedDuration: null, joined: null }, 'unreadable'],
  ])('takes %s as what it is', (_, call, kind) => {
    expect(parse(billed(call)).kind).toBe(kind);
  });

  it('accepts the vector, and a window as set', () => {
    const delivery = {
      rawBody: Buffer.from('{"event":"call.billed","call":{"callId":"c1"}}'),
      headers: {
        'x-ultravox-webhook-signature': '10dbac54c48f541d2419ca4fea8c134c20d39ef8c24ceb450911d639419f1f89',
        'x-ultravox-webhook-timestamp': '2026-01-01T00:00:00.000000Z',
      },
      url: null,
    };
    const at = Date.parse('2026-01-01T00:00:00Z');
    const verify = (now: number, settings = {}) =>
      adapter.verify(delivery, { secrets: [SECRET], settings, now, checkAge: true });
    expect(verify(at)).toEqual({ ok: true });
    expect(verify(at + 300_000)).toMatchObject({ code: 'SIGNATURE_EXPIRED' });
    expect(verify(at + 300_000, { tolerance_seconds: 600 })).toEqual({ ok: true });
  });
});
