import type { Microcredits } from '../money';
import { severity, statusOf, type Level, type Status } from './levels';
import type { AlertEvent } from './notice';

/** A wallet's alert, kept with its balance and changed in the same transaction. */
export interface AlertState {
  readonly status: Status;
  /** The status last told to somebody in this episode; `ok` when nothing was told. */
  readonly told: Status;
  /** Counts the episodes: from crossing a level to recovering. */
  readonly episode: number;
}

export interface AlertInput {
  readonly posted: Microcredits;
  readonly levels: readonly Level[];
  readonly notificationsEnabled: boolean;
  /** Whether the wallet ever had a posting: one that was never filled has not run out. */
  readonly everPosted: boolean;
}

/**
 * Re-evaluates a wallet's alert after anything that could change it. Answers the new state, and what there is to tell:
 * a worse status than the one told (when notifications are on), a better one, or the recovery that ends the episode.
 * A recovery is told only when something was told before it.
 */
export function transition(alert: AlertState, input: AlertInput): { alert: AlertState; event: AlertEvent | null } {
  if (!input.everPosted) return { alert, event: null };
  const status = statusOf(input.posted, input.levels, alert.status);
  if (status === 'ok') {
    if (alert.told === 'ok') return { alert: { ...alert, status }, event: null };
    return { alert: { status, told: 'ok', episode: alert.episode + 1 }, event: 'recovered' };
  }
  if (severity(status) > severity(alert.told)) {
    if (!input.notificationsEnabled) return { alert: { ...alert, status }, event: null };
    return { alert: { ...alert, status, told: status }, event: status };
  }
  if (severity(status) < severity(alert.told)) return { alert: { ...alert, status, told: status }, event: 'improved' };
  return { alert: { ...alert, status }, event: null };
}
