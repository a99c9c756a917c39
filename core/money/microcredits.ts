/**
 * Credits as the ledger holds them: whole microcredits in a bigint (1 credit = 1,000,000). Nothing in Talktime
 * calculates money in floating point (money-rules 1).
 */
export type Microcredits = bigint & { readonly __unit: 'microcredits' };

export const MICROCREDITS_PER_CREDIT = 1_000_000n;

/** A wallet and an amount stay below this many credits, within 2^33, so that every value survives a JSON number. */
export const LARGEST_AMOUNT = micro(8_000_000_000n * MICROCREDITS_PER_CREDIT);

export const ZERO = micro(0n);

/** Says that a bigint counts microcredits. */
export function micro(value: bigint): Microcredits {
  return value as Microcredits;
}

export type DecimalRefusal = 'NUMBER_INVALID' | 'NUMBER_PRECISION' | 'NUMBER_RANGE';

/**
 * Parses a decimal from its text into millionths, exactly: "12.2" -> 12200000n. More than 6 decimals is refused, not
 * rounded; so is an exponent, a thousands separator or anything that is not a plain decimal.
 */
export function parseDecimal(text: string): { ok: true; value: bigint } | { ok: false; refusal: DecimalRefusal } {
  const match = /^([+-]?)(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text);
  if (!match)
    return { ok: false, refusal: /^[+-]?[\d.]+e[+-]?\d+$/i.test(text) ? 'NUMBER_PRECISION' : 'NUMBER_INVALID' };
  const [, sign, whole = '0', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > 6) return { ok: false, refusal: 'NUMBER_PRECISION' };
  const value = BigInt(whole) * MICROCREDITS_PER_CREDIT + BigInt(digits.padEnd(6, '0'));
  if (value >= LARGEST_AMOUNT) return { ok: false, refusal: 'NUMBER_RANGE' };
  return { ok: true, value: sign === '-' ? -value : value };
}

/**
 * A decimal of any precision times 10^`power`, in millionths, rounded once: for amounts that a provider reports in units
 * of its own, such as cents (`power` -2). null when the text is no plain decimal. Never used for what somebody is charged.
 */
export function parseScaledDecimal(text: string, power: number): bigint | null {
  const match = /^(-?\d{1,30})(?:\.(\d{1,30}))?$/.exec(text);
  if (!match) return null;
  const [, whole = '0', fraction = ''] = match;
  const shift = 6 + power - fraction.length;
  const digits = BigInt(whole + fraction);
  return shift >= 0 ? digits * 10n ** BigInt(shift) : divideHalfAwayFromZero(digits, 10n ** BigInt(-shift));
}

/** Microcredits (or any millionths) as decimal text without trailing zeros: 12200000n -> "12.2". */
export function formatDecimal(value: bigint): string {
  const sign = value < 0n ? '-' : '';
  const magnitude = value < 0n ? -value : value;
  const fraction = (magnitude % MICROCREDITS_PER_CREDIT).toString().padStart(6, '0').replace(/0+$/, '');
  return `${sign}${magnitude / MICROCREDITS_PER_CREDIT}${fraction ? `.${fraction}` : ''}`;
}

/** Credits as a JSON number: the shortest decimal that reads back as exactly these microcredits (below LARGEST_AMOUNT). */
export function toJsonNumber(value: bigint): number {
  return Number(formatDecimal(value));
}

/** `numerator / denominator` to the nearest whole, halves away from zero: the one rounding in Talktime (money-rules 2). */
export function divideHalfAwayFromZero(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('The denominator must be above zero');
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

export function smaller<T extends bigint>(a: T, b: T): T {
  return a < b ? a : b;
}

export function larger<T extends bigint>(a: T, b: T): T {
  return a > b ? a : b;
}
