import type { Transaction } from '../../database';

/**
 * Takes the partner's lock, and with it the right to change anything of the partner's. Every writer takes this one lock
 * first and no other (docs/decisions/0002). Answers the moment after the lock was taken, in milliseconds: a batch that
 * waited must not be dated before the one that it waited for (money-rules 17).
 */
export async function lockPartner(
  transaction: Transaction,
  partnerId: string,
): Promise<{ now: number; currency: string } | null> {
  const [rows, [clock]] = await Promise.all([
    transaction.query<{ currency: string }>(
      'select currency from talktime.partners where partner_id = $1 for no key update',
      [partnerId],
    ),
    transaction.query<{ now: Date }>(`select date_trunc('milliseconds', talktime.clock()) as now`),
  ]);
  return rows[0] ? { now: clock!.now.getTime(), currency: rows[0].currency } : null;
}
