import { fakeApp, type FakeApp } from './app';
import { Failures, type Failure, type FailureRules } from './failures';
import type { Json } from './json';
import type { FakeSlackOptions } from './options';
import { PATIENCE_MS, until } from './patience';
import { eventPayload } from './payloads';
import { Person } from './person';
import { RateLimits } from './rate-limits';
import { ResponseUrls } from './responses';
import { Sender, eventRequest, type SendOptions } from './sender';
import { startSlackServer } from './server';
import { SlackState, type StoredMessage } from './state';
import type { Call, Entry, Sent } from './transcript';

export type { Failure, FailureRules } from './failures';
export type { AppOptions, ChannelOptions, FakeSlackOptions, Manifest, UserOptions, WorkspaceOptions } from './options';
export { Person, type PressOptions, type Submission } from './person';
export type { SlackState, StoredMessage, UploadedFile } from './state';
export type { Call, Entry, Sent } from './transcript';
export type { StoredView } from './views';
export { brokenLimits, LIMITS } from './limits';

/**
 * Slack on loopback, for tests and the demo: its Web API, strict about what it is sent; people who use the app as they
 * would in Slack; what they see, as a page. It can be scripted to fail, and keeps a transcript of all that happened.
 * test/bot/fake-slack holds it against what others wrote: `emulate`, @slack/types and Slack's documentation.
 */
export interface FakeSlack {
  /** http://127.0.0.1:… — a browser sees the workspaces there. */
  readonly origin: string;
  /** For `slackApiUrl`: ends with /api/. */
  readonly apiUrl: string;
  /** For `authorizationUrl`: the page on which somebody allows the app. */
  readonly authorizeUrl: string;
  readonly app: FakeApp;
  readonly state: SlackState;

  /** Tells Slack where the app listens: http://127.0.0.1:…/slack/events. */
  deliverTo(requestUrl: string): void;
  person(teamId: string, userId: string): Person;

  /** Waits until something holds: `look` finds something, and may throw until then. */
  until<T>(look: () => T | null | undefined | false, what?: string): Promise<T>;

  /** All that happened, in order. */
  readonly transcript: Entry[];
  /** The calls of the app's in the transcript. */
  readonly calls: Call[];
  /** The requests to the app in the transcript. */
  readonly sent: Sent[];
  /** What stands in channels and DMs for everybody there. */
  readonly messages: StoredMessage[];
  /** What single people were told. */
  readonly ephemerals: StoredMessage[];
  /** What was sent to response URLs and taken. */
  readonly responses: Json[];
  /** A response URL as a command carries it. */
  responseUrl(from?: { teamId: string; userId: string; channelId: string }): string;

  /** The next calls of a method are answered so, one each. `response_url` and `upload` are methods here too. */
  script(method: string, ...failures: Failure[]): void;
  /** Calls of a method are answered so until the result is called. */
  fail(method: string, failure: Failure, rules?: FailureRules): () => void;
  clearFailures(): void;

  /** Sends an event of a workspace to the app. null: its manifest does not ask for it. */
  event(teamId: string, event: Json, options?: SendOptions): Promise<Sent | null>;
  /** Slack's first request to a new address. */
  verifyUrl(): Promise<Sent>;
  /** Sends the last request once more: the same payload; an event with Slack's retry headers. */
  resendLast(reason?: string): Promise<Sent>;
  /** An admin takes the app out of a workspace: its tokens are dead, and the app is told. */
  uninstall(teamId: string): Promise<void>;
  /** Tokens of the app are revoked, and the app is told. */
  revokeTokens(teamId: string): Promise<void>;

  /** Waits until what Slack tells the app by itself (after auth.revoke, for one) has arrived. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeSlack(options: FakeSlackOptions): Promise<FakeSlack> {
  const state = new SlackState(fakeApp(options.app), options.workspaces, options.now);
  const failures = new Failures();
  const sender = new Sender(state);
  const responseUrls = new ResponseUrls(state);
  const patience = options.patience ?? PATIENCE_MS;
  const telling = new Set<Promise<unknown>>();

  const event: FakeSlack['event'] = async (teamId, what, sendOptions) => {
    const type = String(what.type);
    if (!state.app.hears(type)) return null;
    return sender.send(eventRequest(type, eventPayload(state, teamId, what)), sendOptions);
  };
  const tell = (teamId: string, what: Json) => {
    const told = event(teamId, what).finally(() => telling.delete(told));
    telling.add(told);
  };
  const server = await startSlackServer({
    state,
    failures,
    responseUrls,
    tell,
    rateLimits: new RateLimits(options.rateLimits ?? false),
    passedOver: options.passedOver ?? [],
    port: options.port ?? 0,
  });
  const settled = async () => void (await Promise.allSettled([...telling]));
  const revoked = (teamId: string): Json => ({
    type: 'tokens_revoked',
    tokens: { oauth: [], bot: [state.workspace(teamId).botUserId] },
  });

  return {
    origin: server.origin,
    apiUrl: `${server.origin}/api/`,
    authorizeUrl: `${server.origin}/oauth/v2/authorize`,
    app: state.app,
    state,
    deliverTo: (requestUrl) => void (sender.requestUrl = requestUrl),
    person(teamId, userId) {
      const user = state.workspace(teamId).users.get(userId);
      if (!user) throw new Error(`There is no ${userId} in ${teamId}`);
      return new Person(user, { state, sender, responseUrls, origin: server.origin, patience });
    },
    until: (look, what) => until(look, state.transcript, { within: patience, what }),
    transcript: state.transcript.entries,
    get calls() {
      return state.transcript.of('call');
    },
    get sent() {
      return state.transcript.of('sent');
    },
    messages: state.messages,
    ephemerals: state.ephemerals,
    responses: responseUrls.taken,
    responseUrl(from) {
      const [workspace] = options.workspaces;
      const channel = workspace?.channels?.[0]?.id ?? '';
      const nobody = { teamId: workspace?.id ?? '', userId: workspace?.users?.[0]?.id ?? '', channelId: channel };
      return server.origin + responseUrls.create({ ...(from ?? nobody), message: null });
    },
    script: (method, ...list) => failures.next(method, list),
    fail: (method, failure, rules) => failures.always(method, failure, rules),
    clearFailures: () => failures.clear(),
    event,
    verifyUrl: () =>
      sender.send(
        eventRequest('url_verification', { token: 'deprecated', challenge: 'challenge', type: 'url_verification' }),
      ),
    resendLast: (reason) => sender.resendLast(reason),
    async uninstall(teamId) {
      state.tokens.uninstall(teamId);
      // Slack sends both, in no order that could be relied on.
      await Promise.all([event(teamId, revoked(teamId)), event(teamId, { type: 'app_uninstalled' })]);
    },
    async revokeTokens(teamId) {
      state.tokens.revokeAll(teamId);
      await event(teamId, revoked(teamId));
    },
    settled,
    async close() {
      await settled();
      await server.close();
    },
  };
}
