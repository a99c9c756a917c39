import type Stripe from 'stripe';
import { merged } from './customers';
import { invalid } from './errors';
import { choice, expand, flag, integer, metadata, page, range, text } from './fields';
import { pageOf } from './lists';
import { written } from './refusals';
import { route, type Route, type World } from './route';
import { idOf, randomPart } from './state';

export type RefundStatus = 'pending' | 'succeeded' | 'failed' | 'canceled';

export interface NewRefund {
  /** Minor units; what is left of the charge unless said otherwise. */
  readonly amount?: number;
  readonly status?: 'pending' | 'succeeded';
  readonly reason?: Stripe.Refund.Reason | null;
  readonly metadata?: Stripe.Emptyable<Stripe.MetadataParam>;
}

/** Gives money of a charge back. @throws Refusal 400 */
export function newRefund(world: World, charge: Stripe.Charge, terms: NewRefund): Stripe.Refund {
  const { state, account, events, cause } = world;
  const left = charge.amount - charge.amount_refunded;
  if (charge.status !== 'succeeded')
    throw invalid(`This charge has not succeeded: its status is ${charge.status}, so it cannot be refunded.`);
  if (left === 0) throw invalid(`Charge ${charge.id} has already been refunded.`, 'charge_already_refunded');
  const isChargedBack = [...account.all('dispute').values()].some(
    (dispute) => dispute.charge === charge.id && !dispute.is_charge_refundable,
  );
  if (isChargedBack)
    throw invalid(`Charge ${charge.id} has been charged back; cannot issue a refund.`, 'charge_disputed');
  const amount = terms.amount ?? left;
  if (amount > left)
    throw invalid(
      `Refund amount (${written(amount, charge.currency)}) is greater than unrefunded amount on charge (${written(left, charge.currency)})`,
      undefined,
      'amount',
    );
  const status = terms.status ?? (charge.payment_method_details?.type === 'card' ? 'succeeded' : 'pending');
  const refund: Stripe.Refund = {
    id: state.id('refund'),
    object: 'refund',
    amount,
    balance_transaction: `txn_${randomPart(24)}`,
    charge: charge.id,
    created: state.seconds(),
    currency: charge.currency,
    customer: typeof charge.customer === 'string' ? charge.customer : null,
    customer_account: null,
    destination_details: {
      type: 'card',
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
    },
    metadata: merged({}, terms.metadata),
    payment_intent: typeof charge.payment_intent === 'string' ? charge.payment_intent : null,
    payment_method: charge.payment_method,
    ...(status === 'pending' ? { pending_reason: 'processing' } : {}),
    reason: terms.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status,
    transfer_reversal: null,
  };
  account.add('refund', refund);
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount;
  events.add(account, cause, 'refund.created', refund);
  events.add(account, cause, 'charge.refunded', charge);
  return refund;
}

/** A refund goes on: what was pending comes through; what came through, or not, may still fail. */
export function setRefund(
  { account, events, cause }: World,
  refund: Stripe.Refund,
  status: RefundStatus,
  why?: string,
): void {
  const wasTaken = refund.status === 'pending' || refund.status === 'succeeded';
  const isTaken = status === 'pending' || status === 'succeeded';
  const charge = account.get('charge', idOf(refund.charge));
  refund.status = status;
  if (status !== 'pending') delete refund.pending_reason;
  if (status === 'failed') {
    refund.failure_reason = why ?? 'expired_or_canceled_card';
    refund.failure_balance_transaction = `txn_${randomPart(24)}`;
  }
  if (wasTaken !== isTaken) {
    charge.amount_refunded += isTaken ? refund.amount : -refund.amount;
    charge.refunded = charge.amount_refunded === charge.amount;
  }
  events.add(account, cause, 'refund.updated', refund);
  events.add(account, cause, 'charge.refund.updated', refund);
  if (status === 'failed') events.add(account, cause, 'refund.failed', refund);
}

export const REFUNDS = (defaultStatus: () => 'pending' | 'succeeded' | null): readonly Route[] => [
  route<Stripe.RefundCreateParams>(
    'POST /v1/refunds',
    'refund',
    {
      fields: {
        amount: integer(1),
        charge: text(),
        expand,
        metadata,
        payment_intent: text(),
        reason: choice('duplicate', 'fraudulent', 'requested_by_customer'),
        refund_application_fee: flag,
      },
    },
    (call) => {
      const { params } = call;
      const status = defaultStatus();
      return newRefund(call, chargeOf(call, params), {
        amount: params.amount,
        metadata: params.metadata,
        reason: params.reason ?? null,
        ...(status === null ? {} : { status }),
      });
    },
  ),
  route<Stripe.RefundRetrieveParams>(
    'GET /v1/refunds/:id',
    'refund',
    { fields: { expand } },
    ({ account, ids: [id = ''] }) => account.get('refund', id),
  ),
  route<Stripe.RefundListParams>(
    'GET /v1/refunds',
    'refund',
    { fields: { ...page, charge: text(), created: range, payment_intent: text() } },
    ({ account, params }) => {
      if (params.charge !== undefined) account.named('charge', params.charge, 'charge');
      if (params.payment_intent !== undefined) account.named('paymentIntent', params.payment_intent, 'payment_intent');
      return pageOf(
        '/v1/refunds',
        account.all('refund').values(),
        params,
        (one) =>
          (params.charge === undefined || one.charge === params.charge) &&
          (params.payment_intent === undefined || one.payment_intent === params.payment_intent),
      );
    },
  ),
];

function chargeOf({ account }: World, params: Stripe.RefundCreateParams): Stripe.Charge {
  // Stripe answers 404 here, as if the address had named it.
  if (params.charge !== undefined) return account.get('charge', params.charge);
  if (params.payment_intent === undefined)
    throw invalid('One of the following params should be provided for this request: payment_intent or charge.');
  const intent = account.named('paymentIntent', params.payment_intent, 'payment_intent');
  if (intent.status !== 'succeeded' || typeof intent.latest_charge !== 'string')
    throw invalid(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`);
  return account.named('charge', intent.latest_charge, 'charge');
}
