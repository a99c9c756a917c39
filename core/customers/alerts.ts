import { randomUUID } from 'node:crypto';
import type { Database, Transaction } from '../database';
import {
  alertAnnouncements,
  evaluateAlert,
  insertAlerts,
  insertAnnouncements,
  loadWallets,
  lockPartner,
  updateWallets,
} from '../ledger';

/** So many wallets are loaded at once, and locked for, when many are looked at again. */
const BATCH = 500;

/**
 * Brings wallets' alerts up to date after something that they depend on changed beside their balances: a level set above
 * the balance, or notifications switched on while it is low, is told at once. The partner's lock must be held.
 */
export async function reevaluateAlerts(
  transaction: Transaction,
  partnerId: string,
  walletIds: readonly number[],
  now: number,
): Promise<void> {
  const before = await loadWallets(transaction, partnerId, { walletIds });
  const evaluated = [...before.values()].map((wallet) => evaluateAlert(wallet));
  const changed = evaluated.flatMap(({ wallet }) => {
    const { status, told, episode } = before.get(wallet.walletId)!;
    return wallet.status !== status || wallet.told !== told || wallet.episode !== episode ? [wallet] : [];
  });
  updateWallets(transaction, partnerId, changed);
  const alerts = evaluated.flatMap(({ wallet: { walletId, sequence }, alert }) =>
    alert ? [{ ...alert, outboxId: randomUUID(), walletId, sequence, at: now }] : [],
  );
  if (alerts.length === 0) return;
  insertAlerts(transaction, partnerId, alerts);
  insertAnnouncements(
    transaction,
    partnerId,
    alertAnnouncements(alerts, (walletId) => before.get(walletId)!.customerId),
  );
}

/** The same for every customer that has no levels of its own, after the partner's for them changed. The lock must be held. */
export async function reevaluateDefaults(transaction: Transaction, partnerId: string, now: number): Promise<void> {
  for (let last = 0; ; ) {
    const walletIds = await nextWallets(
      transaction,
      `select wallet_id
       from talktime.customers
       where partner_id = $1 and wallet_id > $2 and alert_levels is null
       order by wallet_id
       limit $3`,
      [partnerId, last, BATCH],
    );
    await reevaluateAlerts(transaction, partnerId, walletIds, now);
    if (walletIds.length < BATCH) return;
    last = walletIds.at(-1)!;
  }
}

/**
 * The same for every wallet with a level in days: it moves with the pace, and the pace with time, also while nothing is
 * posted. A transaction for so many wallets each, so that nobody waits for all of them. Answers how many there are.
 */
export async function reevaluatePaces(
  database: Database,
  partnerId: string,
  signal = new AbortController().signal,
): Promise<number> {
  let [last, all] = [-1, 0];
  while (!signal.aborted) {
    const walletIds = await database.asPartner(partnerId, async (transaction) => {
      const locked = await lockPartner(transaction, partnerId);
      const wallets = await nextWallets(transaction, WITH_DAYS, [partnerId, last, BATCH]);
      if (locked && wallets.length > 0) await reevaluateAlerts(transaction, partnerId, wallets, locked.now);
      return wallets;
    });
    all += walletIds.length;
    if (walletIds.length < BATCH) break;
    last = walletIds.at(-1)!;
  }
  return all;
}

const WITH_DAYS = `
  select wallet_id
  from (
    select 0 as wallet_id, alert_levels from talktime.partners where partner_id = $1
    union all
    select c.wallet_id, coalesce(c.alert_levels, p.customer_alert_levels)
    from talktime.customers c
    join talktime.partners p on p.partner_id = c.partner_id
    where c.partner_id = $1
  ) wallets
  where wallet_id > $2 and alert_levels @> '[{"kind":"days"}]'
  order by wallet_id
  limit $3`;

async function nextWallets(transaction: Transaction, sql: string, values: readonly unknown[]): Promise<number[]> {
  return (await transaction.query<{ wallet_id: number }>(sql, values)).map((row) => row.wallet_id);
}
