import type { Microcredits } from '../money';
import type { PaymentNews } from '../payments/news';
import type { PaymentState } from '../payments/rows';
import type { Status } from './levels';
import type { AlertRoute } from './routes';
import type { Standing } from './standing';

/**
 * What happened to a balance within its episode. `improved` is a better status that is not yet a recovery;
 * `recharge_failed` an automatic top-up that did not come.
 */
export type BalanceEvent = 'low' | 'critical' | 'exhausted' | 'improved' | 'recovered' | 'recharge_failed';
export type MarginEvent = 'margin_low' | 'margin_recovered';
export type AlertEvent = BalanceEvent | MarginEvent;

/** Who reads a route: the partner's own people, or one customer's (money-rules 21). */
export type Audience = 'partner' | 'customer';

/** A customer's margin over some days, for the partner's eyes alone (money-rules 21). Money in millionths of the currency. */
export interface MarginFigures {
  readonly days: number;
  /** Millionths: 200000 is a margin of 20 %. */
  readonly level: number;
  readonly price: bigint;
  readonly cost: bigint;
}

/** Somebody did something about an alert. `by` is an actor's id, such as slack:T…/U… */
export interface Done {
  readonly by: string;
  readonly at: Date;
}

/** Everything an alert says, gathered when it is delivered, so that a message shows the state of now. */
interface Notice extends Standing {
  readonly partnerId: string;
  readonly walletId: number;
  readonly episode: number;
  /** When the balance, or the margin, crossed its level or recovered. */
  readonly at: Date;
  /** When the episode began. */
  readonly since: Date;
  /** Why a recharge failed: typed by others, so escape it. */
  readonly detail: string | null;
  /** The balance above which the alert is over; null when that is not known. */
  readonly closesAbove: Microcredits | null;
  /** Whether the customer may see rates, balances, minutes and money (money-rules 21). Says nothing about the partner. */
  readonly showsPricing: boolean;
  readonly snoozed: (Done & { readonly until: Date }) | null;
  readonly acknowledged: Done | null;
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

/** Why a route is not tried any more. */
export interface DeadRoute {
  readonly route: AlertRoute;
  readonly audience: Audience;
  /** The customer whose route it is. */
  readonly customer: { readonly id: string; readonly name: string } | null;
  readonly reason: string;
  readonly at: Date;
}

/** Something that happened to a payment, and when. Its money is in millionths of the currency. */
export type PaymentNewsEntry = PaymentNews & { readonly at: Date };

/** A payment of which something is told, as it stands when it is delivered: for the partner alone. Money in millionths of its currency. */
export interface PaymentNotice {
  readonly partnerId: string;
  readonly paymentId: string;
  readonly wallet: 'customer' | 'partner';
  readonly customerId: string | null;
  /** Who paid, as typed. */
  readonly name: string;
  /** The plan that was bought, as typed; null: credits. */
  readonly what: string | null;
  readonly state: PaymentState;
  readonly currency: string;
  readonly amount: bigint;
  readonly received: bigint | null;
  readonly refunded: bigint;
  readonly lost: bigint;
  readonly disputed: bigint;
  /** What it was for, its bonus included. */
  readonly credits: Microcredits;
  readonly isCredited: boolean;
  /** Of those, taken back, and held for open disputes. */
  readonly taken: Microcredits;
  readonly held: Microcredits;
  /** The wallet's balance. */
  readonly posted: Microcredits;
  /** As others put it. */
  readonly failure: string | null;
  readonly latest: PaymentNewsEntry;
  /** The payment in Stripe's dashboard. */
  readonly stripeUrl: string | null;
}

export type AlertContent =
  | { readonly kind: 'episode'; readonly notice: AlertNotice }
  /** Several episodes that began together, in one message. */
  | { readonly kind: 'digest'; readonly notices: readonly AlertNotice[] }
  | { readonly kind: 'route_dead'; readonly dead: DeadRoute }
  /** `news`: what happened to it since the message was last delivered. */
  | { readonly kind: 'payment'; readonly notice: PaymentNotice; readonly news: readonly PaymentNewsEntry[] }
  | { readonly kind: 'test'; readonly by: string; readonly at: Date };

/** A message that was posted, so that it can be updated in place. */
export interface PostedMessage {
  readonly channel: string;
  readonly ts: string;
}

/** Something that happened since the message was last delivered, for its thread. */
export interface ThreadEntry {
  readonly event: AlertEvent | 'snooze_ended';
  /** The status that it led to. */
  readonly status: Status;
  readonly at: Date;
  /** The balance that it led to. */
  readonly posted: Microcredits;
  readonly detail: string | null;
  /** Whose balance, as typed. */
  readonly name: string;
  readonly customerId: string | null;
}

/** What to say in the thread of a message, in one reply. */
export interface Thread {
  readonly entries: readonly ThreadEntry[];
  /** Shown in the channel too: an update notifies nobody. */
  readonly broadcast: boolean;
}

/** A message to be brought to what it should show. */
export interface AlertDelivery {
  readonly partnerId: string;
  readonly messageId: string;
  /** Counts what there was to show in this message. */
  readonly version: number;
  readonly route: AlertRoute;
  readonly audience: Audience;
  readonly content: AlertContent;
  /** The message as it was posted; null when it is yet to be. */
  readonly previous: PostedMessage | null;
  /** null: nothing to say in the thread. The first post has none. */
  readonly thread: Thread | null;
  /** Whether what is posted now may be there already: the answer to an earlier attempt was lost. */
  readonly doubtful: boolean;
  /** Whether the message itself may be there twice. */
  readonly doubled: boolean;
}

/**
 * How a delivery ended.
 * - `retry` is worth another attempt. `retryAfterSeconds`: the other side asked to be left alone on this route for so
 *   long. `perhapsPosted`: the other side may have done what was asked, and did not say so.
 * - `gone`: the message can't be updated any more; it is posted anew.
 * - `dead` is not worth another attempt, and `reason` says what somebody must mend. `routeIsDead`: nothing can be
 *   delivered there (the channel is gone, the token revoked); else this message alone was refused.
 */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly message: PostedMessage }
  | {
      readonly kind: 'retry';
      readonly reason: string;
      readonly retryAfterSeconds?: number;
      readonly perhapsPosted?: boolean;
    }
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string; readonly routeIsDead: boolean };

/** Something that can show an alert. It updates `previous` in place where it can. */
export interface AlertChannel {
  deliver(delivery: AlertDelivery): Promise<DeliveryOutcome>;
}
