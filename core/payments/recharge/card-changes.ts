import type { Transaction } from '../../database';
import { armWallet, changeRecharge, findRecharge } from './rows';

/**
 * A card was saved: a renewal that failed is tried with it. Of another card: what one was suspended for, or had to be confirmed, does not hold for it. The same card entered
 * again has the same fingerprint, and ends nothing. The partner's lock must be held.
 */
export async function noteCard(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  fingerprint: string | null,
): Promise<void> {
  await transaction.query(
    `update talktime.subscriptions set next_attempt_at = talktime.clock()
     where partner_id = $1 and wallet_id = $2 and collects = 'card' and status = 'past_due'`,
    [partnerId, walletId],
  );
  const row = await findRecharge(transaction, partnerId, walletId);
  if (!row) return;
  const isSame = fingerprint !== null && fingerprint === row.failed_fingerprint;
  const afresh = {
    state: 'active',
    failures: 0,
    failed_at: null,
    failed_fingerprint: null,
    suspended_because: null,
    action_payment: null,
  } as const;
  await changeRecharge(transaction, partnerId, walletId, { ...(isSame ? {} : afresh), look: 'now' });
}

/** Nothing is charged by itself any more. The partner's lock must be held. */
export async function switchOff(transaction: Transaction, partnerId: string, walletId: number): Promise<void> {
  await transaction.query(
    'update talktime.auto_recharges set enabled = false, updated_at = clock_timestamp() where partner_id = $1 and wallet_id = $2',
    [partnerId, walletId],
  );
  await armWallet(transaction, partnerId, walletId);
}
