/** How long a period is. */
export interface Recurrence {
  readonly unit: 'day' | 'week' | 'month' | 'year';
  /** So many of them; 1 to 12. */
  readonly every: number;
}

const A_DAY = 24 * 60 * 60 * 1000;

/**
 * When the `count`-th period after the anchor begins, in UTC. Counted from the anchor, not from the period before: from
 * 31 January a month brings 28 February (29 in leap years), and two bring 31 March. Moments in milliseconds.
 */
export function periodStart(anchor: number, { unit, every }: Recurrence, count: number): number {
  const steps = every * count;
  switch (unit) {
    case 'day':
      return anchor + steps * A_DAY;
    case 'week':
      return anchor + steps * 7 * A_DAY;
    case 'month':
      return monthsAfter(anchor, steps);
    case 'year':
      return monthsAfter(anchor, steps * 12);
  }
}

/** How many periods after the anchor's the one is that `now` lies in; 0 in the first. */
export function periodsSince(anchor: number, recurrence: Recurrence, now: number): number {
  if (now <= anchor) return 0;
  const longest = { day: 1, week: 7, month: 31, year: 366 }[recurrence.unit] * recurrence.every * A_DAY;
  // Never too many: no period is longer than that. The rest is a step for each month or so that was short.
  let count = Math.floor((now - anchor) / longest);
  while (periodStart(anchor, recurrence, count + 1) <= now) count++;
  return count;
}

/** The same day of the month and time of the day; the last day where a month has no such day. */
function monthsAfter(anchor: number, months: number): number {
  const from = new Date(anchor);
  const first = new Date(anchor);
  first.setUTCDate(1);
  first.setUTCMonth(first.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return first.setUTCDate(Math.min(from.getUTCDate(), lastDay));
}
