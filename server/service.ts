import type { AddressInfo } from 'node:net';
import {
  createConsoleAlertChannel,
  createSlackAlertChannel,
  createSlackApp,
  type Installations,
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
  alertLevelsJob,
  exhaustedCallsJob,
  grantsJob,
  holdsJob,
  inboxJob,
  inboxRetentionJob,
  marginGuardJob,
  meteringJob,
  missingCallsJob,
  paymentsJob,
  reconciliationJob,
  renewalsJob,
  renewPlansJob,
  sealJob,
  startJobs,
  stripeAccountsJob,
  stripeEventRetentionJob,
  stripeEventsJob,
  takeUpInbox,
  usageRetentionJob,
  webhookRetentionJob,
  weeklyReportJob,
} from '@talktime/core/jobs';
import { Ledger } from '@talktime/core/ledger';
import {
  paymentContext,
  RECHARGE_CHANNEL,
  rechargeQueue,
  StripeAccess,
  type PaymentContext,
  type StripeOptions,
} from '@talktime/core/payments';
import type { Logger } from 'pino';
import { buildApp } from './app';
import { createMetrics } from './metrics';
import { botData } from './slack';
import { slackInstallations, slackInstalling, type SlackOptions } from './slack-install';
import { slackInstallAddress } from './slack-links';
import { weeklyReportPoster } from './slack/weekly-report';

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
  readonly slack?: SlackOptions | null;
  /** Stripe's keys; without them nothing can be paid for. */
  readonly stripe?: StripeOptions | null;
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
  const payments: PaymentContext | null = options.stripe
    ? paymentContext({ ...talktime, stripe: new StripeAccess(options.stripe), publicUrl: options.publicUrl })
    : null;
  const installations = options.slack ? slackInstallations(talktime, { ...options.slack, logger }) : undefined;
  const slack = installations && createBot(options, talktime, payments, installations);
  const app = await buildApp({
    ...options,
    talktime,
    payments,
    metrics,
    slack: slack?.listener,
    slackInstallAddress: slackInstallAddress(options.slack, options.publicUrl),
  });
  const dispatcher = startDispatcher({
    database: dispatching,
    url: options.directUrl ?? options.url,
    queue: alertQueue(dispatching, options.alertChannel ?? defaultChannel(options, installations), {
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

  const recharging =
    payments &&
    startDispatcher({
      database: dispatching,
      url: options.directUrl ?? options.url,
      channel: RECHARGE_CHANNEL,
      queue: rechargeQueue(payments),
      onError: (error) => {
        metrics.dispatcherFailed();
        logger.error({ err: error }, 'an automatic top-up met a fault');
      },
    });

  const jobs = startJobs({
    database,
    jobs: [
      sealJob(database),
      grantsJob(talktime.ledger),
      renewPlansJob(database),
      holdsJob(talktime.ledger),
      inboxJob(talktime),
      inboxRetentionJob(talktime),
      missingCallsJob(talktime),
      exhaustedCallsJob(talktime),
      marginGuardJob(database),
      alertLevelsJob(database),
      usageRetentionJob(database),
      webhookRetentionJob(database),
      ...(payments
        ? [
            stripeEventsJob(payments),
            paymentsJob(payments),
            renewalsJob(payments),
            stripeAccountsJob(payments),
            meteringJob(payments),
            reconciliationJob(payments),
            stripeEventRetentionJob(payments),
          ]
        : []),
      ...(options.slack && installations
        ? [weeklyReportJob(database, weeklyReportPoster(database, { ...options.slack, installations, logger }))]
        : []),
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
    await Promise.all([dispatcher.stop(), webhooks.stop(), recharging?.stop()]);
    await Promise.all([database.close(), dispatching.close()]);
  };
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await close();
    throw error;
  }
  void slack?.start();
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

function createBot(
  options: ServiceOptions,
  talktime: Talktime,
  payments: PaymentContext | null,
  installations: Installations,
): SlackApp | undefined {
  const { slack, logger, publicUrl } = options;
  if (!slack) return undefined;
  return createSlackApp({
    signingSecret: slack.signingSecret,
    installations,
    installing: slackInstalling(talktime, { ...slack, logger, publicUrl }),
    appToken: slack.appToken ?? undefined,
    data: botData(talktime, payments),
    logger,
    apiUrl: slack.apiUrl,
  });
}

function defaultChannel(
  { slack, mail, logger }: ServiceOptions,
  installations: Installations | undefined,
): AlertChannel {
  const others = installations
    ? createSlackAlertChannel({ installations, apiUrl: slack?.apiUrl, logger })
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
