/**
 * Retell's and Vapi's APIs over HTTP, as far as Talktime asks them: strict about what they are sent, and asked by the
 * vendors' own SDKs in provider-double.test.ts, so that their form is not ours alone.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const API_KEY = 'key_of_the_account';
const RETELL_PAGE = 2;
const VAPI_PAGE = 1000;

export interface Call {
  readonly id: string;
  readonly agentId: string;
  /** Milliseconds. */
  readonly startedAt: number;
  /** null: it is going on. */
  readonly seconds: number | null;
  readonly isUnconnected?: boolean;
}

export class ProviderDouble {
  readonly calls: Call[] = [];
  readonly ended: string[] = [];
  /** What was asked for and not understood; a test that leaves one fails. */
  readonly refused: string[] = [];
  #url = '';
  #close: () => Promise<void> = () => Promise.resolve();

  static async start(): Promise<ProviderDouble> {
    const double = new ProviderDouble();
    const server = createServer((request, response) => void double.#answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    double.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    double.#close = async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    };
    return double;
  }

  get url(): string {
    return this.#url;
  }

  stop(): Promise<void> {
    return this.#close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const url = new URL(request.url ?? '/', this.#url);
    const send = (status: number, body?: unknown) => {
      if (status >= 400 && status !== 404) this.refused.push(`${request.method} ${url.pathname}: ${status}`);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    const control = /^\/control\/([^/]+)$/.exec(url.pathname)?.[1];
    if (control !== undefined) {
      if (request.method !== 'POST' || request.headers.authorization || text !== '{"type":"end-call"}')
        return send(400);
      this.ended.push(control);
      return send(200, {});
    }
    if (request.headers.authorization !== `Bearer ${API_KEY}`) return send(401, { message: 'Unauthorized' });
    const one = (id: string | undefined) => this.calls.find((call) => call.id === decodeURIComponent(id ?? ''));
    const [, getRetell] = /^\/v2\/get-call\/(.+)$/.exec(url.pathname) ?? [];
    const [, stopRetell] = /^\/v2\/stop-call\/(.+)$/.exec(url.pathname) ?? [];
    const [, getVapi] = /^\/call\/(.+)$/.exec(url.pathname) ?? [];
    switch (true) {
      case request.method === 'POST' && url.pathname === '/v3/list-calls':
        return this.#listRetell(JSON.parse(text) as RetellList, send);
      case request.method === 'GET' && getRetell !== undefined:
        return one(getRetell) ? send(200, retellCall(one(getRetell)!)) : send(404, { message: 'not found' });
      case request.method === 'POST' && stopRetell !== undefined:
        this.ended.push(decodeURIComponent(stopRetell));
        return send(204);
      case request.method === 'GET' && url.pathname === '/call':
        return this.#listVapi(url.searchParams, send);
      case request.method === 'GET' && getVapi !== undefined:
        return one(getVapi) ? send(200, this.#vapiCall(one(getVapi)!)) : send(404, { message: 'not found' });
      default:
        return send(400);
    }
  }

  #listRetell(body: RetellList, send: (status: number, body?: unknown) => void): void {
    const filter = body.filter_criteria?.start_timestamp;
    if (filter?.type !== 'range' || filter.op !== 'bt' || body.sort_order !== 'ascending' || !(body.limit! <= 1000))
      return send(422, { message: 'filter' });
    const status = body.filter_criteria?.call_status;
    if (status && (status.type !== 'enum' || status.op !== 'in' || String(status.value) !== 'ongoing'))
      return send(422, { message: 'filter' });
    const [from, to] = filter.value as [number, number];
    const found = this.calls
      .filter((call) => call.startedAt >= from && call.startedAt <= to)
      .filter((call) => !status || call.seconds === null)
      .sort((a, b) => a.startedAt - b.startedAt);
    const begin = Number(body.pagination_key ?? 0);
    const end = begin + RETELL_PAGE;
    const has_more = end < found.length;
    send(200, {
      items: found.slice(begin, end).map(retellCall),
      has_more,
      ...(has_more && { pagination_key: String(end) }),
    });
  }

  #listVapi(query: URLSearchParams, send: (status: number, body?: unknown) => void): void {
    const [from, to] = [query.get('createdAtGe'), query.get('createdAtLt')];
    if (!from || !to || !(Number(query.get('limit')) <= VAPI_PAGE)) return send(400, { message: 'query' });
    const found = this.calls
      .filter((call) => call.startedAt >= Date.parse(from) && call.startedAt < Date.parse(to))
      .sort((a, b) => b.startedAt - a.startedAt);
    send(
      200,
      found.slice(0, Number(query.get('limit'))).map((call) => this.#vapiCall(call)),
    );
  }

  #vapiCall({ id, agentId, startedAt, seconds, isUnconnected }: Call) {
    const iso = (at: number) => new Date(at).toISOString();
    return {
      id,
      orgId: 'org',
      type: 'inboundPhoneCall',
      createdAt: iso(startedAt),
      updatedAt: iso(startedAt),
      assistantId: agentId,
      status: seconds === null ? 'in-progress' : 'ended',
      ...(isUnconnected ? {} : { startedAt: iso(startedAt) }),
      ...(seconds !== null && {
        endedReason: isUnconnected ? 'customer-did-not-answer' : 'customer-ended-call',
        cost: 0.0813,
        ...(isUnconnected ? {} : { endedAt: iso(startedAt + seconds * 1000) }),
      }),
      monitor: { listenUrl: 'wss://listen', controlUrl: `${this.#url}/control/${id}` },
    };
  }
}

interface RetellList {
  readonly filter_criteria?: {
    readonly start_timestamp?: { type: string; op: string; value: unknown };
    readonly call_status?: { type: string; op: string; value: unknown };
  };
  readonly sort_order?: string;
  readonly limit?: number;
  readonly pagination_key?: string;
}

function retellCall({ id, agentId, startedAt, seconds, isUnconnected }: Call) {
  return {
    call_type: 'phone_call',
    call_id: id,
    agent_id: agentId,
    agent_version: 1,
    direction: 'inbound',
    from_number: '+14155550123',
    to_number: '+14155550199',
    call_status: seconds === null ? 'ongoing' : isUnconnected ? 'not_connected' : 'ended',
    start_timestamp: startedAt,
    ...(seconds !== null && {
      end_timestamp: startedAt + seconds * 1000,
      duration_ms: isUnconnected ? undefined : seconds * 1000,
      disconnection_reason: isUnconnected ? 'dial_no_answer' : 'user_hangup',
      call_cost: {
        combined_cost: 8.13,
        product_costs: [],
        total_duration_seconds: seconds,
        total_duration_unit_price: 0.1,
      },
    }),
  };
}
