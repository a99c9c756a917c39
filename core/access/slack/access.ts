import type { Database, Transaction } from '../../database';
import type { Microcredits } from '../../money';
import { bindingOf, type SlackBinding, type SlackWorkspace } from './binding';
import { decideAccess, type Decision, type SlackRoleName } from './decide';
import { readSettings } from './settings';

export interface SlackPerson {
  /** Their own workspace, which in a shared channel may be another company's. */
  readonly teamId: string;
  readonly userId: string;
}

/**
 * What somebody may see and do; null when nothing. The partner is the one of the workspace whose installation heard them
 * (`heardIn`), never one that a channel or the person leads to.
 *
 * @param channelId where they write; null: in a DM or on the Home tab
 */
export async function slackAccess(
  database: Database,
  person: SlackPerson,
  heardIn: SlackWorkspace,
  channelId: string | null,
): Promise<(Decision & { readonly partnerId: string }) | null> {
  const binding = await bindingOf(database, heardIn);
  if (binding === null) return null;
  const { partnerId, workspaceIds } = binding;
  const isMember = person.teamId === heardIn.teamId || workspaceIds.includes(person.teamId);
  // Who was given a role when the app was installed for an organisation holds it in every workspace of it.
  const teamIds = isMember ? [person.teamId, ...workspaceIds] : [person.teamId];
  const decision = await database.asPartner(partnerId, async (transaction) => {
    const [given, channelCustomerId, settings] = await Promise.all([
      roleOf(transaction, partnerId, teamIds, person),
      customerOfChannel(transaction, partnerId, channelId),
      settingsFor(transaction, binding),
    ]);
    return decideAccess({ isMember, given, channelCustomerId, ...settings });
  });
  return decision && { ...decision, partnerId };
}

async function roleOf(
  transaction: Transaction,
  partnerId: string,
  teamIds: readonly string[],
  { teamId, userId }: SlackPerson,
) {
  const [row] = await transaction.query<{
    role: SlackRoleName;
    customer_id: string | null;
    max_credits: Microcredits | null;
  }>(
    `select role, customer_id, max_credits from talktime.slack_roles
     where partner_id = $1 and team_id = any($2::text[]) and user_id = $3
     order by team_id = $4 desc limit 1`,
    [partnerId, teamIds, userId, teamId],
  );
  return row ? { role: row.role, customerId: row.customer_id, maxCredits: row.max_credits } : null;
}

async function customerOfChannel(
  transaction: Transaction,
  partnerId: string,
  channelId: string | null,
): Promise<string | null> {
  if (channelId === null) return null;
  const [row] = await transaction.query<{ customer_id: string }>(
    'select customer_id from talktime.slack_channels where partner_id = $1 and channel_id = $2',
    [partnerId, channelId],
  );
  return row?.customer_id ?? null;
}

/** Unless said, members see balances where the workspace was bound by hand, and not where the app was installed by OAuth. */
async function settingsFor(transaction: Transaction, { partnerId, workspaceIds }: SlackBinding) {
  const [settings, installed] = await Promise.all([
    readSettings(transaction, partnerId),
    transaction.query(
      'select 1 from talktime.slack_installations where partner_id = $1 and workspace_id = any($2::text[])',
      [partnerId, workspaceIds],
    ),
  ]);
  return {
    membersMayView: settings.members_may_view ?? installed.length === 0,
    caps: { manager: settings.manager_max_credits, owner: settings.owner_max_credits },
  };
}
