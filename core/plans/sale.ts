import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';
import { creditsForMinutes, loadRates } from '../ledger';
import type { Microcredits } from '../money';
import { planNotFound, readPlan } from './plans';
import { recurringOf, type RecurringTerms } from './rows';
import { planVisibility } from './visibility';

/** What is sold, as it is at this moment: minutes are converted at the customer's rate (money-rules 19). */
export interface SaleTerms {
  readonly planId: string;
  readonly name: string;
  readonly credits: Microcredits;
  /** What the credits were converted from, in millionths of a minute; null of a plan in credits. */
  readonly minutes: bigint | null;
  /** On top, as a bonus grant of its own, which expires with the credits. */
  readonly bonus: Microcredits;
  /** Millionths of the currency. */
  readonly price: bigint;
  readonly currency: string;
  /** Of a pack; null: never. A recurring plan's credits go at the end of their period. */
  readonly expiresAfterDays: number | null;
  readonly recurring: RecurringTerms | null;
}

/**
 * The terms on which a customer can buy a plan at this moment. A plan that it may not see is not there for it.
 * @throws PLAN_NOT_FOUND, PLAN_INACTIVE, PLAN_FREE, RATE_REQUIRED, CUSTOMER_NOT_FOUND
 */
export async function termsForSale(
  transaction: Transaction,
  partnerId: string,
  customerId: string,
  planId: string,
): Promise<SaleTerms> {
  const { only, walletId } = await planVisibility(transaction, partnerId, customerId);
  if (only !== null && !only.includes(planId)) throw planNotFound(planId);
  const plan = await readPlan(transaction, partnerId, planId);
  if (!plan.active)
    throw new TalktimeError('PLAN_INACTIVE', `The plan "${planId}" is not active. Activate it, or choose another.`);
  if (plan.price === 0n)
    throw new TalktimeError(
      'PLAN_FREE',
      `The plan "${planId}" costs nothing, so there is nothing to pay. Apply it instead, or give it a price.`,
    );
  return {
    planId,
    name: plan.name,
    credits: plan.credits ?? (await convert(transaction, partnerId, walletId, customerId, plan.minutes!)),
    minutes: plan.minutes,
    bonus: plan.bonus,
    price: plan.price,
    currency: plan.currency,
    expiresAfterDays: plan.expires_after_days,
    recurring: recurringOf(plan),
  };
}

/** Minutes at the customer's rate of this moment: its newest, because none is dated ahead. */
async function convert(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  customerId: string,
  minutes: bigint,
): Promise<Microcredits> {
  const rates = await loadRates(transaction, partnerId, { walletIds: [walletId] });
  return creditsForMinutes(minutes, rates.get(walletId)?.at(-1), customerId);
}
