import type { SlackActor } from './actor';
import type { CustomerRef, PartnerBalance } from './balances';

/** What a partner's Home tab shows of the partner's business. Amounts as they go over the wire; moments in ISO 8601. */
export interface Console {
  readonly partner: PartnerBalance;
  readonly alerts: { readonly open: readonly OpenAlert[]; readonly total: number };
  readonly waiting: { readonly calls: number; readonly oldest: string | null };
  readonly setUp: SetUp;
  readonly deadRoutes: readonly DeadRoute[];
}

/** An alert that was told and is not over. */
export interface OpenAlert {
  readonly walletId: number;
  readonly episode: number;
  /** null: the partner's own balance. */
  readonly customer: CustomerRef | null;
  readonly status: 'ok' | 'low' | 'critical' | 'exhausted';
  readonly posted: number;
  readonly since: string;
  /** Who took it in hand, and until when it is kept quiet. */
  readonly acknowledgedBy: Taker | null;
  readonly snoozedUntil: string | null;
}

/** Somebody in Slack by their user id, or a machine: an API key. */
export type Taker = { readonly userId: string } | 'machine';

/** What the partner earned with this month's calls, of those whose cost is known. */
export interface MonthMargin {
  readonly currency: string;
  readonly calls: number;
  readonly callsWithoutCost: number;
  /** Decimals as text: sums may go beyond a JSON number. */
  readonly price: string;
  readonly cost: string;
  /** price / cost - 1, and 1 - cost / price; null where there is nothing to divide by. */
  readonly markup: number | null;
  readonly margin: number | null;
}

/** How far the partner is with what makes alerts and charging work: the checklist. Of customers with AI Credits on. */
export interface SetUp {
  readonly hasAlertChannel: boolean;
  readonly customers: number;
  /** Those with AI Credits on: the others are paid for by the partner. */
  readonly enabled: SetUpStep;
  readonly priced: SetUpStep;
  readonly watched: SetUpStep;
  readonly notified: SetUpStep;
  readonly filled: SetUpStep;
  /** Optional: who see their balance in a portal, and the plans for sale. */
  readonly visible: SetUpStep;
  readonly plans: number;
  /** Optional: whether customers can pay by card, on the partner's own Stripe account (which waits for Stripe) or the host's. */
  readonly payments: 'none' | 'waiting' | 'ready';
}

export interface SetUpStep {
  readonly done: number;
  /** A customer that lacks it; null when none does. */
  readonly next: CustomerRef | null;
}

/** A way that alerts took and that leads nowhere any more. */
export interface DeadRoute {
  /** Opaque. */
  readonly id: string;
  readonly kind: 'slack' | 'dm' | 'email';
  /** The channel's or user's id, or the e-mail address. */
  readonly to: string;
  readonly audience: 'partner' | 'customer';
  /** Slack's or the mail server's word for it. */
  readonly reason: string;
  readonly since: string;
  /** Messages that wait for it. */
  readonly undelivered: number;
}

export interface HomeData {
  /** Costs the same handful of queries whatever the number of customers. */
  console(partnerId: string): Promise<Console>;
  /** Since the first of the month (UTC). */
  monthMargin(partnerId: string): Promise<MonthMargin>;
  /** Tries a dead route again from now on. false: it is not dead (any more). */
  retryRoute(partnerId: string, actor: SlackActor, routeId: string): Promise<boolean>;
}
