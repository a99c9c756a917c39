import type { Standing } from './standing';

/** What happened to a balance within its episode. `improved` is a better status that is not yet a recovery. */
export type BalanceEvent = 'low' | 'critical' | 'exhausted' | 'improved' | 'recovered';
export type MarginEvent = 'margin_low' | 'margin_recovered';
export type AlertEvent = BalanceEvent | MarginEvent;

/** A customer's margin over some days, for the partner's eyes alone (money-rules 21). Money in millionths of the currency. */
export interface MarginFigures {
  readonly days: number;
  /** Millionths: 200000 is a margin of 20 %. */
  readonly level: number;
  readonly price: bigint;
  readonly cost: bigint;
}

/** Everything an alert says, gathered when it is delivered, so that a message shows the state of now. */
interface Notice extends Standing {
  readonly partnerId: string;
  /** When the balance, or the margin, crossed its level or recovered. */
  readonly at: Date;
}

export interface BalanceNotice extends Notice {
  readonly event: BalanceEvent;
  readonly margin: null;
}

export interface MarginNotice extends Notice {
  readonly event: MarginEvent;
  readonly margin: MarginFigures;
}

export type AlertNotice = BalanceNotice | MarginNotice;

/** Where an alert goes: a channel of the partner's Slack workspace. */
export interface SlackRoute {
  readonly kind: 'slack';
  readonly teamId: string | null;
  readonly channel: string;
}

/** A message that was posted, so that it can be updated in place. */
export interface PostedMessage {
  readonly channel: string;
  readonly ts: string;
}

/**
 * How a delivery ended. `retry` is worth another attempt (after `retryAfterSeconds`, when the other side said so);
 * `dead` is not (the channel is gone, the token revoked), and `reason` says what somebody must mend.
 */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly message: PostedMessage }
  | { readonly kind: 'retry'; readonly reason: string; readonly retryAfterSeconds?: number }
  | { readonly kind: 'dead'; readonly reason: string };

/** Something that can show an alert. It updates `previous` in place where it can, and posts anew where it can't. */
export interface AlertChannel {
  deliver(notice: AlertNotice, route: SlackRoute | null, previous: PostedMessage | null): Promise<DeliveryOutcome>;
}
