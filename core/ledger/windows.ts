import { paceOf } from '../alerts/forecast';
import type { Database, Transaction } from '../database';
import { loadUsage, lockPartner } from './load';

const HOUR = 60 * 60 * 1000;

/** So many wallets are done in one transaction. */
const BATCH = 500;

/**
 * Keeps what the partner's wallets used in each of the last full 24 hours, and the pace that it makes, for the hour under way:
 * until that is over they do not change, and to add them up again takes seconds for thousands of wallets. Of wallets that are
 * not kept for this hour, readers add it up themselves.
 */
export async function keepWindows(database: Database, partnerId: string, signal: AbortSignal): Promise<void> {
  // Whoever held the lock when the hour ended has committed by now, and what is posted from now on is dated later.
  const locked = await database.asPartner(partnerId, (transaction) => lockPartner(transaction, partnerId));
  if (!locked) return;
  const ends = new Date(Math.floor(locked.now / HOUR) * HOUR);
  for (let last = -1; !signal.aborted; ) {
    const walletIds = await database.asPartner(partnerId, async (transaction) => {
      const wallets = await transaction.query<{ wallet_id: number }>(
        'select wallet_id from talktime.wallets where partner_id = $1 and wallet_id > $2 order by wallet_id limit $3',
        [partnerId, last, BATCH],
      );
      const next = wallets.map((row) => row.wallet_id);
      await keep(transaction, partnerId, next, ends);
      return next;
    });
    if (walletIds.length < BATCH) return;
    last = walletIds.at(-1)!;
  }
}

/** Keeps nothing when the next hour has begun meanwhile: then it may be the next hour's that was read. */
async function keep(transaction: Transaction, partnerId: string, walletIds: number[], ends: Date): Promise<void> {
  const usage = await loadUsage(transaction, partnerId, walletIds);
  const known = [...usage].filter(([, windows]) => windows.length > 0);
  await transaction.query(
    `insert into talktime.usage_windows (partner_id, wallet_id, ends, used, pace)
     select $1, wallet_id, $2, used::bigint[], pace::bigint[]
     from unnest($3::int[], $4::text[], $5::text[]) as new (wallet_id, used, pace)
     where date_trunc('hour', talktime.clock(), 'UTC') = $2
     on conflict (partner_id, wallet_id) do update set ends = excluded.ends, used = excluded.used, pace = excluded.pace`,
    [
      partnerId,
      ends,
      known.map(([walletId]) => walletId),
      known.map(([, windows]) => `{${windows.join(',')}}`),
      known.map(([, windows]) => `{${paceOf(windows)?.byDay.join(',') ?? ''}}`),
    ],
  );
}
