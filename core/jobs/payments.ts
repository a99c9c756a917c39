import {
  checkAccount,
  exportUsage,
  forgetEvents,
  settleDuePayments,
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

/** Forgets what Stripe told long ago. */
export function stripeEventRetentionJob(context: PaymentContext): Job {
  return {
    name: 'stripe event retention',
    everySeconds: 24 * 60 * 60,
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
