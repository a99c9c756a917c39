import type { AddressInfo } from 'node:net';
import {
  createConsoleAlertChannel,
  createSlackAlertChannel,
  createSlackApp,
  singleWorkspace,
  type SlackApp,
} from '@talktime/bot';
import { Sealer } from '@talktime/core/access';
import type { Talktime } from '@talktime/core/calls';
import {
  alertQueue,
  channelByRoute,
  createEmailAlertChannel,
  startDispatcher,
  webhookQueue,
  type AlertChannel,
  type WebhookAddresses,
} from '@talktime/core/alerts';
import { Database, migrate } from '@talktime/core/database';
import {
  exhaustedCallsJob,
  grantsJob,
  holdsJob,
  inboxJob,
  inboxRetentionJob,
  marginGuardJob,
  missingCallsJob,
  sealJob,
  startJobs,
  takeUpInbox,
  webhookRetentionJob,
} from '@talktime/core/jobs';
import { Ledger } from '@talktime/core/ledger';
import type { Logger } from 'pino';
import { buildApp } from './app';
import { createMetrics } from './metrics';
import { botData } from './slack';

/** How long requests and deliveries under way may take before the service stops without them. */
const DRAIN_MILLISECONDS = 20_000;
/** To the database, for alerts and webhooks. */
const DISPATCHING_CONNECTIONS = 4;

export interface ServiceOptions {
  readonly url: string;
  /** The login that migrates; `url` unless said. */
  readonly ownerUrl?: string;
  /** A connection that a proxy does not pool, for LISTEN; `url` unless said. */
  readonly directUrl?: string;
  /** 32 bytes. */
  readonly sealKey: Buffer;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly publicUrl?: string;
  readonly trustedProxies?: number;
  readonly requestsPerMinute?: number;
  readonly slack?: { readonly botToken: string; readonly signingSecret: string; readonly apiUrl?: string } | null;
  /** The mail server (smtp://user:password@host:port) and whom e-mails are from; without it none are sent. */
  readonly mail?: { readonly url: string; readonly from: string } | null;
  /** Where outgoing webhooks may go; the internet alone unless said. */
  readonly webhookAddresses?: WebhookAddresses;
  /** Where alerts go. Unless said: to Slack with a token, else drawn in the console. */
  readonly alertChannel?: AlertChannel;
  /** How long an alert that a process took is left to it, should the process end: 60 s unless said. */
  readonly alertLeaseSeconds?: number;
  readonly logger: Logger;
}

export interface Service {
  /** Where it answers, e.g. http://127.0.0.1:8080 */
  readonly url: string;
  readonly database: Database;
  /** Takes nothing new, finishes what was begun, and lets go of the database. */
  stop(): Promise<void>;
}

/** Migrates, and starts the API, the Slack bot, the alert dispatcher and the jobs in this process. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { logger } = options;
  const ran = await migrate(options.ownerUrl ?? options.url);
  if (ran.length > 0) logger.info({ migrations: ran }, 'the database was brought up to date');

  const metrics = createMetrics(true);
  const database = new Database({
    url: options.url,
    // A direct connection of its own says that this one goes through a proxy, which may not keep statements.
    preparedStatements: options.directUrl === undefined || options.directUrl === options.url,
    onIdleError: (error) => logger.warn({ err: error }, 'an idle database connection broke'),
  });
  // What goes out waits for no deduction's connection, nor the other way round.
  const dispatching = new Database({
    url: options.url,
    connections: DISPATCHING_CONNECTIONS,
    preparedStatements: options.directUrl === undefined || options.directUrl === options.url,
    onIdleError: (error) => logger.warn({ err: error }, 'an idle database connection broke'),
  });
  const talktime = { database, ledger: new Ledger(database), sealer: new Sealer(options.sealKey) };
  const slack = options.slack ? startSlack(options.slack, talktime, logger) : undefined;
  const app = await buildApp({ ...options, talktime, metrics, slack: slack?.listener });
  const dispatcher = startDispatcher({
    database: dispatching,
    url: options.directUrl ?? options.url,
    queue: alertQueue(dispatching, options.alertChannel ?? defaultChannel(options, logger), {
      leaseSeconds: options.alertLeaseSeconds,
      onSettled: (outcome, route) => metrics.alertSettled(outcome, route),
    }),
    onError: (error) => {
      metrics.dispatcherFailed();
      logger.error({ err: error }, 'the alert dispatcher met a fault');
    },
  });
  const webhooks = startDispatcher({
    database: dispatching,
    url: options.directUrl ?? options.url,
    queue: webhookQueue({
      database: dispatching,
      sealer: talktime.sealer,
      addresses: options.webhookAddresses ?? 'public',
    }),
    onError: (error) => {
      metrics.dispatcherFailed();
      logger.error({ err: error }, 'the webhook dispatcher met a fault');
    },
  });

  const jobs = startJobs({
    database,
    jobs: [
      sealJob(database),
      grantsJob(talktime.ledger),
      holdsJob(talktime.ledger),
      inboxJob(talktime),
      inboxRetentionJob(talktime),
      missingCallsJob(talktime),
      exhaustedCallsJob(talktime),
      marginGuardJob(database),
      webhookRetentionJob(database),
    ],
    onError: (error) => {
      metrics.jobFailed();
      logger.error({ err: error }, 'a job met a fault');
    },
  });

  const close = async () => {
    await app.close();
    await slack?.stop();
    await jobs.stop();
    await Promise.all([dispatcher.stop(), webhooks.stop()]);
    await Promise.all([database.close(), dispatching.close()]);
  };
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await close();
    throw error;
  }
  takeUpInbox(talktime).catch((error: unknown) =>
    logger.warn({ err: error }, 'the inbox was not taken up; a job will'),
  );
  let stopping: Promise<void> | undefined;
  return {
    url: addressOf(app.server.address() as AddressInfo),
    database,
    stop: () => (stopping ??= withinLimit(close(), logger)),
  };
}

function startSlack(slack: NonNullable<ServiceOptions['slack']>, talktime: Talktime, logger: Logger): SlackApp {
  return createSlackApp({
    signingSecret: slack.signingSecret,
    installations: singleWorkspace(slack.botToken),
    data: botData(talktime),
    logger,
    apiUrl: slack.apiUrl,
  });
}

function defaultChannel({ slack, mail }: ServiceOptions, logger: Logger): AlertChannel {
  const others = slack
    ? createSlackAlertChannel({ installations: singleWorkspace(slack.botToken), apiUrl: slack.apiUrl, logger })
    : createConsoleAlertChannel({
        write: (drawing) => void process.stdout.write(`${drawing}\n`),
        colour: process.stdout.isTTY && !process.env.NO_COLOR,
      });
  return channelByRoute({ email: mail ? createEmailAlertChannel(mail) : null, others });
}

async function withinLimit(closing: Promise<void>, logger: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((done) => {
    timer = setTimeout(() => {
      logger.warn('stopped before everything under way had ended');
      done();
    }, DRAIN_MILLISECONDS);
  });
  await Promise.race([closing, limit]);
  clearTimeout(timer);
}

function addressOf({ address, family, port }: AddressInfo): string {
  const host =
    address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '[::1]' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
