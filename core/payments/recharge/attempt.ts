import { randomUUID } from 'node:crypto';
import { endQuiet, quietAlerts } from '../../alerts';
import type { Payment } from '../../contract';
import type { Transaction } from '../../database';
import { contentHash, lockPartner } from '../../ledger';
import { formatDecimal, ZERO } from '../../money';
import { insertPayment } from '../checkout';
import type { PaymentContext } from '../context';
import { shareOf } from '../currency';
import { settlePayment } from '../settle';
import { HOST_ACCOUNT } from '../stripe';
import { decideRecharge, startOfMonth, type Decision, type WhyNot } from './decide';
import { factsFor, readSurroundings } from './facts';
import { changeRecharge, findRecharge } from './rows';
import { whyNotText } from './words';

/** Nobody's request: the wallet's own settings. */
const BY_ITSELF = { id: 'auto-recharge', host: false } as const;
/** Alerts of the balance wait so long for a top-up that is under way. */
const QUIET_MILLISECONDS = 15 * 60 * 1000;
/** A look that was cut short, or waits for another's attempt, is taken again. */
const LOOK_AGAIN_MILLISECONDS = 10 * 60 * 1000;

export type Recharged =
  | { readonly do: 'charge'; readonly payment: Payment }
  | Extract<Decision, { readonly do: 'nothing' }>;

/**
 * Tops a wallet up, if its settings say so at this moment. Many may call it at once, in any number of processes: whoever
 * has the partner's lock first writes the attempt, and the others find it.
 * @throws TalktimeError STRIPE_UNREACHABLE when what came of the charge is not known; the job `payments` finds out.
 */
export async function rechargeIfDue(context: PaymentContext, partnerId: string, walletId: number): Promise<Recharged> {
  const begun = await context.database.asPartner(partnerId, (transaction) => begin(transaction, partnerId, walletId));
  if (typeof begun !== 'string') return begun;
  return { do: 'charge', payment: await settlePayment(context, partnerId, begun) };
}

/** Decides, and writes the attempt before Stripe hears of it: the id of its payment. */
async function begin(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
): Promise<string | Extract<Decision, { readonly do: 'nothing' }>> {
  await lockPartner(transaction, partnerId);
  const row = await findRecharge(transaction, partnerId, walletId);
  if (!row) return { do: 'nothing', why: 'off', until: null };
  const around = await readSurroundings(transaction, partnerId, walletId);
  const { account, payer, card, settings, now, currency } = around;
  const decision = decideRecharge(factsFor(row, around));
  if (decision.do === 'nothing') {
    await changeRecharge(transaction, partnerId, walletId, {
      look: nextLook(decision, now),
      ...(TOLD.has(decision.why) && { told_month: monthOf(now) }),
    });
    if (TOLD.has(decision.why) && row.told_month !== monthOf(now))
      await endQuiet(transaction, partnerId, walletId, { failed: whyNotText(decision.why) });
    return decision;
  }
  const payment = await insertPayment(transaction, partnerId, {
    offer: {
      payer,
      amount: decision.amount,
      currency,
      credits: decision.credits,
      bonus: ZERO,
      planId: null,
      terms: null,
      title: `${formatDecimal(decision.credits)} credits`,
    },
    kind: 'recharge',
    account: account!,
    key: `recharge ${randomUUID()}`,
    hash: Buffer.from(contentHash({ recharge: String(walletId), credits: String(decision.credits) }), 'hex'),
    actor: BY_ITSELF,
    saveCard: false,
    automaticTax: false,
    applicationFee: account === HOST_ACCOUNT ? 0n : shareOf(decision.amount, settings.application_fee),
    successUrl: null,
    cancelUrl: null,
    expiresIn: null,
    paymentMethod: card!.paymentMethod,
  });
  await changeRecharge(transaction, partnerId, walletId, { look: new Date(now + LOOK_AGAIN_MILLISECONDS) });
  await quietAlerts(transaction, partnerId, walletId, new Date(now + QUIET_MILLISECONDS));
  return payment!.payment_id;
}

/** What somebody should know of, once a month: it does not end by itself before the next. */
const TOLD: ReadonlySet<WhyNot> = new Set([
  'disputed',
  'monthly_count',
  'monthly_money',
  'no_card',
  'not_ready',
  'currency_changed',
]);

function nextLook({ why, until }: Extract<Decision, { do: 'nothing' }>, now: number): Date | 'now' | null {
  if (until !== null) return new Date(until);
  if (why === 'under_way') return new Date(now + LOOK_AGAIN_MILLISECONDS);
  // Whoever looks for wallets below their threshold finds it; everything else is told by what changes it.
  return why === 'above_threshold' ? new Date(now) : null;
}

const monthOf = (now: number) => new Date(startOfMonth(now)).toISOString().slice(0, 10);
