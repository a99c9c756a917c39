import type Stripe from 'stripe';
import type { PaymentRow } from './rows';
import type { StripeAccess } from './stripe';

/** What Stripe has of a payment, as it is now. Money in minor units; moments in milliseconds. */
export interface Seen {
  readonly session: SeenSession | null;
  readonly intent: SeenIntent | null;
  readonly refunds: readonly SeenRefund[];
  readonly disputes: readonly SeenDispute[];
  /** Of a payment that this service charges by itself: Stripe did not take it, and has nothing of it. */
  readonly refused?: { readonly code: string; readonly message: string };
}

export interface SeenSession {
  readonly id: string;
  readonly status: 'open' | 'complete' | 'expired';
  /** Before tax, and with it. */
  readonly subtotal: bigint;
  readonly total: bigint;
  readonly currency: string;
  readonly url: string | null;
}

export interface SeenIntent {
  readonly id: string;
  readonly status: Stripe.PaymentIntent.Status;
  readonly received: bigint;
  readonly currency: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly charge: string | null;
  readonly receiptUrl: string | null;
  readonly card: SeenCard | null;
}

/** The card that paid, as far as it may be kept: never its number. */
export interface SeenCard {
  readonly paymentMethod: string;
  readonly fingerprint: string | null;
  readonly brand: string | null;
  readonly last4: string | null;
  /** 2027-04 */
  readonly expires: string | null;
  /** When it was given, in milliseconds. */
  readonly at: number;
}

export interface SeenRefund {
  readonly id: string;
  readonly amount: bigint;
  readonly status: string;
  readonly createdAt: number;
}

export interface SeenDispute {
  readonly id: string;
  readonly amount: bigint;
  readonly status: Stripe.Dispute.Status;
  readonly reason: string;
  readonly createdAt: number;
  /** null: it can't be answered, or not any more. */
  readonly answerBy: number | null;
}

/** Ids at Stripe that something heard named, for a payment that does not have them yet. */
export interface Hint {
  readonly session?: string;
  readonly intent?: string;
}

export const NOTHING_SEEN: Seen = { session: null, intent: null, refunds: [], disputes: [] };

/** Reads all that Stripe has of a payment. What says that it is another payment's is not believed. */
export async function observe(stripe: StripeAccess, row: PaymentRow, hint: Hint = {}): Promise<Seen> {
  const session = row.kind === 'checkout' ? await sessionOf(stripe, row, hint) : null;
  const intentId = row.payment_intent ?? (session && idOf(session.payment_intent)) ?? hint.intent ?? null;
  if (intentId === null) return { ...NOTHING_SEEN, session: session && toSession(session) };
  const intent = await stripe.ask(row.account, (client, at) =>
    client.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] }, at),
  );
  // Metadata leads here the first time; afterwards whoever edits it at Stripe changes nothing.
  if (row.payment_intent !== intent.id && intent.metadata.talktime_payment !== row.payment_id)
    return { ...NOTHING_SEEN, session: session && toSession(session) };
  const [refunds, disputes] =
    intent.status === 'succeeded'
      ? await Promise.all([
          stripe.ask(row.account, (client, at) =>
            client.refunds.list({ payment_intent: intent.id, limit: 100 }, at).autoPagingToArray({ limit: 1000 }),
          ),
          stripe.ask(row.account, (client, at) =>
            client.disputes.list({ payment_intent: intent.id, limit: 100 }, at).autoPagingToArray({ limit: 1000 }),
          ),
        ])
      : [[], []];
  return {
    session: session && toSession(session),
    intent: toIntent(intent),
    refunds: refunds.map((refund) => ({
      id: refund.id,
      amount: BigInt(refund.amount),
      status: refund.status ?? 'succeeded',
      createdAt: refund.created * 1000,
    })),
    disputes: disputes.map((dispute) => ({
      id: dispute.id,
      amount: BigInt(dispute.amount),
      status: dispute.status,
      reason: dispute.reason,
      createdAt: dispute.created * 1000,
      answerBy: dispute.evidence_details.due_by === null ? null : dispute.evidence_details.due_by * 1000,
    })),
  };
}

/** The Checkout session of a payment: the one that it knows, or that its PaymentIntent or a hint leads to. */
async function sessionOf(stripe: StripeAccess, row: PaymentRow, hint: Hint): Promise<Stripe.Checkout.Session | null> {
  const id = row.checkout_session ?? hint.session;
  const intent = row.payment_intent ?? hint.intent;
  const session =
    id !== undefined && id !== null
      ? await stripe.ask(row.account, (client, at) => client.checkout.sessions.retrieve(id, {}, at))
      : intent !== undefined && intent !== null
        ? (
            await stripe.ask(row.account, (client, at) =>
              client.checkout.sessions.list({ payment_intent: intent, limit: 1 }, at),
            )
          ).data[0]
        : undefined;
  return session?.client_reference_id === row.payment_id ? session : null;
}

function toSession(session: Stripe.Checkout.Session): SeenSession {
  return {
    id: session.id,
    status: session.status as SeenSession['status'],
    subtotal: BigInt(session.amount_subtotal ?? 0),
    total: BigInt(session.amount_total ?? 0),
    currency: (session.currency ?? '').toUpperCase(),
    url: session.url,
  };
}

function toIntent(intent: Stripe.PaymentIntent): SeenIntent {
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null;
  const failed = intent.last_payment_error;
  const card = charge?.payment_method_details?.card;
  const paymentMethod = idOf(intent.payment_method);
  return {
    id: intent.id,
    status: intent.status,
    received: BigInt(intent.amount_received),
    currency: intent.currency.toUpperCase(),
    failure: failed
      ? { code: failed.decline_code ?? failed.code ?? 'failed', message: failed.message ?? 'The payment failed.' }
      : null,
    charge: idOf(intent.latest_charge),
    receiptUrl: charge?.receipt_url ?? null,
    card:
      card && paymentMethod !== null
        ? {
            paymentMethod,
            fingerprint: card.fingerprint ?? null,
            brand: card.brand,
            last4: card.last4,
            at: charge.created * 1000,
            expires: `${card.exp_year}-${String(card.exp_month).padStart(2, '0')}`,
          }
        : null,
  };
}

function idOf(reference: string | { id: string } | null | undefined): string | null {
  return reference == null ? null : typeof reference === 'string' ? reference : reference.id;
}
