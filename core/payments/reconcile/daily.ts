import type { Reconciliation } from '../../contract';
import { BY_STRIPE, type PaymentContext } from '../context';
import { reconcile } from './reconcile';
import { keepReport } from './reports';
import type { StripeBook } from './stripe-book';

/** Compares a partner's payments since a moment, mends what can be mended, and keeps what was found. */
export async function reconcileDaily(
  context: PaymentContext,
  partnerId: string,
  book: StripeBook,
): Promise<Reconciliation> {
  const report = await reconcile(context, partnerId, { since: book.since, mend: true, book });
  await keepReport(context.database, partnerId, BY_STRIPE, report);
  return report;
}
