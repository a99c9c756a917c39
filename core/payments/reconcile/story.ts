import type { Difference } from '../../contract';
import { listPartnerIds } from '../../customers';
import type { Database } from '../../database';
import type { Microcredits } from '../../money';
import type { PaymentContext } from '../context';
import { observe, type Seen } from '../observe';
import { PAYMENT_COLUMNS, type PaymentRow } from '../rows';
import { HOST_ACCOUNT, type Account } from '../stripe';
import { readStripePayment } from './stripe-book';
import { reconcileOne } from './reconcile';

/** Everything that is known of one payment, here and at Stripe. */
export interface PaymentStory {
  readonly partnerId: string;
  readonly partnerName: string;
  /** null: it is not kept here. */
  readonly payment: PaymentRow | null;
  readonly seen: Seen | null;
  readonly events: readonly HeardEvent[];
  readonly operations: readonly PaymentOperationLine[];
  readonly mended: readonly Difference[];
  readonly differences: readonly Difference[];
}

export interface HeardEvent {
  readonly eventId: string;
  readonly type: string;
  readonly receivedAt: Date;
  readonly attempts: number;
  readonly doneAt: Date | null;
  readonly outcome: string | null;
}

export interface PaymentOperationLine {
  readonly operationId: string;
  readonly kind: string;
  readonly key: string;
  readonly at: Date;
  /** Into the wallet, or out of it. */
  readonly amount: Microcredits;
  readonly note: string | null;
}

/**
 * Paid, but not credited? Looks at one payment, by its id (pay_…) or its PaymentIntent's (pi_…); with `mend` brings the
 * ledger to what Stripe has first. null when neither knows it.
 */
export async function tellPayment(
  context: PaymentContext,
  id: string,
  { partnerId, mend }: { readonly partnerId: string | null; readonly mend: boolean },
): Promise<PaymentStory | null> {
  const owner = await ownerOf(context, id, partnerId);
  if (owner === null) return null;
  const { row: before, intent } = await identify(context, owner, id);
  const paymentId = before?.payment_id ?? null;
  const { mended, differences } = await reconcileOne(context, owner, { paymentId, intent }, mend);
  const row = before && (await findRow(context.database, owner, before.payment_id));
  const seen = row && (await observe(context.stripe, row, intent === null ? {} : { intent }));
  const named = seen?.intent?.id ?? intent;
  return {
    partnerId: owner,
    partnerName: await nameOf(context.database, owner),
    payment: row,
    seen,
    events: await heardOf(context.database, row?.account ?? HOST_ACCOUNT, [
      ...[row?.checkout_session, named, seen?.intent?.charge].flatMap((each) => each ?? []),
      ...(seen ? [...seen.refunds, ...seen.disputes].map((each) => each.id) : []),
    ]),
    operations: named === null ? [] : await operationsOf(context.database, owner, named),
    mended,
    differences,
  };
}

/** Both of its ids, as far as they are known: a payment that was not heard of knows no PaymentIntent yet. */
async function identify(
  { database, stripe }: PaymentContext,
  partnerId: string,
  id: string,
): Promise<{ row: PaymentRow | null; intent: string | null }> {
  const row = await findRow(database, partnerId, id);
  if (row) return { row, intent: row.payment_intent ?? (await observe(stripe, row)).intent?.id ?? null };
  if (!id.startsWith('pi_')) return { row: null, intent: null };
  for (const account of [HOST_ACCOUNT, ...(await connectedAccounts(database))]) {
    const payment = await readStripePayment(stripe, account, id);
    if (!payment) continue;
    const named = payment.paymentId === null ? null : await findRow(database, partnerId, payment.paymentId);
    return { row: named?.payment_intent === null && named.account === account ? named : null, intent: id };
  }
  return { row: null, intent: id };
}

/** Whose it is: who has the row or the credits of it, or whom Stripe names. */
async function ownerOf(context: PaymentContext, id: string, partnerId: string | null): Promise<string | null> {
  if (partnerId !== null) return partnerId;
  const partners = await listPartnerIds(context.database);
  for (const each of partners) if (await isKnown(context.database, each, id)) return each;
  if (!id.startsWith('pi_')) return null;
  for (const account of [HOST_ACCOUNT, ...(await connectedAccounts(context.database))]) {
    const payment = await readStripePayment(context.stripe, account, id);
    if (payment) return partners.find((each) => each === payment.partnerId) ?? null;
  }
  return null;
}

async function isKnown(database: Database, partnerId: string, id: string): Promise<boolean> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      `select from talktime.payments where partner_id = $1 and $2 in (payment_id, payment_intent)
       union all
       select from talktime.payment_credits where partner_id = $1 and payment = $2`,
      [partnerId, id],
    ),
  );
  return rows.length > 0;
}

async function connectedAccounts(database: Database): Promise<Account[]> {
  const rows = await database.asDirectory((transaction) =>
    transaction.query<{ account: Account }>('select account from directory.stripe_accounts order by account'),
  );
  return rows.map(({ account }) => account);
}

async function findRow(database: Database, partnerId: string, id: string): Promise<PaymentRow | null> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<PaymentRow>(
      `select ${PAYMENT_COLUMNS} from talktime.payments where partner_id = $1 and $2 in (payment_id, payment_intent)`,
      [partnerId, id],
    ),
  );
  return row ?? null;
}

async function nameOf(database: Database, partnerId: string): Promise<string> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ name: string }>('select name from talktime.partners where partner_id = $1', [partnerId]),
  );
  return row?.name ?? '';
}

async function heardOf(database: Database, account: Account, objectIds: readonly string[]): Promise<HeardEvent[]> {
  const rows = await database.asDirectory((transaction) =>
    transaction.query<{
      event_id: string;
      type: string;
      received_at: Date;
      attempts: number;
      done_at: Date | null;
      outcome: string | null;
    }>(
      `select event_id, type, received_at, attempts, done_at, outcome
       from directory.stripe_events
       where account = $1 and object_id = any($2)
       order by received_at, event_id`,
      [account, objectIds],
    ),
  );
  return rows.map((row) => ({
    eventId: row.event_id,
    type: row.type,
    receivedAt: row.received_at,
    attempts: row.attempts,
    doneAt: row.done_at,
    outcome: row.outcome,
  }));
}

async function operationsOf(database: Database, partnerId: string, intent: string): Promise<PaymentOperationLine[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{
      operation_id: string;
      kind: string;
      key: string;
      at: Date;
      amount: Microcredits;
      note: string | null;
    }>(
      `select o.operation_id, o.kind, o.key, o.at, n.note,
              coalesce((select sum(case when t.credit_account = c.wallet_id then t.amount
                                        when t.debit_account = c.wallet_id then -t.amount else 0 end)
                        from talktime.transfers t
                        where t.partner_id = o.partner_id and t.operation_id = o.operation_id), 0)::bigint as amount
       from talktime.payment_credits c
       join talktime.operations o on o.partner_id = c.partner_id and c.operation_id in (o.operation_id, o.reverses)
       left join talktime.operation_notes n on n.partner_id = o.partner_id and n.operation_id = o.operation_id
       where c.partner_id = $1 and c.payment = $2
       order by o.at, o.key`,
      [partnerId, intent],
    ),
  );
  return rows.map((row) => ({
    operationId: row.operation_id,
    kind: row.kind,
    key: row.key,
    at: row.at,
    amount: row.amount,
    note: row.note,
  }));
}
