import { audit } from '../../access/audit';
import type { Subscription } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import type { Database, Transaction } from '../../database';
import { lockPartner, type Actor } from '../../ledger';
import { readPlan } from '../plans';
import { endSubscription } from './end';
import { lockSubscription, subscriptionToWire, type SubscriptionState } from './subscription';
import { subscriptionTermsOf, termsToJson, type SubscriptionTerms } from './terms';

/** Lets a subscription end with its period; one whose period is over ends now. Asked again: nothing more happens. */
export async function cancelSubscription(
  database: Database,
  partnerId: string,
  actor: Actor,
  subscriptionId: string,
): Promise<Subscription> {
  return changing(database, partnerId, subscriptionId, async (transaction, subscription, now) => {
    if (subscription.endedAt !== null || subscription.cancelAtPeriodEnd) return;
    await setCancel(transaction, partnerId, actor, subscription, true);
    if (subscription.periodEnd <= now)
      await endSubscription(transaction, partnerId, actor, subscription, 'requested', now);
  });
}

/** Takes a cancellation back, while the period lasts. */
export async function resumeSubscription(
  database: Database,
  partnerId: string,
  actor: Actor,
  subscriptionId: string,
): Promise<Subscription> {
  return changing(database, partnerId, subscriptionId, async (transaction, subscription) => {
    requireLasting(subscription);
    if (subscription.cancelAtPeriodEnd) await setCancel(transaction, partnerId, actor, subscription, false);
  });
}

/**
 * Changes the plan from the next period on. The new terms are those of this moment. The present plan, as the subscription
 * has it, takes a change back.
 */
export async function changeSubscription(
  database: Database,
  partnerId: string,
  actor: Actor,
  subscriptionId: string,
  planId: string,
): Promise<Subscription> {
  return changing(database, partnerId, subscriptionId, async (transaction, subscription) => {
    requireLasting(subscription);
    if (subscription.cancelAtPeriodEnd)
      throw new TalktimeError(
        'SUBSCRIPTION_ENDING',
        'The subscription ends with its period, so there is no next one to change. Resume it first.',
      );
    const terms = await termsOfPlan(transaction, partnerId, subscription, planId);
    const next = isSame(terms, subscription.terms) ? null : terms;
    if (
      next === null ? subscription.nextTerms === null : subscription.nextTerms && isSame(next, subscription.nextTerms)
    )
      return;
    await transaction.query(
      'update talktime.subscriptions set next_terms = $3 where partner_id = $1 and subscription_id = $2',
      [partnerId, subscriptionId, next && JSON.stringify(termsToJson(next))],
    );
    await audit(transaction, partnerId, actor, 'subscription.changed', subscription.customerId, {
      subscription_id: subscriptionId,
      next_plan_id: next?.planId ?? null,
    });
  });
}

async function changing(
  database: Database,
  partnerId: string,
  subscriptionId: string,
  work: (transaction: Transaction, subscription: SubscriptionState, now: number) => Promise<void>,
): Promise<Subscription> {
  return database.asPartner(partnerId, async (transaction) => {
    const locked = await lockPartner(transaction, partnerId);
    if (!locked) throw new TalktimeError('PARTNER_NOT_FOUND', 'There is no such partner.');
    await work(transaction, await lockSubscription(transaction, partnerId, subscriptionId), locked.now);
    return subscriptionToWire(await lockSubscription(transaction, partnerId, subscriptionId));
  });
}

async function setCancel(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  { subscriptionId, customerId }: SubscriptionState,
  cancels: boolean,
): Promise<void> {
  await transaction.query(
    'update talktime.subscriptions set cancel_at_period_end = $3 where partner_id = $1 and subscription_id = $2',
    [partnerId, subscriptionId, cancels],
  );
  await audit(transaction, partnerId, actor, cancels ? 'subscription.canceled' : 'subscription.resumed', customerId, {
    subscription_id: subscriptionId,
  });
}

function requireLasting({ endedAt }: SubscriptionState): void {
  if (endedAt === null) return;
  throw new TalktimeError(
    'SUBSCRIPTION_ENDED',
    `The subscription ended at ${new Date(endedAt).toISOString()}. Apply a recurring plan to start another.`,
  );
}

async function termsOfPlan(
  transaction: Transaction,
  partnerId: string,
  { collects }: SubscriptionState,
  planId: string,
): Promise<SubscriptionTerms> {
  const plan = await readPlan(transaction, partnerId, planId);
  const terms = subscriptionTermsOf(plan);
  if (!terms)
    throw new TalktimeError(
      'PLAN_NOT_RECURRING',
      `The plan "${planId}" is a one-off pack. Apply it as it is, or choose a recurring plan.`,
    );
  if (!plan.active)
    throw new TalktimeError('PLAN_INACTIVE', `The plan "${planId}" is not active. Activate it, or choose another.`);
  if (collects === 'card' && plan.price === 0n)
    throw new TalktimeError(
      'PLAN_FREE',
      `The plan "${planId}" costs nothing, and the subscription is paid for by card. Give it a price, or cancel and apply it.`,
    );
  return terms;
}

const isSame = (one: SubscriptionTerms, other: SubscriptionTerms) =>
  JSON.stringify(termsToJson(one)) === JSON.stringify(termsToJson(other));
