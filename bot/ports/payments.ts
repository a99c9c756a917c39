import type { SlackActor } from './actor';
import type { Refused } from './money';

/** What somebody is to pay for: a plan, or as many credits as an amount of money buys. */
export interface PaymentWanted {
  readonly customerId: string;
  /** null: an amount. */
  readonly planId: string | null;
  /** Money as decimal text, as somebody typed it; null: a plan. */
  readonly amount: string | null;
}

/** A page of Stripe's on which somebody pays. Money and credits as they go over the wire. */
export interface PaymentLink {
  readonly kind: 'link';
  readonly url: string;
  readonly customerName: string;
  readonly planName: string | null;
  readonly money: number;
  readonly currency: string;
  readonly credits: number;
  readonly bonus: number;
  readonly expiresAt: Date;
}

/** What came of looking at a payment again. */
export interface PaymentTried {
  readonly name: string;
  /** "60.00 USD" */
  readonly money: string;
  readonly isCredited: boolean;
  /** As others put it. */
  readonly why: string | null;
}

export interface PaymentsData {
  /** Whether there is a Stripe key, without which nothing can be paid for. */
  takesPayments(): boolean;
  /**
   * Opens a page to pay on. Managers do so for any customer, a customer's people for their own, as far as its settings show.
   * The same draft and wish answer the same page.
   */
  paymentLink(
    actor: SlackActor,
    channelId: string | null,
    draftId: string,
    wanted: PaymentWanted,
  ): Promise<PaymentLink | Refused>;
  /** Asks Stripe again about payments that are paid and not credited: one, or (null) all of the partner's, or a customer's. */
  retryPayments(
    partnerId: string,
    actor: SlackActor,
    customerId: string | null,
    paymentId: string | null,
  ): Promise<readonly PaymentTried[]>;
}
