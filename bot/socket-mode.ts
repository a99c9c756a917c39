import { setTimeout as pause } from 'node:timers/promises';
import { SocketModeReceiver } from '@slack/bolt';
import type { BotLogger } from './ports';
import { boltLogger, webClientOptions, type SlackClientOptions } from './slack-client';

/** Slack's requests over a connection that this process opens, for want of a public address. */
export interface SocketMode {
  readonly receiver: SocketModeReceiver;
  /** Connects, and connects again whenever the connection ends. Resolves at the first connection. Never rejects. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface SocketModeOptions extends SlackClientOptions {
  /** SLACK_APP_TOKEN */
  readonly appToken: string;
  /** Milliseconds before the second attempt to connect; each further one waits twice as long. */
  readonly firstPause?: number;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/**
 * Connecting again is done here: where Slack's client does it by itself, an attempt that fails is a rejection that nobody
 * handles, which ends the process, and with it the ledger.
 */
export function socketMode(options: SocketModeOptions, logger: BotLogger): SocketMode {
  const receiver = new SocketModeReceiver({
    appToken: options.appToken,
    autoReconnectEnabled: false,
    logger: boltLogger(logger),
    installerOptions: { clientOptions: webClientOptions(options, logger) },
    // The usual one acknowledges what failed, which rejects unhandled when the connection is gone by then.
    processEventErrorHandler({ error }) {
      logger.error({ err: error, event: 'slack_request_failed' }, 'A Slack request failed');
      return Promise.resolve(false);
    },
  });
  const { client } = receiver;
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  let running: Promise<void> | undefined;

  async function keepConnected(onConnected: () => void): Promise<void> {
    let wait = options.firstPause ?? FIRST_PAUSE;
    while (!isStopping()) {
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      client.once('disconnected', end);
      try {
        await client.start();
        onConnected();
        logger.info({ event: 'slack_connected' }, "Connected to Slack's Socket Mode");
        wait = options.firstPause ?? FIRST_PAUSE;
        if (isStopping()) await client.disconnect();
        await ended;
      } catch (error) {
        logger.error({ code: codeOf(error), event: 'slack_not_connected' }, 'Slack cannot be reached by Socket Mode');
        await pause(wait, undefined, { signal: stopping.signal }).catch(() => undefined); // stopping ends the pause
        wait = Math.min(wait * 2, LONGEST_PAUSE);
      } finally {
        client.off('disconnected', end);
      }
    }
  }

  return {
    receiver,
    start: () =>
      new Promise((connected) => {
        running ??= keepConnected(connected).finally(connected);
      }),
    async stop() {
      stopping.abort();
      if (!running) return;
      await client.disconnect();
      await running;
    },
  };
}

/** Slack's code for a refusal (invalid_auth), else the error's. The message may hold an address with a ticket. */
function codeOf(error: unknown): string {
  const { data, code } = (error ?? {}) as { data?: { error?: unknown }; code?: unknown };
  const found = data?.error ?? code;
  return typeof found === 'string' ? found : 'unknown';
}
