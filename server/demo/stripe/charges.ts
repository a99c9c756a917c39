import type Stripe from 'stripe';
import type { Decline } from './cards';
import { expand, page, range, text } from './fields';
import { pageOf } from './lists';
import { route, type Route, type World } from './route';
import { randomPart } from './state';

/** A try to take a payment: taken, declined, or on its way. */
export function newCharge(
  { state, account }: World,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  outcome: 'succeeded' | 'pending' | Decline,
): Stripe.Charge {
  const decline = typeof outcome === 'object' ? outcome : null;
  const id = method.type === 'card' ? state.id('charge') : `py_${randomPart(24)}`;
  return account.add('charge', {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: decline ? 0 : intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: intent.application_fee_amount,
    balance_transaction: outcome === 'succeeded' ? `txn_${randomPart(24)}` : null,
    billing_details: { ...method.billing_details },
    calculated_statement_descriptor: 'TALKTIME',
    captured: !decline,
    created: state.seconds(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: outcomeOf(outcome),
    paid: outcome === 'succeeded',
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: detailsOf(method, intent.amount),
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: decline ? null : `${state.origin()}/receipts/${account.id}/${id}`,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: decline ? 'failed' : outcome === 'pending' ? 'pending' : 'succeeded',
    transfer_data: null,
    transfer_group: null,
  });
}

function outcomeOf(outcome: 'succeeded' | 'pending' | Decline): Stripe.Charge.Outcome {
  const decline = typeof outcome === 'object' ? outcome : null;
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: decline ? '05' : null,
    network_status: decline ? 'declined_by_network' : 'approved_by_network',
    reason: decline ? decline.declineCode || decline.code : null,
    risk_level: 'normal',
    risk_score: 20,
    seller_message: decline ? 'The bank did not return any further details with this decline.' : 'Payment complete.',
    type: decline ? 'issuer_declined' : 'authorized',
  };
}

function detailsOf(method: Stripe.PaymentMethod, amount: number): Stripe.Charge.PaymentMethodDetails {
  const { card, sepa_debit: sepa, us_bank_account: bank } = method;
  if (card)
    return {
      type: 'card',
      card: {
        amount_authorized: amount,
        authorization_code: '123456',
        brand: card.brand,
        checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
        country: card.country,
        electronic_commerce_indicator: null,
        exp_month: card.exp_month,
        exp_year: card.exp_year,
        fingerprint: card.fingerprint,
        funding: card.funding,
        installments: null,
        last4: card.last4,
        mandate: null,
        network: card.brand,
        network_transaction_id: '104102978678771',
        regulated_status: 'unregulated',
        three_d_secure: null,
        transaction_link_id: null,
        wallet: null,
      },
    };
  if (sepa)
    return {
      type: 'sepa_debit',
      sepa_debit: {
        bank_code: sepa.bank_code,
        branch_code: sepa.branch_code,
        country: sepa.country,
        fingerprint: sepa.fingerprint,
        last4: sepa.last4,
        mandate: null,
      },
    } as Stripe.Charge.PaymentMethodDetails; // Less of the mandate than Stripe says.
  return {
    type: 'us_bank_account',
    us_bank_account: {
      account_holder_type: 'company',
      account_type: 'checking',
      bank_name: bank?.bank_name ?? null,
      fingerprint: bank?.fingerprint ?? null,
      last4: bank?.last4 ?? null,
      payment_reference: null,
      routing_number: bank?.routing_number ?? null,
    },
  } as Stripe.Charge.PaymentMethodDetails; // Less of the mandate than Stripe says.
}

export const CHARGES: readonly Route[] = [
  route<Stripe.ChargeRetrieveParams>(
    'GET /v1/charges/:id',
    'charge',
    { fields: { expand } },
    ({ account, ids: [id = ''] }) => account.get('charge', id),
  ),
  route<Stripe.ChargeListParams>(
    'GET /v1/charges',
    'charge',
    { fields: { ...page, created: range, customer: text(), payment_intent: text() } },
    ({ account, params }) => {
      if (params.payment_intent !== undefined) account.named('paymentIntent', params.payment_intent, 'payment_intent');
      return pageOf(
        '/v1/charges',
        account.all('charge').values(),
        params,
        ({ customer, payment_intent }) =>
          (params.customer === undefined || params.customer === customer) &&
          (params.payment_intent === undefined || params.payment_intent === payment_intent),
      );
    },
  ),
];
