import type { Subscription } from '../../contract';
import type { PlanPeriod } from '../../ledger';
import { micro, toJsonNumber, type Microcredits } from '../../money';
import { recurringOf, recurringToWire, type PlanRow, type RecurringTerms } from '../rows';

/** What a customer has subscribed to: the plan's terms at that moment, which no edit of the plan touches. */
export interface SubscriptionTerms {
  readonly planId: string;
  readonly name: string;
  /** Of each period. Minutes, in millionths, are converted when it begins. */
  readonly size: { readonly credits: Microcredits } | { readonly minutes: bigint };
  readonly bonus: Microcredits;
  /** Of each period, in millionths of the currency. */
  readonly price: bigint;
  readonly currency: string;
  readonly recurring: RecurringTerms;
}

/** null of a one-off pack. */
export function subscriptionTermsOf(plan: PlanRow): SubscriptionTerms | null {
  const recurring = recurringOf(plan);
  return (
    recurring && {
      planId: plan.plan_id,
      name: plan.name,
      size: plan.credits === null ? { minutes: plan.minutes! } : { credits: plan.credits },
      bonus: plan.bonus,
      price: plan.price,
      currency: plan.currency,
      recurring,
    }
  );
}

/** As they are kept: whole numbers as text, because JSON's are floats. */
export interface TermsJson {
  plan_id: string;
  name: string;
  credits: string | null;
  minutes: string | null;
  bonus: string;
  price: string;
  currency: string;
  unit: RecurringTerms['unit'];
  every: number;
  rollover: { share: string; cap: string | null } | null;
}

export function termsToJson({ planId, name, size, bonus, price, currency, recurring }: SubscriptionTerms): TermsJson {
  const { unit, every, rollover } = recurring;
  return {
    plan_id: planId,
    name,
    credits: 'credits' in size ? String(size.credits) : null,
    minutes: 'minutes' in size ? String(size.minutes) : null,
    bonus: String(bonus),
    price: String(price),
    currency,
    unit,
    every,
    rollover: rollover && { share: String(rollover.share), cap: rollover.cap === null ? null : String(rollover.cap) },
  };
}

export function termsFromJson(json: TermsJson): SubscriptionTerms {
  const { rollover } = json;
  return {
    planId: json.plan_id,
    name: json.name,
    size: json.credits === null ? { minutes: BigInt(json.minutes!) } : { credits: micro(BigInt(json.credits)) },
    bonus: micro(BigInt(json.bonus)),
    price: BigInt(json.price),
    currency: json.currency,
    recurring: {
      unit: json.unit,
      every: json.every,
      rollover: rollover && {
        share: BigInt(rollover.share),
        cap: rollover.cap === null ? null : micro(BigInt(rollover.cap)),
      },
    },
  };
}

export function termsToWire({
  planId,
  name,
  size,
  bonus,
  price,
  currency,
  recurring,
}: SubscriptionTerms): Subscription['plan'] {
  return {
    id: planId,
    name,
    credits: 'credits' in size ? toJsonNumber(size.credits) : null,
    minutes: 'minutes' in size ? toJsonNumber(size.minutes) : null,
    bonus: toJsonNumber(bonus),
    price: toJsonNumber(price),
    currency,
    recurring: recurringToWire(recurring)!,
  };
}

/** As the answer of the operation that grants a period has it. */
export function soldOf(terms: SubscriptionTerms): PlanPeriod['sold'] {
  const { id, name, minutes, bonus, price, currency, recurring } = termsToWire(terms);
  return { id, name, minutes, bonus, price, currency, expires_after_days: null, recurring };
}
