import { createHmac } from 'node:crypto';
import { adapterOf } from '@talktime/core/calls';
import { endpointCreate, endpointSettings } from '@talktime/core/contract';
import { describeProvider, type ProviderCase } from './suite';

const adapter = adapterOf('generic');
const SECRET = 'generic_test';
const SETTINGS = {
  signature: { header: 'X-Acme-Signature', timestamp_header: 'X-Acme-Time', prefix: 'v1=', encoding: 'base64' },
  fields: {
    call_id: 'data.id',
    seconds: 'data.length.seconds',
    started_at: 'data.started',
    cost: 'data.cost',
    cost_currency: 'EUR',
    agent_id: 'data.agent.0.id',
    to_number: 'data.to',
    direction: 'data.direction',
    customer_id: 'data.tags.customer',
    billed_when: { field: 'type', equals: ['call.completed'] },
    unconnected_when: { field: 'data.status', equals: ['no-answer'] },
    provider_fault_when: { field: 'data.error', equals: [true] },
  },
};

const completed = (change: object = {}, type = 'call.completed') => ({
  type,
  data: {
    id: 'acme-1',
    length: { seconds: 61 },
    started: 1764000000,
    cost: '0.0812',
    agent: [{ id: 'agent_acme' }],
    to: '+1 (415) 555-0199',
    direction: 'INBOUND',
    tags: { customer: 'cus_acme' },
    transcript: 'Hello',
    ...change,
  },
});

const one: ProviderCase = {
  provider: 'generic',
  secret: SECRET,
  settings: SETTINGS,
  ended: ({ id, seconds }) => JSON.stringify(completed({ id, length: { seconds } })),
  others: [JSON.stringify(completed({ id: 'call-1' }, 'call.started'))],
  sign: (rawBody, secret, at) => ({
    rawBody: Buffer.from(rawBody),
    headers: {
      'X-Acme-Signature': `v1=${createHmac('sha256', secret).update(`${at}.${rawBody}`).digest('base64')}`,
      'X-Acme-Time': String(at),
    },
  }),
  windowSeconds: 300,
  clue: { kind: 'agent', value: 'agent_acme' },
  receivedStatus: 200,
  signatureHeaders: ['x-acme-signature', 'x-acme-time'],
};
describeProvider(one);

describe('Any other provider', () => {
  const parse = (body: unknown, fields: object = SETTINGS.fields) =>
    adapter.parse(body, endpointSettings.parse({ fields }));

  it('is read by the field paths of its endpoint', () => {
    expect(parse(completed())).toEqual({
      kind: 'call',
      callId: 'acme-1',
      leg: '',
      facts: {
        outcome: 'connected',
        rawMilliseconds: 61_000,
        cost: { amount: 81_200n, currency: 'EUR' },
        rank: 2,
        order: null,
      },
      startedAt: 1764000000000,
      clues: {
        agentId: 'agent_acme',
        fromNumber: null,
        toNumber: '+14155550199',
        direction: 'inbound',
        metadataCustomerId: 'cus_acme',
      },
      carrierCallId: null,
      unconfirmed: false,
    });
    expect(parse(completed({ status: 'no-answer' }))).toMatchObject({ facts: { outcome: 'unconnected' } });
    expect(parse(completed({ error: true }))).toMatchObject({ facts: { outcome: 'provider_fault' } });
  });

  it.each([
    [{ call_id: 'id', milliseconds: 'ms' }, { id: 7, ms: 61_500.2 }, 61_501],
    [{ call_id: 'id', minutes: 'm' }, { id: 'a', m: '1.5' }, 90_000],
    [
      { call_id: 'id', started_at: 'from', ended_at: 'to' },
      { id: 'a', from: '2025-11-24T16:00:00Z', to: 1764000061.5 },
      61_500,
    ],
  ])('takes a length by %j', (fields, body, rawMilliseconds) => {
    expect(parse(body, fields)).toMatchObject({ kind: 'call', facts: { rawMilliseconds } });
  });

  it('reads only what the body itself has', () => {
    expect(parse({ a: 1 }, { call_id: 'constructor.name', seconds: 'a' }).kind).toBe('unreadable');
    expect(parse({ a: 'x' }, { call_id: 'a', seconds: 'a.length' }).kind).toBe('unreadable');
  });

  it('takes a signature over the body alone, and then checks no age', () => {
    const rawBody = Buffer.from('{}');
    const digest = createHmac('sha512', SECRET).update(rawBody).digest('hex');
    const settings = endpointSettings.parse({ signature: { payload: '{body}', algorithm: 'sha512', header: 'x-s' } });
    const delivery = { rawBody, headers: { 'x-s': digest }, url: null };
    expect(adapter.verify(delivery, { secrets: [SECRET], settings, now: Date.now(), checkAge: true })).toEqual({
      ok: true,
    });
  });

  it.each([
    ['without fields', {}],
    ['without a length', { fields: { call_id: 'id' } }],
    ['with a payload that leaves out the body', { fields: SETTINGS.fields, signature: { payload: '{timestamp}' } }],
  ])('is no endpoint %s', (_, settings) => {
    expect(endpointCreate.safeParse({ provider: 'generic', secrets: ['s'], settings }).success).toBe(false);
  });
});
