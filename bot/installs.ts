import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  HTTPReceiver,
  type App,
  type HTTPReceiverOptions,
  type Installation,
  type InstallationQuery,
} from '@slack/bolt';
import { WebAPIPlatformError, WebClient } from '@slack/web-api';
import manifest from './manifest.json';
import { INSTALL_PAGE_POLICY, installPage, type InstallPage } from './install-pages';
import type { BotLogger } from './ports';
import { boltLogger, webClientOptions, type SlackClientOptions } from './slack-client';

export const INSTALL_PATH = '/slack/install';
export const REDIRECT_PATH = '/slack/oauth_redirect';

type CallbackOptions = NonNullable<NonNullable<HTTPReceiverOptions['installerOptions']>['callbackOptions']>;

/** What the app asks a workspace for: as the manifest says. */
export const SCOPES: readonly string[] = manifest.oauth_config.scopes.bot;

export interface Workspace {
  readonly teamId: string | null;
  readonly enterpriseId: string | null;
}

/** Tokens of a workspace. Secret. */
export interface WorkspaceTokens {
  readonly botToken: string;
  /** Works once; null: the token is not rotated. */
  readonly refreshToken: string | null;
  /** When the bot token ends; null: never. */
  readonly endsAt: Date | null;
}

export interface WorkspaceGrant extends WorkspaceTokens, Workspace {
  readonly isEnterpriseInstall: boolean;
  readonly appId: string | null;
  readonly botId: string;
  readonly botUserId: string;
  readonly scopes: readonly string[];
  readonly installerId: string;
}

/** Whom an installation is for, and who made the link to it. */
export interface InstallFor {
  readonly partnerId: string;
  readonly actorId: string;
}

/** How workspaces come to be installed, and where that is kept. The service implements it over core. */
export interface Installing {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where Slack sends the browser back to: the public address with REDIRECT_PATH. */
  readonly redirectUri: string;
  /** Slack's own page unless a test says otherwise. */
  readonly authorizationUrl?: string;
  /** Whether an install link can still be used. */
  isOpen(link: string): Promise<boolean>;
  /** Uses a link up; null when it is unknown, expired or used. */
  use(link: string): Promise<InstallFor | null>;
  /** Keeps an installation. Throws an error with a `code` when the workspace is another partner's. */
  store(installFor: InstallFor, grant: WorkspaceGrant): Promise<void>;
  /** The installation with a fresh token; null when there is none. */
  fetch(workspace: Workspace): Promise<WorkspaceGrant | null>;
  /** The app is gone from a workspace, or its tokens are, since a moment. */
  end(workspace: Workspace, because: 'app_uninstalled' | 'tokens_revoked', at: Date): Promise<void>;
}

/**
 * Answers the two addresses of an installation. Slack's own library does the OAuth dance, apart from the app: Bolt takes no
 * installer beside an `authorize` of one's own. The link is the state: it works once. Never throws.
 */
export function listenForInstalls(
  installing: Installing,
  signingSecret: string,
  client: SlackClientOptions,
  logger: BotLogger,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { installer } = new HTTPReceiver({
    signingSecret,
    endpoints: [],
    logger: boltLogger(logger),
    ...installerOptions(installing, client, logger),
  });
  if (!installer) throw new Error('The receiver made no installer');
  const failed = (error: unknown) =>
    logger.error({ code: codeOf(error), event: 'slack_install_failed' }, 'An installation in Slack failed');
  const ends: CallbackOptions = {
    success: (_installation, _options, _request, response) => answer(response, 200, 'installed'),
    failure: (error, _options, _request, response) => {
      const code = codeOf(error);
      if (code === 'SLACK_TEAM_TAKEN') return answer(response, 409, 'taken');
      if (SPENT.has(code)) return answer(response, 410, 'spent');
      if (code === CANCELLED) return answer(response, 200, 'cancelled');
      failed(error);
      return answer(response, 502, 'failed');
    },
  };
  return async (request, response) => {
    try {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      if (pathname === REDIRECT_PATH) return await installer.handleCallback(request, response, ends);
      const link = searchParams.get('link') ?? '';
      if (!(await installing.isOpen(link))) return answer(response, 410, 'spent');
      // The link is in this address and in Slack's: neither goes into a cache, or to anybody else.
      response.setHeader('cache-control', 'no-store').setHeader('referrer-policy', 'no-referrer');
      await installer.handleInstallPath(request, response, undefined, {
        scopes: [...SCOPES],
        redirectUri: installing.redirectUri,
        metadata: link,
      });
    } catch (error) {
      failed(error);
      if (response.headersSent) response.end();
      else answer(response, 500, 'failed');
    }
  };
}

function installerOptions(
  installing: Installing,
  client: SlackClientOptions,
  logger: BotLogger,
): Partial<HTTPReceiverOptions> {
  return {
    clientId: installing.clientId,
    clientSecret: installing.clientSecret,
    redirectUri: installing.redirectUri,
    scopes: [...SCOPES],
    installationStore: {
      async storeInstallation(installation) {
        if (installation.metadata === undefined) throw new Error('An installation came without a link');
        await installing.store(JSON.parse(installation.metadata) as InstallFor, grantOf(installation));
      },
      async fetchInstallation(query: InstallationQuery<boolean>) {
        const grant = await installing.fetch({
          teamId: query.teamId ?? null,
          enterpriseId: query.enterpriseId ?? null,
        });
        if (!grant)
          throw new Error(`The app is not installed in workspace ${query.teamId ?? query.enterpriseId ?? '?'}`);
        return installationOf(grant) as Installation<'v2', false>;
      },
    },
    installerOptions: {
      directInstall: true,
      stateCookieExpirationSeconds: LINK_SECONDS,
      redirectUriPath: REDIRECT_PATH,
      installPath: INSTALL_PATH,
      authorizationUrl: installing.authorizationUrl,
      clientOptions: webClientOptions(client, logger),
      stateStore: {
        generateStateParam: ({ metadata }) => Promise.resolve(metadata ?? ''),
        async verifyStateParam(_now, state) {
          const installFor = await installing.use(state);
          if (!installFor) throw new LinkSpent();
          return { scopes: [...SCOPES], redirectUri: installing.redirectUri, metadata: JSON.stringify(installFor) };
        },
      },
    },
  };
}

/** As long as an install link may be used: Slack's page may be open for a while. */
const LINK_SECONDS = 60 * 60;

/** Codes of Slack's library for the OAuth dance (@slack/oauth, errors). */
const CANCELLED = 'slack_oauth_installer_authorization_error';
const WRONG_STATE = 'slack_oauth_invalid_state';
/** The link, which is the state, is used, expired, another browser's, or not there. */
const SPENT: ReadonlySet<string> = new Set([WRONG_STATE, 'slack_oauth_missing_state', 'slack_oauth_missing_code']);

class LinkSpent extends Error {
  readonly code = WRONG_STATE;

  constructor() {
    super('The install link is unknown, used or expired');
  }
}

/** The app was removed, or its bot token revoked. Slack needs no token to tell so. */
export function registerEnds(app: App, installing: Installing): void {
  // What is told of one workspace does not end the installation of its whole organisation.
  const workspaceOf = (body: { team_id: string; enterprise_id?: string }, ofOrganisation: boolean): Workspace =>
    ofOrganisation
      ? { teamId: null, enterpriseId: body.enterprise_id ?? body.team_id }
      : { teamId: body.team_id, enterpriseId: null };
  app.event('app_uninstalled', ({ body, context }) =>
    installing.end(workspaceOf(body, context.isEnterpriseInstall), 'app_uninstalled', new Date(body.event_time * 1000)),
  );
  app.event('tokens_revoked', async ({ body, context, event }) => {
    if (!event.tokens.bot?.length) return; // somebody's own token: the app has none of those
    const at = new Date(body.event_time * 1000);
    await installing.end(workspaceOf(body, context.isEnterpriseInstall), 'tokens_revoked', at);
  });
}

/** Which workspace a token is of: SLACK_BOT_TOKEN stands for that one alone where others install the app. */
export async function workspaceOfToken(
  botToken: string,
  options: SlackClientOptions,
  logger: BotLogger,
): Promise<Workspace> {
  const told = await new WebClient(botToken, webClientOptions(options, logger)).auth.test();
  return told.is_enterprise_install
    ? { teamId: null, enterpriseId: told.enterprise_id ?? null }
    : { teamId: told.team_id ?? null, enterpriseId: null };
}

/** Trades refresh tokens at Slack, as core's freshSlackInstallation asks: null when Slack refuses one for good. */
export function slackRefresher(
  { clientId, clientSecret }: Pick<Installing, 'clientId' | 'clientSecret'>,
  options: SlackClientOptions,
  logger: BotLogger,
): (refreshToken: string) => Promise<WorkspaceTokens | null> {
  // Shorter than Postgres lets the transaction wait that holds the row.
  const client = new WebClient(undefined, webClientOptions({ ...options, timeoutMs: REFRESH_TIMEOUT_MS }, logger));
  return async (refreshToken) => {
    try {
      const answered = await client.oauth.v2.access({
        client_id: clientId,
        client_secret: clientSecret,
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
      });
      const { access_token: botToken, refresh_token: next, expires_in: seconds } = answered;
      if (!botToken || !next || !seconds) throw new Error('Slack answered a refresh without tokens');
      return { botToken, refreshToken: next, endsAt: new Date(Date.now() + seconds * 1000) };
    } catch (error) {
      const refused = error instanceof WebAPIPlatformError ? error.data.error : null;
      logger.warn(
        { code: refused ?? codeOf(error), event: 'slack_refresh_failed' },
        'A token of Slack was not renewed',
      );
      if (refused !== null && REFUSED_FOR_GOOD.has(refused)) return null;
      throw error;
    }
  };
}

const REFRESH_TIMEOUT_MS = 7_000;
const REFUSED_FOR_GOOD = new Set(['invalid_refresh_token', 'token_revoked', 'token_expired', 'account_inactive']);

function answer(response: ServerResponse, status: number, page: InstallPage): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': INSTALL_PAGE_POLICY,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .end(installPage(page));
}

/** An error's stable code; its message may hold what somebody typed into an address. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'unknown';
}

function grantOf(installation: Installation): WorkspaceGrant {
  const { bot, team, enterprise, user, appId } = installation;
  if (!bot) throw new Error('Slack gave no bot token');
  return {
    botToken: bot.token,
    refreshToken: bot.refreshToken ?? null,
    endsAt: bot.expiresAt === undefined ? null : new Date(bot.expiresAt * 1000),
    teamId: team?.id ?? null,
    enterpriseId: enterprise?.id ?? null,
    isEnterpriseInstall: installation.isEnterpriseInstall === true,
    appId: appId ?? null,
    botId: bot.id,
    botUserId: bot.userId,
    scopes: bot.scopes,
    installerId: user.id,
  };
}

function installationOf(grant: WorkspaceGrant): Installation<'v2', boolean> {
  return {
    team: grant.teamId === null ? undefined : { id: grant.teamId },
    enterprise: grant.enterpriseId === null ? undefined : { id: grant.enterpriseId },
    isEnterpriseInstall: grant.isEnterpriseInstall,
    user: { token: undefined, scopes: undefined, id: grant.installerId },
    bot: {
      token: grant.botToken,
      ...(grant.refreshToken === null ? {} : { refreshToken: grant.refreshToken }),
      ...(grant.endsAt === null ? {} : { expiresAt: Math.floor(grant.endsAt.getTime() / 1000) }),
      scopes: [...grant.scopes],
      id: grant.botId,
      userId: grant.botUserId,
    },
    appId: grant.appId ?? undefined,
    tokenType: 'bot',
    authVersion: 'v2',
  };
}
