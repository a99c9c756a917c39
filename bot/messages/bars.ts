import { MOST_CATEGORIES } from './chart';

/** A bar of a chart of usage: one day, or several as their mean. */
export interface Bar {
  /** Its first day: "22 Nov". No two of a chart are alike, and none is longer than a category may be. */
  readonly label: string;
  readonly days: number;
  /** Microcredits; never below nothing. */
  readonly creditsADay: bigint;
}

/**
 * Days as bars, so few that Slack takes them. All bars are as wide, but the first, which gets what is left over: the
 * latest days are what is looked at.
 */
export function barsOf(
  days: readonly { readonly day: string; readonly credits: bigint }[],
  most = MOST_CATEGORIES,
): Bar[] {
  const wide = Math.max(1, Math.ceil(days.length / most));
  const bars: Bar[] = [];
  for (let end = days.length; end > 0; end -= wide) {
    const slice = days.slice(Math.max(0, end - wide), end);
    const sum = slice.reduce((total, { credits }) => total + credits, 0n);
    bars.unshift({
      label: dayLabel(slice[0]!.day),
      days: slice.length,
      creditsADay: sum <= 0n ? 0n : sum / BigInt(slice.length),
    });
  }
  return bars;
}

/** "2026-11-22" as "22 Nov". */
export function dayLabel(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}
