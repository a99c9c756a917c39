import type { Database, Transaction } from '../../database';
import type { Microcredits } from '../../money';
import { decideAccess, type Decision, type SlackRoleName } from './decide';

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

export interface SlackPerson {
  /** Their own workspace, which in a shared channel may be another company's. */
  readonly teamId: string;
  readonly userId: string;
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
  const { partnerId, workspaceId } = binding;
  const isMember = person.teamId === heardIn.teamId || person.teamId === workspaceId;
  // Who was given a role when the app was installed for an organisation holds it in every workspace of it.
  const teamIds = isMember ? [person.teamId, workspaceId] : [person.teamId];
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
async function settingsFor(transaction: Transaction, { partnerId, workspaceId }: SlackBinding) {
  const [row] = await transaction.query<{
    members_may_view: boolean;
    is_set: boolean;
    manager: Microcredits | null;
    owner: Microcredits | null;
  }>(
    `select coalesce(settings.members_may_view, installation.partner_id is null) as members_may_view,
            settings.partner_id is not null as is_set,
            settings.manager_max_credits as manager,
            settings.owner_max_credits as owner
     from talktime.partners partner
     left join talktime.slack_settings settings on settings.partner_id = partner.partner_id
     left join talktime.slack_installations installation
       on installation.partner_id = partner.partner_id and installation.workspace_id = $2
     where partner.partner_id = $1`,
    [partnerId, workspaceId],
  );
  if (!row) throw new Error('A Slack workspace is bound to a partner that is not there');
  return {
    membersMayView: row.members_may_view,
    caps: { manager: row.is_set ? row.manager : USUAL_MANAGER_CAP, owner: row.owner },
  };
}

/** 10,000 credits: what one action of a manager may move unless the partner says otherwise. */
export const USUAL_MANAGER_CAP = 10_000_000_000n as Microcredits;
