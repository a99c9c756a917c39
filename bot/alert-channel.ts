import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
} from '@slack/web-api';
import type {
  AlertChannel,
  AlertNotice,
  BalanceNotice,
  DeliveryOutcome,
  PostedMessage,
  SlackRoute,
} from '@talktime/core/alerts';
import { alertMessage, draw, worsenedMessage, type Message } from './messages';
import type { BotLogger } from './ports';
import { webClientOptions, type SlackClientOptions } from './slack-client';

export interface SlackAlertChannelOptions extends SlackClientOptions {
  readonly token: string;
  readonly logger: BotLogger;
}

/**
 * Posts alerts to Slack: one message an episode, updated in place. Slack notifies nobody of an update, so when a balance
 * gets worse the message's thread says so as well, shown in the channel. The update comes first and may be repeated
 * without harm; chat.postMessage has no idempotency key, so a post whose answer was lost is posted again.
 */
export function createSlackAlertChannel(options: SlackAlertChannelOptions): AlertChannel {
  const client = new WebClient(options.token, webClientOptions(options, options.logger));

  async function post(notice: AlertNotice, channel: string): Promise<PostedMessage> {
    const { ts, channel: postedIn } = await client.chat.postMessage({
      channel,
      ...content(alertMessage(notice)),
      metadata: metadata(notice),
    });
    if (!ts) throw new Error('chat.postMessage answered ok without ts');
    return { channel: postedIn ?? channel, ts };
  }

  /** null when the message can't be updated any more. */
  async function update(notice: AlertNotice, { channel, ts }: PostedMessage): Promise<PostedMessage | null> {
    const { text, blocks } = alertMessage(notice);
    try {
      await client.chat.update({
        channel,
        ts,
        text,
        blocks,
        link_names: false,
        parse: 'none',
        metadata: metadata(notice),
      });
    } catch (error) {
      if (error instanceof WebAPIPlatformError && UPDATE_IMPOSSIBLE.has(error.data.error)) return null;
      throw error;
    }
    if (notice.event === 'critical' || notice.event === 'exhausted') await sayInThread(notice, { channel, ts });
    return { channel, ts };
  }

  async function sayInThread(notice: BalanceNotice, { channel, ts }: PostedMessage): Promise<void> {
    try {
      await client.chat.postMessage({
        channel,
        thread_ts: ts,
        reply_broadcast: true,
        ...content(worsenedMessage(notice)),
        metadata: metadata(notice),
      });
    } catch (error) {
      const outcome = failure(error, channel);
      if (outcome.kind === 'retry') throw error;
      // The alert itself has its right state; a workspace may forbid threads.
      options.logger.warn(
        { event: 'alert_thread_refused', channel, partnerId: notice.partnerId, reason: outcome.reason },
        'Slack refused a thread reply',
      );
    }
  }

  return {
    async deliver(notice, route, previous) {
      if (route === null)
        return dead(
          "No Slack channel is set for alerts. Set the partner's slack_channel, and invite the app to that channel.",
        );
      try {
        const updated = previous !== null && previous.channel === route.channel ? await update(notice, previous) : null;
        return { kind: 'delivered', message: updated ?? (await post(notice, route.channel)) };
      } catch (error) {
        return failure(error, route.channel);
      }
    },
  };
}

export interface ConsoleAlertChannelOptions {
  /** Takes whole lines, without the last line break. */
  readonly write: (drawing: string) => void;
  readonly colour?: boolean;
  readonly width?: number;
  /** What the channel is called on the drawing; its id unless said. */
  readonly channelName?: string;
}

/** Draws alerts in the terminal instead of posting them: what a service without a Slack token does. */
export function createConsoleAlertChannel(options: ConsoleAlertChannelOptions): AlertChannel {
  let posted = 0;
  return {
    deliver(notice: AlertNotice, route: SlackRoute | null, previous: PostedMessage | null): Promise<DeliveryOutcome> {
      const channel = previous?.channel ?? route?.channel ?? 'console';
      posted += 1;
      const ts = previous?.ts ?? `${Math.floor(Date.now() / 1000)}.${String(posted).padStart(6, '0')}`;
      options.write(
        draw(alertMessage(notice), {
          ...options,
          channel: `#${options.channelName ?? channel}`,
          time: notice.at.toISOString().slice(11, 16),
          edited: previous !== null,
        }),
      );
      return Promise.resolve({ kind: 'delivered', message: { channel, ts } });
    },
  };
}

/** Nothing in a message is unfurled, parsed into a mention or made into a link. */
function content({ text, blocks }: Message) {
  return { text, blocks, unfurl_links: false, unfurl_media: false, link_names: false, parse: 'none' as const };
}

/** Ids only: any app in the workspace can read a message's metadata. */
function metadata(notice: AlertNotice) {
  return {
    event_type: 'talktime_alert',
    event_payload: {
      partner_id: notice.partnerId,
      wallet: notice.wallet,
      ...(notice.customerId === null ? {} : { customer_id: notice.customerId }),
    },
  };
}

const UPDATE_IMPOSSIBLE = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

const TOKEN_DEAD = new Set([
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'no_permission',
  'team_access_not_granted',
]);

/** Slack's own trouble, or a limit that passes by itself. */
const PASSES = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'message_limit_exceeded',
  'accesslimited',
]);

const MESSAGE_REFUSED =
  /^(invalid_blocks|invalid_blocks_format|msg_too_long|msg_blocks_too_long|no_text|invalid_arguments|invalid_arg_name|invalid_metadata.*|metadata_.*|markdown_text_conflict)$/;

type Failure = Exclude<DeliveryOutcome, { kind: 'delivered' }>;

/** What an error from Slack's client means for a delivery. What is not known to be final is worth another attempt. */
function failure(error: unknown, channel: string): Failure {
  if (error instanceof WebAPIRateLimitedError) {
    return { kind: 'retry', reason: 'Slack asks to wait (429).', retryAfterSeconds: error.retryAfter };
  }
  if (error instanceof WebAPIHTTPError) return { kind: 'retry', reason: `Slack answered HTTP ${error.statusCode}.` };
  if (error instanceof WebAPIRequestError)
    return { kind: 'retry', reason: `Slack could not be reached: ${error.original.message}` };
  if (error instanceof WebAPIPlatformError) return platformFailure(error.data.error, channel);
  return {
    kind: 'retry',
    reason: `Slack's answer could not be read: ${error instanceof Error ? error.message : String(error)}`,
  };
}

function platformFailure(code: string, channel: string): Failure {
  if (PASSES.has(code)) return { kind: 'retry', reason: `Slack answered ${code}.` };
  if (TOKEN_DEAD.has(code))
    return dead(
      `Slack no longer accepts the bot token (${code}). Install the app in the workspace again and set SLACK_BOT_TOKEN to its new token.`,
    );
  if (code === 'missing_scope')
    return dead(
      'The Slack app lacks the scope chat:write (missing_scope). Add it under OAuth & Permissions and install the app again.',
    );
  if (code === 'channel_not_found') {
    return dead(
      `Slack finds no channel ${channel} (channel_not_found). Check its id, and that it is in the app's workspace; to a private channel invite the app first.`,
    );
  }
  if (code === 'not_in_channel')
    return dead(`The app is not in channel ${channel} (not_in_channel). Type "/invite @Talktime" there.`);
  if (code === 'is_archived')
    return dead(`Channel ${channel} is archived (is_archived). Unarchive it, or set another slack_channel.`);
  if (code.startsWith('restricted_action')) {
    return dead(
      `The workspace does not let the app post in channel ${channel} (${code}). Change the channel's posting permissions, or set another slack_channel.`,
    );
  }
  if (MESSAGE_REFUSED.test(code))
    return dead(`Slack refused the message itself (${code}). This is a fault of Talktime: please report it.`);
  // An answer that is no JSON arrives here as its text.
  return {
    kind: 'retry',
    reason: `Slack answered ${/^[a-z0-9_]{1,80}$/.test(code) ? code : 'something that is not JSON'}.`,
  };
}

function dead(reason: string): Failure {
  return { kind: 'dead', reason };
}
