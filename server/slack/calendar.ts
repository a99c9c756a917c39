const DAY = 24 * 60 * 60 * 1000;

/** Days in UTC, today the last of them. */
export interface Days {
  readonly from: Date;
  /** Now. */
  readonly to: Date;
  /** "2026-11-22", each of them, oldest first. */
  readonly days: readonly string[];
  /** How long they have lasted so far. */
  readonly elapsedDays: number;
}

export function lastDays(count: number, now: number): Days {
  const from = Math.floor(now / DAY) * DAY - (count - 1) * DAY;
  return {
    from: new Date(from),
    to: new Date(now),
    days: Array.from({ length: count }, (_, index) => new Date(from + index * DAY).toISOString().slice(0, 10)),
    elapsedDays: (now - from) / DAY,
  };
}

/** As long a time, `count` days earlier. */
export function daysBefore({ from, to }: Days, count: number): { from: Date; to: Date } {
  return { from: new Date(from.getTime() - count * DAY), to: new Date(to.getTime() - count * DAY) };
}
