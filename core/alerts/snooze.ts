import { audit } from '../access/audit';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import type { Actor } from '../ledger/commands';
import { holdAnew, showAnew, wakeDispatchers } from './delivery/hold';
import { lockRouting } from './delivery/load';
import { clearSnoozes, readStates, type WalletAlertState } from './delivery/states';
import type { Status } from './levels';

/** The longest that alerts can be snoozed for. */
export const LONGEST_SNOOZE = 30 * 24 * 60 * 60 * 1000;

/**
 * Keeps a wallet's alerts from the partner's routes until a moment: of the status that it has now and of better ones. A
 * worse one is told all the same, and ends the snooze; at its end a balance that is still low is told of once more. A
 * customer's own channels are not concerned. The same again changes nothing.
 *
 * @throws TalktimeError REQUEST_INVALID when the moment is not within the next 30 days; CUSTOMER_NOT_FOUND
 */
export async function snoozeAlerts(
  database: Database,
  partnerId: string,
  actor: Actor,
  walletId: number,
  until: Date,
  now = new Date(),
): Promise<WalletAlertState['snooze']> {
  const milliseconds = until.getTime() - now.getTime();
  if (!(milliseconds > 0 && milliseconds <= LONGEST_SNOOZE)) {
    const message = 'is a moment within the next 30 days';
    throw new TalktimeError('REQUEST_INVALID', `until ${message}.`, [{ path: 'until', message }]);
  }
  return database.asPartner(partnerId, async (transaction) => {
    await lockRouting(transaction, partnerId);
    const wallet = await readWallet(transaction, partnerId, walletId);
    const before = (await readStates(transaction, partnerId, [walletId])).get(walletId)?.snooze;
    const status = wallet.status === 'ok' ? 'low' : wallet.status;
    if (before && before.until.getTime() === until.getTime() && before.status === status) return before;
    await transaction.query(
      `insert into talktime.alert_states (partner_id, wallet_id, snoozed_until, snoozed_status, snoozed_by, snoozed_at)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (partner_id, wallet_id) do update
       set snoozed_until = excluded.snoozed_until, snoozed_status = excluded.snoozed_status,
           snoozed_by = excluded.snoozed_by, snoozed_at = excluded.snoozed_at`,
      [partnerId, walletId, until, status, actor.id, now],
    );
    await audit(transaction, partnerId, actor, 'alerts.snoozed', subjectOf(wallet), { until: until.toISOString() });
    await showAnew(transaction, partnerId, walletId, wallet.episode);
    await holdAnew(transaction, partnerId, walletId, now);
    wakeDispatchers(transaction, partnerId);
    return { until, status, by: actor.id, at: now };
  });
}

/** Ends a snooze. What it kept back is told now. One that there is not stays so. */
export async function wakeAlerts(
  database: Database,
  partnerId: string,
  actor: Actor,
  walletId: number,
  now = new Date(),
): Promise<void> {
  await database.asPartner(partnerId, async (transaction) => {
    await lockRouting(transaction, partnerId);
    const wallet = await readWallet(transaction, partnerId, walletId);
    if (!(await readStates(transaction, partnerId, [walletId])).get(walletId)?.snooze) return;
    clearSnoozes(transaction, partnerId, [walletId]);
    await audit(transaction, partnerId, actor, 'alerts.woken', subjectOf(wallet), {});
    await showAnew(transaction, partnerId, walletId, wallet.episode);
    await holdAnew(transaction, partnerId, walletId, now);
    wakeDispatchers(transaction, partnerId);
  });
}

/**
 * Says that somebody has taken an episode in hand: its messages name them. Whoever was first stays named. Answers who that
 * is; null when the episode has ended, which ends what was acknowledged of it.
 *
 * @throws TalktimeError CUSTOMER_NOT_FOUND
 */
export async function acknowledgeAlert(
  database: Database,
  partnerId: string,
  actor: Actor,
  walletId: number,
  episode: number,
  now = new Date(),
): Promise<WalletAlertState['acknowledged']> {
  return database.asPartner(partnerId, async (transaction) => {
    await lockRouting(transaction, partnerId);
    const wallet = await readWallet(transaction, partnerId, walletId);
    if (wallet.episode !== episode || wallet.told === 'ok') return null;
    const before = (await readStates(transaction, partnerId, [walletId])).get(walletId)?.acknowledged;
    if (before?.episode === episode) return before;
    await transaction.query(
      `insert into talktime.alert_states (partner_id, wallet_id, acknowledged_episode, acknowledged_by, acknowledged_at)
       values ($1, $2, $3, $4, $5)
       on conflict (partner_id, wallet_id) do update
       set acknowledged_episode = excluded.acknowledged_episode, acknowledged_by = excluded.acknowledged_by,
           acknowledged_at = excluded.acknowledged_at`,
      [partnerId, walletId, episode, actor.id, now],
    );
    await audit(transaction, partnerId, actor, 'alert.acknowledged', subjectOf(wallet), { episode });
    await showAnew(transaction, partnerId, walletId, episode);
    wakeDispatchers(transaction, partnerId);
    return { episode, by: actor.id, at: now };
  });
}

interface Wallet {
  readonly customerId: string | null;
  readonly status: Status;
  readonly told: Status;
  readonly episode: number;
}

/** What an audit names it by. */
const subjectOf = ({ customerId }: Wallet) => customerId ?? 'partner';

async function readWallet(transaction: Transaction, partnerId: string, walletId: number): Promise<Wallet> {
  const [row] = await transaction.query<{
    customer_id: string | null;
    status: Status;
    told: Status;
    episode: number;
  }>(
    `select c.customer_id, w.status, w.told, w.episode
     from talktime.wallets w left join talktime.customers c using (partner_id, wallet_id)
     where w.partner_id = $1 and w.wallet_id = $2`,
    [partnerId, walletId],
  );
  if (!row) throw new TalktimeError('CUSTOMER_NOT_FOUND', `There is no wallet ${walletId}.`);
  const { customer_id: customerId, ...wallet } = row;
  return { customerId, ...wallet };
}
