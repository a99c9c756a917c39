import type { Database } from '../database';
import type { Microcredits } from '../money';
import type { Status } from './levels';

/** A balance that is low and of which somebody was told, until it recovers. */
export interface Episode {
  readonly walletId: number;
  readonly customerId: string | null;
  /** As typed: escape it before it is shown. */
  readonly name: string;
  readonly episode: number;
  readonly status: Status;
  readonly posted: Microcredits;
  readonly since: Date;
}

const MOST = 1000;

/** The episodes that are open, the worst first, then the oldest. */
export async function openEpisodes(database: Database, partnerId: string): Promise<Episode[]> {
  return database.asPartner(partnerId, async (transaction) => {
    const rows = await transaction.query<{
      wallet_id: number;
      customer_id: string | null;
      name: string;
      episode: number;
      status: Status;
      posted: Microcredits;
      since: Date;
    }>(
      `select w.wallet_id, c.customer_id, coalesce(c.name, p.name) as name, w.episode, w.status, w.posted,
              coalesce((select min(o.created_at) from talktime.outbox o
                        where o.partner_id = $1 and o.wallet_id = w.wallet_id and o.episode = w.episode), w.last_posted_at) as since
       from talktime.wallets w
       join talktime.partners p on p.partner_id = w.partner_id
       left join talktime.customers c on c.partner_id = w.partner_id and c.wallet_id = w.wallet_id
       where w.partner_id = $1 and w.told <> 'ok'
       order by array_position(array['exhausted', 'critical', 'low'], w.status), since, w.wallet_id
       limit $2`,
      [partnerId, MOST],
    );
    return rows.map(({ wallet_id: walletId, customer_id: customerId, ...row }) => ({ walletId, customerId, ...row }));
  });
}
