import { createHmac } from 'node:crypto';
import { adapterOf } from '@talktime/core/calls';
import { describeProvider, type ProviderCase } from './suite';

const adapter = adapterOf('synthflow');
const SECRET = 'sf_test';

const webhook = (change: object = {}, status = 'completed') => ({
  status,
  error_message: '',
  lead: { name: 'test', phone_number: '+14155550123', prompt_variables: { customer_id: 'cus_acme' } },
  call: {
    status,
    end_call_reason: 'agent_goodbye',
    model_id: '1719',
    call_id: '5a7c',
    duration: 113,
    start_time: '2025-10-27T10:59:46+01:00',
    transcript: 'bot: Hello',
    ...change,
  },
});

const sign = (rawBody: string, secret: string) => {
  const callId = /"call_id":"([^"]+)"/.exec(rawBody)?.[1] ?? '';
  return {
    rawBody: Buffer.from(rawBody),
    headers: { 'Synthflow-Signature': createHmac('sha256', secret).update(callId).digest('base64') },
  };
};

const one: ProviderCase = {
  provider: 'synthflow',
  secret: SECRET,
  ended: ({ id, seconds }) => JSON.stringify(webhook({ call_id: id, duration: seconds })),
  others: [JSON.stringify(webhook({ call_id: 'call-1', duration: 0 }, 'in-progress'))],
  sign,
  windowSeconds: null,
  covers: 'call id',
  clue: { kind: 'agent', value: '1719' },
  receivedStatus: 200,
  signatureHeaders: ['synthflow-signature'],
};
describeProvider(one);

describe('Synthflow', () => {
  it('reads a call', () => {
    expect(adapter.parse(webhook(), {})).toMatchObject({
      kind: 'call',
      callId: '5a7c',
      facts: { outcome: 'connected', rawMilliseconds: 113_000, cost: null },
      startedAt: Date.parse('2025-10-27T09:59:46Z'),
      clues: { agentId: '1719', fromNumber: '+14155550123', metadataCustomerId: 'cus_acme' },
      unconfirmed: false,
    });
    expect(adapter.parse(webhook({ duration: 0 }, 'no-answer'), {})).toMatchObject({
      facts: { outcome: 'unconnected' },
    });
  });

  it('takes a length that the signature does not cover on trust only up to a limit', () => {
    expect(adapter.parse(webhook({ duration: 1801 }), {})).toMatchObject({ unconfirmed: true });
    expect(adapter.parse(webhook({ duration: 113 }), { trusted_seconds: 60 })).toMatchObject({ unconfirmed: true });
  });

  it.each(['synthflow-signature', 'http_synthflow_signature'])('accepts the vector in %s', (name) => {
    expect(
      adapter.verify(
        {
          rawBody: Buffer.from('{"call":{"call_id":"call-uuid-1"}}'),
          headers: { [name]: 'p80QjaEd86sokCnDbVQie6TK5L2aSXi3TwHL06jIvjA=' },
          url: null,
        },
        { secrets: [SECRET], settings: {}, now: 0, checkAge: true },
      ),
    ).toEqual({ ok: true });
  });
});
