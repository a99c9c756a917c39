import type { IncomingMessage, ServerResponse } from 'node:http';
import { App, HTTPReceiver } from '@slack/bolt';
import { register as registerActions } from './actions';
import { register as registerCommands } from './commands';
import { INSTALL_PATH, listenForInstalls, REDIRECT_PATH, registerEnds, type Installing } from './installs';
import type { BotData, BotLogger, Installations } from './ports';
import { register as registerShortcuts } from './shortcuts';
import { register as registerViews } from './views';
import { boltLogger, webClientOptions, type SlackClientOptions } from './slack-client';
import { socketMode } from './socket-mode';

/** The one address that the manifest gives Slack, for commands and, later, interactivity and events. */
export const SLACK_PATH = '/slack/events';

/** Slack's requests are a few kilobytes. */
const BODY_LIMIT = 512 * 1024;

export interface SlackAppOptions extends SlackClientOptions {
  /** SLACK_SIGNING_SECRET: every request is checked against it and refused with 401 when it does not fit or is 5 minutes old. */
  readonly signingSecret: string;
  readonly installations: Installations;
  /** Lets workspaces install the app by OAuth; without it there is the one of SLACK_BOT_TOKEN. */
  readonly installing?: Installing;
  /** SLACK_APP_TOKEN: Slack's requests come over a connection that this process opens, for want of a public address. */
  readonly appToken?: string;
  readonly data: BotData;
  readonly logger: BotLogger;
}

export interface SlackApp {
  /** Opens the connection of Socket Mode, and keeps it; without SLACK_APP_TOKEN there is nothing to open. Never rejects. */
  start(): Promise<void>;
  /** Takes every request under /slack/. The body must not have been read. Never throws. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  /** Takes no more requests and waits until what was begun has been answered. */
  stop(): Promise<void>;
}

/** The Slack bot, to be mounted on the service's HTTP server. */
export function createSlackApp(options: SlackAppOptions): SlackApp {
  const { logger, data, installations } = options;
  const receiver = new HTTPReceiver({
    signingSecret: options.signingSecret,
    endpoints: SLACK_PATH,
    bodyLimit: BODY_LIMIT,
    logger: boltLogger(logger),
  });
  const { appToken } = options;
  const socket = appToken ? socketMode({ ...options, appToken }, logger) : undefined;
  const app = new App({
    receiver: socket?.receiver ?? receiver,
    convoStore: false,
    logger: boltLogger(logger),
    clientOptions: webClientOptions(options, logger),
    authorize: async ({ teamId, enterpriseId }) => {
      const installation = await installations({ teamId: teamId ?? null, enterpriseId: enterpriseId ?? null });
      if (!installation)
        throw new Error(`The app is not installed in workspace ${teamId ?? enterpriseId ?? 'unknown'}`);
      return { botToken: installation.botToken, teamId, enterpriseId };
    },
  });

  const begun = new Set<Promise<unknown>>();
  const track = (work: Promise<unknown>) => {
    begun.add(work);
    return work.finally(() => begun.delete(work));
  };
  const report = (err: unknown) => logger.error({ err, event: 'slack_request_failed' }, 'A Slack request failed');
  app.use(async ({ next }) => void (await track(next().catch(report))));
  // What fails before any middleware: a workspace in which the app is not installed.
  app.error((error) => Promise.resolve(report(error)));
  for (const register of [registerCommands, registerActions, registerViews, registerShortcuts])
    register(app, { data, logger });
  if (options.installing) registerEnds(app, options.installing);
  const answerInstall =
    options.installing && listenForInstalls(options.installing, options.signingSecret, options, logger);

  let stopped = false;
  return {
    listener(request, response) {
      if (stopped) return answerEmpty(response, 503);
      const path = request.url?.split('?')[0];
      if (answerInstall && (path === INSTALL_PATH || path === REDIRECT_PATH)) {
        if (request.method !== 'GET') return answerEmpty(response, 405, { allow: 'GET' });
        void track(answerInstall(request, response));
        return;
      }
      // The receiver throws for what is not its own, so that a router could pass it on. Nothing else lives under /slack/.
      if (path !== SLACK_PATH || socket) return answerEmpty(response, 404);
      if (request.method !== 'POST') return answerEmpty(response, 405, { allow: 'POST' });
      void track(new Promise((closed) => response.once('close', closed)));
      receiver.requestListener(request, response);
    },
    async start() {
      await socket?.start();
    },
    async stop() {
      stopped = true;
      await socket?.stop();
      // A request's response ends with its acknowledgement, when its answer has already begun.
      while (begun.size > 0) await Promise.allSettled(begun);
    },
  };
}

function answerEmpty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end();
}
