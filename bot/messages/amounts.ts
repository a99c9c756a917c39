import { divideHalfAwayFromZero, formatDecimal, micro, parseDecimal, type Microcredits } from '@talktime/core/money';

const CENT = 10_000n;

/** "1,234.5 credits": to two decimals, unless that would hide that there is something. */
export function credits(amount: Microcredits): string {
  const text = figure(amount);
  return `${text} ${text === '1' || text === '-1' ? 'credit' : 'credits'}`;
}

/** Millionths of a currency as money: "$0.98", "-€12.50". */
export function money(millionths: bigint, currency: string): string {
  // ECMA-402 formats decimal text exactly; TypeScript's type for that wants a template literal.
  const decimal = formatDecimal(millionths) as `${number}`;
  return new Intl.NumberFormat('en-US', { style: 'currency', currency })
    .format(decimal)
    .replace(/^-(\D*)0(\.0+)?$/, '$10$2');
}

/** Minutes of calls that a balance pays for, never more than it does: "8 min", "1,240 min", "less than a minute". */
export function callTime(minutes: number | null): string {
  if (minutes === null) return 'unknown: no price per minute is set';
  if (minutes <= 0) return 'none';
  if (minutes < 1) return 'less than a minute';
  return `${Math.floor(minutes).toLocaleString('en-US')} min`;
}

/** "8 min of calls" behind a separator, to go on with after a balance; nothing when there is nothing to say. */
export function callTimeAfter(separator: string, minutes: number | null): string {
  return minutes === null || minutes <= 0 ? '' : `${separator}${callTime(minutes)} of calls`;
}

export { runwayText } from '@talktime/core/alerts';

/** Credits of the API's answers, which are JSON numbers exact to the microcredit. */
export function fromWire(amount: number): Microcredits {
  const parsed = parseDecimal(amount.toFixed(6));
  if (!parsed.ok)
    throw new RangeError(`${parsed.refusal}: the service answered an amount that it cannot have: ${amount}`);
  return micro(parsed.value);
}

/** "1,234.5", without a unit: for a table whose heading says what it is. */
export function figure(amount: bigint): string {
  const rounded = divideHalfAwayFromZero(amount, CENT) * CENT;
  const [whole = '0', fraction] = formatDecimal(rounded === 0n ? amount : rounded).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction ? `${grouped}.${fraction}` : grouped;
}
