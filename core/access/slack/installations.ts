import type { SlackInstallation } from '../../contract';
import type { Database, Transaction } from '../../database';
import type { Actor } from '../../ledger/commands';
import { audit } from '../audit';
import type { Sealer } from '../seal';
import {
  bindingOf,
  claimSlackWorkspace,
  releaseSlackWorkspace,
  type SlackBinding,
  type SlackWorkspace,
} from './binding';
import { makeOwner } from './roles';

/** What Slack gave with an installation. Secret: it is sealed at rest and goes into no log. */
export interface SlackTokens {
  readonly botToken: string;
  /** Works once; null: the token is not rotated. */
  readonly refreshToken: string | null;
  /** When the bot token ends; null: never. */
  readonly endsAt: Date | null;
}

/** An installation as it came from Slack. */
export interface SlackGrant extends SlackTokens {
  readonly teamId: string | null;
  readonly enterpriseId: string | null;
  readonly isEnterpriseInstall: boolean;
  readonly appId: string | null;
  readonly botId: string;
  readonly botUserId: string;
  readonly scopes: readonly string[];
  readonly installerId: string;
}

export type GoneBecause = NonNullable<SlackInstallation['gone_because']>;

/** Trades a refresh token for new tokens; null when Slack refuses it for good. Throws when Slack could not be asked. */
export type RefreshSlackTokens = (refreshToken: string) => Promise<SlackTokens | null>;

interface Vault {
  readonly database: Database;
  readonly sealer: Sealer;
}

/** Lets few pieces of work run at once. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

interface InstallationRow {
  workspace_id: string;
  sealed: Buffer | null;
  scopes: string[];
  token_ends_at: Date | null;
  installer_id: string;
  installed_at: Date;
  gone_at: Date | null;
  gone_because: GoneBecause | null;
}

/** A token is renewed when less than this many milliseconds are left of it: as early as Slack's own library does. */
const RENEW_BEFORE = 2 * 60 * 60 * 1000;
/** With less than this left of it, whoever asks waits for the one who renews it. */
const WAIT_BEFORE = 5 * 60 * 1000;

/** The workspace that an installation is for: the organisation, when it is for all of it. */
export function workspaceIdOf(grant: Pick<SlackGrant, 'teamId' | 'enterpriseId' | 'isEnterpriseInstall'>): string {
  const id = grant.isEnterpriseInstall ? grant.enterpriseId : grant.teamId;
  if (id === null) throw new Error('Slack named no workspace for the installation');
  return id;
}

/**
 * Keeps an installation for a partner, in place of an earlier one, and makes whoever installed it an owner. The partner's
 * alerts go to this workspace when no other was named.
 *
 * @throws TalktimeError SLACK_TEAM_TAKEN when the workspace is another partner's: nothing is kept
 */
export async function storeSlackInstallation(
  { database, sealer }: Vault,
  partnerId: string,
  actor: Actor,
  grant: SlackGrant,
): Promise<void> {
  const workspaceId = workspaceIdOf(grant);
  await database.asPartner(partnerId, async (transaction) => {
    await claimSlackWorkspace(transaction, partnerId, workspaceId);
    await transaction.query(
      `insert into talktime.slack_installations (partner_id, workspace_id, sealed, scopes, token_ends_at, installer_id)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (partner_id, workspace_id) do update
         set sealed = excluded.sealed, scopes = excluded.scopes, token_ends_at = excluded.token_ends_at,
             installer_id = excluded.installer_id, installed_at = clock_timestamp(), gone_at = null, gone_because = null`,
      [partnerId, workspaceId, sealGrant(sealer, partnerId, grant), grant.scopes, grant.endsAt, grant.installerId],
    );
    await transaction.query(
      'update talktime.partners set slack_team_id = $2 where partner_id = $1 and slack_team_id is null',
      [partnerId, workspaceId],
    );
    await makeOwner(transaction, partnerId, actor, { teamId: workspaceId, userId: grant.installerId });
    await audit(transaction, partnerId, actor, 'slack.installed', workspaceId, { scopes: grant.scopes });
  });
}

/**
 * The installation that stands for a workspace, with a token that works; null when the app is not installed there. However
 * many ask at once, and in however many processes, one refreshes: the row is locked, and read again once the lock is had.
 * Nobody waits for that, or fails with it, whose token works for a while yet.
 *
 * @param inTurn runs each renewal: it holds one of the database's connections while Slack is asked
 */
export async function freshSlackInstallation(
  { database, sealer }: Vault,
  workspace: SlackWorkspace,
  refresh: RefreshSlackTokens,
  { now = () => new Date(), inTurn = (work) => work() }: { readonly now?: () => Date; readonly inTurn?: InTurn } = {},
): Promise<SlackGrant | null> {
  const binding = await bindingOf(database, workspace);
  if (binding === null) return null;
  const { partnerId } = binding;
  const found = await database.asPartner(partnerId, (transaction) => readLive(transaction, binding));
  if (!found) return null;
  const workspaceId = found.workspace_id;
  const standing = openGrant(sealer, partnerId, found);
  if (lasts(standing, RENEW_BEFORE, now())) return standing;
  const waits = !lasts(standing, WAIT_BEFORE, now());
  return inTurn(() =>
    database.asPartner(partnerId, async (transaction) => {
      const row = await read(transaction, partnerId, workspaceId, waits ? 'for update' : 'for update skip locked');
      if (!row) return standing; // another is at it
      if (!row.sealed) return null;
      return renew(transaction, sealer, partnerId, openGrant(sealer, partnerId, row), refresh, now);
    }),
  );
}

/** Under the lock of the installation's row. */
async function renew(
  transaction: Transaction,
  sealer: Sealer,
  partnerId: string,
  grant: SlackGrant,
  refresh: RefreshSlackTokens,
  now: () => Date,
): Promise<SlackGrant | null> {
  if (lasts(grant, RENEW_BEFORE, now())) return grant;
  const tokens = grant.refreshToken === null ? null : await refreshed(grant.refreshToken);
  if (tokens === 'later') return grant;
  if (tokens !== null) return keepTokens(transaction, sealer, partnerId, { ...grant, ...tokens });
  if (!lasts(grant, 0, now())) {
    await setGone(transaction, partnerId, workspaceIdOf(grant), 'refresh_refused');
    return null;
  }
  // Refused for good: what is left of the token is used up, and Slack not asked again.
  return grant.refreshToken === null
    ? grant
    : keepTokens(transaction, sealer, partnerId, { ...grant, refreshToken: null });

  /** What a fault of Slack's comes to, while the token still works, is another attempt by whoever asks next. */
  async function refreshed(refreshToken: string): Promise<SlackTokens | null | 'later'> {
    try {
      return await refresh(refreshToken);
    } catch (error) {
      if (lasts(grant, 0, now())) return 'later';
      throw error;
    }
  }
}

async function keepTokens(
  transaction: Transaction,
  sealer: Sealer,
  partnerId: string,
  grant: SlackGrant,
): Promise<SlackGrant> {
  await transaction.query(
    'update talktime.slack_installations set sealed = $3, token_ends_at = $4 where partner_id = $1 and workspace_id = $2',
    [partnerId, workspaceIdOf(grant), sealGrant(sealer, partnerId, grant), grant.endsAt],
  );
  return grant;
}

/**
 * Erases an installation's tokens: the app was removed, or its tokens were revoked. Roles and channel links stay, for when
 * it is installed again. A workspace that removed the app is free for any partner, unless the partner's own setting names
 * it. What happened before the present installation (Slack repeats events) changes nothing.
 */
export async function endSlackInstallation(
  database: Database,
  workspace: SlackWorkspace,
  because: GoneBecause,
  at: Date,
): Promise<void> {
  const binding = await bindingOf(database, workspace);
  if (binding === null) return;
  const {
    partnerId,
    workspaceIds: [workspaceId],
  } = binding;
  await database.asPartner(partnerId, async (transaction) => {
    const row = await read(transaction, partnerId, workspaceId, 'for update');
    // Slack tells the second of an event, cut off.
    if (!row?.sealed || at.getTime() + 1000 <= row.installed_at.getTime()) return;
    await setGone(transaction, partnerId, workspaceId, because);
    if (because === 'app_uninstalled') await releaseSlackWorkspace(transaction, partnerId, workspaceId);
  });
}

/** The workspaces that a partner installed the app in, those it is gone from too. */
export async function listSlackInstallations(database: Database, partnerId: string): Promise<SlackInstallation[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<InstallationRow>(
      `select workspace_id, scopes, installer_id, installed_at, gone_at, gone_because
       from talktime.slack_installations where partner_id = $1 order by installed_at, workspace_id limit 1000`,
      [partnerId],
    ),
  );
  return rows.map((row) => ({
    workspace_id: row.workspace_id,
    scopes: row.scopes,
    installer_id: row.installer_id,
    installed_at: row.installed_at.toISOString(),
    gone_at: row.gone_at?.toISOString() ?? null,
    gone_because: row.gone_because,
  }));
}

const COLUMNS =
  'workspace_id, sealed, scopes, token_ends_at, installer_id, installed_at, gone_at, gone_because' as const;

/** The installation in a workspace, else that of its organisation. */
async function readLive(
  transaction: Transaction,
  { partnerId, workspaceIds }: SlackBinding,
): Promise<InstallationRow | undefined> {
  const [row] = await transaction.query<InstallationRow>(
    `select ${COLUMNS} from talktime.slack_installations
     where partner_id = $1 and workspace_id = any($2::text[]) and gone_at is null
     order by workspace_id = $3 desc limit 1`,
    [partnerId, workspaceIds, workspaceIds[0]],
  );
  return row;
}

async function read(
  transaction: Transaction,
  partnerId: string,
  workspaceId: string,
  lock: 'for update' | 'for update skip locked',
): Promise<InstallationRow | undefined> {
  const [row] = await transaction.query<InstallationRow>(
    `select ${COLUMNS} from talktime.slack_installations where partner_id = $1 and workspace_id = $2 ${lock}`,
    [partnerId, workspaceId],
  );
  return row;
}

async function setGone(
  transaction: Transaction,
  partnerId: string,
  workspaceId: string,
  because: GoneBecause,
): Promise<void> {
  await transaction.query(
    `update talktime.slack_installations
     set sealed = null, token_ends_at = null, gone_at = clock_timestamp(), gone_because = $3
     where partner_id = $1 and workspace_id = $2`,
    [partnerId, workspaceId, because],
  );
  await audit(transaction, partnerId, { id: 'slack', host: false }, 'slack.gone', workspaceId, { because });
}

/** Whether a token works for so many milliseconds yet. */
const lasts = ({ endsAt }: SlackTokens, milliseconds: number, now: Date) =>
  endsAt === null || endsAt.getTime() - now.getTime() > milliseconds;

const contextOf = (partnerId: string, workspaceId: string) => `slack:${partnerId}:${workspaceId}`;

function sealGrant(sealer: Sealer, partnerId: string, grant: SlackGrant): Buffer {
  const { botToken, refreshToken, teamId, enterpriseId, isEnterpriseInstall, appId, botId, botUserId } = grant;
  return sealer.seal(
    JSON.stringify({ botToken, refreshToken, teamId, enterpriseId, isEnterpriseInstall, appId, botId, botUserId }),
    contextOf(partnerId, workspaceIdOf(grant)),
  );
}

function openGrant(sealer: Sealer, partnerId: string, row: InstallationRow): SlackGrant {
  if (!row.sealed) throw new Error('The installation is gone');
  const kept = JSON.parse(sealer.open(row.sealed, contextOf(partnerId, row.workspace_id))) as Omit<
    SlackGrant,
    'endsAt' | 'scopes' | 'installerId'
  >;
  return { ...kept, endsAt: row.token_ends_at, scopes: row.scopes, installerId: row.installer_id };
}
