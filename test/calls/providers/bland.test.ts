import { createHmac } from 'node:crypto';
import { adapterOf } from '@talktime/core/calls';
import { describeProvider, type ProviderCase } from './suite';

const adapter = adapterOf('bland');
const SECRET = 'bland_test';

const call = (change: object = {}) => ({
  call_id: 'c1234567-89ab-cdef-0123-456789abcdef',
  status: 'completed',
  completed: true,
  call_length: 1.0167,
  corrected_duration: '61',
  price: 0.0915,
  to: '+14155550123',
  from: '+14155550199',
  inbound: false,
  started_at: '2025-11-24T16:00:00+00:00',
  queue_status: 'completed',
  answered_by: 'human',
  metadata: { customer_id: 'cus_acme' },
  summary: 'Hello',
  concatenated_transcript: 'assistant: Hello',
  ...change,
});

const one: ProviderCase = {
  provider: 'bland',
  secret: SECRET,
  ended: ({ id, seconds }) => JSON.stringify(call({ call_id: id, corrected_duration: String(seconds) })),
  others: [
    JSON.stringify(call({ call_id: 'call-1', completed: false, status: 'in-progress', corrected_duration: null })),
  ],
  sign: (rawBody, secret) => ({
    rawBody: Buffer.from(rawBody),
    headers: { 'X-Webhook-Signature': createHmac('sha256', secret).update(rawBody).digest('hex') },
  }),
  windowSeconds: null,
  clue: { kind: 'phone_number', value: '+14155550199' },
  receivedStatus: 200,
  signatureHeaders: ['x-webhook-signature'],
};
describeProvider(one);

describe('Bland', () => {
  const parse = (body: unknown) => adapter.parse(body, {});

  it('reads a call', () => {
    expect(parse(call())).toMatchObject({
      kind: 'call',
      facts: { outcome: 'connected', rawMilliseconds: 61_000, cost: { amount: 91_500n, currency: 'USD' }, order: null },
      startedAt: Date.parse('2025-11-24T16:00:00Z'),
      clues: { fromNumber: '+14155550199', toNumber: '+14155550123', direction: 'outbound' },
    });
  });

  it.each([
    ['minutes, whose decimals make no second more', { corrected_duration: null }, 61_000],
    ['minutes', { corrected_duration: undefined, call_length: 0.75 }, 45_000],
    ['seconds as text', { corrected_duration: '71' }, 71_000],
  ])('takes %s', (_, change, rawMilliseconds) => {
    expect(parse(call(change))).toMatchObject({ facts: { rawMilliseconds } });
  });

  it.each([
    [{ answered_by: 'voicemail' }, 'connected'],
    [{ answered_by: 'no-answer', corrected_duration: '0', call_length: 0 }, 'unconnected'],
    [{ status: 'busy', corrected_duration: null, call_length: null }, 'unconnected'],
    [{ queue_status: 'call_error', completed: false, call_length: 0.1 }, 'unconnected'],
  ])('%j is %s', (change, outcome) => {
    expect(parse(call(change))).toMatchObject({ facts: { outcome } });
  });

  it('accepts the vector', () => {
    expect(
      adapter.verify(
        {
          rawBody: Buffer.from('{"call_id":"b1","call_length":0.75}'),
          headers: { 'x-webhook-signature': '01c84265fc6825bb0e474fa81307fa0a29287bae9ca76d6cf6b5852d758150d6' },
          url: null,
        },
        { secrets: [SECRET], settings: {}, now: 0, checkAge: true },
      ),
    ).toEqual({ ok: true });
  });
});
