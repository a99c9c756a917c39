import type { Plan } from '../contract';
import { toJsonNumber, type Microcredits, type Recurrence } from '../money';

/** A plan as it is stored. */
export interface PlanRow {
  readonly plan_id: string;
  readonly name: string;
  readonly description: string;
  readonly credits: Microcredits | null;
  /** Millionths of a minute. */
  readonly minutes: bigint | null;
  readonly bonus: Microcredits;
  /** Millionths of the currency. */
  readonly price: bigint;
  readonly currency: string;
  readonly expires_after_days: number | null;
  readonly period: Recurrence['unit'] | null;
  readonly period_every: number | null;
  /** Millionths. */
  readonly rollover_share: number | null;
  readonly rollover_cap: Microcredits | null;
  readonly active: boolean;
  readonly popular: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export const PLAN_COLUMNS =
  'plan_id, name, description, credits, minutes, bonus, price, currency, expires_after_days, period, period_every, rollover_share, rollover_cap, active, popular, created_at, updated_at';

/** How a plan recurs. */
export interface RecurringTerms extends Recurrence {
  /** null: what is left at the end of a period is gone. */
  readonly rollover: {
    /** Millionths; 0 to 1,000,000. */
    readonly share: bigint;
    /** null: no cap. */
    readonly cap: Microcredits | null;
  } | null;
}

type RecurringColumns = Pick<PlanRow, 'period' | 'period_every' | 'rollover_share' | 'rollover_cap'>;

/** null: it is a pack. */
export function recurringOf({
  period,
  period_every,
  rollover_share,
  rollover_cap,
}: RecurringColumns): RecurringTerms | null {
  if (period === null) return null;
  const rollover = rollover_share === null ? null : { share: BigInt(rollover_share), cap: rollover_cap };
  return { unit: period, every: period_every!, rollover };
}

export function recurringToWire(recurring: RecurringTerms | null): Plan['recurring'] {
  if (!recurring) return null;
  const { unit, every, rollover } = recurring;
  return {
    period: unit,
    every,
    rollover: rollover && {
      share: toJsonNumber(rollover.share),
      cap: rollover.cap === null ? null : toJsonNumber(rollover.cap),
    },
  };
}

export function toPlan(row: PlanRow): Plan {
  return {
    id: row.plan_id,
    name: row.name,
    description: row.description,
    credits: row.credits === null ? null : toJsonNumber(row.credits),
    minutes: row.minutes === null ? null : toJsonNumber(row.minutes),
    bonus: toJsonNumber(row.bonus),
    price: toJsonNumber(row.price),
    currency: row.currency,
    expires_after_days: row.expires_after_days,
    recurring: recurringToWire(recurringOf(row)),
    active: row.active,
    popular: row.popular,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
