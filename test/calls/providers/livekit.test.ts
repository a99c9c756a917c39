import { createHash, createHmac } from 'node:crypto';
import { adapterOf } from '@talktime/core/calls';
import { AccessToken, WebhookReceiver } from 'livekit-server-sdk';
import { describeProvider, type ProviderCase } from './suite';

const adapter = adapterOf('livekit');
const KEY = 'APIkey';
const SECRET = 'livekit_test_secret_of_some_length';

const finished = (change: object = {}, event = 'room_finished', room: object = {}) => ({
  event,
  id: 'EV_jT6Y4xyzXsjM',
  createdAt: '1764000061',
  room: {
    sid: 'RM_nHPUfmxXrHry',
    name: 'Hello',
    creationTime: '1764000000',
    metadata: '{"customer_id":"cus_acme","agent_id":"agent_lk"}',
    ...room,
  },
  ...change,
});

const jwt = (claims: object, secret = SECRET, header: object = { alg: 'HS256' }) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part(header)}.${part(claims)}`;
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
};
const digest = (rawBody: string) => createHash('sha256').update(rawBody).digest('base64');

const one: ProviderCase = {
  provider: 'livekit',
  secret: SECRET,
  ended: ({ id, seconds }) =>
    JSON.stringify(finished({ createdAt: String(1764000000 + seconds) }, undefined, { sid: id })),
  others: ['room_started', 'participant_left', 'track_published'].map((event) =>
    JSON.stringify(finished({}, event, { sid: 'call-1' })),
  ),
  sign: (rawBody, secret, at) => {
    const nbf = Math.floor(at / 1000);
    return {
      rawBody: Buffer.from(rawBody),
      headers: {
        'content-type': 'application/webhook+json',
        authorization: jwt({ iss: KEY, nbf, exp: nbf + 300, sha256: digest(rawBody) }, secret),
      },
    };
  },
  windowSeconds: 900,
  clue: { kind: 'agent', value: 'agent_lk' },
  receivedStatus: 200,
  signatureHeaders: ['authorization'],
};
describeProvider(one);

describe('LiveKit', () => {
  it('reads room_finished: whole seconds as text', () => {
    expect(adapter.parse(finished(), {})).toMatchObject({
      kind: 'call',
      callId: 'RM_nHPUfmxXrHry',
      facts: { outcome: 'connected', rawMilliseconds: 61_000, cost: null },
      startedAt: 1764000000000,
      clues: { agentId: 'agent_lk', metadataCustomerId: 'cus_acme' },
    });
    expect(adapter.parse(finished({}, undefined, { metadata: 'no JSON' }), {})).toMatchObject({
      clues: { agentId: null, metadataCustomerId: null },
    });
    expect(adapter.parse(finished({ createdAt: '1763999999' }), {}).kind).toBe('unreadable');
  });

  const verify = (rawBody: string, authorization: string, now = Date.now()) =>
    adapter.verify(
      { rawBody: Buffer.from(rawBody), headers: { authorization }, url: null },
      { secrets: [SECRET], settings: {}, now, checkAge: true },
    );

  it("accepts the SDK's token, as the SDK accepts ours", async () => {
    const rawBody = JSON.stringify(finished());
    const token = new AccessToken(KEY, SECRET, { ttl: 300 });
    token.sha256 = digest(rawBody);
    expect(verify(rawBody, await token.toJwt())).toEqual({ ok: true });

    const { headers } = await one.sign(rawBody, SECRET, Date.now(), '');
    await expect(new WebhookReceiver(KEY, SECRET).receive(rawBody, headers.authorization)).resolves.toMatchObject({
      event: 'room_finished',
    });
  });

  it.each([
    ['another algorithm', jwt({ exp: 4e9, sha256: digest('{}') }, SECRET, { alg: 'none' })],
    ['no algorithm', jwt({ exp: 4e9, sha256: digest('{}') }, SECRET, {})],
    ['no digest of the body', jwt({ exp: 4e9 })],
    ['the digest of another body', jwt({ exp: 4e9, sha256: digest('[]') })],
    ['no end', jwt({ sha256: digest('{}') })],
    [
      'nothing after the second dot',
      `${jwt({ exp: 4e9, sha256: digest('{}') })
        .split('.')
        .slice(0, 2)
        .join('.')}.`,
    ],
  ])('refuses a token with %s', (_, token) => {
    expect(verify('{}', token)).toMatchObject({ ok: false, code: 'SIGNATURE_INVALID' });
  });
});
