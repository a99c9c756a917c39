import { severity, type Status } from '../levels';
import type { AlertEvent, Audience } from '../notice';

/** More episodes than this that open on a route within a minute go together into a digest. */
export const MOST_SINGLES = 5;
export const DIGEST_MINUTE = 60_000;
/** A digest gathers for so long before it is posted. */
export const DIGEST_GATHERS = 10_000;
export const MOST_IN_DIGEST = 50;
/** A digest that was posted is brought up to date at most so often; one that is an e-mail, which can't be changed, less often. */
export const DIGEST_PAUSE = 3_000;
export const DIGEST_MAIL_PAUSE = 60_000;

/** The longest that a recharge under way keeps alerts back. */
export const LONGEST_QUIET = 15 * 60_000;

/** What holds a wallet's alerts back. */
export interface Holding {
  readonly quietUntil: Date | null;
  readonly snooze: { readonly until: Date; readonly status: Exclude<Status, 'ok'> } | null;
  /** Until when a new episode waits on this route; null: it does not. */
  readonly intervalUntil: Date | null;
}

export interface Circumstances {
  readonly event: AlertEvent;
  readonly audience: Audience;
  /** Whether the route's messages can be changed after they were posted. */
  readonly inPlace: boolean;
  readonly posted: boolean;
  readonly now: Date;
}

/** How bad it is: the severity of a status that got worse, 0 for what is better. */
export function severityOf(event: AlertEvent): number {
  return event === 'low' || event === 'critical' || event === 'exhausted' ? severity(event) : 0;
}

export function isMargin(event: AlertEvent): boolean {
  return event === 'margin_low' || event === 'margin_recovered';
}

/** What is bad news when it comes on top of an earlier alert, and so is shown in the channel. */
export function isWorse(event: AlertEvent): boolean {
  return severityOf(event) > 0 || event === 'recharge_failed' || event === 'margin_low';
}

/** Whether a snooze covers an event: its severity or better. What is worse ends it. */
export function isSnoozed(event: AlertEvent, audience: Audience, { snooze }: Holding, now: Date): boolean {
  if (audience !== 'partner' || isMargin(event) || event === 'recharge_failed') return false;
  return snooze !== null && snooze.until > now && severityOf(event) <= severity(snooze.status);
}

/**
 * Until when an event is held back on a route; null: it is told now.
 * - A recharge that failed is told whatever holds.
 * - While a recharge is under way, all else about the balance is held back.
 * - A snooze holds back what is no worse from the partner's routes; from a message that stands there already it keeps the
 *   noise alone, so that the message does not go on saying what is no longer true.
 * - A new episode waits for the partner's interval, unless the balance has run out.
 */
export function heldUntil(circumstances: Circumstances, holding: Holding): Date | null {
  const { event, audience, inPlace, posted, now } = circumstances;
  if (event === 'recharge_failed') return null;
  const reasons: (Date | null)[] = [
    isMargin(event) ? null : holding.quietUntil,
    isSnoozed(event, audience, holding, now) && !(posted && inPlace) ? (holding.snooze?.until ?? null) : null,
    posted || event === 'exhausted' ? null : holding.intervalUntil,
  ];
  return reasons.reduce<Date | null>((latest, until) => {
    if (until === null || until <= now) return latest;
    return latest === null || until > latest ? until : latest;
  }, null);
}

/** Which of the episodes that open on a route get a message of their own, from the first; the others go into digests. */
export function singlesAmong(opening: number, recent: number): number {
  return opening > MOST_SINGLES ? 0 : Math.max(0, Math.min(opening, MOST_SINGLES - recent));
}

/** 1, 2, 4 … seconds, 15 minutes at most. */
export function pauseAfter(attempts: number): number {
  return Math.min(2 ** (attempts - 1), 15 * 60);
}
