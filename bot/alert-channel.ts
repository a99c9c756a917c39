import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
} from '@slack/web-api';
import type {
  AlertChannel,
  AlertDelivery,
  AlertRoute,
  DeliveryOutcome,
  PostedMessage,
  Thread,
} from '@talktime/core/alerts';
import {
  alertMessage,
  customerAlertMessage,
  digestMessage,
  draw,
  paymentMessage,
  paymentThreadMessage,
  routeDeadMessage,
  testMessage,
  threadMessage,
  type Message,
} from './messages';
import type { BotLogger, Installations } from './ports';
import { webClientOptions, type SlackClientOptions } from './slack-client';

export interface SlackAlertChannelOptions extends SlackClientOptions {
  readonly installations: Installations;
  readonly logger: BotLogger;
}

type SlackRoute = Extract<AlertRoute, { kind: 'slack' | 'dm' }>;

/** Clients of so many tokens are kept. */
const MOST_CLIENTS = 500;

/**
 * Posts alerts to Slack: one message an episode or digest, updated in place, its history in its thread. Slack notifies
 * nobody of an update, so what got worse is said in the thread and shown in the channel.
 *
 * A delivery makes at most one post, and makes it last: an update may be repeated without harm, but chat.postMessage has no
 * idempotency key. When the answer to a post is lost, the outcome says that it was perhaps posted.
 */
export function createSlackAlertChannel(options: SlackAlertChannelOptions): AlertChannel {
  const clients = new Map<string, WebClient>();
  const clientOf = (token: string): WebClient => {
    const known = clients.get(token);
    if (known) return known;
    if (clients.size >= MOST_CLIENTS) clients.clear();
    const client = new WebClient(
      token,
      webClientOptions({ ...options, fetch: tellingFetch(options.fetch) }, options.logger),
    );
    clients.set(token, client);
    return client;
  };

  async function post(client: WebClient, delivery: AlertDelivery, channel: string): Promise<DeliveryOutcome> {
    try {
      const { ts, channel: postedIn } = await client.chat.postMessage({
        channel,
        ...content(messageOf(delivery)),
        metadata: metadata(delivery),
      });
      if (!ts) throw new Error('chat.postMessage answered ok without ts');
      return { kind: 'delivered', message: { channel: postedIn ?? channel, ts } };
    } catch (error) {
      return failureOfPost(error, channel);
    }
  }

  async function update(
    client: WebClient,
    delivery: AlertDelivery,
    { channel, ts }: PostedMessage,
  ): Promise<DeliveryOutcome> {
    const { text, blocks } = messageOf(delivery);
    try {
      await client.chat.update({
        channel,
        ts,
        text,
        blocks,
        link_names: false,
        parse: 'none',
        metadata: metadata(delivery),
      });
    } catch (error) {
      const code = error instanceof WebAPIPlatformError ? error.data.error : undefined;
      if (code !== undefined && UPDATE_IMPOSSIBLE.has(code)) return { kind: 'gone', reason: `Slack answered ${code}.` };
      return failure(error, channel);
    }
    if (delivery.thread === null) return { kind: 'delivered', message: { channel, ts } };
    return sayInThread(client, delivery, delivery.thread, { channel, ts });
  }

  async function sayInThread(
    client: WebClient,
    delivery: AlertDelivery,
    thread: Thread,
    { channel, ts }: PostedMessage,
  ): Promise<DeliveryOutcome> {
    try {
      await client.chat.postMessage({
        channel,
        ...(thread.broadcast ? { thread_ts: ts, reply_broadcast: true as const } : { thread_ts: ts }),
        ...content(threadOf(delivery, thread)),
        metadata: metadata(delivery),
      });
    } catch (error) {
      const outcome = failureOfPost(error, channel);
      if (outcome.kind === 'retry') return outcome;
      // The alert itself has its right state; a workspace may forbid threads.
      options.logger.warn(
        {
          event: 'alert_thread_refused',
          channel,
          partnerId: delivery.partnerId,
          reason: outcome.reason,
        },
        'Slack refused a thread reply',
      );
    }
    return { kind: 'delivered', message: { channel, ts } };
  }

  return {
    async deliver(delivery) {
      const { route, previous } = delivery;
      if (route.kind === 'none' || route.kind === 'email')
        return refused(
          "No Slack channel is set for alerts. Set the partner's slack_channel, and invite the app to that channel.",
        );
      const installed = await installationOf(options.installations, route);
      if (installed.kind !== 'installed') return installed;
      const client = clientOf(installed.botToken);
      if (previous !== null) return update(client, delivery, previous);
      if (route.kind === 'slack') return post(client, delivery, route.channel);
      try {
        const { channel } = await client.conversations.open({ users: route.userId });
        if (!channel?.id) throw new Error('conversations.open answered ok without a channel');
        return await post(client, delivery, channel.id);
      } catch (error) {
        return failure(error, route.userId);
      }
    },
  };
}

async function installationOf(
  installations: Installations,
  { teamId }: SlackRoute,
): Promise<DeliveryOutcome | { readonly kind: 'installed'; readonly botToken: string }> {
  const isOrganisation = teamId?.startsWith('E') ?? false;
  const installation = await installations({
    teamId: isOrganisation ? null : teamId,
    enterpriseId: isOrganisation ? teamId : null,
  });
  if (installation) return { kind: 'installed', botToken: installation.botToken };
  return dead(
    `The app is not installed in the Slack workspace ${teamId ?? '(none is set)'}. Install it there, or let alerts go to another workspace.`,
  );
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
    deliver(delivery: AlertDelivery): Promise<DeliveryOutcome> {
      const { previous, thread } = delivery;
      const channel = previous?.channel ?? nameOf(delivery.route);
      posted += 1;
      const ts = previous?.ts ?? `${Math.floor(Date.now() / 1000)}.${String(posted).padStart(6, '0')}`;
      const where = { ...options, channel: `#${options.channelName ?? channel}` };
      const time = momentOf(delivery).toISOString().slice(11, 16);
      options.write(draw(messageOf(delivery), { ...where, time, edited: previous !== null }));
      if (thread?.broadcast) options.write(draw(threadOf(delivery, thread), { ...where, time }));
      return Promise.resolve({ kind: 'delivered', message: { channel, ts } });
    },
  };
}

function nameOf(route: AlertRoute): string {
  switch (route.kind) {
    case 'slack':
      return route.channel;
    case 'dm':
      return route.userId;
    case 'email':
      return route.address;
    case 'none':
      return 'console';
  }
}

function momentOf({ content: shown }: AlertDelivery): Date {
  switch (shown.kind) {
    case 'episode':
      return shown.notice.at;
    case 'digest':
      return shown.notices.reduce((last, { at }) => (at > last ? at : last), new Date(0));
    case 'route_dead':
      return shown.dead.at;
    case 'payment':
      return shown.notice.latest.at;
    case 'test':
      return shown.at;
  }
}

/** A customer's people see what its settings show, and nothing of what the partner does about it (money-rules 21). */
function messageOf({ content: shown, audience, doubled }: AlertDelivery): Message {
  switch (shown.kind) {
    case 'episode':
      if (audience === 'partner') return alertMessage(shown.notice, doubled);
      if (shown.notice.margin !== null) throw new Error('A margin is never shown to a customer');
      return customerAlertMessage(shown.notice, doubled);
    case 'digest':
      return digestMessage(shown.notices, { audience, doubled });
    case 'route_dead':
      return routeDeadMessage(shown.dead, doubled);
    case 'payment':
      if (audience !== 'partner') throw new Error('How a partner collects is never shown to a customer');
      return paymentMessage(shown.notice, doubled);
    case 'test':
      return testMessage(shown.at, doubled);
  }
}

function threadOf({ content: shown, audience, doubtful }: AlertDelivery, { entries }: Thread): Message {
  if (shown.kind === 'payment') return paymentThreadMessage(shown.notice, shown.news, doubtful);
  const notices = shown.kind === 'episode' ? [shown.notice] : shown.kind === 'digest' ? shown.notices : [];
  return threadMessage(entries, { audience, shows: notices.every(({ showsPricing }) => showsPricing), doubtful });
}

/** Nothing in a message is unfurled, parsed into a mention or made into a link. */
function content({ text, blocks }: Message) {
  return { text, blocks, unfurl_links: false, unfurl_media: false, link_names: false, parse: 'none' as const };
}

/** Ids only: any app in the workspace can read a message's metadata. A customer's channel learns of no other id than its own. */
function metadata({ partnerId, messageId, content: shown, audience }: AlertDelivery) {
  const notice = shown.kind === 'episode' ? shown.notice : undefined;
  return {
    event_type: 'talktime_alert',
    event_payload: {
      message_id: messageId,
      ...(audience === 'partner' ? { partner_id: partnerId } : {}),
      ...(notice ? { wallet: notice.wallet, episode: notice.episode } : {}),
      ...(notice?.customerId != null ? { customer_id: notice.customerId } : {}),
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

const USER_UNREACHABLE = new Set([
  'user_not_found',
  'users_not_found',
  'user_disabled',
  'cannot_dm_bot',
  'user_not_visible',
]);

const MESSAGE_REFUSED =
  /^(invalid_blocks|invalid_blocks_format|msg_too_long|msg_blocks_too_long|no_text|invalid_arguments|invalid_arg_name|invalid_metadata.*|metadata_.*|markdown_text_conflict)$/;

type Failure = Extract<DeliveryOutcome, { kind: 'retry' | 'dead' }>;

/**
 * What an error at a post means. Slack refuses with an answer; where there was none, or one of its faults, it may have
 * posted all the same, unless nothing reached it.
 */
function failureOfPost(error: unknown, channel: string): Failure {
  const outcome = failure(error, channel);
  if (outcome.kind !== 'retry' || error instanceof WebAPIRateLimitedError) return outcome;
  if (error instanceof WebAPIPlatformError && isCode(error.data.error) && !UNSURE.has(error.data.error)) return outcome;
  if (error instanceof WebAPIHTTPError && error.statusCode < 500) return outcome;
  if (error instanceof WebAPIRequestError && error.original instanceof NeverSent) return outcome;
  return { ...outcome, perhapsPosted: true };
}

/** Faults on Slack's side, of which its documentation says that the message may have been posted. */
const UNSURE = new Set(['internal_error', 'fatal_error', 'request_timeout', 'service_unavailable']);

/** An answer that is no JSON arrives as a platform error, too, with its text in the place of the code. */
function isCode(error: string): boolean {
  return /^[a-z0-9_]{1,80}$/.test(error);
}

const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** For a 429 that does not say for how long. */
const USUAL_WAIT_SECONDS = '5';

/** The request left nothing behind: no connection was made. */
class NeverSent extends Error {}

/** fetch tells in its error's cause why it failed, where Slack's client does not look; so it is told by the error itself. */
function tellingFetch(inner: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const response = await inner(input, init).catch((error: Error) => {
      throw isNotConnected(error) ? new NeverSent(error.message, { cause: error }) : error;
    });
    if (response.status !== 429 || response.headers.has('retry-after')) return response;
    return new Response(null, { status: 429, headers: { 'retry-after': USUAL_WAIT_SECONDS } });
  };
}

function isNotConnected(error: unknown): boolean {
  for (let cause = error; typeof cause === 'object' && cause !== null; cause = (cause as Error).cause) {
    if (NOT_CONNECTED.has((cause as NodeJS.ErrnoException).code ?? '')) return true;
  }
  return false;
}

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
  if (USER_UNREACHABLE.has(code))
    return dead(`Slack delivers no direct message to ${channel} (${code}). Let alerts go to somebody else.`);
  if (MESSAGE_REFUSED.test(code))
    return refused(`Slack refused the message itself (${code}). This is a fault of Talktime: please report it.`);
  return {
    kind: 'retry',
    reason: `Slack answered ${isCode(code) ? code : 'something that is not JSON'}.`,
  };
}

/** Nothing can be delivered there. */
function dead(reason: string): Failure {
  return { kind: 'dead', reason, routeIsDead: true };
}

/** This message can't be delivered. */
function refused(reason: string): Failure {
  return { kind: 'dead', reason, routeIsDead: false };
}
