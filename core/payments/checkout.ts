import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';
import type { z } from 'zod';
import { audit } from '../access/audit';
import { parseCredits, type checkoutCreate, type Payment } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';
import { contentHash, type Actor } from '../ledger';
import { formatDecimal } from '../money';
import type { PaymentContext } from './context';
import { shareOf } from './currency';
import { offerFor, type Offer } from './offer';
import { ensureStripeCustomer } from './payer';
import { findPayment, PAYMENT_COLUMNS, toPayment, type PaymentRow } from './rows';
import { readPaymentSettings, sellerOf } from './settings';
import { HOST_ACCOUNT, isCustomerGone } from './stripe';

/** Stripe takes 30 minutes at least, counted by its own clock when the request arrives. */
export const OPEN_SECONDS = 31 * 60;

export type CheckoutBody = z.output<typeof checkoutCreate>;

/**
 * Opens a checkout: a page of Stripe's on which somebody pays for credits. The credits come when Stripe says that it was
 * paid (core/payments/settle.ts), whether or not the payer comes back. Asked again with the same key, answers the same
 * checkout.
 */
export async function openCheckout(
  context: PaymentContext,
  partnerId: string,
  actor: Actor,
  body: CheckoutBody,
): Promise<Payment & { readonly replayed: boolean }> {
  const { row, replayed, title, payerName } = await context.database.asPartner(partnerId, (transaction) =>
    record(transaction, partnerId, actor, body),
  );
  return { ...(await openRecorded(context, partnerId, row, title, payerName)), replayed };
}

/** Opens the page of a checkout whose row is written; the same one, should it be open already. */
export async function openRecorded(
  context: PaymentContext,
  partnerId: string,
  row: PaymentRow,
  title: string,
  payerName: string,
): Promise<Payment> {
  if (row.state !== 'created') return toPayment(row);
  if (row.expires_at!.getTime() <= Date.now())
    throw new TalktimeError(
      'PAYMENT_EXPIRED',
      'The checkout of this key was not opened in time, and nothing was paid. Take a new key.',
    );
  const payer = { walletId: row.wallet_id, customerId: row.customer_id, name: payerName };
  const customer = await ensureStripeCustomer(context, partnerId, row.account, payer);
  const session =
    (await createSession(context, partnerId, row, title, customer)) ??
    (await createSession(
      context,
      partnerId,
      row,
      title,
      await ensureStripeCustomer(context, partnerId, row.account, payer, customer),
    ));
  if (!session) throw new TalktimeError('STRIPE_REFUSED', 'Stripe does not know the customer that it has just made.');
  const opened = await context.database.asPartner(partnerId, (transaction) =>
    noteSession(transaction, partnerId, row.payment_id, session),
  );
  return toPayment(opened);
}

/** null: Stripe does not know the customer any more. */
async function createSession(
  context: PaymentContext,
  partnerId: string,
  row: PaymentRow,
  title: string,
  customer: string,
): Promise<Stripe.Checkout.Session | null> {
  return context.stripe.ask(row.account, (client, at) =>
    client.checkout.sessions
      .create(sessionFor(context, partnerId, row, customer, title), {
        ...at,
        idempotencyKey: `checkout:${row.payment_id}:${customer}`,
      })
      .catch((error: unknown) => {
        if (isCustomerGone(error)) return null;
        throw error;
      }),
  );
}

/** Writes what is offered, before Stripe hears of it. */
async function record(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  body: CheckoutBody,
): Promise<{ row: PaymentRow; replayed: boolean; title: string; payerName: string }> {
  const settings = await readPaymentSettings(transaction, partnerId);
  const key = `request ${body.idempotency_key}`;
  const hash = Buffer.from(
    contentHash({
      customer: body.customer_id,
      plan: body.plan_id,
      amount: canonical(body.amount, 'amount'),
      credits: canonical(body.credits, 'credits'),
      save_card: body.save_card ? 'yes' : undefined,
    }),
    'hex',
  );
  const [known] = await transaction.query<PaymentRow>(
    `select ${PAYMENT_COLUMNS} from talktime.payments where partner_id = $1 and idempotency_key = $2`,
    [partnerId, key],
  );
  if (known) {
    if (!known.content_hash.equals(hash))
      throw new TalktimeError(
        'IDEMPOTENCY_CONFLICT',
        `The key "${body.idempotency_key}" was already used for something else, which stands. Send the same content again, or take a new key.`,
      );
    return {
      row: known,
      replayed: true,
      title: titleOf(known),
      payerName: await nameOf(transaction, partnerId, known),
    };
  }
  const offer = await offerFor(transaction, partnerId, settings, body);
  const account = sellerOf(settings, offer.payer.customerId);
  const row = await insertPayment(transaction, partnerId, {
    offer,
    kind: 'checkout',
    account,
    key,
    hash,
    actor,
    saveCard: body.save_card || offer.terms?.recurring !== undefined, // the later periods are charged to it
    automaticTax: settings.automatic_tax,
    applicationFee: account === HOST_ACCOUNT ? 0n : shareOf(offer.amount, settings.application_fee),
    successUrl: body.success_url ?? null,
    cancelUrl: body.cancel_url ?? null,
    expiresIn: OPEN_SECONDS,
  });
  if (!row) return record(transaction, partnerId, actor, body); // another request of the key was faster
  await audit(transaction, partnerId, actor, 'checkout.opened', row.payment_id, {
    plan: offer.planId,
    amount: String(offer.amount),
    currency: offer.currency,
  });
  return { row, replayed: false, title: titleOf(row), payerName: offer.payer.name };
}

/** The same number, however it is written (money-rules 14). */
export function canonical(decimal: string | undefined, path: string): string | undefined {
  return decimal === undefined ? undefined : formatDecimal(parseCredits(decimal, path));
}

export interface NewPayment {
  readonly offer: Offer;
  readonly kind: PaymentRow['kind'];
  readonly account: string;
  readonly key: string;
  readonly hash: Buffer;
  readonly actor: Actor;
  readonly saveCard: boolean;
  readonly automaticTax: boolean;
  readonly applicationFee: bigint;
  readonly successUrl: string | null;
  readonly cancelUrl: string | null;
  /** Seconds; null: it does not expire by itself. */
  readonly expiresIn: number | null;
  /** The card to charge, of a payment that nobody is there to confirm. */
  readonly paymentMethod?: string;
  /** The payment that its owner confirms by this one. */
  readonly actsFor?: string;
}

/** Writes a payment's row; null when there is one of the same key. It is looked at again, should nothing be heard of it. */
export async function insertPayment(
  transaction: Transaction,
  partnerId: string,
  { offer, ...payment }: NewPayment,
): Promise<PaymentRow | null> {
  const [row] = await transaction.query<PaymentRow>(
    `insert into talktime.payments
       (partner_id, payment_id, kind, wallet_id, customer_id, account, currency, amount, credits, bonus, plan_id, terms, save_card,
        automatic_tax, application_fee, success_url, cancel_url, idempotency_key, content_hash, actor, expires_at, next_sync_at,
        payment_method, acts_for)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
             date_trunc('second', clock_timestamp()) + make_interval(secs => $21), clock_timestamp() + interval '1 minute', $22, $23)
     on conflict (partner_id, idempotency_key) do nothing
     returning ${PAYMENT_COLUMNS}`,
    [
      partnerId,
      `pay_${randomBytes(10).toString('hex')}`,
      payment.kind,
      offer.payer.walletId,
      offer.payer.customerId,
      payment.account,
      offer.currency,
      offer.amount,
      offer.credits,
      offer.bonus,
      offer.planId,
      offer.terms && JSON.stringify(offer.terms),
      payment.saveCard,
      payment.automaticTax,
      payment.applicationFee,
      payment.successUrl,
      payment.cancelUrl,
      payment.key,
      payment.hash,
      payment.actor.id,
      payment.expiresIn,
      payment.paymentMethod ?? null,
      payment.actsFor ?? null,
    ],
  );
  return row ?? null;
}

/** Built from the row alone: a retry must send the very same. */
function sessionFor(
  { publicUrl }: PaymentContext,
  partnerId: string,
  row: PaymentRow,
  customer: string,
  title: string,
): Stripe.Checkout.SessionCreateParams {
  const metadata = metadataOf(partnerId, row.payment_id);
  const ours = (path: string) => {
    if (publicUrl !== undefined) return `${publicUrl}${path}`;
    throw new TalktimeError(
      'REQUEST_INVALID',
      'The service does not know where it is reached from outside (PUBLIC_URL), so say where the payer comes back to: success_url.',
      [{ path: 'success_url', message: 'required' }],
    );
  };
  const thanks = `/pay/thanks/${partnerId}/${row.payment_id}?session={CHECKOUT_SESSION_ID}`;
  return {
    mode: 'payment',
    customer,
    client_reference_id: row.payment_id,
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: row.currency.toLowerCase(),
          unit_amount: Number(row.amount),
          product_data: { name: title },
          ...(row.automatic_tax && { tax_behavior: 'exclusive' as const }),
        },
      },
    ],
    metadata,
    payment_intent_data: {
      metadata, // not copied from the session
      description: title,
      ...(row.save_card && { setup_future_usage: 'off_session' as const }),
      ...(row.application_fee > 0n && { application_fee_amount: Number(row.application_fee) }),
    },
    ...(row.automatic_tax && { automatic_tax: { enabled: true }, customer_update: { address: 'auto' as const } }),
    expires_at: Math.floor(row.expires_at!.getTime() / 1000),
    success_url: row.success_url ?? ours(thanks),
    ...((row.cancel_url ?? null) !== null && { cancel_url: row.cancel_url! }),
  };
}

/** By what an object at Stripe leads back to a payment. */
export const metadataOf = (partnerId: string, paymentId: string) => ({
  talktime_partner: partnerId,
  talktime_payment: paymentId,
});

async function noteSession(
  transaction: Transaction,
  partnerId: string,
  paymentId: string,
  session: Stripe.Checkout.Session,
): Promise<PaymentRow> {
  await transaction.query(
    `update talktime.payments
     set checkout_session = $3, checkout_url = $4, state = case state when 'created' then 'open' else state end,
         next_sync_at = clock_timestamp() + interval '5 minutes'
     where partner_id = $1 and payment_id = $2`,
    [partnerId, paymentId, session.id, session.url],
  );
  return (await findPayment(transaction, partnerId, paymentId))!;
}

function titleOf(row: PaymentRow): string {
  return row.terms?.name ?? `${formatDecimal(row.credits)} credits`;
}

async function nameOf(transaction: Transaction, partnerId: string, row: PaymentRow): Promise<string> {
  const [found] = await transaction.query<{ name: string }>(
    `select name from talktime.customers where partner_id = $1 and customer_id = $2
     union all
     select name from talktime.partners where partner_id = $1 and $2::text is null`,
    [partnerId, row.customer_id],
  );
  return found!.name;
}
