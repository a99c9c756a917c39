import { micro, type Microcredits } from '../money';

/** How long a balance lasts: expected days, and a range that aims to hold the true moment in 8 of 10 cases. Tenths of days. */
export interface Runway {
  readonly days: number;
  readonly from: number;
  /** null: beyond a year. */
  readonly to: number | null;
}

/**
 * What a wallet used in each of the last full 24 hours back from now, the newest first; as many as there is history, up to
 * MOST_WINDOWS. Microcredits, less what came back.
 */
export type Usage = readonly bigint[];

/** Four weeks: long enough for the weekdays to show, short enough to follow a change. */
export const MOST_WINDOWS = 28;

const WEEK = 7;
const FARTHEST_DAYS = 365;
/** Eight of ten: a tenth is left out on either side of a normal distribution. */
const EIGHTY_PERCENT = 1.2816;

/** How the spread is made up, tuned on simulated histories (test/bench/runway.ts). Shares of a mean day where not said otherwise. */
const SPREAD = {
  /** A day varies by this much until its own history says otherwise; that counts as so many days. */
  usualDeviation: 0.6,
  usualDays: 2,
  /** The pace itself is not known better than this, however long the history. */
  pace: 0.05,
  /** By how much it drifts in a month. */
  drift: 0.25,
  /** When in a day the use comes, the days do not tell. */
  withinDay: 0.15,
  /** Days that are like the day before are believed to be so up to this correlation: campaigns come in runs. */
  mostRuns: 0.8,
};

/**
 * Expected days until a balance is used up. null with less than a full day of history, without use, or when nothing is
 * left.
 */
export function forecast(posted: Microcredits, usage: Usage): Runway | null {
  const pace = paceOf(usage);
  const days = expectedDays(posted, pace);
  if (!pace || days === null) return null;
  const [from, to] = rangeOf(Number(posted), pace, countedOf(usage), days);
  return { days, from: Math.min(from, days), to: to === null ? null : Math.max(to, days) };
}

/** The days of a forecast alone, for who has to sort many. null as `forecast`. */
export function expectedDays(posted: Microcredits, pace: Pace | null): number | null {
  return pace && posted > 0n ? tenthsUntil(posted, pace) / 10 : null;
}

/** What is used in the next `days` (in millionths): the balance that lasts exactly so long. null as `forecast`. */
export function expectedUse(pace: Pace | null, days: bigint): Microcredits | null {
  if (!pace) return null;
  const whole = Number(days / MILLION);
  let use = pace.week * BigInt(Math.floor(whole / WEEK));
  for (let day = 0; day < whole % WEEK; day++) use += pace.byDay[day]!;
  return micro(use + (pace.byDay[whole % WEEK]! * (days % MILLION)) / MILLION);
}

const MILLION = 1_000_000n;

/** What is expected of the next seven days, and so of each later one that shares their weekday. */
export interface Pace {
  readonly byDay: readonly bigint[];
  readonly week: bigint;
}

/** null when nothing is used. */
export function paceByDay(byDay: readonly bigint[]): Pace | null {
  const week = byDay.reduce((sum, used) => sum + used, 0n);
  return week > 0n ? { byDay, week } : null;
}

/** The days that a pace is made of: whole weeks, when there are any. */
function countedOf(usage: Usage): Usage {
  return usage.length < WEEK ? usage : usage.slice(0, usage.length - (usage.length % WEEK));
}

/**
 * With whole weeks of history, their mean, in which every weekday counts alike; before that, the mean of the days there
 * are. From two weeks on the weekdays take the mean's place, as far as they differ by more than chance. null with less than
 * a full day of history, or without use.
 */
export function paceOf(usage: Usage): Pace | null {
  const counted = countedOf(usage);
  const weeks = Math.floor(counted.length / WEEK);
  const slots = Array.from({ length: WEEK }, () => 0n); // by the window's place in its week
  for (const [index, used] of counted.entries()) slots[index % WEEK]! += used * WEIGHTS[Math.floor(index / WEEK)]!;
  const total = slots.reduce((sum, used) => sum + used, 0n);
  if (total <= 0n) return null;
  const times = WEIGHT_OF[Math.max(1, weeks)]!;
  const mean = total / (times * BigInt(weeks > 0 ? WEEK : counted.length));
  const share = weeks < 2 ? 0n : BigInt(Math.round(1e6 * weekdayShare(counted.map(Number), weeks)));
  const byDay = slots.map((_each, day) => {
    if (share === 0n) return mean;
    const blended = (mean * (MILLION - share) + (slots[windowOf(day)]! / times) * share) / MILLION;
    return blended > 0n ? blended : 0n; // more may have come back than was used
  });
  return paceByDay(byDay);
}

/** The window of the last week that shares its weekday with the day so far ahead: 0 is the one that begins now. */
const windowOf = (day: number) => WEEK - 1 - (day % WEEK);

/** The newer a week, the more it counts: each twice as much as the one before it. */
const WEIGHTS = [8n, 4n, 2n, 1n] as const;
/** What the weights of so many weeks come to. */
const WEIGHT_OF = [0n, 8n, 12n, 14n, 15n] as const;

/**
 * How far to believe in the weekdays, 0 to 1: what they differ by beyond what chance makes of days that vary as those of
 * the same weekday do.
 */
function weekdayShare(counted: readonly number[], weeks: number): number {
  const mean = counted.reduce((sum, used) => sum + used, 0) / counted.length;
  let [between, within] = [0, 0];
  for (let slot = 0; slot < WEEK; slot++) {
    const days = Array.from({ length: weeks }, (_, week) => counted[week * WEEK + slot]!);
    const ofSlot = days.reduce((sum, used) => sum + used, 0) / weeks;
    between += (weeks * (ofSlot - mean) ** 2) / (WEEK - 1);
    within += days.reduce((sum, used) => sum + (used - ofSlot) ** 2, 0) / (WEEK * (weeks - 1));
  }
  return between > within ? (between - within) / between : 0;
}

/** Tenths of days, rounded up: a balance at the level of N days lasts N days, and one above it longer. */
function tenthsUntil(posted: bigint, { byDay, week }: Pace): number {
  // The last credit of a week is used on its last day with use, and not at its end.
  const weeks = (posted - 1n) / week;
  let [days, left] = [Number(weeks) * WEEK, posted - weeks * week];
  for (let day = 0; left > 0n; day++) {
    const use = byDay[day]!;
    if (left <= use) return days * 10 + Number((left * 10n + use - 1n) / use);
    left -= use;
    days += 1;
  }
  return days * 10;
}

/**
 * The first moment by which the balance may be used up, and the one by which it should be. The days' variance adds up; what
 * is not known of the pace, and its drift, grow with the use itself.
 */
function rangeOf(posted: number, pace: Pace, counted: Usage, days: number): [from: number, to: number | null] {
  const expected = pace.byDay.map(Number);
  const week = Number(pace.week);
  const mean = week / WEEK;
  const until: number[] = [0]; // the beginning of each day of a week
  for (const use of expected) until.push(until.at(-1)! + use);
  const usedBy = (tenths: number) => {
    const day = Math.floor(tenths / 10);
    const part = (tenths % 10) / 10;
    return Math.floor(day / WEEK) * week + until[day % WEEK]! + part * expected[day % WEEK]!;
  };
  const { variance, ofPace } = spreadOf(pace, counted, mean);
  const relativeAt = (after: number) => ofPace + ((SPREAD.drift * after) / 30) ** 2;
  const isUsedUp = (tenths: number, deviations: number) => {
    const after = tenths / 10;
    const use = usedBy(tenths);
    const deviation = Math.sqrt(variance * after + use * use * relativeAt(after) + (SPREAD.withinDay * mean) ** 2);
    return use + deviations * deviation >= posted;
  };
  const tenth = (day: number, deviations: number) => {
    let tenths = day * 10;
    while (tenths > (day - 1) * 10 && isUsedUp(tenths - 1, deviations)) tenths--;
    return tenths;
  };
  // What is used at the most only grows with the days, and is never less than what is expected: the first day is halved for.
  const earliest = () => {
    let [before, day] = [0, Math.min(Math.ceil(days) + 1, FARTHEST_DAYS + 1)];
    while (day - before > 1) {
      const middle = (before + day) >> 1;
      if (isUsedUp(middle * 10, EIGHTY_PERCENT)) day = middle;
      else before = middle;
    }
    return day > FARTHEST_DAYS ? FARTHEST_DAYS : Math.max(0, tenth(day, EIGHTY_PERCENT) - 1) / 10;
  };
  // What is used at the least is never more than what is expected, and shrinks again when the pace is too little known.
  const latest = () => {
    for (let day = Math.max(1, Math.floor(days) - 1); day <= FARTHEST_DAYS; day++) {
      if (relativeAt(day) * EIGHTY_PERCENT ** 2 > 1) return null;
      if (isUsedUp(day * 10, -EIGHTY_PERCENT)) return tenth(day, -EIGHTY_PERCENT) / 10;
    }
    return null;
  };
  return [earliest(), latest()];
}

/** The variance that a day adds, and the relative one of the pace, which fewer days know less well. */
function spreadOf({ byDay }: Pace, counted: Usage, mean: number): { variance: number; ofPace: number } {
  const residuals = counted.map((used, index) => Number(used - byDay[windowOf(index)]!));
  const usual = SPREAD.usualDays * (SPREAD.usualDeviation * mean) ** 2;
  // What a mean by weekdays takes of the days' freedom is about three of four weeks' days.
  const free = Math.max(0, counted.length - (counted.length < 2 * WEEK ? 1 : 4));
  const squares = residuals.reduce((sum, each) => sum + each * each, 0);
  const runs = runsOf(residuals, squares);
  const variance = ((usual + squares) / (SPREAD.usualDays + free)) * ((1 + runs) / (1 - runs));
  const known = SPREAD.usualDays / 2 + counted.length;
  return { variance, ofPace: variance / (mean * mean * known) + SPREAD.pace ** 2 };
}

/** How much days are like the day before: 0 to less than 1. */
function runsOf(residuals: readonly number[], squares: number): number {
  if (residuals.length < WEEK || squares === 0) return 0;
  const products = residuals.slice(1).reduce((sum, each, index) => sum + each * residuals[index]!, 0);
  return Math.max(0, Math.min(SPREAD.mostRuns, products / squares));
}
