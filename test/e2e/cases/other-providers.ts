/** Other providers' webhooks, each through its own workflow where there is one: bytes, headers and address are passed on, whoever signed them. */
import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import twilioSdk from 'twilio';
import type { Report } from '../report';
import { send, type SignedWebhook } from '../retell';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readWorkflow, REPOSITORY, type World } from '../world';

export const SECRET = 'secret_of_the_account';
const PATH = 'other-providers-call-ended';
const GHL_KEYS = generateKeyPairSync('ed25519');
const TWILIO_CALL = 'CA00000000000000000000000000000001';

type Sign = (url: string) => SignedWebhook;

/** A call of 60 seconds of agent_other, or of the number that is hers, signed as each provider signs. */
const CALLS: Readonly<Record<string, { readonly callId: string; readonly sign: Sign; readonly endpoint?: object }>> = {
  elevenlabs: {
    callId: 'conv_1',
    sign: () => {
      const body = JSON.stringify({
        type: 'post_call_transcription',
        data: {
          agent_id: 'agent_other',
          conversation_id: 'conv_1',
          transcript: [{ role: 'agent', message: 'Olá, “São Paulo”' }],
          metadata: { call_duration_secs: 60, cost: 834, cost_fiat: 0.0834 },
        },
      });
      const t = Math.floor(Date.now() / 1000);
      return signed(body, { 'elevenlabs-signature': `t=${t},v0=${hmac(`${t}.${body}`)}` });
    },
  },
  ultravox: {
    callId: 'uv_1',
    sign: () => {
      const body = JSON.stringify({
        event: 'call.billed',
        call: { callId: 'uv_1', agentId: 'agent_other', billedDuration: '60s' },
      });
      const at = new Date().toISOString();
      const headers = { 'x-ultravox-webhook-signature': hmac(body + at), 'x-ultravox-webhook-timestamp': at };
      return signed(body, headers);
    },
  },
  vapi: {
    callId: 'vapi_1',
    sign: () =>
      signed(
        JSON.stringify({
          message: {
            type: 'end-of-call-report',
            endedReason: 'customer-ended-call',
            startedAt: '2026-11-22T16:00:00.000Z',
            endedAt: '2026-11-22T16:01:00.000Z',
            call: { id: 'vapi_1', assistantId: 'agent_other' },
          },
        }),
        { 'x-vapi-secret': SECRET },
      ),
  },
  bland: {
    callId: 'bland_1',
    sign: () => {
      const body = JSON.stringify({
        call_id: 'bland_1',
        completed: true,
        corrected_duration: '60',
        to: '+14155550177',
        inbound: true,
      });
      return signed(body, { 'x-webhook-signature': hmac(body) });
    },
  },
  synthflow: {
    callId: 'sf_1',
    sign: () =>
      signed(
        JSON.stringify({ status: 'completed', call: { call_id: 'sf_1', model_id: 'agent_other', duration: 60 } }),
        { 'synthflow-signature': createHmac('sha256', SECRET).update('sf_1').digest('base64') },
      ),
  },
  livekit: {
    callId: 'RM_1',
    sign: () => {
      const room = { sid: 'RM_1', creationTime: '1764000000', metadata: '{"agent_id":"agent_other"}' };
      const body = JSON.stringify({ event: 'room_finished', createdAt: '1764000060', room });
      const now = Math.floor(Date.now() / 1000);
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const sha256 = createHash('sha256').update(body).digest('base64');
      const content = `${part({ alg: 'HS256' })}.${part({ nbf: now, exp: now + 300, sha256 })}`;
      const token = `${content}.${createHmac('sha256', SECRET).update(content).digest('base64url')}`;
      return signed(body, { 'content-type': 'application/webhook+json', authorization: token });
    },
  },
  gohighlevel: {
    callId: 'ghl_1',
    endpoint: { secrets: [GHL_KEYS.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
    sign: () => {
      const timestamp = new Date().toISOString();
      const body = JSON.stringify({
        type: 'VoiceAiCallEnd',
        timestamp,
        id: 'ghl_1',
        agentId: 'agent_other',
        duration: 60,
      });
      return signed(body, {
        'x-ghl-signature': signBytes(null, Buffer.from(body), GHL_KEYS.privateKey).toString('base64'),
      });
    },
  },
  generic: {
    callId: 'generic_1',
    endpoint: {
      settings: { signature: { payload: '{body}' }, fields: { call_id: 'id', minutes: 'minutes', agent_id: 'agent' } },
    },
    sign: () => {
      const body = JSON.stringify({ id: 'generic_1', minutes: 1, agent: 'agent_other' });
      return signed(body, { 'x-signature': hmac(body) });
    },
  },
  twilio: {
    callId: TWILIO_CALL,
    sign: (url) => {
      const fields = {
        CallSid: TWILIO_CALL,
        CallStatus: 'completed',
        CallDuration: '60',
        To: '+14155550177',
        Direction: 'inbound',
      };
      return signed(new URLSearchParams(fields).toString(), {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': twilioSdk.getExpectedTwilioSignature(SECRET, url, fields),
      });
    },
  },
};

export async function otherProviderCases(report: Report, { talktime, n8n, credential }: World): Promise<void> {
  report.title("Other providers' webhooks");
  // A generic provider is never guessed by its headers: the builder chooses it.
  const ofItsOwn = (provider: string) => existsSync(join(REPOSITORY, 'workflows', `${provider}-call-ended.json`));
  const pathOf = (provider: string) =>
    ofItsOwn(provider) ? `${provider}-call-ended` : provider === 'generic' ? `${PATH}-generic` : PATH;
  const activate = (path: string, provider: string) => {
    const text = JSON.stringify(readWorkflow('retell-call-ended.json'))
      .replaceAll('retell-call-ended', path)
      .replace('"webhookProvider":"retell"', `"webhookProvider":"${provider}"`);
    return n8n.activateWorkflow(JSON.parse(text) as ReturnType<typeof readWorkflow>, credential);
  };

  await report.check('the workflows import, and activate', async () => {
    await talktime.createCustomer({
      id: 'cus_other',
      name: 'Other Providers',
      settings: { ai_credits_enabled: true, price_per_minute: { credits: '12' } },
      mappings: [
        { kind: 'agent', value: 'agent_other' },
        { kind: 'phone_number', value: '+14155550177' },
      ],
    });
    await talktime.post('/v1/top-ups', { customer_id: 'cus_other', amount: '1000', idempotency_key: 'other-initial' });
    for (const [provider, { endpoint }] of Object.entries(CALLS))
      await talktime.post('/v1/endpoints', { provider, secrets: [SECRET], ...endpoint });
    await activate(pathOf('any'), 'auto');
    await activate(pathOf('generic'), 'generic');
    const own = Object.keys(CALLS).filter(ofItsOwn);
    for (const provider of own) await n8n.activateWorkflow(readWorkflow(`${provider}-call-ended.json`), credential);
    assert.deepEqual(own.sort(), ['bland', 'elevenlabs', 'synthflow', 'twilio', 'ultravox', 'vapi']);
    return own.map((provider) => `workflows/${provider}-call-ended.json`).join(', ');
  });

  for (const [provider, { callId, sign }] of Object.entries(CALLS)) {
    await report.check(`a call of ${provider} is charged once, by n8n twice and straight to the service`, async () => {
      const webhook = `${n8n.url}/webhook/${pathOf(provider)}`;
      const before = await talktime.balance('cus_other');
      // Twilio signs the address that it called; n8n knows itself as localhost.
      const known = Object.assign(new URL(webhook), { hostname: 'localhost' }).toString();
      for (let again = 0; again < 2; again++) {
        const { status, answer } = await send(webhook, sign(known));
        assert.deepEqual([status, answer.outcome], [200, 'deducted'], JSON.stringify(answer));
      }
      if (provider !== 'twilio') {
        const endpoints = await talktime.get<{ items: { provider: string; path: string }[] }>('/v1/endpoints');
        const path = endpoints.items.find((each) => each.provider === provider)!.path;
        const { status } = await send(`${talktime.url}${path}`, sign(''));
        assert.ok(status === 200 || status === 204, `HTTP ${status}`);
      }
      assert.equal(await talktime.balance('cus_other'), before - 12);
      const [line] = await talktime.statement('cus_other');
      assert.deepEqual([line?.call?.provider, line?.call?.call_id], [provider, callId]);
    });
  }
}

const hmac = (content: string) => createHmac('sha256', SECRET).update(content).digest('hex');

function signed(body: string, headers: Record<string, string>): SignedWebhook {
  return { body, headers: { 'content-type': 'application/json', ...headers } };
}
