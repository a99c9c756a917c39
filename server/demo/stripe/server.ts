import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { censored, noAccess, Refusal } from './errors';
import { expanded } from './expand';
import type { Fault, Faults } from './faults';
import { canonicalForm, readForm, type Form } from './form';
import type { Answer, IdempotencyKeys, KeyedRequest } from './idempotency';
import { servePage, type PagesOptions } from './pages';
import type { Route } from './route';
import { API_VERSION, randomPart, type Account, type StripeState } from './state';
import type { Events } from './events';
import type { Request } from './transcript';

/** What a key may do: everything; or, for a restricted key, read or write by resource. */
export type KeyRights = 'all' | Readonly<Record<string, 'read' | 'write'>>;

export interface ServerOptions extends PagesOptions {
  readonly state: StripeState;
  readonly events: Events;
  readonly routes: readonly Route[];
  readonly keys: ReadonlyMap<string, KeyRights>;
  readonly faults: Faults;
  readonly idempotency: IdempotencyKeys;
  readonly requests: Request[];
  readonly port: number;
  /** Before each request: what time has done since. */
  readonly tick: () => void;
  /** Between what was done and its answer. */
  readonly beforeAnswer: (request: Request) => Promise<void>;
}

export interface StripeServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Stripe's HTTP side on loopback: the API under /v1, and the pages. */
export async function startStripeServer(options: ServerOptions): Promise<StripeServer> {
  const server = createServer((request, response) => {
    serve(request, response, options).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(error instanceof Error ? error.stack : String(error));
    });
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(options.port, '127.0.0.1', listening);
  });
  return {
    port: portOf(server),
    close() {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function serve(request: IncomingMessage, response: ServerResponse, options: ServerOptions): Promise<void> {
  const body = await read(request);
  options.tick();
  const { pathname, search } = new URL(request.url ?? '/', 'http://stripe');
  if (pathname.startsWith('/v1/')) return answerCall(request, response, pathname, search.slice(1), body, options);
  const page = servePage({ method: request.method ?? '', path: pathname, form: new URLSearchParams(body) }, options);
  if (page === null)
    return void response.writeHead(404, { 'content-type': 'text/plain' }).end('There is nothing here.');
  if ('location' in page) return void response.writeHead(303, { location: page.location }).end();
  response.writeHead(page.status ?? 200, { 'content-type': 'text/html; charset=utf-8' }).end(page.html);
}

async function answerCall(
  incoming: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: string,
  body: string,
  options: ServerOptions,
): Promise<void> {
  const { state, faults } = options;
  const method = incoming.method ?? '';
  const found = match(options.routes, method, path);
  const sent = method === 'GET' ? query : body;
  const form = readForm(sent);
  const address = found ? `${found.route.method} ${found.route.path}` : null;
  const note: Request = {
    at: state.now(),
    id: `req_${randomPart(14)}`,
    method,
    path,
    address,
    params: form ?? {},
    idempotencyKey: method === 'POST' ? (header(incoming, 'idempotency-key') ?? null) : null,
    account: header(incoming, 'stripe-account') ?? state.host.id,
    version: header(incoming, 'stripe-version') ?? null,
    fault: 'ok',
    replayed: false,
    isDone: false,
    status: 0,
    error: null,
    answer: null,
  };
  const fault = address === null ? 'ok' : faults.take(address, note);
  const noted: Request = { ...note, fault };
  options.requests.push(noted);

  if (fault === 'cut before') return void incoming.socket.destroy();
  if (fault === 'hang before') return;
  const answer = await answerOf(incoming, noted, found, form, sent, fault, options);
  const parsed = JSON.parse(answer.body) as { error?: { code?: string; type?: string } };
  noted.answer = parsed;
  noted.error = parsed.error?.code ?? parsed.error?.type ?? null;
  noted.isDone = answer.status === 200 && !noted.replayed;
  await options.beforeAnswer(noted);
  if (typeof fault === 'object' && 'answerAfterMs' in fault) await waited(fault.answerAfterMs);
  if (fault === 'cut after') return void incoming.socket.destroy();
  if (fault === 'hang after') return;
  noted.status = answer.status;
  response
    .writeHead(answer.status, {
      'content-type': 'application/json',
      'request-id': noted.id,
      'stripe-version': API_VERSION,
      ...(noted.idempotencyKey === null ? {} : { 'idempotency-key': noted.idempotencyKey }),
      ...(noted.account === state.host.id ? {} : { 'stripe-account': noted.account }),
      ...answer.headers,
    })
    .end(answer.body);
}

interface Found {
  readonly route: Route;
  readonly ids: readonly string[];
}

async function answerOf(
  incoming: IncomingMessage,
  request: Request,
  found: Found | null,
  form: Form | null,
  sent: string,
  fault: Fault,
  options: ServerOptions,
): Promise<Answer> {
  try {
    const account = admitted(incoming, request, found, options);
    const early = TROUBLES[fault as keyof typeof TROUBLES];
    if (early) throw early();
    if (form === null) throw new Refusal(400, { type: 'invalid_request_error', message: 'Invalid request body' });
    return await carriedOut(request, found as Found, form, sent, fault, account, options);
  } catch (error) {
    if (error instanceof Refusal) return refused(error, request.id);
    throw error;
  }
}

/** Who asks, in which version, for whom, and whether they may. @throws Refusal */
function admitted(
  incoming: IncomingMessage,
  request: Request,
  found: Found | null,
  { state, keys }: ServerOptions,
): Account {
  const key = keyOf(incoming);
  if (key === '')
    throw new Refusal(401, {
      type: 'invalid_request_error',
      message:
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
    });
  const rights = keys.get(key);
  if (rights === undefined)
    throw new Refusal(401, { type: 'invalid_request_error', message: `Invalid API Key provided: ${censored(key)}` });
  if (request.version !== null && request.version !== API_VERSION)
    throw new Refusal(400, {
      type: 'invalid_request_error',
      message: `Invalid Stripe API version: ${request.version}. This fake speaks ${API_VERSION} alone.`,
    });
  if (!found)
    throw new Refusal(404, {
      type: 'invalid_request_error',
      message: `Unrecognized request URL (${request.method}: ${request.path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
    });
  const account = state.accounts.get(request.account);
  if (!account || account.isRevoked) throw noAccess(key, request.account);
  if (rights === 'all') return account;
  const needed = found.route.method === 'GET' ? 'read' : 'write';
  const held = rights[found.route.resource];
  if (held === 'write' || held === needed) return account;
  throw new Refusal(403, {
    type: 'invalid_request_error',
    code: 'more_permissions_required_for_application',
    message: `The provided key '${censored(key)}' does not have the required permissions for this endpoint on account '${account.id}'. Having the 'rak_${found.route.resource}_${needed}' permission would allow this request to continue.`,
  });
}

/** Does it once for its idempotency key. @throws Refusal: nothing was done, and nothing is kept. */
async function carriedOut(
  request: Request,
  { route, ids }: Found,
  form: Form,
  sent: string,
  fault: Fault,
  account: Account,
  { state, events, idempotency }: ServerOptions,
): Promise<Answer> {
  const keyed: KeyedRequest | null =
    request.idempotencyKey === null
      ? null
      : {
          account: account.id,
          key: request.idempotencyKey,
          method: request.method,
          path: request.path,
          parameters: canonicalForm(sent),
          requestId: request.id,
        };
  const first = keyed && idempotency.begin(keyed);
  if (first) {
    request.replayed = true;
    return first;
  }
  try {
    const cause = { id: request.id, idempotencyKey: request.idempotencyKey };
    const { run, expand } = route.begin(form, { state, account, events, cause }, ids);
    if (typeof fault === 'object' && 'delayMs' in fault) await waited(fault.delayMs);
    const answer = fault === 'server error' ? refused(broken(), request.id) : done(run, expand, account, request.id);
    const told = fault === 'server error after' ? refused(broken(), request.id) : answer;
    if (keyed) idempotency.keep(keyed, told);
    return told;
  } catch (error) {
    if (keyed) idempotency.forget(keyed);
    throw error;
  }
}

function done(run: () => object, expand: readonly string[], account: Account, requestId: string): Answer {
  try {
    return { status: 200, headers: {}, body: JSON.stringify(expanded(run(), expand, account), null, 2) };
  } catch (error) {
    // What is refused once it was begun is an answer like any other: it is kept.
    if (error instanceof Refusal) return refused(error, requestId);
    throw error;
  }
}

function refused({ status, body, headers }: Refusal, requestId: string): Answer {
  const error = { ...body, request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}` };
  return { status, headers, body: JSON.stringify({ error }, null, 2) };
}

const broken = () =>
  new Refusal(500, { type: 'api_error', message: 'An unknown error occurred' }, { 'stripe-should-retry': 'false' });

/** Answers of what stands before the API: nothing was begun. */
const TROUBLES = {
  'rate limited': () =>
    new Refusal(
      429,
      {
        type: 'invalid_request_error',
        code: 'rate_limit',
        message: 'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
      },
      { 'stripe-rate-limited-reason': 'global-rate', 'stripe-should-retry': 'true' },
    ),
  'lock timeout': () =>
    new Refusal(
      409,
      {
        type: 'invalid_request_error',
        code: 'lock_timeout',
        message:
          'This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request. If you see this error frequently and are making multiple concurrent requests to a single object, make your requests serially or at a lower rate.',
      },
      { 'stripe-should-retry': 'true' },
    ),
  unavailable: () => new Refusal(503, { type: 'api_error', message: 'Service unavailable' }),
};

function match(routes: readonly Route[], method: string, path: string): Found | null {
  const parts = path.split('/');
  for (const route of routes) {
    const wanted = route.path.split('/');
    if (route.method !== method || wanted.length !== parts.length) continue;
    if (!wanted.every((part, index) => part.startsWith(':') || part === parts[index])) continue;
    return { route, ids: parts.filter((_, index) => wanted[index]?.startsWith(':')).map(decodeURIComponent) };
  }
  return null;
}

export function keyOf(incoming: IncomingMessage): string {
  const authorization = incoming.headers.authorization ?? '';
  const basic = /^Basic (\S+)$/.exec(authorization)?.[1];
  if (basic !== undefined) return Buffer.from(basic, 'base64').toString().split(':')[0] ?? '';
  return /^Bearer (\S+)$/.exec(authorization)?.[1] ?? '';
}

function header(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function waited(milliseconds: number): Promise<void> {
  return new Promise((over) => setTimeout(over, milliseconds));
}
