import { createHmac } from 'node:crypto';
import type { Problem } from '@talktime/core/contract';
import { DemoFailure } from './checks';

/** Talks to the running service as anybody would: over HTTP, with a key. */
export class Client {
  constructor(
    readonly url: string,
    readonly key: string,
    private readonly partnerId?: string,
  ) {}

  get = <T>(path: string): Promise<T> => this.request<T>('GET', path);
  post = <T>(path: string, body: object): Promise<T> => this.request<T>('POST', path, body);
  put = <T>(path: string, body: object): Promise<T> => this.request<T>('PUT', path, body);
  patch = <T>(path: string, body: object): Promise<T> => this.request<T>('PATCH', path, body);

  private async request<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(this.partnerId ? { 'talktime-partner': this.partnerId } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body && JSON.stringify(body),
    });
    if (!response.ok) {
      const { code, detail } = (await response.json()) as Problem;
      throw new DemoFailure(`${method} ${path} was answered with ${response.status} ${code}: ${detail}`);
    }
    return (await response.json()) as T;
  }
}

export interface DemoCall {
  readonly callId: string;
  readonly agentId: string;
  readonly seconds: number;
}

/** What Retell posts when a call has ended, as its documentation shows it. */
export function callEnded({ callId, agentId, seconds }: DemoCall, now = Date.now()): string {
  return JSON.stringify({
    event: 'call_ended',
    call: {
      call_id: callId,
      call_type: 'phone_call',
      agent_id: agentId,
      call_status: 'ended',
      direction: 'inbound',
      from_number: '+14155550123',
      to_number: '+14155550199',
      start_timestamp: now - seconds * 1000,
      end_timestamp: now,
      duration_ms: seconds * 1000,
      disconnection_reason: 'user_hangup',
      transcript: 'Agent: Good morning, how can I help?\nUser: Hello…',
      call_cost: { combined_cost: seconds * 0.1333, total_duration_seconds: seconds },
    },
  });
}

/** Signed as Retell signs: HMAC-SHA256 over the raw body followed by the moment in milliseconds. */
export function sign(rawBody: string, secret: string, now = Date.now()): string {
  const digest = createHmac('sha256', secret)
    .update(rawBody + String(now))
    .digest('hex');
  return `v=${now},d=${digest}`;
}

/** Delivers a webhook as Retell does, and answers the status. */
export async function deliver(url: string, rawBody: string, secret: string): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-retell-signature': sign(rawBody, secret) },
    body: rawBody,
  });
  await response.arrayBuffer();
  return response.status;
}
