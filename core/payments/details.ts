import type { PaymentDetails } from '../contract';
import type { Database, Transaction } from '../database';
import { toJsonNumber } from '../money';
import { fromMinor } from './currency';
import { findPayment, noPayment, toPayment, type PaymentRow } from './rows';

/** A payment with what went back of it and who wants it back. `only`: as long as it is this customer's. */
export async function getPaymentDetails(
  database: Database,
  partnerId: string,
  paymentId: string,
  only: string | null = null,
): Promise<PaymentDetails> {
  return database.asPartner(partnerId, (transaction) => readPaymentDetails(transaction, partnerId, paymentId, only));
}

export async function readPaymentDetails(
  transaction: Transaction,
  partnerId: string,
  paymentId: string,
  only: string | null = null,
): Promise<PaymentDetails> {
  const row = await findPayment(transaction, partnerId, paymentId);
  if (!row || (only !== null && row.customer_id !== only)) throw noPayment(paymentId);
  const [refunds, disputes] = [
    await readRefunds(transaction, partnerId, row),
    await readDisputes(transaction, partnerId, row),
  ];
  return { ...toPayment(row), refunds, disputes };
}

/** What Stripe has, and what it was asked for and has not answered yet, oldest first. */
async function readRefunds(
  transaction: Transaction,
  partnerId: string,
  { payment_id, currency }: PaymentRow,
): Promise<PaymentDetails['refunds']> {
  const rows = await transaction.query<{
    id: string;
    amount: bigint;
    status: string;
    reason: string | null;
    failure: string | null;
    created_at: Date;
  }>(
    `select r.refund_id as id, r.amount, r.status, q.reason, null::text as failure, r.created_at
     from talktime.payment_refunds r
     left join talktime.refund_requests q on q.partner_id = $1 and q.payment_id = $2 and q.refund_id = r.refund_id
     where r.partner_id = $1 and r.payment_id = $2
     union all
     select request_id, amount, case when refusal is null then 'requested' else 'refused' end, reason, refusal, created_at
     from talktime.refund_requests
     where partner_id = $1 and payment_id = $2 and refund_id is null
     order by created_at, id`,
    [partnerId, payment_id],
  );
  return rows.map(({ amount, created_at, ...row }) => ({
    ...row,
    amount: toJsonNumber(fromMinor(amount, currency)),
    created_at: created_at.toISOString(),
  }));
}

async function readDisputes(
  transaction: Transaction,
  partnerId: string,
  { payment_id, currency }: PaymentRow,
): Promise<PaymentDetails['disputes']> {
  const rows = await transaction.query<{
    id: string;
    amount: bigint;
    status: string;
    reason: string;
    answer_by: Date | null;
    created_at: Date;
  }>(
    `select dispute_id as id, amount, status, reason, answer_by, created_at
     from talktime.payment_disputes where partner_id = $1 and payment_id = $2
     order by created_at, dispute_id`,
    [partnerId, payment_id],
  );
  return rows.map(({ amount, answer_by, created_at, ...row }) => ({
    ...row,
    amount: toJsonNumber(fromMinor(amount, currency)),
    answer_by: answer_by?.toISOString() ?? null,
    created_at: created_at.toISOString(),
  }));
}
