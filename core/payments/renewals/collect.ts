import { TalktimeError } from '../../contract/errors';
import type { Transaction } from '../../database';
import { contentHash, lockPartner } from '../../ledger';
import {
  endIfAsked,
  lockSubscription,
  nextPeriod,
  PLANS,
  renewalTerms,
  subscriptionsDue,
  termsToJson,
} from '../../plans';
import { readCard } from '../cards';
import { insertPayment } from '../checkout';
import type { PaymentContext } from '../context';
import { shareOf, toMinor } from '../currency';
import { findPayer } from '../payer';
import { accountFor, readPaymentSettings } from '../settings';
import { settlePayment } from '../settle';
import { HOST_ACCOUNT } from '../stripe';
import { noteUncollected } from './outcome';

const MOST_AT_ONCE = 100;

/**
 * Charges the saved cards for the periods of recurring plans that are due. The period begins when its payment is credited
 * (core/payments/settle.ts); one that fails is tried again on days 1, 3 and 5, and when another card is saved.
 */
export async function collectRenewals(
  context: PaymentContext,
  partnerId: string,
  signal: AbortSignal,
): Promise<number> {
  const due = await context.database.asPartner(partnerId, (transaction) =>
    subscriptionsDue(transaction, partnerId, 'card', MOST_AT_ONCE),
  );
  let failed: unknown;
  for (const { subscriptionId } of due) {
    if (signal.aborted) break;
    await collectOne(context, partnerId, subscriptionId).catch((error: unknown) => (failed = error));
  }
  if (failed !== undefined)
    throw new Error(`Some renewals could not be collected: ${failed instanceof Error ? failed.message : 'unknown'}`, {
      cause: failed,
    });
  return due.length;
}

async function collectOne(context: PaymentContext, partnerId: string, subscriptionId: string): Promise<void> {
  let paymentId: string | null;
  try {
    paymentId = await context.database.asPartner(partnerId, (transaction) =>
      begin(transaction, partnerId, subscriptionId),
    );
  } catch (error) {
    if (!(error instanceof TalktimeError)) throw error;
    await context.database.asPartner(partnerId, async (transaction) => {
      await lockPartner(transaction, partnerId);
      const subscription = await lockSubscription(transaction, partnerId, subscriptionId);
      await noteUncollected(transaction, partnerId, subscription, error.detail);
    });
    return;
  }
  if (paymentId !== null) await settlePayment(context, partnerId, paymentId);
}

/** Writes the payment of a period before Stripe hears of it; null when there is nothing to charge now. */
async function begin(transaction: Transaction, partnerId: string, subscriptionId: string): Promise<string | null> {
  const locked = await lockPartner(transaction, partnerId);
  if (await endIfAsked(transaction, partnerId, subscriptionId)) return null;
  const subscription = await lockSubscription(transaction, partnerId, subscriptionId);
  const { walletId } = subscription;
  const next = nextPeriod(subscription, locked!.now);
  if (!next || subscription.nextAttemptAt > locked!.now) return null;
  if (await isUnderWay(transaction, partnerId, walletId, subscriptionId)) return null;
  const [payer, settings] = [
    await findPayer(transaction, partnerId, walletId),
    await readPaymentSettings(transaction, partnerId),
  ];
  const account = accountFor(settings, payer.customerId);
  const card = account === null ? null : await readCard(transaction, partnerId, account, walletId);
  if (account === null || card === null)
    throw new TalktimeError('CARD_REQUIRED', 'There is no card that could be charged for it.');
  const terms = await renewalTerms(transaction, partnerId, subscription, next.terms);
  const amount = toMinor(terms.price, terms.currency);
  if (amount === null || amount <= 0n)
    throw new TalktimeError('PRICE_NOT_PAYABLE', 'Its price cannot be paid: it is not a whole number of coins.');
  const row = await insertPayment(transaction, partnerId, {
    offer: {
      payer,
      amount,
      currency: terms.currency,
      credits: terms.credits,
      bonus: terms.bonus,
      planId: terms.planId,
      terms: {
        name: terms.name,
        expiresAfterDays: null,
        recurring: termsToJson(next.terms),
        subscription: subscriptionId,
      },
      title: terms.name,
    },
    kind: 'renewal',
    account,
    // One payment for each try of each period, whoever tries.
    key: `renewal ${subscriptionId} ${next.period} ${subscription.attempts}`,
    hash: Buffer.from(contentHash({ renews: subscriptionId, period: String(next.period) }), 'hex'),
    actor: PLANS,
    saveCard: false,
    automaticTax: false,
    applicationFee: account === HOST_ACCOUNT ? 0n : shareOf(amount, settings.application_fee),
    successUrl: null,
    cancelUrl: null,
    expiresIn: null,
    paymentMethod: card.paymentMethod,
  });
  return row?.payment_id ?? null;
}

/** One whose outcome is not known yet, or whose page is open, may still be paid. */
async function isUnderWay(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  subscriptionId: string,
): Promise<boolean> {
  const rows = await transaction.query(
    `select from talktime.payments
     where partner_id = $1 and wallet_id = $2 and terms ->> 'subscription' = $3
       and state in ('created', 'open', 'processing', 'needs_action', 'stuck')
       and (kind = 'renewal' or state <> 'created')`,
    [partnerId, walletId, subscriptionId],
  );
  return rows.length > 0;
}
