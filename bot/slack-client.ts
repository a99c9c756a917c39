import type { WebClientOptions } from '@slack/web-api';
import { LogLevel, type Logger } from '@slack/bolt';
import type { BotLogger } from './ports';

/** No call to Slack takes longer than this, the answer's body included. */
export const SLACK_TIMEOUT_MS = 10_000;

export interface SlackClientOptions {
  /** Slack's own address unless a test says otherwise. */
  readonly apiUrl?: string;
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
}

/**
 * Settings of Slack's client: one attempt a call, a time-out on each, and a 429 comes back as an error that carries
 * Retry-After. Retrying is for the outbox, which survives a restart; the client's own retries sleep in the process.
 */
export function webClientOptions(options: SlackClientOptions, logger: BotLogger): WebClientOptions {
  const timeout = options.timeoutMs ?? SLACK_TIMEOUT_MS;
  return {
    ...(options.apiUrl ? { slackApiUrl: options.apiUrl } : {}),
    fetch: boundedFetch(options.fetch ?? fetch, timeout),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: boltLogger(logger),
  };
}

/** Bolt's and the client's log lines, as ours. Their debug lines hold whole requests, so those are left out. */
export function boltLogger(logger: BotLogger): Logger {
  const line = (parts: unknown[]) =>
    parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' ');
  return {
    debug: () => undefined,
    info: (...parts) => logger.debug({ component: 'slack' }, line(parts)),
    warn: (...parts) => logger.warn({ component: 'slack' }, line(parts)),
    error: (...parts) => logger.error({ component: 'slack' }, line(parts)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}

/** Also bounds what Bolt fetches by itself (a command's response_url), for which it sets no time-out. */
function boundedFetch(inner: typeof fetch, milliseconds: number): typeof fetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(milliseconds);
    return inner(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout });
  };
}
