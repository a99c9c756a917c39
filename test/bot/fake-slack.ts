import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brokenLimits } from '../../bot/messages/limits';

/**
 * Slack's Web API as far as the bot uses it, on loopback, strict about what it is sent: the token, the content type, each
 * method's arguments, Block Kit's limits. It can be scripted to fail, and keeps a transcript. Where `emulate` answers as
 * well, fake-slack.test.ts holds the two against each other.
 */
export interface FakeSlack {
  /** For `slackApiUrl`: ends with /api/. */
  readonly apiUrl: string;
  /** Every call in order, as it was read, with what was answered. */
  readonly transcript: Call[];
  /** What stands in the channels now. */
  readonly messages: StoredMessage[];
  /** What was sent to response URLs. */
  readonly responses: Record<string, unknown>[];
  /** The next calls of a method are answered so, one each. */
  script(method: string, ...failures: Failure[]): void;
  /** A new response URL, as a slash command carries it. It takes 5 answers. */
  responseUrl(): string;
  close(): Promise<void>;
}

export interface Call {
  readonly method: string;
  readonly args: Record<string, unknown>;
  readonly answer: Record<string, unknown> | string;
}

export interface StoredMessage {
  readonly channel: string;
  readonly ts: string;
  readonly token: string;
  readonly thread_ts: string | null;
  text: string;
  blocks: unknown[];
  metadata: unknown;
  edited: boolean;
}

/** An error code of Slack's, a bare HTTP status, a connection that is cut, or an answer that never comes. */
export type Failure =
  | { readonly error: string }
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'cut'
  | 'hang'
  /** Does what was asked, and cuts the connection instead of saying so. */
  | 'done but cut';

export interface FakeChannel {
  readonly id: string;
  readonly archived?: boolean;
  readonly member?: boolean;
}

export interface FakeSlackOptions {
  /** Tokens that are accepted. */
  readonly tokens: readonly string[];
  readonly channels: readonly FakeChannel[];
  /** Arguments that another program sends besides, which Slack passes over. */
  readonly passedOver?: readonly string[];
}

export async function startFakeSlack({ tokens, channels, passedOver = [] }: FakeSlackOptions): Promise<FakeSlack> {
  const transcript: Call[] = [];
  const messages: StoredMessage[] = [];
  const responses: Record<string, unknown>[] = [];
  const scripted = new Map<string, Failure[]>();
  const responseUses = new Map<string, number>();
  let clock = 1_700_000_000_000_000;

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    const path = request.url ?? '';
    if (path.startsWith('/response/')) return takeResponse(path, request, body, response);
    const method = path.replace(/^\/api\//, '');
    const args = parseArgs(request, body);
    const failure = scripted.get(method)?.shift();
    if (failure === 'cut' || failure === 'hang') {
      transcript.push({ method, args: args ?? {}, answer: failure });
      if (failure === 'cut') request.socket.destroy();
      return;
    }
    if (typeof failure === 'object' && 'status' in failure) {
      transcript.push({ method, args: args ?? {}, answer: `HTTP ${failure.status}` });
      response.writeHead(failure.status, failure.headers).end(failure.body ?? '');
      return;
    }
    const answer =
      typeof failure === 'object'
        ? { ok: false, error: failure.error }
        : call(method, args, request.headers.authorization);
    transcript.push({ method, args: args ?? {}, answer });
    if (failure === 'done but cut') return void request.socket.destroy();
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(answer));
  }

  function call(
    method: string,
    args: Record<string, unknown> | null,
    authorization: string | undefined,
  ): Record<string, unknown> {
    if (args === null) return refuse('invalid_form_data');
    const known = METHODS[method];
    if (!known) return refuse('unknown_method');
    const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    if (!token) return refuse('not_authed');
    if (!tokens.includes(token)) return refuse('invalid_auth');
    const strange = Object.keys(args).filter((name) => ![...known, ...passedOver].includes(name));
    if (strange.length > 0) return refuse('invalid_arguments', `[ERROR] unknown argument: ${strange.join(', ')}`);
    if (method === 'auth.test') return { ok: true, team_id: 'T000000001', user_id: 'U000000001', bot_id: 'B000000001' };

    const channel = channels.find(({ id }) => id === args.channel);
    if (!channel) return refuse('channel_not_found');
    if (channel.archived) return refuse('is_archived');
    if (channel.member === false) return refuse('not_in_channel');
    const wrong = wrongContent(args);
    if (wrong) return wrong;
    return method === 'chat.postMessage' ? postMessage(args, channel.id, token) : update(args, channel.id, token);
  }

  function postMessage(args: Record<string, unknown>, channel: string, token: string): Record<string, unknown> {
    const parent = args.thread_ts;
    if (parent !== undefined && !messages.some(({ ts, channel: in_ }) => ts === parent && in_ === channel))
      return refuse('thread_not_found');
    clock += 1;
    const message: StoredMessage = {
      channel,
      ts: `${Math.floor(clock / 1_000_000)}.${String(clock % 1_000_000).padStart(6, '0')}`,
      token,
      thread_ts: typeof parent === 'string' ? parent : null,
      text: String(args.text),
      blocks: args.blocks as unknown[],
      metadata: args.metadata ?? null,
      edited: false,
    };
    messages.push(message);
    return {
      ok: true,
      channel,
      ts: message.ts,
      message: { type: 'message', text: message.text, ts: message.ts, blocks: message.blocks },
    };
  }

  function update(args: Record<string, unknown>, channel: string, token: string): Record<string, unknown> {
    const message = messages.find(({ ts, channel: in_ }) => ts === args.ts && in_ === channel);
    if (!message) return refuse('message_not_found');
    if (message.token !== token) return refuse('cant_update_message');
    Object.assign(message, {
      text: args.text,
      blocks: args.blocks,
      metadata: args.metadata ?? message.metadata,
      edited: true,
    });
    return {
      ok: true,
      channel,
      ts: message.ts,
      text: message.text,
      message: { type: 'message', text: message.text, blocks: message.blocks },
    };
  }

  function takeResponse(path: string, request: IncomingMessage, body: string, response: ServerResponse): void {
    const uses = responseUses.get(path);
    const args = request.headers['content-type'] === 'application/json' ? parseJson(body) : null;
    if (uses === undefined) return void response.writeHead(404).end('expired_url');
    if (uses >= 5) return void response.writeHead(404).end('used_url');
    if (!isRecord(args)) return void response.writeHead(400).end('invalid_payload');
    responseUses.set(path, uses + 1);
    const broken = brokenLimits(args);
    if (broken.length > 0) return void response.writeHead(400).end(`invalid_blocks ${broken.join('; ')}`);
    responses.push(args);
    response.writeHead(200).end('ok');
  }

  return {
    apiUrl: `${origin}/api/`,
    transcript,
    messages,
    responses,
    script: (method, ...failures) => void scripted.set(method, [...(scripted.get(method) ?? []), ...failures]),
    responseUrl() {
      const path = `/response/${responseUses.size + 1}`;
      responseUses.set(path, 0);
      return origin + path;
    },
    close() {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

const CONTENT = ['channel', 'text', 'blocks', 'link_names', 'parse', 'metadata'];
/** The arguments of each method, as docs.slack.dev lists them (those we might use). */
const METHODS: Record<string, readonly string[]> = {
  'auth.test': [],
  'chat.postMessage': [...CONTENT, 'thread_ts', 'reply_broadcast', 'unfurl_links', 'unfurl_media'],
  'chat.update': [...CONTENT, 'ts'],
};

function wrongContent(args: Record<string, unknown>): Record<string, unknown> | null {
  const { text, blocks, metadata } = args;
  if (blocks === undefined && (typeof text !== 'string' || text === '')) return refuse('no_text');
  if (blocks !== undefined) {
    if (!Array.isArray(blocks)) return refuse('invalid_blocks_format');
    const broken = brokenLimits({ text, blocks });
    if (broken.some((what) => what.includes('msg_blocks_too_long'))) return refuse('msg_blocks_too_long');
    if (broken.length > 0) return refuse('invalid_blocks', ...broken.map((what) => `[ERROR] ${what}`));
  }
  if (metadata !== undefined) {
    if (!isRecord(metadata) || typeof metadata.event_type !== 'string') return refuse('metadata_must_have_event_type');
    if (!isRecord(metadata.event_payload)) return refuse('metadata_must_have_event_payload');
  }
  return null;
}

/** Arguments by a method's form or JSON; null when it is neither. Lists and objects come as JSON inside a form. */
function parseArgs(request: IncomingMessage, body: string): Record<string, unknown> | null {
  const type = request.headers['content-type']?.split(';')[0];
  if (type === undefined && body === '') return {};
  if (type === 'application/json') {
    const parsed = parseJson(body);
    return isRecord(parsed) ? parsed : null;
  }
  if (type !== 'application/x-www-form-urlencoded') return null;
  const form = Object.fromEntries(new URLSearchParams(body));
  return Object.fromEntries(
    Object.entries(form).map(([name, value]) => [
      name,
      name === 'blocks' || name === 'metadata' ? (parseJson(value) ?? value) : value,
    ]),
  );
}

function refuse(error: string, ...messages: string[]): Record<string, unknown> {
  return { ok: false, error, ...(messages.length > 0 ? { response_metadata: { messages } } : {}) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
