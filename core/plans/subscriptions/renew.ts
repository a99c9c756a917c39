import { audit } from '../../access/audit';
import { TalktimeError } from '../../contract/errors';
import type { Database, Transaction } from '../../database';
import { applyWithin, creditsForMinutes, loadRates, lockPartner, periodOperations, type Actor } from '../../ledger';
import { periodsSince, periodStart } from '../../money';
import type { SaleTerms } from '../sale';
import { endSubscription } from './end';
import { lockSubscription, subscriptionsDue, type SubscriptionState } from './subscription';
import { soldOf, termsToJson, type SubscriptionTerms } from './terms';

/** Who renews what nobody asks for. */
export const PLANS: Actor = { id: 'system:plans', host: false };

/** A period that is to begin. Moments in milliseconds. */
export interface NextPeriod {
  /** Counts from 1; numbers of periods that went by ungranted are left out. */
  readonly period: number;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly terms: SubscriptionTerms;
  readonly anchor: number;
  readonly anchorPeriod: number;
}

/**
 * The period that `now` lies in, after the one that was granted last; null while that one lasts. Periods that have gone by
 * wholly meanwhile are skipped: their credits would be gone already. With other terms periods are counted anew.
 */
export function nextPeriod(subscription: SubscriptionState, now: number): NextPeriod | null {
  const { nextTerms, periodEnd } = subscription;
  if (now < periodEnd) return null;
  const terms = nextTerms ?? subscription.terms;
  const anchor = nextTerms ? periodEnd : subscription.anchor;
  const anchorPeriod = nextTerms ? subscription.period + 1 : subscription.anchorPeriod;
  const count = periodsSince(anchor, terms.recurring, now);
  return {
    period: anchorPeriod + count,
    startsAt: periodStart(anchor, terms.recurring, count),
    endsAt: periodStart(anchor, terms.recurring, count + 1),
    terms,
    anchor,
    anchorPeriod,
  };
}

/** What a period costs and holds, for a payment: minutes at the customer's rate of this moment. @throws RATE_REQUIRED */
export async function renewalTerms(
  transaction: Transaction,
  partnerId: string,
  { customerId, walletId }: SubscriptionState,
  { planId, name, size, bonus, price, currency, recurring }: SubscriptionTerms,
): Promise<SaleTerms> {
  const common = { planId, name, bonus, price, currency, expiresAfterDays: null, recurring };
  if ('credits' in size) return { ...common, credits: size.credits, minutes: null };
  const rates = await loadRates(transaction, partnerId, { walletIds: [walletId] });
  const credits = creditsForMinutes(size.minutes, rates.get(walletId)?.at(-1), customerId);
  return { ...common, credits, minutes: size.minutes };
}

/**
 * Begins the period that is due: grants it, unless the operation of a payment did so in this transaction, and brings over
 * what rolls over. Once, by the period's number, however often and by how many it is asked; null when none is due.
 * @throws TalktimeError when it was refused (the partner lacks credits, no rate): roll the transaction back then.
 */
export async function renewPeriod(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  subscriptionId: string,
  paidBy: string | null = null,
): Promise<NextPeriod | null> {
  const locked = await lockPartner(transaction, partnerId);
  const subscription = await lockSubscription(transaction, partnerId, subscriptionId);
  const next = locked && subscription.endedAt === null ? nextPeriod(subscription, locked.now) : null;
  if (!next) return null;
  const { period, startsAt, endsAt, terms } = next;
  const { name, size, bonus } = terms;
  const { rollover } = subscription.terms.recurring; // of the period that is over
  await applyWithin(transaction, partnerId, {
    kind: 'period',
    actor,
    note: name,
    customerId: subscription.customerId,
    subscriptionId,
    period,
    startsAt,
    endsAt,
    terms: size,
    bonus,
    sold: soldOf(terms),
    paid: paidBy !== null,
    rollover: rollover && { ...rollover, operations: await rollingOver(transaction, partnerId, subscription) },
  });
  const operations = periodOperations(partnerId, { subscriptionId, period });
  await transaction.query(
    `update talktime.subscriptions
     set plan_id = $3, terms = $4, next_terms = null, anchor = $5, anchor_period = $6, period = $7, period_start = $8, period_end = $9,
         granted = $10, status = 'active', next_attempt_at = $9, attempts = 0, last_error = null
     where partner_id = $1 and subscription_id = $2`,
    [
      partnerId,
      subscriptionId,
      terms.planId,
      JSON.stringify(termsToJson(terms)),
      new Date(next.anchor).toISOString(),
      next.anchorPeriod,
      period,
      new Date(startsAt).toISOString(),
      new Date(endsAt).toISOString(),
      [paidBy ?? operations.credits, operations.rollover],
    ],
  );
  if (subscription.status === 'past_due' || subscription.nextTerms)
    await audit(transaction, partnerId, actor, 'subscription.renewed', subscription.customerId, {
      subscription_id: subscriptionId,
      plan_id: terms.planId,
      period,
    });
  return next;
}

/** Of the period that was granted last, the operations whose grants nobody has voided. */
async function rollingOver(
  transaction: Transaction,
  partnerId: string,
  { walletId, granted }: SubscriptionState,
): Promise<string[]> {
  const rows = await transaction.query<{ operation_id: string }>(
    `select operation_id
     from talktime.grants
     where partner_id = $1 and wallet_id = $2 and operation_id = any($3::uuid[]) and kind = 'plan' and voided_at is null`,
    [partnerId, walletId, granted],
  );
  return rows.map((row) => row.operation_id);
}

/** The renewal was refused: it is tried again then, and the subscription is past due until it succeeds. */
export async function renewalRefused(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  { subscriptionId, customerId, period, status }: SubscriptionState,
  reason: string,
  retryAt: number,
): Promise<void> {
  const rows = await transaction.query(
    `update talktime.subscriptions
     set status = 'past_due', attempts = attempts + 1, last_error = left($4, 500), next_attempt_at = $5
     where partner_id = $1 and subscription_id = $2 and period = $3 and ended_at is null
     returning subscription_id`,
    [partnerId, subscriptionId, period, reason, new Date(retryAt).toISOString()],
  );
  if (rows.length > 0 && status !== 'past_due')
    await audit(transaction, partnerId, actor, 'subscription.past_due', customerId, {
      subscription_id: subscriptionId,
      reason,
    });
}

const TEN_MINUTES = 10 * 60 * 1000;
const MOST_AT_ONCE = 100;

/**
 * Renews, or ends, what is due of subscriptions for which nothing is collected. Answers how many that were. One that fails
 * keeps no other from it; that is told at the end.
 */
export async function renewDue(database: Database, partnerId: string, signal: AbortSignal): Promise<number> {
  const failures: unknown[] = [];
  let done = 0;
  for (let more = true; more && failures.length === 0 && !signal.aborted; ) {
    const due = await database.asPartner(partnerId, (transaction) =>
      subscriptionsDue(transaction, partnerId, 'nothing', MOST_AT_ONCE),
    );
    more = due.length === MOST_AT_ONCE;
    for (const subscription of due) {
      if (signal.aborted) break;
      await renewOne(database, partnerId, subscription).then(
        () => done++,
        (error: unknown) => failures.push(error),
      );
    }
  }
  if (failures.length > 0)
    throw new Error(`${failures.length} renewals failed: ${String(failures[0])}`, { cause: failures[0] });
  return done;
}

async function renewOne(database: Database, partnerId: string, subscription: SubscriptionState): Promise<void> {
  const { subscriptionId } = subscription;
  try {
    await database.asPartner(partnerId, async (transaction) => {
      if (await endIfAsked(transaction, partnerId, subscriptionId)) return;
      await renewPeriod(transaction, partnerId, PLANS, subscriptionId);
    });
  } catch (error) {
    if (!(error instanceof TalktimeError)) throw error;
    await database.asPartner(partnerId, async (transaction) => {
      const locked = await lockPartner(transaction, partnerId);
      await renewalRefused(transaction, partnerId, PLANS, subscription, error.message, locked!.now + TEN_MINUTES);
    });
  }
}

/** Ends a subscription that was to end with its period, when that is over. For payments, too, before they collect. */
export async function endIfAsked(
  transaction: Transaction,
  partnerId: string,
  subscriptionId: string,
): Promise<boolean> {
  const locked = await lockPartner(transaction, partnerId);
  const subscription = await lockSubscription(transaction, partnerId, subscriptionId);
  if (subscription.endedAt !== null) return true;
  if (!locked || !subscription.cancelAtPeriodEnd || locked.now < subscription.periodEnd) return false;
  await endSubscription(transaction, partnerId, PLANS, subscription, 'requested', subscription.periodEnd);
  return true;
}
