import type { Database } from '../database';
import type { Ledger } from '../ledger';
import type { StripeAccess } from './stripe';

/** What payments work with. */
export interface PaymentContext {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly stripe: StripeAccess;
  /** Where the service is reached from outside; undefined when nobody said. */
  readonly publicUrl: string | undefined;
}

/** Stripe's word is the host's word: credits that were paid for may raise a partner's wallet, too (money-rules 4). */
export const BY_STRIPE = { id: 'stripe', host: true } as const;
