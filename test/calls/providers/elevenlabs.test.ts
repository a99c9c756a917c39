import { createHmac } from 'node:crypto';
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';
import { adapterOf } from '@talktime/core/calls';
import { describeProvider, type ProviderCase } from './suite';

const adapter = adapterOf('elevenlabs');
const SECRET = 'wsec_test';

const transcription = (metadata: object = {}, data: object = {}) => ({
  type: 'post_call_transcription',
  event_timestamp: 1764000070,
  data: {
    agent_id: 'agent_01jz',
    conversation_id: 'conv_01k0',
    status: 'done',
    transcript: [{ role: 'agent', message: 'Hello', time_in_call_secs: 0 }],
    metadata: {
      start_time_unix_secs: 1764000000,
      call_duration_secs: 62,
      cost: 834,
      cost_fiat: 0.0834,
      queue_wait_secs: 40,
      phone_call: {
        type: 'twilio',
        direction: 'inbound',
        agent_number: '+14155550199',
        external_number: '+14155550123',
        call_sid: 'CA5d0d0d8047bf685c3f0ff980fe62c123',
      },
      ...metadata,
    },
    conversation_initiation_client_data: { dynamic_variables: { customer_id: 'cus_acme' } },
    ...data,
  },
});

const sign = (rawBody: string, secret: string, at: number) => {
  const t = Math.floor(at / 1000);
  const v0 = createHmac('sha256', secret).update(`${t}.${rawBody}`).digest('hex');
  return { rawBody: Buffer.from(rawBody), headers: { 'ElevenLabs-Signature': `t=${t},v0=${v0}` } };
};

const one: ProviderCase = {
  provider: 'elevenlabs',
  secret: SECRET,
  ended: ({ id, seconds }) => JSON.stringify(transcription({ call_duration_secs: seconds }, { conversation_id: id })),
  others: [JSON.stringify({ type: 'post_call_audio', data: { conversation_id: 'call-1', full_audio: 'SUQz' } })],
  sign,
  windowSeconds: 1800,
  clue: { kind: 'agent', value: 'agent_01jz' },
  receivedStatus: 200,
  signatureHeaders: ['elevenlabs-signature'],
};
describeProvider(one);

describe('ElevenLabs', () => {
  const parse = (body: unknown) => adapter.parse(body, {});

  it('reads a transcription: seconds, dollars and never its credits, and who was called', () => {
    expect(parse(transcription())).toEqual({
      kind: 'call',
      callId: 'conv_01k0',
      leg: '',
      facts: {
        outcome: 'connected',
        rawMilliseconds: 62_000,
        cost: { amount: 83_400n, currency: 'USD' },
        rank: 2,
        order: 2,
      },
      startedAt: 1764000000000,
      clues: {
        agentId: 'agent_01jz',
        fromNumber: '+14155550123',
        toNumber: '+14155550199',
        direction: 'inbound',
        metadataCustomerId: 'cus_acme',
      },
      carrierCallId: 'CA5d0d0d8047bf685c3f0ff980fe62c123',
      unconfirmed: false,
    });
    expect(parse(transcription({ cost_fiat: undefined }))).toMatchObject({ facts: { cost: null } });
  });

  it('reads a call that nobody answered as free', () => {
    expect(
      parse({ type: 'call_initiation_failure', data: { conversation_id: 'conv_1', failure_reason: 'busy' } }),
    ).toMatchObject({ kind: 'call', callId: 'conv_1', facts: { outcome: 'unconnected', rawMilliseconds: 0 } });
  });

  it('cannot read a transcription without a length', () => {
    expect(parse(transcription({ call_duration_secs: undefined }))).toMatchObject({ kind: 'unreadable' });
  });

  it('knows audio by its first bytes', () => {
    expect(adapter.isNeverBilled?.('{"type": "post_call_audio", "data": {"full_audio": "SUQz')).toBe(true);
    expect(adapter.isNeverBilled?.(JSON.stringify(transcription()))).toBe(false);
    expect(adapter.isNeverBilled?.('{"data":{"note":"\\"type\\":\\"post_call_audio\\""}}')).toBe(false);
  });

  it('takes what the SDK takes, and the vector', async () => {
    const { webhooks } = new ElevenLabsClient({ apiKey: 'none' });
    const body = JSON.stringify(transcription());
    const { rawBody, headers } = sign(body, SECRET, Date.now());
    const header = headers['ElevenLabs-Signature'];
    await expect(webhooks.constructEvent(body, header, SECRET)).resolves.toMatchObject({
      type: 'post_call_transcription',
    });
    const options = { secrets: [SECRET], settings: {}, now: Date.now(), checkAge: true };
    expect(adapter.verify({ rawBody, headers: { 'elevenlabs-signature': header }, url: null }, options).ok).toBe(true);
    expect(
      adapter.verify(
        {
          rawBody: Buffer.from(
            '{"type":"post_call_transcription","event_timestamp":1764000000,"data":{"conversation_id":"conv_1"}}',
          ),
          headers: {
            'elevenlabs-signature': 't=1764000000,v0=803e279c673d3f5ae7504f611becc9ef18a46b5ec11810780bb83c1d480f6e43',
          },
          url: null,
        },
        { ...options, now: 1764000000000 },
      ),
    ).toEqual({ ok: true });
  });
});
