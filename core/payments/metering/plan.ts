import { meteredValue, type UseLine } from './lines';

/** What Stripe is told about a posting. */
export type MeterStep =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'events'; readonly events: readonly MeterEvent[] }
  | { readonly kind: 'cancel'; readonly of: UseLine };

export interface MeterEvent {
  readonly identifier: string;
  /** Whole microcredits. */
  readonly value: bigint;
  /** Seconds. */
  readonly timestamp: number;
}

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
/** Stripe cancels an event in the 24 hours after it received it, which was not before the posting. */
const CANCEL_WITHIN = 23 * HOUR;
/** Stripe takes events of the past 35 days. */
const OLDEST = 35 * DAY - HOUR;
/** Stripe takes 15 digits. https://docs.stripe.com/changelog/dahlia/2026-04-22/billing-meter-event-values-validation */
const LARGEST_VALUE = 999_999_999_999_999n;

/**
 * Decides what Stripe is told about a posting. Pure. A charge that is taken back whole, soon, cancels its event: it is as if
 * it had never been, in whatever period it was. Everything else that is taken back is an event below zero, dated when it
 * happened. docs/decisions/0024 says why.
 * @param earlier of the same call or operation, since the stretch began
 * @param now milliseconds
 */
export function stepFor(line: UseLine, earlier: readonly UseLine[], now: number): MeterStep {
  const value = meteredValue(line, earlier);
  if (value === 0n) return { kind: 'nothing' };
  const [only, ...others] = earlier;
  if (
    value < 0n &&
    only &&
    others.length === 0 &&
    only.value === -value &&
    only.value <= LARGEST_VALUE &&
    now - only.at < CANCEL_WITHIN
  )
    return { kind: 'cancel', of: only };
  return { kind: 'events', events: eventsFor(line, value, now) };
}

/** The identifier follows from the posting: whoever sends it again, at any time, sends the same. */
export function identifierOf({ operationId, line }: UseLine): string {
  return line === 0 ? operationId : `${operationId}:${line}`;
}

/** The events of a posting: one, unless its amount has more digits than Stripe takes. */
export function eventsFor(line: UseLine, value: bigint, now: number): MeterEvent[] {
  const timestamp = Math.floor(Math.max(line.at, now - OLDEST) / 1000);
  const events: MeterEvent[] = [];
  let left = value;
  while (left !== 0n) {
    const part = left > LARGEST_VALUE ? LARGEST_VALUE : left < -LARGEST_VALUE ? -LARGEST_VALUE : left;
    const identifier = identifierOf(line) + (events.length === 0 ? '' : `#${events.length + 1}`);
    events.push({ identifier, value: part, timestamp });
    left -= part;
  }
  return events;
}
