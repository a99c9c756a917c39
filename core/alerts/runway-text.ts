import type { Runway } from './forecast';

/**
 * How long a balance lasts at the recent pace, as it is said everywhere: "about 9 to 14 days", "about 5 to 8 hours". A range,
 * since nobody knows the day; in hours below two days and in months from two on, since nobody knows the hour either.
 * Goes on after "lasts" and under a label alike.
 *
 * @param posted the balance: what is used up lasts no longer, whatever the pace
 */
export function runwayText(runway: Runway | null, posted: number | bigint): string {
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
