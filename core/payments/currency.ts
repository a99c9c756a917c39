import { divideHalfAwayFromZero, MICROCREDITS_PER_CREDIT, type Microcredits } from '../money';

/** Currencies that Stripe counts in whole units. https://docs.stripe.com/currencies#zero-decimal */
const WITHOUT_DECIMALS = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
/** Counted in thousandths, the last digit of which is 0. https://docs.stripe.com/currencies#three-decimal */
const THREE_DECIMALS = new Set('BHD JOD KWD OMR TND'.split(' '));

const MILLIONTHS = 1_000_000n;

/** How many of Stripe's minor units one unit of a currency has. */
export function minorUnitsOf(currency: string): bigint {
  if (WITHOUT_DECIMALS.has(currency)) return 1n;
  return THREE_DECIMALS.has(currency) ? 1000n : 100n;
}

/** Money as Stripe counts it, from millionths of its currency; null when it cannot be paid exactly. */
export function toMinor(millionths: bigint, currency: string): bigint | null {
  const scaled = millionths * minorUnitsOf(currency);
  if (scaled % MILLIONTHS !== 0n) return null;
  const minor = scaled / MILLIONTHS;
  return THREE_DECIMALS.has(currency) && minor % 10n !== 0n ? null : minor;
}

/** The least that can be paid and is not below the amount. */
export function toMinorUpwards(millionths: bigint, currency: string): bigint {
  const step = THREE_DECIMALS.has(currency) ? 10n : 1n;
  const unit = (MILLIONTHS * step) / minorUnitsOf(currency);
  return ((millionths + unit - 1n) / unit) * step;
}

/** Millionths of money for credits, upwards. */
export function priceOfCredits(credits: Microcredits, creditValue: bigint): bigint {
  return (credits * creditValue + MICROCREDITS_PER_CREDIT - 1n) / MICROCREDITS_PER_CREDIT;
}

/** Money in millionths of its currency, from Stripe's minor units. */
export function fromMinor(minor: bigint, currency: string): bigint {
  return (minor * MILLIONTHS) / minorUnitsOf(currency);
}

/** e.g. "60.00 EUR" */
export function formatMoney(minor: bigint, currency: string): string {
  const decimals = String(minorUnitsOf(currency)).length - 1;
  const digits = String(minor < 0n ? -minor : minor).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const text = decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`;
  return `${minor < 0n ? '-' : ''}${text} ${currency}`;
}

/** A share, in millionths, of an amount; rounded half away from zero. */
export function shareOf(amount: bigint, share: number): bigint {
  return divideHalfAwayFromZero(amount * BigInt(share), MILLIONTHS);
}
