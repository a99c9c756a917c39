import { micro, MICROCREDITS_PER_CREDIT, type Microcredits } from '../money';

/** The status of a balance, from good to bad (money-rules 20). */
export type Status = 'ok' | 'low' | 'critical' | 'exhausted';

const SEVERITY: Record<Status, number> = { ok: 0, low: 1, critical: 2, exhausted: 3 };

export function severity(status: Status): number {
  return SEVERITY[status];
}

/** A level of posted balance that raises a status when the balance comes down to it. */
export interface Level {
  readonly status: Exclude<Status, 'ok'>;
  readonly at: Microcredits;
}

/** The level at which a balance has run out; always there. */
export const EXHAUSTED: Level = { status: 'exhausted', at: micro(0n) };

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
    const reached = posted <= level.at;
    const heldDown = severity(current) >= severity(level.status) && posted <= rearmLevel(level.at);
    if ((reached || heldDown) && severity(level.status) > severity(status)) status = level.status;
  }
  return status;
}

/** The levels of a wallet: its low credit threshold, when it has one. */
export function levelsOf(lowCreditThreshold: Microcredits | null): Level[] {
  return lowCreditThreshold === null ? [] : [{ status: 'low', at: lowCreditThreshold }];
}
