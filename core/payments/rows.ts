import type { Payment } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import type { TermsJson } from '../plans';
import { toJsonNumber, type Microcredits } from '../money';
import { fromMinor } from './currency';
import type { Account } from './stripe';

export type PaymentKind = Payment['kind'];
export type PaymentState = Payment['state'];

/** Something to be paid, with what Stripe and the ledger have of it. Money in minor units of the currency. */
export interface PaymentRow extends Record<string, unknown> {
  readonly payment_id: string;
  readonly kind: PaymentKind;
  readonly wallet_id: number;
  readonly customer_id: string | null;
  readonly account: Account;
  readonly currency: string;
  /** Without tax. */
  readonly amount: bigint;
  readonly credits: Microcredits;
  readonly bonus: Microcredits;
  readonly plan_id: string | null;
  readonly terms: SoldTerms | null;
  readonly save_card: boolean;
  readonly automatic_tax: boolean;
  readonly application_fee: bigint;
  readonly success_url: string | null;
  readonly cancel_url: string | null;
  readonly content_hash: Buffer;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly state: PaymentState;
  readonly checkout_session: string | null;
  readonly checkout_url: string | null;
  readonly payment_intent: string | null;
  /** Of a payment that nobody is there to confirm: the card that is charged. */
  readonly payment_method: string | null;
  /** Of a checkout: the payment that its owner confirms by it. */
  readonly acts_for: string | null;
  readonly charge: string | null;
  readonly receipt_url: string | null;
  /** With tax; null until something was received. */
  readonly received: bigint | null;
  readonly refunded: bigint;
  readonly lost: bigint;
  readonly disputed: bigint;
  readonly failure_code: string | null;
  readonly failure_message: string | null;
  readonly operation_id: string | null;
  readonly paid_at: Date | null;
  readonly sync_no: bigint;
  readonly syncs: number;
}

/** What of a plan's terms counts when it is paid: kept with the payment. */
export interface SoldTerms {
  readonly name: string;
  readonly expiresAfterDays: number | null;
  /** Of a recurring plan: what is subscribed to. */
  readonly recurring?: TermsJson;
  /** The subscription whose next period it pays for; none: it pays for the first of a new one. */
  readonly subscription?: string;
}

export const PAYMENT_COLUMNS = `payment_id, kind, wallet_id, customer_id, account, currency, amount, credits, bonus, plan_id, terms, save_card,
  automatic_tax, application_fee, success_url, cancel_url, content_hash, created_at, expires_at, state, checkout_session, checkout_url,
  payment_intent, charge, receipt_url, received, refunded, lost, disputed, failure_code, failure_message, operation_id, paid_at, sync_no, syncs,
  payment_method, acts_for`;

/** Whether what came from outside could be a partner's id: nothing else may name whom a transaction works for. */
export const isPartnerId = (text: string) =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);

export async function findPayment(
  transaction: Transaction,
  partnerId: string,
  paymentId: string,
): Promise<PaymentRow | undefined> {
  const [row] = await transaction.query<PaymentRow>(
    `select ${PAYMENT_COLUMNS} from talktime.payments where partner_id = $1 and payment_id = $2`,
    [partnerId, paymentId],
  );
  return row;
}

/** A payment. `only`: as long as it is this customer's. */
export async function getPayment(
  database: Database,
  partnerId: string,
  paymentId: string,
  only: string | null = null,
): Promise<Payment> {
  const row = await database.asPartner(partnerId, (transaction) => findPayment(transaction, partnerId, paymentId));
  if (!row || (only !== null && row.customer_id !== only)) throw noPayment(paymentId);
  return toPayment(row);
}

/** The payment whose payer came back from Stripe with its session: the session is what shows that it is the payer. */
export async function findThanks(
  database: Database,
  partnerId: string,
  paymentId: string,
  session: string,
): Promise<Payment | null> {
  if (!isPartnerId(partnerId)) return null;
  const row = await database.asPartner(partnerId, (transaction) => findPayment(transaction, partnerId, paymentId));
  return row && row.checkout_session !== null && row.checkout_session === session ? toPayment(row) : null;
}

export interface PaymentsPage {
  readonly customerId?: string;
  readonly state?: PaymentState;
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
}

/** Payments, newest first. */
export async function listPayments(
  database: Database,
  partnerId: string,
  { customerId, state, limit, cursor }: PaymentsPage,
): Promise<{ items: Payment[]; next_cursor: string | null }> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<PaymentRow>(
      `select ${PAYMENT_COLUMNS}
       from talktime.payments
       where partner_id = $1 and ($2::text is null or customer_id = $2) and ($3::text is null or state = $3)
         and ($4::text is null or (created_at, payment_id) <
              (select created_at, payment_id from talktime.payments where partner_id = $1 and payment_id = $4))
       order by created_at desc, payment_id desc
       limit $5`,
      [partnerId, customerId ?? null, state ?? null, cursor ?? null, limit + 1],
    ),
  );
  const items = rows.slice(0, limit).map(toPayment);
  return { items, next_cursor: rows.length > limit ? items.at(-1)!.id : null };
}

export function noPayment(paymentId: string): TalktimeError {
  return new TalktimeError(
    'PAYMENT_NOT_FOUND',
    `There is no payment "${paymentId}". The list of payments shows the ids.`,
  );
}

export function toPayment(row: PaymentRow): Payment {
  const money = (minor: bigint) => toJsonNumber(fromMinor(minor, row.currency));
  return {
    id: row.payment_id,
    kind: row.kind,
    state: row.state,
    wallet: row.customer_id === null ? 'partner' : 'customer',
    customer_id: row.customer_id,
    amount: money(row.amount),
    currency: row.currency,
    credits: toJsonNumber(row.credits),
    bonus: toJsonNumber(row.bonus),
    plan_id: row.plan_id,
    url: row.state === 'open' || row.state === 'needs_action' ? row.checkout_url : null,
    receipt_url: row.receipt_url,
    refunded: money(row.refunded),
    lost: money(row.lost),
    disputed: money(row.disputed),
    failure:
      row.failure_code === null ? null : { code: row.failure_code, message: row.failure_message ?? row.failure_code },
    operation_id: row.operation_id,
    payment_intent: row.payment_intent,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    paid_at: row.paid_at?.toISOString() ?? null,
  };
}
