import { randomUUID } from 'node:crypto';
import type { Transaction } from '../database';
import { holdAnew, wakeDispatchers } from './delivery/hold';
import { lockRouting } from './delivery/load';
import { LONGEST_QUIET } from './delivery/timing';

/**
 * Keeps the alerts of a wallet's balance back while a recharge is under way, at most a quarter of an hour: after that they
 * go out whatever became of it.
 */
export async function quietAlerts(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  until: Date,
): Promise<void> {
  const now = await lockRouting(transaction, partnerId);
  const longest = new Date(Math.min(until.getTime(), now.getTime() + LONGEST_QUIET));
  await transaction.query(
    `insert into talktime.alert_states (partner_id, wallet_id, quiet_until) values ($1, $2, $3)
     on conflict (partner_id, wallet_id) do update set quiet_until = excluded.quiet_until`,
    [partnerId, walletId, longest],
  );
  await holdAnew(transaction, partnerId, walletId, now);
}

/**
 * The recharge has ended. What was kept back goes out: after a success it says how the balance stands since; a failure is
 * told whatever else holds, with its reason, and is shown in the channel.
 */
export async function endQuiet(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  outcome: 'done' | { readonly failed: string },
): Promise<void> {
  const now = await lockRouting(transaction, partnerId);
  await transaction.query(
    'update talktime.alert_states set quiet_until = null where partner_id = $1 and wallet_id = $2',
    [partnerId, walletId],
  );
  if (outcome !== 'done') {
    await transaction.query(
      `insert into talktime.outbox (partner_id, outbox_id, wallet_id, episode, event, sequence, created_at, detail)
       select $1, $3, wallet_id, episode, 'recharge_failed', sequence, $4, $5
       from talktime.wallets where partner_id = $1 and wallet_id = $2`,
      [partnerId, walletId, randomUUID(), now, outcome.failed.slice(0, 500)],
    );
  }
  await holdAnew(transaction, partnerId, walletId, now);
  wakeDispatchers(transaction, partnerId);
}
