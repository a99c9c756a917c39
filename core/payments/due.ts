import type { Database } from '../database';
import type { PaymentContext } from './context';
import { resumeRefunds } from './refunds';
import { settlePayment } from './settle';

const MOST_AT_A_TIME = 100;

/** Looks at a partner's payments that are due for it: nothing was heard of them, or what was heard could not be done. */
export async function settleDuePayments(
  context: PaymentContext,
  partnerId: string,
  signal: AbortSignal,
): Promise<number> {
  let failed: unknown;
  await resumeRefunds(context, partnerId, signal).catch((error: unknown) => (failed = error));
  const due = await duePayments(context.database, partnerId);
  for (const paymentId of due) {
    if (signal.aborted) break;
    await settlePayment(context, partnerId, paymentId).catch((error: unknown) => (failed = error));
  }
  if (failed !== undefined)
    throw new Error(`Some payments could not be looked at: ${failed instanceof Error ? failed.message : 'unknown'}`, {
      cause: failed,
    });
  return due.length;
}

/**
 * They are due again in a minute, should the process end over them, or Stripe not answer; the older, the later: what nobody
 * can be asked about any more (an account that is gone) is tried less and less.
 */
async function duePayments(database: Database, partnerId: string): Promise<string[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ payment_id: string }>(
      `update talktime.payments
       set next_sync_at = clock_timestamp() + greatest(interval '1 minute', least(interval '1 day', (clock_timestamp() - created_at) / 10))
       where partner_id = $1 and payment_id in (
         select payment_id from talktime.payments
         where partner_id = $1 and next_sync_at <= clock_timestamp()
         order by next_sync_at
         limit $2
         for update skip locked)
       returning payment_id`,
      [partnerId, MOST_AT_A_TIME],
    ),
  );
  return rows.map((row) => row.payment_id);
}
