import type Stripe from 'stripe';
import { cardOf, fingerprintOf, type TestCard } from './cards';
import { invalid, Refusal } from './errors';
import { expand, metadata, choice, page, text, type Field } from './fields';
import { pageOf } from './lists';
import { merged } from './customers';
import { route, type Route, type World } from './route';
import { fail, missingMethod } from './refusals';

const NOBODY: Stripe.PaymentMethod.BillingDetails = {
  address: null,
  email: null,
  name: null,
  phone: null,
  tax_id: null,
};

/** A card as it was entered, or saved. */
export function newCard(
  { state, account }: World,
  card: TestCard,
  billing: Partial<Stripe.PaymentMethod.BillingDetails> = {},
): Stripe.PaymentMethod {
  const method: Stripe.PaymentMethod = {
    id: state.id('paymentMethod'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { ...NOBODY, ...billing },
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: card.brand,
      exp_month: 12,
      exp_year: new Date(state.now()).getUTCFullYear() + 3,
      fingerprint: fingerprintOf(card),
      funding: 'credit',
      generated_from: null,
      last4: card.number.slice(-4),
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: state.seconds(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  };
  account.cards.set(method.id, card);
  return account.add('paymentMethod', method);
}

/** A bank account whose payments take days to come in, or not. */
export function newBankAccount({ state, account }: World, currency: string): Stripe.PaymentMethod {
  const isEuro = currency === 'eur';
  return account.add('paymentMethod', {
    id: state.id('paymentMethod'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: NOBODY,
    created: state.seconds(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    ...(isEuro
      ? {
          type: 'sepa_debit',
          sepa_debit: {
            bank_code: '37040044',
            branch_code: '',
            country: 'DE',
            fingerprint: 'FD81kbVPe7M05BMj',
            generated_from: null,
            last4: '3000',
          },
        }
      : {
          type: 'us_bank_account',
          us_bank_account: {
            account_holder_type: 'company',
            account_type: 'checking',
            bank_name: 'STRIPE TEST BANK',
            financial_connections_account: null,
            fingerprint: 'AL8khdvxqbW9JKqu',
            last4: '6789',
            networks: { preferred: 'ach', supported: ['ach'] },
            routing_number: '110000000',
            status_details: null,
          },
        }),
  });
}

export function attach(world: World, method: Stripe.PaymentMethod, customer: string): void {
  if (method.customer === customer) return;
  method.customer = customer;
  world.events.add(world.account, world.cause, 'payment_method.attached', method);
}

/** A payment method by id, or a new one by the name of a test card (pm_card_visa). @throws Refusal 400 */
export function methodNamed(world: World, name: string, param = 'payment_method'): Stripe.PaymentMethod {
  const held = world.account.all('paymentMethod').get(name);
  if (held) return held;
  const card = name.startsWith('pm_card_') ? cardOf(name) : null;
  return card ? newCard(world, card) : fail(missingMethod(name, param, 400));
}

export const PAYMENT_METHODS: readonly Route[] = [
  route<Stripe.PaymentMethodRetrieveParams>(
    'GET /v1/payment_methods/:id',
    'payment_method',
    { fields: { expand } },
    ({ account, ids: [id = ''] }) =>
      account.all('paymentMethod').get(id) ?? fail(missingMethod(id, 'payment_method', 404)),
  ),
  route<Stripe.PaymentMethodListParams>(
    'GET /v1/payment_methods',
    'payment_method',
    { fields: { ...page, customer: text(), type: typeOf() } },
    ({ account, params }) => {
      if (params.customer !== undefined) account.named('customer', params.customer, 'customer');
      return listed('/v1/payment_methods', account.all('paymentMethod').values(), params, params.customer ?? null);
    },
  ),
  route<Stripe.CustomerListPaymentMethodsParams>(
    'GET /v1/customers/:id/payment_methods',
    'payment_method',
    { fields: { ...page, type: typeOf() } },
    ({ account, params, ids: [id = ''] }) => {
      const customer = account.get('customer', id);
      return listed(`/v1/customers/${id}/payment_methods`, account.all('paymentMethod').values(), params, customer.id);
    },
  ),
  route<Stripe.PaymentMethodAttachParams>(
    'POST /v1/payment_methods/:id/attach',
    'payment_method',
    { fields: { customer: text(), expand }, required: ['customer'] },
    (call) => {
      const { account, params } = call;
      const method = methodNamed(call, call.ids[0] ?? '');
      const customer = account.named('customer', params.customer ?? '', 'customer');
      if (method.customer !== null && method.customer !== customer.id)
        throw invalid('The payment method you provided has already been attached to a customer.');
      const card = account.cards.get(method.id);
      if (card?.decline && !card.attaches) {
        const { code, declineCode, message } = card.decline;
        throw new Refusal(402, {
          type: 'card_error',
          code,
          ...(declineCode && { decline_code: declineCode }),
          message,
        });
      }
      attach(call, method, customer.id);
      return method;
    },
  ),
  route<Stripe.PaymentMethodDetachParams>(
    'POST /v1/payment_methods/:id/detach',
    'payment_method',
    { fields: { expand } },
    (call) => {
      const method = call.account.all('paymentMethod').get(call.ids[0] ?? '');
      if (!method) throw missingMethod(call.ids[0] ?? '', 'payment_method', 404);
      if (method.customer === null)
        throw invalid(
          'The payment method you provided is not attached to a customer so detachment is impossible.',
          undefined,
          'payment_method',
        );
      detach(call, method);
      return method;
    },
  ),
  route<Stripe.PaymentMethodUpdateParams>(
    'POST /v1/payment_methods/:id',
    'payment_method',
    { fields: { allow_redisplay: choice('always', 'limited', 'unspecified'), expand, metadata } },
    ({ account, params, events, cause, ids: [id = ''] }) => {
      const method = account.all('paymentMethod').get(id) ?? fail(missingMethod(id, 'payment_method', 404));
      if (params.allow_redisplay !== undefined) method.allow_redisplay = params.allow_redisplay;
      method.metadata = merged(method.metadata, params.metadata);
      events.add(account, cause, 'payment_method.updated', method);
      return method;
    },
  ),
];

export function detach({ account, events, cause }: World, method: Stripe.PaymentMethod): void {
  for (const customer of account.all('customer').values())
    if (customer.invoice_settings.default_payment_method === method.id)
      customer.invoice_settings.default_payment_method = null;
  method.customer = null;
  events.add(account, cause, 'payment_method.detached', method);
}

function typeOf(): Field {
  return choice('card', 'sepa_debit', 'us_bank_account');
}

function listed(
  url: string,
  methods: Iterable<Stripe.PaymentMethod>,
  params: Stripe.PaginationParams & { type?: string },
  customer: string | null,
): Stripe.ApiList<Stripe.PaymentMethod> {
  return pageOf(
    url,
    methods,
    params,
    (one) => one.customer === customer && customer !== null && (params.type === undefined || one.type === params.type),
  );
}
