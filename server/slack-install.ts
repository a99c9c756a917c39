import {
  INSTALL_PATH,
  REDIRECT_PATH,
  singleWorkspace,
  slackRefresher,
  workspaceOfToken,
  type BotLogger,
  type Installations,
  type Installing,
  type Workspace,
  type WorkspaceGrant,
} from '@talktime/bot';
import {
  createInstallToken,
  endSlackInstallation,
  freshSlackInstallation,
  isInstallTokenOpen,
  storeSlackInstallation,
  useInstallToken,
  type Actor,
  type InTurn,
} from '@talktime/core/access';
import type { Talktime } from '@talktime/core/calls';
import type { SlackInstallLink } from '@talktime/core/contract';
import type { Database } from '@talktime/core/database';

/** How the service is a Slack app. */
export interface SlackOptions {
  readonly signingSecret: string;
  /** Of the one workspace; with `oauth`, of the one that the app was installed in by hand. */
  readonly botToken?: string | null;
  /** Lets any number of workspaces install the app; `publicUrl` is needed with it. */
  readonly oauth?: { readonly clientId: string; readonly clientSecret: string } | null;
  /** Switches Socket Mode on. */
  readonly appToken?: string | null;
  /** Slack's own addresses unless a test says otherwise. */
  readonly apiUrl?: string;
  readonly authorizationUrl?: string;
}

type Lookup = (workspace: Workspace) => Promise<WorkspaceGrant | null>;

/**
 * The bot token of a workspace: that of its installation, or of its organisation's, always a fresh one. SLACK_BOT_TOKEN
 * stands for every workspace where nothing is installed by OAuth, and else for its own workspace alone: partners name
 * workspaces themselves, and one must not reach another's channels by it.
 */
export function slackInstallations(
  talktime: Talktime,
  { logger, ...slack }: SlackOptions & { readonly logger: BotLogger },
): Installations {
  const { oauth, botToken } = slack;
  if (!oauth) return botToken ? singleWorkspace(botToken) : () => Promise.resolve(null);
  const installed = freshInstallations(talktime, { ...slack, oauth }, logger);
  if (!botToken) return installed;
  const isItsOwn = workspaceTest(() => workspaceOfToken(botToken, slack, logger));
  return async (workspace) => (await installed(workspace)) ?? ((await isItsOwn(workspace)) ? { botToken } : null);
}

/** How workspaces come to install the app, over core; undefined when they cannot. */
export function slackInstalling(
  talktime: Talktime,
  { logger, publicUrl, ...slack }: SlackOptions & { readonly logger: BotLogger; readonly publicUrl?: string },
): Installing | undefined {
  const { oauth } = slack;
  if (!oauth) return undefined;
  if (publicUrl === undefined) throw new Error('Slack has to send browsers back: the public URL is needed with OAuth');
  const { database } = talktime;
  return {
    ...oauth,
    authorizationUrl: slack.authorizationUrl,
    redirectUri: publicUrl + REDIRECT_PATH,
    isOpen: (link) => isInstallTokenOpen(database, link),
    use: (link) => useInstallToken(database, link),
    store: ({ partnerId, actorId }, grant) =>
      storeSlackInstallation(talktime, partnerId, { id: actorId, host: false }, grant),
    fetch: freshInstallations(talktime, { ...slack, oauth }, logger),
    end: (workspace, because, at) => endSlackInstallation(database, workspace, because, at),
  };
}

/** Where the install links of a service lead; undefined when workspaces cannot install its Slack app. */
export function slackInstallAddress(
  slack: Pick<SlackOptions, 'oauth'> | null | undefined,
  publicUrl: string | undefined,
): string | undefined {
  return slack?.oauth && publicUrl !== undefined ? publicUrl + INSTALL_PATH : undefined;
}

/** Makes a link by which somebody installs the Slack app for a partner, once, within the hour. */
export async function createInstallLink(
  database: Database,
  partnerId: string,
  actor: Actor,
  address: string,
): Promise<SlackInstallLink> {
  const { token, expiresAt } = await createInstallToken(database, partnerId, actor);
  return { url: `${address}?link=${token}`, expires_at: expiresAt.toISOString() };
}

/** Renewals under way at once: were Slack slow with new tokens, the ledger would be left without connections. */
const MOST_RENEWALS = 3;

/** Installations with fresh tokens. Whoever asks, in this process, for a workspace that is being looked up shares that lookup. */
function freshInstallations(
  talktime: Talktime,
  { oauth, ...client }: { readonly oauth: NonNullable<SlackOptions['oauth']>; readonly apiUrl?: string },
  logger: BotLogger,
): Lookup {
  const refresh = slackRefresher(oauth, client, logger);
  const inTurn = turns(MOST_RENEWALS);
  const underWay = new Map<string, Promise<WorkspaceGrant | null>>();
  return (workspace) => {
    const key = JSON.stringify([workspace.teamId, workspace.enterpriseId]);
    const shared = underWay.get(key);
    if (shared) return shared;
    const lookup = freshSlackInstallation(talktime, workspace, refresh, { inTurn }).finally(() => underWay.delete(key));
    underWay.set(key, lookup);
    return lookup;
  };
}

/** Runs at most so many pieces of work at once; the others wait in line. */
function turns(most: number): InTurn {
  const line: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < most) running += 1;
    else await new Promise<void>((turn) => line.push(turn));
    try {
      return await work();
    } finally {
      const next = line.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** Whether a workspace is the one that `ask` tells. It is asked once, and again only after a failure. */
function workspaceTest(ask: () => Promise<Workspace>): (workspace: Workspace) => Promise<boolean> {
  let told: Promise<Workspace> | undefined;
  return async ({ teamId, enterpriseId }) => {
    told ??= ask().catch((error: unknown) => {
      told = undefined;
      throw error;
    });
    const own = await told;
    return own.teamId !== null ? own.teamId === teamId : own.enterpriseId !== null && own.enterpriseId === enterpriseId;
  };
}
