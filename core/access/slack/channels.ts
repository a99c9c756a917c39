import type { SlackChannelLink } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import type { Database } from '../../database';
import type { Actor } from '../../ledger/commands';
import { audit } from '../audit';
import { requireCustomer } from './roles';

const MOST_LINKS = 5000;

interface LinkRow {
  channel_id: string;
  team_id: string | null;
  customer_id: string;
  linked_at: Date;
}

/** The channels that are a customer's. */
export async function listSlackChannels(database: Database, partnerId: string): Promise<SlackChannelLink[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<LinkRow>(
      `select channel_id, team_id, customer_id, linked_at from talktime.slack_channels where partner_id = $1
       order by customer_id, channel_id limit $2`,
      [partnerId, MOST_LINKS],
    ),
  );
  return rows.map(toLink);
}

/**
 * Makes a channel a customer's, in place of the one it was. Whoever is in it may see that customer from now on.
 *
 * @throws TalktimeError CUSTOMER_NOT_FOUND; SLACK_CHANNEL_TAKEN when the partner's own alerts go there
 * @param teamId the workspace that the app posts there from; null: the one of the partner's alerts
 */
export async function linkSlackChannel(
  database: Database,
  partnerId: string,
  actor: Actor,
  channelId: string,
  customerId: string,
  teamId: string | null = null,
): Promise<SlackChannelLink> {
  return database.asPartner(partnerId, async (transaction) => {
    await requireCustomer(transaction, partnerId, customerId);
    // Locked whatever it is: somebody may be making this channel the partner's own at this moment.
    const [partner] = await transaction.query<{ slack_channel: string | null }>(
      'select slack_channel from talktime.partners where partner_id = $1 for share',
      [partnerId],
    );
    if (partner?.slack_channel === channelId)
      throw new TalktimeError(
        'SLACK_CHANNEL_TAKEN',
        `The partner's own alerts go to ${channelId}: they name every customer. Give them another channel first.`,
      );
    const [row] = await transaction.query<LinkRow>(
      `insert into talktime.slack_channels (partner_id, channel_id, customer_id, team_id) values ($1, $2, $3, $4)
       on conflict (partner_id, channel_id) do update
         set customer_id = excluded.customer_id, team_id = excluded.team_id, linked_at = clock_timestamp()
       returning channel_id, team_id, customer_id, linked_at`,
      [partnerId, channelId, customerId, teamId],
    );
    await audit(transaction, partnerId, actor, 'slack_channel.linked', channelId, { customer_id: customerId });
    return toLink(row!);
  });
}

/** Makes a channel nobody's. One that was nobody's stays so. */
export async function unlinkSlackChannel(
  database: Database,
  partnerId: string,
  actor: Actor,
  channelId: string,
): Promise<void> {
  await database.asPartner(partnerId, async (transaction) => {
    const [row] = await transaction.query<{ customer_id: string }>(
      'delete from talktime.slack_channels where partner_id = $1 and channel_id = $2 returning customer_id',
      [partnerId, channelId],
    );
    if (row) await audit(transaction, partnerId, actor, 'slack_channel.unlinked', channelId, row);
  });
}

function toLink(row: LinkRow): SlackChannelLink {
  return {
    channel_id: row.channel_id,
    team_id: row.team_id,
    customer_id: row.customer_id,
    linked_at: row.linked_at.toISOString(),
  };
}
