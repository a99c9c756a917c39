import type { Database, Transaction } from '../database';
import { alertAnnouncements, deriveId, insertAlerts, insertAnnouncements, lockPartner } from '../ledger';
import { customerProfits, type Profit } from '../records/reports';

/** Episodes of margins are counted from here, apart from those of the balance of the same wallet. */
export const FIRST_MARGIN_EPISODE = 1_000_000_000;

export interface MarginGuard {
  /** Millionths: 200000 is a margin of 20 %. */
  readonly level: number;
  readonly days: number;
}

/** As with balances, a guard is armed again only well above its level: by a tenth of it (money-rules 20). */
const REARM_TENTHS = 11;

/** The partner's guard; null when it has none. */
export async function readGuard(transaction: Transaction, partnerId: string): Promise<MarginGuard | null> {
  const [row] = await transaction.query<{ margin_guard_level: number | null; margin_guard_days: number }>(
    'select margin_guard_level, margin_guard_days from talktime.partners where partner_id = $1',
    [partnerId],
  );
  return row?.margin_guard_level == null ? null : { level: row.margin_guard_level, days: row.margin_guard_days };
}

/**
 * Looks at every customer's margin over the guard's days, and tells the partner once an episode: when it falls below the
 * level, and when it has recovered. Calls whose cost nobody knows count neither way, and a customer who paid nothing (AI
 * credits off) has no margin. Answers how many alerts there are to tell.
 */
export async function watchMargins(database: Database, partnerId: string, now = Date.now()): Promise<number> {
  return database.asPartner(partnerId, async (transaction) => {
    const guard = await readGuard(transaction, partnerId);
    if (!guard) return 0;
    const locked = await lockPartner(transaction, partnerId); // two runs at once would tell twice
    if (!locked) return 0;
    const profits = await customerProfits(transaction, partnerId, guard.days, now);
    const known = new Map(
      (
        await transaction.query<{ customer_id: string; is_low: boolean; episode: number }>(
          'select customer_id, is_low, episode from talktime.margin_guards where partner_id = $1',
          [partnerId],
        )
      ).map((row) => [row.customer_id, row]),
    );
    let told = 0;
    for (const profit of profits) {
      const { is_low, episode } = known.get(profit.customerId) ?? { is_low: false, episode: 0 };
      const isLow = isBelow(profit, guard, is_low);
      if (isLow === is_low) continue;
      const next = { isLow, episode: isLow ? episode + 1 : episode };
      await tell(transaction, partnerId, profit, next, now);
      told++;
    }
    return told;
  });
}

/** Whether a margin is low, given whether it was: margin = 1 - cost / price, compared without dividing. */
function isBelow({ price, cost }: Profit, { level }: MarginGuard, was: boolean): boolean {
  const bound = was ? Math.min(Math.round((level * REARM_TENTHS) / 10), 999_999) : level;
  return (price - cost) * 1_000_000n < BigInt(bound) * price;
}

async function tell(
  transaction: Transaction,
  partnerId: string,
  { customerId, walletId, sequence }: Profit,
  { isLow, episode }: { readonly isLow: boolean; readonly episode: number },
  now: number,
): Promise<void> {
  await transaction.query(
    `insert into talktime.margin_guards (partner_id, customer_id, is_low, episode) values ($1, $2, $3, $4)
     on conflict (partner_id, customer_id) do update set is_low = excluded.is_low, episode = excluded.episode`,
    [partnerId, customerId, isLow, episode],
  );
  const event = isLow ? ('margin_low' as const) : ('margin_recovered' as const);
  const outboxId = deriveId(partnerId, `margin ${customerId} ${episode} ${event}`);
  const alerts = [{ outboxId, walletId, episode: FIRST_MARGIN_EPISODE + episode, event, sequence, at: now }];
  insertAlerts(transaction, partnerId, alerts);
  insertAnnouncements(
    transaction,
    partnerId,
    alertAnnouncements(alerts, () => customerId),
  );
}
