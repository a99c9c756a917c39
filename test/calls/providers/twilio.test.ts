import { createHash } from 'node:crypto';
import { adapterOf } from '@talktime/core/calls';
import twilioSdk from 'twilio';
import { describeProvider, PUBLIC_URL, type ProviderCase } from './suite';

const adapter = adapterOf('twilio');
const TOKEN = 'tok_test';
const SID = 'CA5d0d0d8047bf685c3f0ff980fe62c123';

const form = (change: Record<string, string | undefined> = {}) => {
  const fields = {
    CallSid: SID,
    AccountSid: 'AC00000000000000000000000000000001',
    CallStatus: 'completed',
    CallDuration: '61',
    Duration: '2',
    Direction: 'inbound',
    From: '+14155550123',
    To: '+14155550199',
    SequenceNumber: '3',
    Timestamp: 'Mon, 24 Nov 2025 16:01:01 +0000',
    CallbackSource: 'call-progress-events',
    CallerName: 'Hello',
    ...change,
  };
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
};
const encoded = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

/** The suite's addresses: its own for verifying, and one of each account. */
const signFor = (url: string) => (rawBody: string, token: string) => ({
  rawBody: Buffer.from(rawBody),
  headers: {
    'content-type': 'application/x-www-form-urlencoded',
    'X-Twilio-Signature': twilioSdk.getExpectedTwilioSignature(
      token,
      url,
      Object.fromEntries(new URLSearchParams(rawBody)),
    ),
  },
});

const one: ProviderCase = {
  provider: 'twilio',
  secret: TOKEN,
  ended: ({ id, seconds }) => `${encoded(form({ CallSid: id, CallDuration: String(seconds) }))}`,
  others: ['initiated', 'ringing', 'in-progress', 'answered'].map((CallStatus) => encoded(form({ CallStatus }))),
  unreadable: encoded(form({ CallDuration: undefined })), // half a form is a form
  sign: (rawBody, token, _at, url) => signFor(url)(rawBody, token),
  windowSeconds: null,
  clue: { kind: 'phone_number', value: '+14155550199' },
  receivedStatus: 204,
  signatureHeaders: ['x-twilio-signature'],
};
describeProvider(one);

describe('Twilio', () => {
  const parse = (fields: object) => adapter.parse(fields, {});

  it('reads a completed call: seconds, never its billed minutes', () => {
    expect(parse(form())).toEqual({
      kind: 'call',
      callId: SID,
      leg: '',
      facts: { outcome: 'connected', rawMilliseconds: 61_000, cost: null, rank: 2, order: null },
      startedAt: Date.parse('2025-11-24T16:00:00Z'),
      clues: {
        agentId: null,
        fromNumber: '+14155550123',
        toNumber: '+14155550199',
        direction: 'inbound',
        metadataCustomerId: null,
      },
      carrierCallId: SID,
      unconfirmed: false,
    });
  });

  it.each(['busy', 'no-answer', 'failed', 'canceled'])('takes %s as free', (CallStatus) => {
    expect(parse(form({ CallStatus, CallDuration: '0' }))).toMatchObject({
      facts: { outcome: 'unconnected', rawMilliseconds: 0 },
    });
  });

  it("bills no leg of another call, and reads no length out of Twilio's minutes", () => {
    expect(parse(form({ ParentCallSid: 'CA00000000000000000000000000000002' })).kind).toBe('ignored');
    expect(parse(form({ CallDuration: undefined })).kind).toBe('unreadable');
  });

  const verify = (url: string | null, rawBody: string, signature: string) =>
    adapter.verify(
      { rawBody: Buffer.from(rawBody), headers: { 'x-twilio-signature': signature }, url },
      { secrets: [TOKEN], settings: {}, now: Date.now(), checkAge: true },
    );

  it('accepts the vector', () => {
    const body = encoded({
      CallSid: 'CA00000000000000000000000000000001',
      CallStatus: 'completed',
      CallDuration: '61',
      Duration: '2',
      SequenceNumber: '3',
    });
    expect(verify('https://ledger.example.com/hooks/twilio?partner=p1', body, '67F76ITauj+t6AFNDLfBGxeCaco=')).toEqual({
      ok: true,
    });
  });

  it('accepts what the SDK signs: with a port, without, and JSON', () => {
    const url = `${PUBLIC_URL}/hooks/twilio/ep_1`;
    const body = encoded(form());
    const signed = (address: string) => twilioSdk.getExpectedTwilioSignature(TOKEN, address, form());
    expect(verify(url, body, signed(url)).ok).toBe(true);
    expect(verify(url, body, signed(url.replace('.com', '.com:443'))).ok).toBe(true);
    expect(verify(url.replace('.com', '.com:443'), body, signed(url)).ok).toBe(true);
    expect(verify(url, body, signed(`${url}?other=1`)).ok).toBe(false);

    const json = JSON.stringify(form());
    const withHash = `${url}?bodySHA256=${createHash('sha256').update(json).digest('hex')}`;
    const signature = twilioSdk.getExpectedTwilioSignature(TOKEN, withHash, {});
    expect(verify(withHash, json, signature).ok).toBe(true);
    expect(verify(withHash, json.replace('"61"', '"62"'), signature).ok).toBe(false);
    expect(adapter.parse(adapter.decode!(Buffer.from(json)), {})).toMatchObject({ kind: 'call', callId: SID });
  });

  it('says what to set when it does not know its own address', () => {
    expect(verify(null, encoded(form()), 'MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('PUBLIC_URL'),
    });
  });
});
