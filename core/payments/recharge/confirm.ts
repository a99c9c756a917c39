import type { Payment } from '../../contract';
import type { Transaction } from '../../database';
import { contentHash, lockPartner } from '../../ledger';
import { insertPayment, openRecorded, OPEN_SECONDS } from '../checkout';
import type { PaymentContext } from '../context';
import { formatMoney } from '../currency';
import { findPayer } from '../payer';
import { findPayment, PAYMENT_COLUMNS, toPayment, type PaymentRow } from '../rows';
import { isUnrenewed } from '../renewals/outcome';
import { findRecharge } from './rows';

/** Whoever has the address of the page. */
const BY_CONFIRMING = { id: 'confirm-link', host: false } as const;

/** A top-up that its bank did not take without the card's owner, as they are asked about it. */
export interface Confirmation {
  readonly partnerName: string;
  /** "60.00 EUR" */
  readonly money: string;
  /** `waiting` for them; `paid` by them; `over`: something else has come of it. */
  readonly state: 'waiting' | 'paid' | 'over';
}

/** null: there is no such payment. The address of the page cannot be guessed: it names both ids. */
export async function readConfirmation(
  { database }: PaymentContext,
  partnerId: string,
  paymentId: string,
): Promise<Confirmation | null> {
  return database.asPartner(partnerId, async (transaction) => {
    const found = await findWaiting(transaction, partnerId, paymentId);
    if (!found) return null;
    const [partner] = await transaction.query<{ name: string }>(
      'select name from talktime.partners where partner_id = $1',
      [partnerId],
    );
    const { payment, waits, acts } = found;
    return {
      partnerName: partner!.name,
      money: formatMoney(payment.amount, payment.currency),
      state: acts.some(({ state }) => state === 'paid' || state === 'processing') ? 'paid' : waits ? 'waiting' : 'over',
    };
  });
}

/**
 * Opens the page of Stripe's on which the card's owner pays instead; the same one while it is open, another when it has
 * run out. null: nothing waits for them any more.
 */
export async function openConfirmation(
  context: PaymentContext,
  partnerId: string,
  paymentId: string,
): Promise<Payment | null> {
  const opening = await context.database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId); // two clicks open one page
    const found = await findWaiting(transaction, partnerId, paymentId);
    if (!found?.waits) return null;
    const { payment, acts } = found;
    const open = acts.find(isOpen);
    if (acts.some(({ state }) => state === 'paid' || state === 'processing')) return null;
    const payer = await findPayer(transaction, partnerId, payment.wallet_id);
    const title = payment.terms?.name ?? 'Top-up';
    const row = open ?? (await insertAct(transaction, partnerId, payment, payer, title, acts.length));
    return { row, title, payerName: payer.name };
  });
  if (!opening) return null;
  if (opening.row.state !== 'created') return toPayment(opening.row);
  return openRecorded(context, partnerId, opening.row, opening.title, opening.payerName);
}

async function findWaiting(
  transaction: Transaction,
  partnerId: string,
  paymentId: string,
): Promise<{
  readonly payment: PaymentRow;
  readonly waits: boolean;
  readonly acts: readonly PaymentRow[];
} | null> {
  const payment = await findPayment(transaction, partnerId, paymentId);
  if (!payment || payment.kind === 'checkout') return null;
  const [waits, acts] = await Promise.all([
    payment.kind === 'renewal'
      ? isUnrenewed(transaction, partnerId, payment)
      : isWaitedFor(transaction, partnerId, payment),
    transaction.query<PaymentRow>(
      `select ${PAYMENT_COLUMNS} from talktime.payments
       where partner_id = $1 and wallet_id = $2 and acts_for = $3
       order by created_at desc`,
      [partnerId, payment.wallet_id, paymentId],
    ),
  ]);
  return { payment, waits, acts };
}

async function isWaitedFor(transaction: Transaction, partnerId: string, payment: PaymentRow): Promise<boolean> {
  const recharge = await findRecharge(transaction, partnerId, payment.wallet_id);
  return recharge?.state === 'needs_action' && recharge.action_payment === payment.payment_id;
}

/** A little before Stripe closes it, so that nobody is sent to a page that has just closed. */
const SPARE_MILLISECONDS = 60_000;

const isOpen = ({ state, expires_at: until }: PaymentRow) =>
  (state === 'open' || state === 'created') && until !== null && until.getTime() - SPARE_MILLISECONDS > Date.now();

async function insertAct(
  transaction: Transaction,
  partnerId: string,
  payment: PaymentRow,
  payer: Awaited<ReturnType<typeof findPayer>>,
  title: string,
  before: number,
): Promise<PaymentRow> {
  const row = await insertPayment(transaction, partnerId, {
    offer: { ...payment, payer, planId: payment.plan_id, title },
    kind: 'checkout',
    account: payment.account,
    key: `confirm ${payment.payment_id} ${before + 1}`,
    hash: Buffer.from(contentHash({ confirms: payment.payment_id }), 'hex'),
    actor: BY_CONFIRMING,
    saveCard: true,
    automaticTax: false,
    applicationFee: payment.application_fee,
    successUrl: null,
    cancelUrl: null,
    expiresIn: OPEN_SECONDS,
    actsFor: payment.payment_id,
  });
  return row!;
}
