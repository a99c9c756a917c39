import {
  checkAccount,
  collectRenewals,
  exportUsage,
  forgetEvents,
  reconcileDaily,
  settleDuePayments,
  StripeBook,
  workOnDueEvents,
  type PaymentContext,
} from '../payments';
import { eachPartner } from './each-partner';
import type { Job } from './job';

/** Works on what Stripe told and could not be worked on at once. */
export function stripeEventsJob(context: PaymentContext): Job {
  return {
    name: 'stripe events',
    everySeconds: 15,
    run: async (signal) => void (await workOnDueEvents(context, signal)),
  };
}

/** Asks Stripe about payments of which nothing was heard. */
export function paymentsJob(context: PaymentContext): Job {
  return {
    name: 'payments',
    everySeconds: 60,
    run: (signal) =>
      eachPartner(context.database, signal, (partnerId) => settleDuePayments(context, partnerId, signal)),
  };
}

const A_DAY = 24 * 60 * 60;
/** Stripe repeats an event for three days: what is older than a week and right will stay so. */
const COMPARED_DAYS = 7;

/** Compares Stripe with the ledger, both ways, and mends what differs. */
export function reconciliationJob(context: PaymentContext): Job {
  return {
    name: 'payment reconciliation',
    everySeconds: A_DAY,
    run: (signal) => {
      const book = new StripeBook(context.stripe, new Date(Date.now() - COMPARED_DAYS * A_DAY * 1000));
      return eachPartner(context.database, signal, (partnerId) => reconcileDaily(context, partnerId, book));
    },
  };
}

/** Charges cards for the next periods of recurring plans. */
export function renewalsJob(context: PaymentContext): Job {
  return {
    name: 'collect renewals',
    everySeconds: 60,
    run: (signal) => eachPartner(context.database, signal, (partnerId) => collectRenewals(context, partnerId, signal)),
  };
}

/** Forgets what Stripe told long ago. */
export function stripeEventRetentionJob(context: PaymentContext): Job {
  return {
    name: 'stripe event retention',
    everySeconds: A_DAY,
    run: () => forgetEvents(context.database),
  };
}

/** Asks Stripe how partners' connected accounts stand, in case an event of one was lost. */
export function stripeAccountsJob(context: PaymentContext): Job {
  return {
    name: 'stripe accounts',
    everySeconds: 24 * 60 * 60,
    run: (signal) => eachPartner(context.database, signal, (partnerId) => checkAccount(context, partnerId)),
  };
}

/** Tells Stripe what metered customers have used. */
export function meteringJob(context: PaymentContext): Job {
  return {
    name: 'metering',
    everySeconds: 30,
    run: (signal) => eachPartner(context.database, signal, (partnerId) => exportUsage(context, partnerId, signal)),
  };
}
