import type { z } from 'zod';
import {
  parseCreditsFromZero,
  parseMillionths,
  type pricePerMinute,
  type RateVersion,
  type Rounding,
} from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';
import { LARGEST_AMOUNT, moneyToCredits, PER_SECOND, toJsonNumber, type Microcredits, type Rate } from '../money';

/** A change of what a minute costs: a new price, a new rounding rule, or both. */
export interface RateChange {
  readonly price?: z.output<typeof pricePerMinute>;
  readonly rounding?: Rounding;
}

/**
 * Adds a version to a wallet's rates, in force from `now` on; earlier ones stay as they are, because deductions name
 * them (money-rules 3). What is left out is taken from the version before. The partner's lock must be held.
 *
 * @param creditValue millionths of the currency for one credit: what a price in money is converted with.
 */
export async function addRateVersion(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  versions: readonly Rate[],
  change: RateChange,
  creditValue: bigint,
  now: number,
): Promise<Rate | undefined> {
  const before = versions.at(-1);
  if (change.price === undefined && change.rounding === undefined) return before;
  if (change.price === undefined && !before) {
    throw new TalktimeError(
      'RATE_REQUIRED',
      'A rounding rule needs a price per minute. Send "price_per_minute" with it.',
      [{ path: 'rounding', message: 'needs price_per_minute' }],
    );
  }
  const next: Rate = {
    version: (before?.version ?? 0) + 1,
    creditsPerMinute: change.price ? creditsPerMinute(change.price, creditValue) : before!.creditsPerMinute,
    rounding: change.rounding
      ? { initialSeconds: change.rounding.initial_seconds, incrementSeconds: change.rounding.increment_seconds }
      : (before?.rounding ?? PER_SECOND),
    effectiveFrom: now,
  };
  if (before && sameTerms(before, next)) return before;
  await transaction.query(
    `insert into talktime.rates (partner_id, wallet_id, version, credits_per_minute, initial_seconds, increment_seconds, effective_from)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      partnerId,
      walletId,
      next.version,
      next.creditsPerMinute,
      next.rounding.initialSeconds,
      next.rounding.incrementSeconds,
      new Date(now),
    ],
  );
  return next;
}

function creditsPerMinute(price: z.output<typeof pricePerMinute>, creditValue: bigint): Microcredits {
  if ('credits' in price) return parseCreditsFromZero(price.credits, 'price_per_minute.credits');
  const credits = moneyToCredits(parseCreditsFromZero(price.money, 'price_per_minute.money'), creditValue);
  if (credits >= LARGEST_AMOUNT)
    throw new TalktimeError('NUMBER_RANGE', '"price_per_minute.money" is beyond 8,000,000,000 credits a minute.');
  return credits;
}

function sameTerms(a: Rate, b: Rate): boolean {
  return (
    a.creditsPerMinute === b.creditsPerMinute &&
    a.rounding.initialSeconds === b.rounding.initialSeconds &&
    a.rounding.incrementSeconds === b.rounding.incrementSeconds
  );
}

/** What one credit is worth, from the wire: above zero, at most 6 decimals. */
export function parseCreditValue(text: string): bigint {
  const value = parseMillionths(text, 'credit_value');
  if (value <= 0n)
    throw new TalktimeError(
      'AMOUNT_NOT_POSITIVE',
      '"credit_value" is what one credit is worth, so it must be above zero. The usual value is 0.01.',
    );
  return value;
}

export function toRateVersion(rate: Rate): RateVersion {
  return {
    version: rate.version,
    credits_per_minute: toJsonNumber(rate.creditsPerMinute),
    rounding: { initial_seconds: rate.rounding.initialSeconds, increment_seconds: rate.rounding.incrementSeconds },
    effective_from: new Date(rate.effectiveFrom).toISOString(),
  };
}
