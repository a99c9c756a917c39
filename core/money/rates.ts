import { divideHalfAwayFromZero, micro, MICROCREDITS_PER_CREDIT, type Microcredits } from './microcredits';

/** Initial/increment pairs as telephony bills: 1/1, 6/6, 30/6, 60/60. Whole seconds, both at least 1. */
export interface Rounding {
  readonly initialSeconds: number;
  readonly incrementSeconds: number;
}

export const PER_SECOND: Rounding = { initialSeconds: 1, incrementSeconds: 1 };

/** One version of what a minute costs. Versions are never changed and never backdated (money-rules 3). */
export interface Rate {
  readonly version: number;
  readonly creditsPerMinute: Microcredits;
  readonly rounding: Rounding;
  /** Milliseconds since the epoch. */
  readonly effectiveFrom: number;
}

/**
 * The seconds that are billed for a call of `rawMilliseconds`: raw time is rounded up to a whole second, then
 * `0 if 0; initial if <= initial; else initial + ceil((raw - initial) / increment) * increment` (money-rules 2).
 */
export function billedSeconds(rawMilliseconds: number, rounding: Rounding): number {
  const raw = Math.ceil(rawMilliseconds / 1000);
  if (raw === 0) return 0;
  if (raw <= rounding.initialSeconds) return rounding.initialSeconds;
  const steps = Math.ceil((raw - rounding.initialSeconds) / rounding.incrementSeconds);
  return rounding.initialSeconds + steps * rounding.incrementSeconds;
}

/** The price of a call: billed seconds x rate / 60, rounded once, half away from zero, to the microcredit. */
export function price(rawMilliseconds: number, rate: Pick<Rate, 'creditsPerMinute' | 'rounding'>): Microcredits {
  const billed = BigInt(billedSeconds(rawMilliseconds, rate.rounding));
  return micro(divideHalfAwayFromZero(billed * rate.creditsPerMinute, 60n));
}

/** The version in force at `at` (milliseconds); a call before the first version uses the first (money-rules 3). */
export function rateAt(versions: readonly Rate[], at: number): Rate | undefined {
  return versions.findLast((version) => version.effectiveFrom <= at) ?? versions[0];
}

/** The most whole seconds whose price fits `credits`; 0 when none does. The inverse of `price`. */
export function secondsCovered(credits: Microcredits, rate: Pick<Rate, 'creditsPerMinute' | 'rounding'>): number {
  if (credits < 0n || rate.creditsPerMinute <= 0n) return 0;
  const { initialSeconds, incrementSeconds } = rate.rounding;
  if (price(initialSeconds * 1000, rate) > credits) return 0;
  let low = 0n;
  // A price is rounded, so that it may fit though its exact value is up to half a microcredit more.
  let high = ((credits + 1n) * 60n) / rate.creditsPerMinute / BigInt(incrementSeconds) + 1n;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    const seconds = initialSeconds + Number(middle) * incrementSeconds;
    if (price(seconds * 1000, rate) <= credits) low = middle;
    else high = middle - 1n;
  }
  return initialSeconds + Number(low) * incrementSeconds;
}

/** Money a minute as credits a minute, when one credit is worth `creditValue` (both in millionths of the currency). */
export function moneyToCredits(money: bigint, creditValue: bigint): Microcredits {
  return micro(divideHalfAwayFromZero(money * MICROCREDITS_PER_CREDIT, creditValue));
}

/** What an amount of credits is worth, in millionths of the currency. */
export function creditsToMoney(credits: Microcredits, creditValue: bigint): bigint {
  return divideHalfAwayFromZero(credits * creditValue, MICROCREDITS_PER_CREDIT);
}
