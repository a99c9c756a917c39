import { generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import { adapterOf } from '@talktime/core/calls';
import { describeProvider, type ProviderCase } from './suite';

const adapter = adapterOf('gohighlevel');

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).toString('base64');
const pair = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const PUBLIC_KEY = spki(pair.publicKey);

const ended = (change: object = {}) => ({
  type: 'VoiceAiCallEnd',
  timestamp: '2025-11-24T16:01:10.000Z',
  webhookId: 'wh_abc123',
  id: '507f1f77bcf86cd799439011',
  locationId: 'cus_acme',
  agentId: '507f1f77bcf86cd799439013',
  fromNumber: '+14155550123',
  createdAt: '2025-11-24T16:00:00.000Z',
  duration: 62,
  trialCall: false,
  summary: 'Hello',
  ...change,
});

const one: ProviderCase = {
  provider: 'gohighlevel',
  secret: PUBLIC_KEY,
  ended: ({ id, seconds }) => JSON.stringify(ended({ id, duration: seconds })),
  others: [
    JSON.stringify(ended({ id: 'call-1', trialCall: true })),
    JSON.stringify({ type: 'ContactCreate', id: 'call-1', timestamp: '2025-11-24T16:01:10.000Z' }),
  ],
  sign: (text, key, at) => {
    // The moment is in the body.
    const rawBody = Buffer.from(text.replace(/"timestamp":"[^"]*"/, `"timestamp":"${new Date(at).toISOString()}"`));
    const { privateKey } = key === PUBLIC_KEY ? pair : stranger;
    return { rawBody, headers: { 'X-GHL-Signature': signBytes(null, rawBody, privateKey).toString('base64') } };
  },
  windowSeconds: 300,
  signsWith: 'key pair',
  clue: { kind: 'agent', value: '507f1f77bcf86cd799439013' },
  receivedStatus: 200,
  signatureHeaders: ['x-ghl-signature'],
};
describeProvider(one);

describe('GoHighLevel', () => {
  it('reads VoiceAiCallEnd', () => {
    expect(adapter.parse(ended(), {})).toMatchObject({
      kind: 'call',
      callId: '507f1f77bcf86cd799439011',
      facts: { outcome: 'connected', rawMilliseconds: 62_000, cost: null },
      startedAt: Date.parse('2025-11-24T16:00:00Z'),
      clues: { agentId: '507f1f77bcf86cd799439013', fromNumber: '+14155550123', metadataCustomerId: 'cus_acme' },
    });
  });

  it("checks with GoHighLevel's own key when no other is set: what others sign is refused", async () => {
    const { rawBody, headers } = await one.sign(JSON.stringify(ended()), PUBLIC_KEY, Date.now(), '');
    const delivery = { rawBody, headers: { 'x-ghl-signature': headers['X-GHL-Signature'] }, url: null };
    const options = { settings: {}, now: Date.now(), checkAge: true };
    expect(adapter.verify(delivery, { ...options, secrets: [] })).toMatchObject({ code: 'SIGNATURE_INVALID' });
    expect(adapter.verify(delivery, { ...options, secrets: [PUBLIC_KEY] })).toEqual({ ok: true });
  });
});
