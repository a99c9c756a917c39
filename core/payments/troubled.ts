import type { Transaction } from '../database';
import type { Actor } from '../ledger';
import { audit } from '../access/audit';
import { TalktimeError } from '../contract/errors';
import { formatMoney } from './currency';
import type { PaymentContext } from './context';
import type { PaymentState } from './rows';
import { settlePayment } from './settle';

/** A payment that somebody should look at: paid and not credited, or of which nothing was heard in time. */
export interface Troubled {
  readonly paymentId: string;
  readonly customerId: string | null;
  readonly name: string;
  /** "60.00 USD" */
  readonly money: string;
  readonly kind: 'not_credited' | 'not_looked_at';
  /** Why, as Stripe or the ledger put it. */
  readonly why: string | null;
}

export const MOST_TROUBLED = 50;
/** The job that looks at payments by itself is a little late now and then. */
const LATE_MINUTES = 10;

/** The payments of a partner, or of one customer, that somebody should look at; oldest first. */
export async function troubledPayments(
  transaction: Transaction,
  partnerId: string,
  customerId?: string,
  paymentId?: string,
): Promise<Troubled[]> {
  const rows = await transaction.query<{
    payment_id: string;
    customer_id: string | null;
    name: string;
    amount: bigint;
    currency: string;
    state: PaymentState;
    why: string | null;
  }>(
    `select p.payment_id, p.customer_id, coalesce(c.name, o.name) as name, coalesce(p.received, p.amount) as amount, p.currency, p.state,
            p.failure_message as why
     from talktime.payments p
     join talktime.partners o on o.partner_id = p.partner_id
     left join talktime.customers c on c.partner_id = p.partner_id and c.customer_id = p.customer_id
     where p.partner_id = $1 and ($2::text is null or p.customer_id = $2) and ($5::text is null or p.payment_id = $5)
       and (p.state in ('mismatch', 'stuck')
            or p.state in ('created', 'open')
               and p.expires_at < clock_timestamp() - make_interval(mins => $3)
               and (p.synced_at is null or p.synced_at < p.expires_at))
     order by p.created_at
     limit $4`,
    [partnerId, customerId ?? null, LATE_MINUTES, MOST_TROUBLED, paymentId ?? null],
  );
  return rows.map(({ payment_id, customer_id, name, amount, currency, state, why }) => ({
    paymentId: payment_id,
    customerId: customer_id,
    name,
    money: formatMoney(amount, currency),
    kind: state === 'mismatch' || state === 'stuck' ? 'not_credited' : 'not_looked_at',
    why,
  }));
}

/** What Stripe told of a partner's payments, and could not be worked on yet. */
export async function waitingEvents(
  transaction: Transaction,
  partnerId: string,
): Promise<{ readonly count: number; readonly lastError: string | null }> {
  const [row] = await transaction.query<{ count: number; last_error: string | null }>(
    `select count(*)::int as count, (array_agg(e.outcome order by e.received_at desc))[1] as last_error
     from directory.stripe_events e
     where e.done_at is null and e.attempts > 0
       and (e.account = (select stripe_account from talktime.payment_settings where partner_id = $1)
            or e.object_id in (select unnest(array[checkout_session, payment_intent, charge]) from talktime.payments where partner_id = $1))`,
    [partnerId],
  );
  return { count: row!.count, lastError: row!.last_error };
}

/** What came of looking again. */
export interface Tried {
  readonly paymentId: string;
  readonly name: string;
  readonly money: string;
  readonly state: PaymentState;
  readonly why: string | null;
}

/**
 * Looks at payments again that somebody should look at: one of them, or all of a partner's or a customer's. It may be done
 * any number of times. `only`: as long as it is this customer's.
 */
export async function retryPayments(
  context: PaymentContext,
  partnerId: string,
  actor: Actor,
  { paymentId, only }: { readonly paymentId?: string; readonly only?: string },
): Promise<Tried[]> {
  const meant = await context.database.asPartner(partnerId, (transaction) =>
    troubledPayments(transaction, partnerId, only, paymentId),
  );
  const tried: Tried[] = [];
  for (const { paymentId: id, name, money } of meant) {
    try {
      const { state, failure } = await settlePayment(context, partnerId, id);
      tried.push({ paymentId: id, name, money, state, why: failure?.message ?? null });
    } catch (error) {
      if (!(error instanceof TalktimeError)) throw error;
      tried.push({ paymentId: id, name, money, state: 'stuck', why: error.detail });
    }
  }
  if (meant.length > 0)
    await context.database.asPartner(partnerId, (transaction) =>
      audit(transaction, partnerId, actor, 'payments.retried', paymentId ?? partnerId, { count: meant.length }),
    );
  return tried;
}
