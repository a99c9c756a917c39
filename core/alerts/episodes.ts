import type { Database } from '../database';
import type { Microcredits } from '../money';
import type { Status } from './levels';

/** A balance that is low and of which somebody was told, until it recovers. */
export interface Episode {
  readonly walletId: number;
  readonly wallet: 'customer' | 'partner';
  readonly customerId: string | null;
  /** As typed: escape it before it is shown. */
  readonly name: string;
  readonly episode: number;
  readonly status: Status;
  readonly posted: Microcredits;
  readonly since: Date;
  readonly snoozed: { readonly until: Date; readonly by: string } | null;
  readonly acknowledged: { readonly by: string; readonly at: Date } | null;
}

const MOST = 1000;

/** The episodes that are open, the worst first, then the oldest; a customer's alone, when one is named. */
export async function openEpisodes(database: Database, partnerId: string, customerId?: string): Promise<Episode[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{
      wallet_id: number;
      customer_id: string | null;
      name: string;
      episode: number;
      status: Status;
      posted: Microcredits;
      since: Date | null;
      last_posted_at: Date;
      snoozed_until: Date | null;
      snoozed_by: string;
      acknowledged_by: string | null;
      acknowledged_at: Date;
    }>(
      `select w.wallet_id, c.customer_id, coalesce(c.name, p.name) as name, w.episode, w.status, w.posted, w.last_posted_at,
              (select min(o.created_at) from talktime.outbox o
               where o.partner_id = $1 and o.wallet_id = w.wallet_id and o.episode = w.episode) as since,
              s.snoozed_until, s.snoozed_by,
              case when s.acknowledged_episode = w.episode then s.acknowledged_by end as acknowledged_by, s.acknowledged_at
       from talktime.wallets w
       join talktime.partners p on p.partner_id = w.partner_id
       left join talktime.customers c on c.partner_id = w.partner_id and c.wallet_id = w.wallet_id
       left join talktime.alert_states s on s.partner_id = w.partner_id and s.wallet_id = w.wallet_id
       where w.partner_id = $1 and w.told <> 'ok' and ($2::text is null or c.customer_id = $2)
       order by array_position(array['exhausted', 'critical', 'low'], w.status), since, w.wallet_id
       limit $3`,
      [partnerId, customerId ?? null, MOST],
    ),
  );
  return rows.map((row) => ({
    walletId: row.wallet_id,
    wallet: row.customer_id === null ? 'partner' : 'customer',
    customerId: row.customer_id,
    name: row.name,
    episode: row.episode,
    status: row.status,
    posted: row.posted,
    since: row.since ?? row.last_posted_at,
    snoozed: row.snoozed_until === null ? null : { until: row.snoozed_until, by: row.snoozed_by },
    acknowledged: row.acknowledged_by === null ? null : { by: row.acknowledged_by, at: row.acknowledged_at },
  }));
}
