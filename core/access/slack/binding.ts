import { TalktimeError } from '../../contract/errors';
import type { Database, Transaction } from '../../database';

/** A workspace as Slack's signed request names it. */
export interface SlackWorkspace {
  readonly teamId: string | null;
  /** Its Enterprise organisation. */
  readonly enterpriseId: string | null;
}

/** Which binding stands for a workspace: its own, else that of its organisation. */
export interface SlackBinding {
  readonly workspaceId: string;
  readonly partnerId: string;
}

/** The partner that a workspace, or else its whole organisation, is bound to; null when neither is. */
export async function bindingOf(database: Database, workspace: SlackWorkspace): Promise<SlackBinding | null> {
  const { teamId, enterpriseId } = workspace;
  const [row] = await database.asDirectory((transaction) =>
    transaction.query<{ team_id: string; partner_id: string }>(
      `select team_id, partner_id from directory.slack_teams where team_id = any($1::text[])
       order by team_id = $2 desc limit 1`,
      [[teamId, enterpriseId].filter((id) => id !== null), teamId ?? ''],
    ),
  );
  return row ? { workspaceId: row.team_id, partnerId: row.partner_id } : null;
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
