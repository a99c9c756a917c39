import type { Database } from '../database';
import type { Payment } from '../contract';
import type { Ledger } from '../ledger';
import { Looks } from './looks';
import type { StripeAccess } from './stripe';

/** What payments work with. */
export interface PaymentContext {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly stripe: StripeAccess;
  /** Where the service is reached from outside; undefined when nobody said. */
  readonly publicUrl: string | undefined;
  /** Payments that this process is looking at. */
  readonly looks: Looks<Payment>;
}

/** What payments work with in this process. */
export function paymentContext(given: Omit<PaymentContext, 'looks'>): PaymentContext {
  const { database, ledger, stripe, publicUrl } = given;
  return { database, ledger, stripe, publicUrl, looks: new Looks() };
}

/** Stripe's word is the host's word: credits that were paid for may raise a partner's wallet, too (money-rules 4). */
export const BY_STRIPE = { id: 'stripe', host: true } as const;
