/**
 * As much of Slack as alerts need, on loopback: it keeps channels, and misbehaves as asked. It knows nothing of how the
 * service keeps its messages; what stands in it at the end is what people would read.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '../random';

export interface Standing {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string | null;
  /** Which message of the service it is, as its metadata says. */
  readonly messageId: string;
  text: string;
  /** All that its blocks say. */
  shown: string;
  postedAt: number;
  /** Grows with every post and update: which copy was touched last. */
  touched: number;
}

/** How often of a thousand calls each trouble comes. */
export interface Troubles {
  readonly refused: number;
  readonly failed: number;
  readonly failedDone: number;
  readonly cutDone: number;
  readonly hung: number;
}

const NO_TROUBLES: Troubles = { refused: 0, failed: 0, failedDone: 0, cutDone: 0, hung: 0 };

export class SlackDouble {
  readonly messages: Standing[] = [];
  /** Channels that answer channel_not_found. */
  readonly lost = new Set<string>();
  /** Tokens that answer token_revoked. */
  readonly revoked = new Set<string>();
  readonly counts: Record<string, number> = {};
  troubles: Troubles = NO_TROUBLES;
  #ts = 1_700_000_000_000_000;
  #touched = 0;
  readonly #byTs = new Map<string, Standing>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(private readonly random: Random) {}

  async start(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  /** The most posts to one channel within any ten seconds. */
  busiest(): number {
    const byChannel = new Map<string, number[]>();
    for (const { channel, postedAt } of this.messages)
      byChannel.set(channel, [...(byChannel.get(channel) ?? []), postedAt]);
    return Math.max(
      0,
      ...[...byChannel.values()].flatMap((moments) =>
        moments.map((at, index) => moments.slice(index).filter((later) => later < at + 10_000).length),
      ),
    );
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const method = (request.url ?? '').replace(/^\/api\//, '');
    const args = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const trouble = this.#trouble();
    this.#count(trouble ?? method);
    if (trouble === 'hung') return;
    if (trouble === 'refused') return void response.writeHead(429, { 'retry-after': '1' }).end();
    if (trouble === 'failed') return void response.writeHead(500).end();
    const answer = this.#call(method, args, token);
    if (trouble === 'failedDone') return void response.writeHead(503).end();
    if (trouble === 'cutDone') return void request.socket.destroy();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #trouble(): keyof Troubles | null {
    const drawn = this.random.next() * 1000;
    let sum = 0;
    for (const [name, often] of Object.entries(this.troubles) as [keyof Troubles, number][]) {
      sum += often;
      if (drawn < sum) return name;
    }
    return null;
  }

  #call(method: string, args: Record<string, string>, token: string): object {
    if (this.revoked.has(token)) return { ok: false, error: 'token_revoked' };
    const channel = args.channel ?? '';
    if (method === 'conversations.open') return { ok: true, channel: { id: `D${args.users}` } };
    if (this.lost.has(channel)) return { ok: false, error: 'channel_not_found' };
    const shown = wordsOf(JSON.parse(args.blocks ?? '[]'));
    if (method === 'chat.update') {
      const message = this.#byTs.get(`${channel} ${args.ts}`);
      if (!message) return { ok: false, error: 'message_not_found' };
      Object.assign(message, { text: args.text, shown, touched: ++this.#touched });
      return { ok: true, channel, ts: args.ts };
    }
    const { event_payload: payload } = JSON.parse(args.metadata ?? '{}') as { event_payload?: { message_id?: string } };
    const micros = ++this.#ts;
    const ts = `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
    const message: Standing = {
      channel,
      ts,
      thread: args.thread_ts ?? null,
      messageId: payload?.message_id ?? '',
      text: args.text ?? '',
      shown,
      postedAt: Date.now(),
      touched: ++this.#touched,
    };
    this.messages.push(message);
    this.#byTs.set(`${channel} ${ts}`, message);
    return { ok: true, channel, ts };
  }
}

function wordsOf(blocks: unknown): string {
  const found: string[] = [];
  JSON.stringify(blocks, (key, value: unknown) => {
    if (key === 'text' && typeof value === 'string') found.push(value);
    return value;
  });
  return found.join('\n');
}
