import { divideHalfAwayFromZero, micro, MICROCREDITS_PER_CREDIT, price, type Microcredits, type Rate } from '../money';
import { expectedUse, type Pace } from './forecast';

/** The status of a balance, from good to bad (money-rules 20). */
export type Status = 'ok' | 'low' | 'critical' | 'exhausted';

const SEVERITY: Record<Status, number> = { ok: 0, low: 1, critical: 2, exhausted: 3 };

export function severity(status: Status): number {
  return SEVERITY[status];
}

/** A level of posted balance that raises a status when the balance comes down to it. */
export interface Level {
  readonly status: Exclude<Status, 'ok'>;
  /** null when what it depends on is not there: then it does not apply. */
  readonly at: Microcredits | null;
}

/** The level at which a balance has run out; always there. */
export const EXHAUSTED = { status: 'exhausted', at: micro(0n) } as const satisfies Level;

/** What a level's value counts: credits, percent of the last top-up, minutes at the rate, or days at the pace. */
export type LevelKind = 'credits' | 'percent' | 'minutes' | 'days';

/** A level as somebody set it. */
export interface LevelSetting {
  readonly status: 'low' | 'critical';
  readonly kind: LevelKind;
  /** In millionths of its unit. */
  readonly value: bigint;
}

/** As it is stored. */
export interface LevelJson extends Omit<LevelSetting, 'value'> {
  /** Millionths, below 2^53. */
  readonly value: number;
}

export const levelFromJson = ({ status, kind, value }: LevelJson): LevelSetting => ({
  status,
  kind,
  value: BigInt(value),
});

/** A level that was set, and the balance that it comes to. */
export type SetLevel = LevelSetting & Level;

/** A level that was set and applies: what is shown of it. */
export type AppliedLevel = SetLevel & { readonly at: Microcredits };

/** What levels depend on, of their wallet. */
export interface LevelContext {
  /** Credits that last came in by a top-up or a plan. */
  readonly lastTopUp: Microcredits | null;
  /** What a minute costs now. */
  readonly rate: Pick<Rate, 'creditsPerMinute' | 'rounding'> | null;
  /** null: nothing is known of it, or nothing used. */
  readonly pace: Pace | null;
}

const NO_CONTEXT: LevelContext = { lastTopUp: null, rate: null, pace: null };

/** A wallet's levels: its low credit threshold, when it has one, and those that were set beside it. */
export function levelsOf(
  lowCreditThreshold: Microcredits | null,
  settings: readonly LevelSetting[] = [],
  context: LevelContext = NO_CONTEXT,
): SetLevel[] {
  const levels = settings.map((setting): SetLevel => ({ ...setting, at: balanceOf(setting, context) }));
  if (lowCreditThreshold === null) return levels;
  return [{ status: 'low', kind: 'credits', value: lowCreditThreshold, at: lowCreditThreshold }, ...levels];
}

/** The same levels after another top-up. */
export function afterTopUp(levels: readonly SetLevel[], lastTopUp: Microcredits): readonly SetLevel[] {
  if (levels.every(({ kind }) => kind !== 'percent')) return levels;
  const context = { ...NO_CONTEXT, lastTopUp };
  return levels.map((level) => (level.kind === 'percent' ? { ...level, at: balanceOf(level, context) } : level));
}

/** Those that apply, highest first. */
export function appliedLevels(levels: readonly SetLevel[]): AppliedLevel[] {
  return levels
    .filter((level): level is AppliedLevel => level.at !== null)
    .sort((a, b) => (a.at === b.at ? severity(a.status) - severity(b.status) : a.at < b.at ? 1 : -1));
}

const HUNDRED_PERCENT = 100n * MICROCREDITS_PER_CREDIT;

/** The balance at which a level is reached. null: it does not apply, and neither does one that comes to nothing. */
function balanceOf({ kind, value }: LevelSetting, { lastTopUp, rate, pace }: LevelContext): Microcredits | null {
  const at = {
    credits: () => micro(value),
    percent: () => lastTopUp && micro(divideHalfAwayFromZero(lastTopUp * value, HUNDRED_PERCENT)),
    minutes: () => rate && price(Number((value * 60n + 999n) / 1000n), rate),
    days: () => expectedUse(pace, value),
  }[kind]();
  return at !== null && at > 0n ? at : null;
}

/** A level is left only above level * 1.1, and at least one credit above it (money-rules 20). */
export function rearmLevel(level: Microcredits): Microcredits {
  const tenth = level > 0n ? level / 10n : 0n;
  return micro(level + (tenth > MICROCREDITS_PER_CREDIT ? tenth : MICROCREDITS_PER_CREDIT));
}

/**
 * The status of a posted balance that was `current` until now: the worst level that it is at or below, or that it was
 * in and has not yet risen clear of.
 */
export function statusOf(posted: Microcredits, levels: readonly Level[], current: Status): Status {
  let status: Status = 'ok';
  for (const level of [...levels, EXHAUSTED]) {
    if (level.at === null) continue;
    const reached = posted <= level.at;
    const heldDown = severity(current) >= severity(level.status) && posted <= rearmLevel(level.at);
    if ((reached || heldDown) && severity(level.status) > severity(status)) status = level.status;
  }
  return status;
}
