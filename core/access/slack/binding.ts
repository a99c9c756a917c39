import { TalktimeError } from '../../contract/errors';
import type { Database, Transaction } from '../../database';

/** A workspace as Slack's signed request names it. */
export interface SlackWorkspace {
  readonly teamId: string | null;
  /** Its Enterprise organisation. */
  readonly enterpriseId: string | null;
}

/** Whose a workspace is. */
export interface SlackBinding {
  readonly partnerId: string;
  /** What is bound to the partner: the workspace, then its organisation; one of the two at least. */
  readonly workspaceIds: readonly [string, ...string[]];
}

/** The partner that a workspace, or else its whole organisation, is bound to; null when neither is. */
export async function bindingOf(database: Database, workspace: SlackWorkspace): Promise<SlackBinding | null> {
  const { teamId, enterpriseId } = workspace;
  const [first, ...others] = await database.asDirectory((transaction) =>
    transaction.query<{ team_id: string; partner_id: string }>(
      'select team_id, partner_id from directory.slack_teams where team_id = any($1::text[]) order by team_id = $2 desc',
      [[teamId, enterpriseId].filter((id) => id !== null), teamId ?? ''],
    ),
  );
  if (!first) return null;
  // An organisation that is another partner's has no say in a workspace that is bound by itself.
  const alike = others.filter(({ partner_id }) => partner_id === first.partner_id);
  return { partnerId: first.partner_id, workspaceIds: [first.team_id, ...alike.map(({ team_id }) => team_id)] };
}

/**
 * Binds a workspace or an organisation to a partner. One that is the partner's already stays so.
 *
 * @throws TalktimeError SLACK_TEAM_TAKEN
 */
export async function claimSlackWorkspace(
  transaction: Transaction,
  partnerId: string,
  workspaceId: string,
): Promise<void> {
  await transaction.query(
    'insert into directory.slack_teams (team_id, partner_id) values ($1, $2) on conflict do nothing',
    [workspaceId, partnerId],
  );
  const [bound] = await transaction.query<{ partner_id: string }>(
    'select partner_id from directory.slack_teams where team_id = $1',
    [workspaceId],
  );
  if (bound?.partner_id !== partnerId)
    throw new TalktimeError(
      'SLACK_TEAM_TAKEN',
      `The Slack workspace ${workspaceId} is connected to another partner. Disconnect it there first.`,
    );
}

/** Frees a workspace for other partners, unless the partner's setting slack_team_id names it. */
export async function releaseSlackWorkspace(
  transaction: Transaction,
  partnerId: string,
  workspaceId: string,
): Promise<void> {
  await transaction.query(
    `delete from directory.slack_teams where team_id = $1 and partner_id = $2
       and not exists (select 1 from talktime.partners where partner_id = $2 and slack_team_id = $1)`,
    [workspaceId, partnerId],
  );
}
