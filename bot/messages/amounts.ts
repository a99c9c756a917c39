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

/** How long a balance is expected to last, in days: a range that holds the true moment in 8 of 10 cases. */
export interface RunwayShown {
  readonly days: number;
  readonly from: number;
  /** null: beyond a year. */
  readonly to: number | null;
}

/**
 * How long a balance lasts at the recent pace, as it is said everywhere: "about 9 to 14 days", "about 5 to 8 hours". A range,
 * since nobody knows the day; in hours below two days and in months from two on, since nobody knows the hour either.
 * Goes on after "lasts" and under a label alike.
 *
 * @param posted the balance: what is used up lasts no longer, whatever the pace
 */
export function runwayText(runway: RunwayShown | null, posted: number | bigint): string {
  if (posted <= 0) return 'none';
  if (runway === null) return 'too little history to say';
  const [from, to] = [inUnits(runway.from), runway.to === null ? null : inUnits(runway.to)];
  if (to === null) return runway.from >= A_YEAR ? LONG : `about ${counted(from)} to ${LONG}`;
  if (from.count === to.count && from.unit === to.unit)
    return to.count === 0 ? 'less than an hour' : `about ${counted(to)}`;
  if (from.count === 0) return `up to about ${counted(to)}`;
  return from.unit === to.unit ? `about ${from.count} to ${counted(to)}` : `about ${counted(from)} to ${counted(to)}`;
}

const A_YEAR = 365;
const A_MONTH = A_YEAR / 12;
const LONG = 'more than a year';

function inUnits(days: number): { count: number; unit: 'hour' | 'day' | 'month' } {
  if (days < 2) return { count: Math.round(days * 24), unit: 'hour' };
  if (days < 2 * A_MONTH) return { count: Math.round(days), unit: 'day' };
  return { count: Math.round(days / A_MONTH), unit: 'month' };
}

function counted({ count, unit }: { count: number; unit: string }): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** How long a balance lasts at the pace of the last days, without false precision: "about 5 hours", "about 12 days". */
export function pace(days: number | null): string {
  if (days === null) return 'too little history to say';
  const hours = days * 24;
  if (hours <= 0) return 'none';
  if (hours < 1) return 'less than an hour';
  if (hours < 48) return about(Math.round(hours), 'hour');
  if (days > 365) return 'more than a year';
  return about(Math.round(days), 'day');
}

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

function about(count: number, unit: string): string {
  return `about ${counted({ count, unit })}`;
}
