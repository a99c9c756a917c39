import { endQuiet } from '../../alerts';
import type { Transaction } from '../../database';
import { formatMoney } from '../currency';
import type { PaymentRow, PaymentState } from '../rows';
import { NO_CHARGE } from './charge';
import { MOST_FAILURES } from './decide';
import { changeRecharge, findRecharge, type RechargeRow } from './rows';
import { failureText, type AfterFailure } from './words';

/** The bank wants the card's owner to confirm. https://docs.stripe.com/declines/codes */
export const NEEDS_OWNER = 'authentication_required';

/** How an attempt stands after a look at it. */
export interface RechargeOutcome {
  readonly state: PaymentState;
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/**
 * Draws the consequences of what became of an automatic top-up, in the transaction that notes it; once for each time that
 * its state changes. The partner's lock must be held.
 */
export async function noteRechargeOutcome(
  transaction: Transaction,
  partnerId: string,
  payment: PaymentRow,
  { state, failure }: RechargeOutcome,
  publicUrl: string | undefined,
): Promise<void> {
  if (payment.kind !== 'recharge' || payment.state === state) return;
  const row = await findRecharge(transaction, partnerId, payment.wallet_id);
  if (!row) throw new Error('An automatic top-up of a wallet that has none');
  if (state === 'paid') {
    await changeRecharge(transaction, partnerId, row.wallet_id, { failures: 0, look: 'now' });
    await endQuiet(transaction, partnerId, row.wallet_id, 'done');
  }
  if (state !== 'failed' && state !== 'mismatch') return;
  const after = await noteFailure(transaction, partnerId, payment, row, { state, failure });
  const link = after === 'confirm' ? confirmAddress(publicUrl, partnerId, payment.payment_id) : null;
  const money = formatMoney(payment.amount, payment.currency);
  await endQuiet(transaction, partnerId, row.wallet_id, {
    failed: failureText(money, failure?.message ?? 'The payment failed.', after, link),
  });
}

/** Where a card's owner confirms a payment that its bank did not take without them. */
export function confirmAddress(publicUrl: string | undefined, partnerId: string, paymentId: string): string | null {
  return publicUrl === undefined ? null : `${publicUrl}/pay/confirm/${partnerId}/${paymentId}`;
}

async function noteFailure(
  transaction: Transaction,
  partnerId: string,
  payment: PaymentRow,
  row: RechargeRow,
  { state, failure }: RechargeOutcome,
): Promise<AfterFailure> {
  const card = await currentCard(transaction, partnerId, payment);
  // The failure of a card that was replaced meanwhile says nothing of the new one.
  if (state === 'failed' && card !== undefined && card.payment_method !== payment.payment_method) {
    await changeRecharge(transaction, partnerId, row.wallet_id, { look: 'now' });
    return 'other_card';
  }
  // What no card is to blame for ends by itself, and no other card would help.
  const isCards = failure?.code !== NO_CHARGE;
  const failures = row.failures + (isCards ? 1 : 0);
  const after =
    state === 'mismatch'
      ? 'review'
      : failure?.code === NEEDS_OWNER
        ? 'confirm'
        : failures < MOST_FAILURES || !isCards
          ? 'again'
          : 'suspended';
  const isOver = after === 'suspended' || after === 'review';
  await changeRecharge(transaction, partnerId, row.wallet_id, {
    failures,
    failed_at: await nowOf(transaction),
    ...(isCards && { failed_fingerprint: card?.card_fingerprint ?? null }),
    ...(isOver && { state: 'suspended' as const, suspended_because: failure?.message ?? 'The payment failed.' }),
    ...(after === 'confirm' && { state: 'needs_action' as const, action_payment: payment.payment_id }),
    look: 'now',
  });
  return after;
}

/**
 * Somebody wants money back, or has it: whoever recharges looks anew. The card of one that was lost is not charged again;
 * another card ends that. The partner's lock must be held.
 */
export async function noteDisputes(
  transaction: Transaction,
  partnerId: string,
  before: PaymentRow,
  { lost, disputed }: Pick<PaymentRow, 'lost' | 'disputed'>,
): Promise<void> {
  if (lost === before.lost && disputed === before.disputed) return;
  if (!(await findRecharge(transaction, partnerId, before.wallet_id))) return;
  const card = await currentCard(transaction, partnerId, before);
  await changeRecharge(transaction, partnerId, before.wallet_id, {
    ...(lost > before.lost && {
      state: 'suspended' as const,
      suspended_because: 'A payment was lost to a dispute.',
      failed_fingerprint: card?.card_fingerprint ?? null,
    }),
    look: 'now',
  });
}

async function nowOf(transaction: Transaction): Promise<Date> {
  const [row] = await transaction.query<{ now: Date }>('select talktime.clock() as now');
  return row!.now;
}

async function currentCard(transaction: Transaction, partnerId: string, { account, wallet_id }: PaymentRow) {
  const [row] = await transaction.query<{ payment_method: string | null; card_fingerprint: string | null }>(
    `select payment_method, card_fingerprint from talktime.stripe_customers
     where partner_id = $1 and account = $2 and wallet_id = $3`,
    [partnerId, account, wallet_id],
  );
  return row;
}
