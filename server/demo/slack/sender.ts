import { createHmac } from 'node:crypto';
import type { Json } from './json';
import type { SlackState } from './state';
import type { Sent } from './transcript';

/** Slack waits 3 seconds for an acknowledgement, and then tells the person that it did not work. */
const PATIENCE_MS = 3_000;

/** A request as it goes over the wire. Sending it again is what Slack does when it was not acknowledged. */
export interface Outgoing {
  readonly what: string;
  readonly payload: Json;
  readonly contentType: string;
  readonly body: string;
}

/** docs.slack.dev: commands are a form, interactions a form with JSON in `payload`, events are JSON. */
export function commandRequest(payload: Record<string, string>): Outgoing {
  return { what: 'slash_command', payload, ...form(payload) };
}

export function interactionRequest(what: string, payload: Json): Outgoing {
  return { what, payload, ...form({ payload: JSON.stringify(payload) }) };
}

export function eventRequest(what: string, payload: Json): Outgoing {
  return { what, payload, contentType: 'application/json', body: JSON.stringify(payload) };
}

export interface SendOptions {
  /** Slack's second, third … attempt at an event. */
  readonly retry?: { readonly number: number; readonly reason: string };
  readonly signingSecret?: string;
  /** How long ago it was signed. */
  readonly ageSeconds?: number;
  /** undefined takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Signs and sends to the app, and notes how it was acknowledged. */
export class Sender {
  /** The app's address for commands, interactions and events; null: Slack has none yet. */
  requestUrl: string | null = null;
  #last: Outgoing | null = null;

  constructor(readonly state: SlackState) {}

  async send(outgoing: Outgoing, options: SendOptions = {}): Promise<Sent> {
    this.#last = outgoing;
    const { what, payload, body } = outgoing;
    const headers = signed(outgoing, options, this.state.app.signingSecret);
    const began = performance.now();
    const answer = await this.#post(body, headers);
    const sent = this.state.transcript.add({
      kind: 'sent',
      what,
      payload,
      headers,
      ...answer,
      milliseconds: performance.now() - began,
    });
    return sent as Sent;
  }

  /** Sends the last request again: the same payload, signed anew. An event comes with Slack's retry headers. */
  async resendLast(reason = 'http_timeout'): Promise<Sent> {
    if (!this.#last) throw new Error('Nothing was sent yet');
    const isEvent = this.#last.contentType === 'application/json';
    return this.send(this.#last, isEvent ? { retry: { number: 1, reason } } : {});
  }

  async #post(
    body: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; body: string; problem: string | null }> {
    if (this.requestUrl === null) return { status: 0, body: '', problem: 'app_missing_action_url' };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    try {
      const response = await fetch(this.requestUrl, { method: 'POST', headers, body, signal, redirect: 'manual' });
      const { status } = response;
      const problem = status === 200 ? null : status < 500 ? 'http_client_error' : 'http_service_error';
      return { status, body: await response.text(), problem };
    } catch {
      return { status: 0, body: '', problem: signal.aborted ? 'operation_timeout' : 'dispatch_failed' };
    }
  }
}

/** docs.slack.dev, "Verifying requests from Slack": v0, HMAC-SHA256 over `v0:timestamp:body`. */
function signed(
  { contentType, body }: Outgoing,
  { retry, signingSecret, ageSeconds = 0, headers = {} }: SendOptions,
  secret: string,
): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000) - ageSeconds);
  const signature = createHmac('sha256', signingSecret ?? secret)
    .update(`v0:${timestamp}:${body}`)
    .digest('hex');
  const all: Record<string, string | undefined> = {
    'content-type': contentType,
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${signature}`,
    ...(retry ? { 'x-slack-retry-num': String(retry.number), 'x-slack-retry-reason': retry.reason } : {}),
    ...headers,
  };
  return Object.fromEntries(
    Object.entries(all).filter((header): header is [string, string] => header[1] !== undefined),
  );
}

function form(values: Record<string, string>): { contentType: string; body: string } {
  return { contentType: 'application/x-www-form-urlencoded', body: new URLSearchParams(values).toString() };
}
