import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readArguments, strangeArguments } from './arguments';
import { authorizePage, decide } from './authorize';
import type { Failure, Failures } from './failures';
import { text, type Json } from './json';
import { METHODS } from './methods';
import { missingScope, refuse, type AnonymousCall } from './methods/method';
import { servePage } from './pages';
import type { RateLimits } from './rate-limits';
import type { ResponseUrls } from './responses';
import type { SlackState } from './state';

export interface SlackServerOptions {
  readonly state: SlackState;
  readonly failures: Failures;
  readonly rateLimits: RateLimits;
  readonly responseUrls: ResponseUrls;
  readonly passedOver: readonly string[];
  readonly tell: (teamId: string, event: Json) => void;
  readonly port: number;
}

export interface SlackServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Slack's HTTP side on loopback: the Web API, uploads, response URLs, the page that allows an app, and what people see. */
export async function startSlackServer(options: SlackServerOptions): Promise<SlackServer> {
  const server = createServer((request, response) => {
    serve(request, response, options, originOf(server)).catch((error: unknown) => {
      response.writeHead(500).end(error instanceof Error ? error.stack : String(error));
    });
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(options.port, '127.0.0.1', listening);
  });
  return {
    origin: originOf(server),
    close() {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: SlackServerOptions,
  origin: string,
): Promise<void> {
  const body = await read(request);
  const { pathname, searchParams } = new URL(request.url ?? '/', origin);
  if (pathname.startsWith('/api/')) return answerMethod(request, response, pathname.slice(5), body, options, origin);
  if (pathname.startsWith('/response/')) return answerResponse(request, response, pathname, body, options);
  if (pathname.startsWith('/upload/v1/')) return answerUpload(request, response, pathname, body, options);
  if (pathname === '/oauth/v2/authorize') {
    const answer = searchParams.get('answer');
    if (answer === null) return html(response, authorizePage(options.state, searchParams));
    const location = decide(options.state, searchParams, answer === 'allow');
    return location === null ? html(response, 'invalid', 400) : void response.writeHead(302, { location }).end();
  }
  if (request.method === 'GET') {
    const page = servePage(options.state, pathname);
    if (page !== null) return html(response, page);
  }
  response.writeHead(404).end('not found');
}

async function answerMethod(
  request: IncomingMessage,
  response: ServerResponse,
  method: string,
  body: Buffer,
  options: SlackServerOptions,
  origin: string,
): Promise<void> {
  const began = performance.now();
  const { state, failures } = options;
  const read = readArguments(request.headers['content-type'], body.toString('utf8'));
  const { token: _token, ...args } = read && read !== 'invalid_post_type' ? read.values : {};
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? text(_token);
  const teamId = state.tokens.get(bearer)?.teamId ?? null;
  const note = (answer: Json | string) =>
    state.transcript.add({ kind: 'call', method, args, teamId, answer, milliseconds: performance.now() - began });

  const failure = failures.take(method, args);
  if (await failed(failure, request, response, note)) return;
  const { answer, status, headers } = call(method, read, bearer, request, options, origin);
  note(answer);
  if (failure === 'done but cut') return void request.socket.destroy();
  const type = { 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(status, { ...type, ...headers }).end(JSON.stringify(answer));
}

/** Answers as it was scripted, if it was. A delay only waits. */
async function failed(
  failure: Failure,
  request: IncomingMessage,
  response: ServerResponse,
  note: (answer: Json | string) => unknown,
): Promise<boolean> {
  if (failure === 'ok' || failure === 'done but cut') return false;
  if (typeof failure === 'object') {
    if ('delayMs' in failure) {
      await new Promise((over) => setTimeout(over, failure.delayMs));
      return false;
    }
    if ('error' in failure) {
      const answer = refuse(failure.error);
      note(answer);
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(answer));
      return true;
    }
    note(`HTTP ${failure.status}`);
    response.writeHead(failure.status, failure.headers).end(failure.body ?? '');
    return true;
  }
  note(failure);
  if (failure === 'cut') request.socket.destroy();
  return true;
}

interface Answered {
  readonly answer: Json;
  readonly status: number;
  readonly headers: Record<string, string>;
}

function call(
  name: string,
  read: ReturnType<typeof readArguments>,
  bearer: string,
  request: IncomingMessage,
  { state, rateLimits, passedOver, tell }: SlackServerOptions,
  origin: string,
): Answered {
  const ok = (answer: Json, headers: Record<string, string> = {}) => ({ answer, status: 200, headers });
  if (read === null) return ok(refuse('invalid_form_data'));
  if (read === 'invalid_post_type') return ok(refuse('invalid_post_type'));
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (!method) return ok(refuse('unknown_method'));
  if (request.method !== 'POST') return ok(refuse('invalid_arguments', '[ERROR] POST is what this fake takes'));
  const strange = strangeArguments(read, method.args, passedOver);
  const shared: AnonymousCall = {
    state,
    args: read.values,
    origin,
    tell,
    authorization: request.headers.authorization,
  };

  if ('isAnonymous' in method)
    return ok(strange.length > 0 ? refuse('invalid_arguments', ...strange) : method.run(shared));
  if (bearer === '') return ok(refuse('not_authed'));
  const token = state.tokens.get(bearer);
  if (!token) return ok(refuse('invalid_auth'));
  if (token.state === 'uninstalled') return ok(refuse('account_inactive'));
  if (token.state === 'revoked') return ok(refuse('token_revoked'));
  if (token.expiresAt !== null && token.expiresAt <= Date.now()) return ok(refuse('token_expired'));

  const channel = text(read.values.channel) || null;
  const wait = rateLimits.wait(name, token.teamId, channel, method.tier);
  if (wait !== null) return { answer: refuse('ratelimited'), status: 429, headers: { 'retry-after': String(wait) } };
  const scopes = {
    'x-oauth-scopes': token.scopes.join(','),
    ...(method.scopes ? { 'x-accepted-oauth-scopes': method.scopes.join(',') } : {}),
  };
  const [needed] = method.scopes ?? [];
  if (needed !== undefined && !method.scopes?.some((scope) => token.scopes.includes(scope)))
    return ok(missingScope(needed, token), scopes);
  if (strange.length > 0) return ok(refuse('invalid_arguments', ...strange), scopes);
  return ok(method.run({ ...shared, token, workspace: state.workspace(token.teamId) }), scopes);
}

async function answerResponse(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  body: Buffer,
  { failures, responseUrls, state }: SlackServerOptions,
): Promise<void> {
  const failure = failures.take('response_url', {});
  const note = (answer: Json | string) =>
    state.transcript.add({ kind: 'response', body: {}, status: 0, answer: JSON.stringify(answer) });
  if (await failed(failure, request, response, note)) return;
  const { status, answer } = responseUrls.take(path, request.headers['content-type'], body.toString('utf8'));
  if (failure === 'done but cut') return void request.socket.destroy();
  response.writeHead(status).end(answer);
}

/** Takes a file's bytes, as they are or in a form. */
async function answerUpload(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  body: Buffer,
  { failures, state }: SlackServerOptions,
): Promise<void> {
  const note = (answer: Json | string) =>
    state.transcript.add({ kind: 'call', method: 'upload', args: {}, teamId: null, answer, milliseconds: 0 });
  const failure = failures.take('upload', {});
  if (await failed(failure, request, response, note)) return;
  const file = state.files.get(path.split('/').at(-1) ?? '');
  if (!file || file.isComplete) return void response.writeHead(404).end('file_not_found');
  const type = request.headers['content-type'] ?? '';
  const bytes = type.startsWith('multipart/form-data') ? await formFile(type, body) : body;
  note(`${bytes.length} bytes`);
  if (bytes.length !== file.length) return void response.writeHead(400).end('invalid length');
  file.bytes = bytes;
  if (failure === 'done but cut') return void request.socket.destroy();
  response.writeHead(200).end(`OK - ${bytes.length}`);
}

async function formFile(contentType: string, body: Buffer): Promise<Buffer> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  for (const value of form.values()) {
    if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer());
  }
  return Buffer.alloc(0);
}

function html(response: ServerResponse, page: string, status = 200): void {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action *",
    'cache-control': 'no-store',
  };
  response.writeHead(status, headers).end(page);
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
