import type { Transaction } from '../../database';
import type { PaymentRow } from '../rows';
import { changeRecharge, findRecharge } from './rows';

/** Somebody was there and paid, and the card was saved by it: what waited for them goes on. The partner's lock must be held. */
export async function noteConfirmed(transaction: Transaction, partnerId: string, payment: PaymentRow): Promise<void> {
  const row = await findRecharge(transaction, partnerId, payment.wallet_id);
  if (row?.state !== 'needs_action') return;
  await changeRecharge(transaction, partnerId, row.wallet_id, {
    state: 'active',
    failures: 0,
    action_payment: null,
    failed_at: null,
    failed_fingerprint: null,
    look: 'now',
  });
}
