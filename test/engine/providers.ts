/** The providers' side: the webhook of an ended call as each documents it, signed with its SDK where that can sign. */
import { createHmac } from 'node:crypto';
import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js';
import type { Vapi } from '@vapi-ai/server-sdk';
import Retell from 'retell-sdk';
import twilio from 'twilio';
import type { Customer } from './world';

export interface Call {
  readonly id: string;
  readonly seconds: number;
  readonly of: Pick<Customer, 'agent' | 'number'>;
}

export interface Provider {
  readonly secret: string;
  /** What its endpoint in Talktime needs beside the secret. */
  readonly settings?: object;
  readonly contentType?: string;
  /** The webhook that is charged. Accented, so that whoever parses and prints it again breaks the signature. */
  ended(call: Call): string;
  /** One about the same call that is not. */
  started(call: Call): string;
  /** The headers that vouch for a body that is sent to an address. */
  sign(body: string, secret: string, address: string): Record<string, string> | Promise<Record<string, string>>;
}

/** Signed, and ready to be posted. */
export async function delivery(provider: Provider, body: string, address: string, secret = provider.secret) {
  const { contentType = 'application/json' } = provider;
  return { body, headers: { 'content-type': contentType, ...(await provider.sign(body, secret, address)) } };
}

/** An id that every provider could have given. */
export function callId(name: string): string {
  return `CA${createHmac('md5', 'call').update(name).digest('hex')}`;
}

const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text);
const START = Date.parse('2026-11-20T16:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

export const retell: Provider = {
  secret: 'key_of_the_workspace',
  ended: ({ id, seconds, of }) =>
    JSON.stringify(
      {
        event: 'call_ended',
        call: {
          call_id: id,
          call_type: 'phone_call',
          agent_id: of.agent,
          agent_name: 'Réception Zoë',
          call_status: 'ended',
          direction: 'inbound',
          from_number: '+14155550123',
          to_number: of.number,
          start_timestamp: START,
          end_timestamp: START + seconds * 1000,
          duration_ms: seconds * 1000,
          disconnection_reason: 'user_hangup',
        },
      },
      null,
      1,
    ),
  started: ({ id, of }) => JSON.stringify({ event: 'call_started', call: { call_id: id, agent_id: of.agent } }),
  sign: async (body, secret) => ({ 'x-retell-signature': await Retell.sign(body, secret) }),
};

/** Vapi vouches for a webhook with the secret itself, unless it is told to sign. */
export const vapi: Provider = {
  secret: 'secret_of_the_server',
  ended: ({ id, seconds, of }) =>
    JSON.stringify({
      message: {
        type: 'end-of-call-report' satisfies Vapi.ServerMessageEndOfCallReportType,
        endedReason: 'customer-ended-call' satisfies Vapi.ServerMessageEndOfCallReportEndedReason,
        startedAt: at(0),
        endedAt: at(seconds),
        call: { id, type: 'inboundPhoneCall', assistantId: of.agent },
        artifact: { transcript: 'Olá, “São Paulo”' },
      },
    }),
  started: ({ id, of }) =>
    JSON.stringify({
      message: {
        type: 'status-update' satisfies Vapi.ServerMessageStatusUpdateType,
        status: 'in-progress' satisfies Vapi.ServerMessageStatusUpdateStatus,
        call: { id, assistantId: of.agent },
      },
    }),
  sign: (_body, secret) => ({ 'x-vapi-secret': secret }),
};

/** Its SDK only verifies, so what is signed here is shown to it. */
export const elevenlabs: Provider = {
  secret: 'wsec_of_the_workspace',
  ended: ({ id, seconds, of }) =>
    JSON.stringify({
      type: 'post_call_transcription',
      event_timestamp: Math.floor(START / 1000) + seconds,
      data: {
        agent_id: of.agent,
        conversation_id: id,
        status: 'done',
        transcript: [{ role: 'agent', message: 'Olá, “São Paulo”', time_in_call_secs: 0 }],
        metadata: { start_time_unix_secs: Math.floor(START / 1000), call_duration_secs: seconds, cost: 834 },
      },
    }),
  started: ({ id }) => JSON.stringify({ type: 'post_call_audio', data: { conversation_id: id, full_audio: 'SUQz' } }),
  sign: async (body, secret) => {
    const now = Math.floor(Date.now() / 1000);
    const signature = `t=${now},v0=${hmac(secret, `${now}.${body}`).digest('hex')}`;
    await new ElevenLabsClient({ apiKey: 'none' }).webhooks.constructEvent(body, signature, secret);
    return { 'elevenlabs-signature': signature };
  },
};

/** Signs the address that it calls and the fields of the form. */
export const twilioCalls: Provider = {
  secret: 'token_of_the_account',
  contentType: 'application/x-www-form-urlencoded; charset=UTF-8',
  ended: (call) => twilioForm(call, 'completed'),
  started: (call) => twilioForm({ ...call, seconds: 0 }, 'ringing'),
  sign: (body, secret, address) => ({
    'x-twilio-signature': twilio.getExpectedTwilioSignature(
      secret,
      address,
      Object.fromEntries(new URLSearchParams(body)),
    ),
  }),
};

function twilioForm({ id, seconds, of }: Call, status: string): string {
  return new URLSearchParams({
    CallSid: id,
    AccountSid: 'AC00000000000000000000000000000001',
    CallStatus: status,
    CallDuration: String(seconds),
    Duration: String(Math.ceil(seconds / 60)),
    Direction: 'inbound',
    From: '+14155550123',
    To: of.number,
    CallerName: 'Zoë',
    CallbackSource: 'call-progress-events',
    Timestamp: new Date(START + seconds * 1000).toUTCString(),
  }).toString();
}

export const ultravox: Provider = {
  secret: 'secret_of_the_webhook',
  ended: (call) => ultravoxEvent('call.billed', call),
  started: (call) => ultravoxEvent('call.started', call),
  sign: (body, secret) => {
    const now = new Date().toISOString();
    return {
      'x-ultravox-webhook-signature': hmac(secret, body + now).digest('hex'),
      'x-ultravox-webhook-timestamp': now,
    };
  },
};

function ultravoxEvent(event: string, { id, seconds, of }: Call): string {
  const ended = event === 'call.billed' && {
    ended: at(seconds),
    endReason: 'hangup',
    billedDuration: `${seconds}s`,
    billingStatus: 'BILLING_STATUS_BILLED',
    shortSummary: 'Olá, “São Paulo”',
  };
  return JSON.stringify({ event, call: { callId: id, agentId: of.agent, created: at(0), joined: at(0), ...ended } });
}

export const bland: Provider = {
  secret: 'secret_of_the_account',
  ended: ({ id, seconds, of }) => blandCall(id, of.number, { completed: true, corrected_duration: String(seconds) }),
  started: ({ id, of }) => blandCall(id, of.number, { completed: false, corrected_duration: null }),
  sign: (body, secret) => ({ 'x-webhook-signature': hmac(secret, body).digest('hex') }),
};

function blandCall(id: string, number: string, change: object): string {
  const call = { call_id: id, to: number, from: '+14155550123', inbound: true, started_at: at(0), ...change };
  return JSON.stringify({ ...call, summary: 'Olá, “São Paulo”' });
}

/** Signs the id of the call and nothing else. */
export const synthflow: Provider = {
  secret: 'key_of_the_account',
  ended: ({ id, seconds, of }) => synthflowCall('completed', { call_id: id, model_id: of.agent, duration: seconds }),
  started: ({ id, of }) => synthflowCall('in-progress', { call_id: id, model_id: of.agent, duration: 0 }),
  sign: (body, secret) => {
    const { call } = JSON.parse(body) as { call: { call_id: string } };
    return { 'synthflow-signature': hmac(secret, call.call_id).digest('base64') };
  },
};

function synthflowCall(status: string, call: object): string {
  return JSON.stringify({
    status,
    lead: { name: 'Zoë', phone_number: '+14155550123' },
    call: { status, start_time: at(0), ...call },
  });
}
