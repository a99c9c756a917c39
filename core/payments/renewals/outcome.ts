import { endQuiet } from '../../alerts';
import type { Transaction } from '../../database';
import { lockPartner } from '../../ledger';
import { periodStart } from '../../money';
import {
  currentSubscription,
  endSubscription,
  lockSubscription,
  nextPeriod,
  renewalRefused,
  renewPeriod,
  startSubscription,
  termsFromJson,
  type SubscriptionState,
} from '../../plans';
import { BY_STRIPE } from '../context';
import { writeNews } from '../notices';
import { confirmAddress, NEEDS_OWNER, type RechargeOutcome } from '../recharge/outcome';
import type { PaymentRow } from '../rows';

/** The period that a payment pays for, whose credits go at its end. */
export interface PaidPeriod {
  /** Milliseconds. */
  readonly endsAt: number;
  /** Once the operation has credited it. */
  begin(operationId: string): Promise<void>;
}

/**
 * Which period of a recurring plan a payment pays for: the first, or the next one; null when it is for no such plan. What
 * was paid is credited in any case: where there is nothing to begin any more, its credits last as long as a period.
 * The partner's lock must be held.
 */
export async function periodPaidFor(
  transaction: Transaction,
  partnerId: string,
  { terms: sold, customer_id: customerId }: PaymentRow,
  now: number,
): Promise<PaidPeriod | null> {
  if (!sold?.recurring || customerId === null) return null;
  const terms = termsFromJson(sold.recurring);
  const first = { endsAt: periodStart(now, terms.recurring, 1) };
  if (sold.subscription === undefined) {
    const other = await currentSubscription(transaction, partnerId, customerId);
    if (other) return { ...first, begin: () => Promise.resolve() };
    return {
      ...first,
      begin: async (operationId) => {
        const start = { customerId, terms, collects: 'card' as const, operationId, startsAt: now };
        await startSubscription(transaction, partnerId, BY_STRIPE, start);
      },
    };
  }
  const subscriptionId = sold.subscription;
  const subscription = await lockSubscription(transaction, partnerId, subscriptionId);
  const next = subscription.endedAt === null ? nextPeriod(subscription, now) : null;
  if (!next) return { ...first, begin: () => Promise.resolve() };
  return {
    endsAt: next.endsAt,
    begin: async (operationId) =>
      void (await renewPeriod(transaction, partnerId, BY_STRIPE, subscriptionId, operationId)),
  };
}

const A_DAY = 24 * 60 * 60 * 1000;
/** Days after the end of the period at which a renewal that failed is tried again; then the subscription ends. */
const TRIED_AGAIN_AFTER = [1, 3, 5];

/** Draws the consequences of a renewal that failed, once. The partner's lock must be held. */
export async function noteRenewalOutcome(
  transaction: Transaction,
  partnerId: string,
  payment: PaymentRow,
  { state, failure }: RechargeOutcome,
  publicUrl: string | undefined,
): Promise<void> {
  if (payment.kind !== 'renewal' || payment.state === state || state !== 'failed') return;
  const subscription = await lockSubscription(transaction, partnerId, payment.terms!.subscription!);
  if (subscription.endedBecause === 'requested') return; // nobody waits for it
  const reason = failure?.message ?? 'The payment failed.';
  const then = await refuse(transaction, partnerId, subscription, reason);
  const needsOwner = failure?.code === NEEDS_OWNER && then !== 'ended';
  await writeNews(transaction, partnerId, payment.payment_id, [
    {
      event: needsOwner ? 'needs_action' : 'failed',
      amount: payment.amount,
      credits: null,
      reason: `${reason} ${AFTERWARDS[then]}`,
      answerBy: null,
      link: needsOwner ? confirmAddress(publicUrl, partnerId, payment.payment_id) : null,
    },
  ]);
}

/** A renewal could not even be charged. The partner's lock must be held. */
export async function noteUncollected(
  transaction: Transaction,
  partnerId: string,
  subscription: SubscriptionState,
  reason: string,
): Promise<void> {
  const then = await refuse(transaction, partnerId, subscription, reason);
  await endQuiet(transaction, partnerId, subscription.walletId, {
    failed: `The plan ${subscription.terms.name} was not renewed. ${reason} ${AFTERWARDS[then]}`,
  });
}

const AFTERWARDS = {
  again: 'It is tried again on the first, the third and the fifth day, and as soon as another card is saved.',
  ended: 'It was tried for five days, so the subscription has ended.',
};

async function refuse(
  transaction: Transaction,
  partnerId: string,
  subscription: SubscriptionState,
  reason: string,
): Promise<keyof typeof AFTERWARDS> {
  const locked = await lockPartner(transaction, partnerId);
  const now = locked!.now;
  const days = TRIED_AGAIN_AFTER[subscription.attempts];
  if (subscription.endedAt !== null) return 'ended';
  if (days === undefined) {
    await endSubscription(transaction, partnerId, BY_STRIPE, subscription, 'unpaid', now);
    return 'ended';
  }
  // After a long standstill not all at once.
  const at = Math.max(subscription.periodEnd + days * A_DAY, now + A_DAY / 2);
  await renewalRefused(transaction, partnerId, BY_STRIPE, subscription, reason, at);
  return 'again';
}

/** Whether the period that a renewal was to pay for is still unpaid. */
export async function isUnrenewed(transaction: Transaction, partnerId: string, payment: PaymentRow): Promise<boolean> {
  const subscriptionId = payment.terms?.subscription;
  if (subscriptionId === undefined) return false;
  const locked = await lockPartner(transaction, partnerId);
  const subscription = await lockSubscription(transaction, partnerId, subscriptionId);
  return subscription.status === 'past_due' && nextPeriod(subscription, locked!.now) !== null;
}
