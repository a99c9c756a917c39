import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { WebhookAddresses } from '@talktime/core/alerts';
import type { Talktime } from '@talktime/core/calls';
import type { PaymentContext } from '@talktime/core/payments';
import fastify, { LogController, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { requireAccess } from './access';
import { createLimits, type LimitOptions } from './limits';
import type { Metrics } from './metrics';
import { describeApi } from './openapi';
import { answerWithProblems } from './problems';
import { registerRoutes } from './routes';

const MEGABYTE = 1024 * 1024;
const SECOND = 1000;

export interface AppOptions extends LimitOptions {
  readonly talktime: Talktime;
  /** What payments work with; none without a Stripe key. */
  readonly payments?: PaymentContext | null;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Answers what comes under /slack/, on the same port. */
  readonly slack?: RequestListener;
  /** Where links to install the Slack app lead; undefined when workspaces cannot install it. */
  readonly slackInstallAddress?: string;
  /** Where the service is reached from outside: for the API page, and for signatures that cover the address. */
  readonly publicUrl?: string;
  /** Where outgoing webhooks may go; the internet alone unless said. */
  readonly webhookAddresses?: WebhookAddresses;
  /** How many proxies stand in front, whose X-Forwarded-For is believed. */
  readonly trustedProxies?: number;
}

/** The HTTP face: /v1, provider ingress, /docs, health and figures. Not listening yet. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { talktime, logger, metrics } = options;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: () => randomUUID(),
    bodyLimit: MEGABYTE,
    trustProxy: (_address: string, hop: number) => hop < (options.trustedProxies ?? 0),
    return503OnClosing: false, // while draining, what comes on an open connection is still answered
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: true },
    serverFactory: (handler) => httpServer(handler as RequestListener, options.slack),
  }) as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerWithProblems(app, metrics);
  watchRequests(app, metrics);

  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: false, // for the proxy that speaks TLS to say
  });
  await app.register(rateLimit, { global: false });
  const limits = createLimits(app, options);
  await describeApi(app, options.publicUrl);
  requireAccess(app, talktime.database, limits);
  await registerRoutes(app, {
    talktime,
    payments: options.payments ?? null,
    metrics,
    limits,
    publicUrl: options.publicUrl,
    slackInstallAddress: options.slackInstallAddress,
    webhookAddresses: options.webhookAddresses ?? 'public',
  });
  return app;
}

/** One port for two listeners: Slack's wants the request untouched. */
function httpServer(api: RequestListener, slack: RequestListener | undefined): Server {
  const server = createServer((request, response) => {
    const listener = slack && request.url?.startsWith('/slack/') ? slack : api;
    listener(request, response);
  });
  server.headersTimeout = 15 * SECOND;
  server.requestTimeout = 30 * SECOND;
  server.keepAliveTimeout = 72 * SECOND; // longer than the 60 s after which load balancers let go, so that they do it first
  server.maxRequestsPerSocket = 0;
  return server;
}

/** One line and one observation a request, by route: addresses and queries can hold ids and names. */
function watchRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? '(none)';
    metrics.requestAnswered(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    const { principal, partnerId } = request.caller ?? {};
    request.log[reply.statusCode >= 500 ? 'error' : quiet(route) ? 'debug' : 'info'](
      {
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        api_key_id: principal?.keyId,
        partner: partnerId ?? undefined,
      },
      'request',
    );
  });
}

/** What probes and scrapers ask all the time. */
function quiet(route: string): boolean {
  return route === '/healthz' || route === '/readyz' || route === '/metrics';
}
