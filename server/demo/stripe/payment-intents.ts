import type Stripe from 'stripe';
import { attemptPayment, cardRefusal } from './attempts';
import { merged } from './customers';
import { invalid } from './errors';
import { choice, expand, flag, integer, metadata, page, range, shape, text, type Field } from './fields';
import { pageOf } from './lists';
import { methodNamed } from './payment-methods';
import { checkAmount, checkCurrency, checkFee } from './refusals';
import { route, type Call, type Route, type World } from './route';
import { idOf, randomPart } from './state';

export interface NewPaymentIntent {
  readonly amount: number;
  readonly currency: string;
  readonly customer?: string | null;
  readonly description?: string | null;
  readonly metadata?: Stripe.Emptyable<Stripe.MetadataParam>;
  readonly applicationFee?: number | null;
  readonly receiptEmail?: string | null;
  readonly setupFutureUsage?: Stripe.PaymentIntent.SetupFutureUsage | null;
  readonly methodTypes?: string[];
  readonly automatic?: Stripe.PaymentIntent.AutomaticPaymentMethods | null;
}

export function newPaymentIntent(world: World, terms: NewPaymentIntent): Stripe.PaymentIntent {
  const { state, account, events, cause } = world;
  const id = state.id('paymentIntent');
  const intent = account.add('paymentIntent', {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: terms.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: terms.applicationFee ?? null,
    automatic_payment_methods: terms.automatic ?? null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${randomPart(24)}`,
    confirmation_method: 'automatic',
    created: state.seconds(),
    currency: terms.currency,
    customer: terms.customer ?? null,
    customer_account: null,
    description: terms.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: merged({}, terms.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: terms.methodTypes ?? ['card'],
    payment_record: null,
    processing: null,
    receipt_email: terms.receiptEmail ?? null,
    review: null,
    setup_future_usage: terms.setupFutureUsage ?? null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  });
  events.add(account, cause, 'payment_intent.created', intent);
  return intent;
}

export function cancelIntent(
  { state, account, events, cause }: World,
  intent: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
): void {
  intent.status = 'canceled';
  intent.canceled_at = state.seconds();
  intent.cancellation_reason = reason;
  intent.next_action = null;
  events.add(account, cause, 'payment_intent.canceled', intent);
}

const automatic: Field = shape<Stripe.PaymentIntentCreateParams.AutomaticPaymentMethods>({
  fields: { enabled: flag, allow_redirects: choice('always', 'never') },
  required: ['enabled'],
});
const usage: Field = choice('off_session', 'on_session');

export const PAYMENT_INTENTS: readonly Route[] = [
  route<Stripe.PaymentIntentCreateParams>(
    'POST /v1/payment_intents',
    'payment_intent',
    {
      fields: {
        amount: integer(1),
        application_fee_amount: integer(0),
        automatic_payment_methods: automatic,
        confirm: flag,
        currency: text(3),
        customer: text(),
        description: text(1_000),
        error_on_requires_action: flag,
        expand,
        metadata,
        off_session: flag,
        payment_method: text(),
        receipt_email: text(),
        return_url: text(),
        setup_future_usage: usage,
        statement_descriptor_suffix: text(22),
      },
      required: ['amount', 'currency'],
    },
    create,
  ),
  route<Stripe.PaymentIntentRetrieveParams>(
    'GET /v1/payment_intents/:id',
    'payment_intent',
    { fields: { expand, client_secret: text() } },
    ({ account, ids: [id = ''] }) => account.get('paymentIntent', id),
  ),
  route<Stripe.PaymentIntentListParams>(
    'GET /v1/payment_intents',
    'payment_intent',
    { fields: { ...page, created: range, customer: text() } },
    ({ account, params }) => {
      if (params.customer !== undefined) account.named('customer', params.customer, 'customer');
      return pageOf(
        '/v1/payment_intents',
        account.all('paymentIntent').values(),
        params,
        ({ customer }) => params.customer === undefined || params.customer === customer,
      );
    },
  ),
  route<Stripe.PaymentIntentConfirmParams>(
    'POST /v1/payment_intents/:id/confirm',
    'payment_intent',
    {
      fields: {
        error_on_requires_action: flag,
        expand,
        off_session: flag,
        payment_method: text(),
        receipt_email: text(),
        return_url: text(),
        setup_future_usage: usage,
      },
    },
    (call) => {
      const { account, params } = call;
      const intent = account.get('paymentIntent', call.ids[0] ?? '');
      checkNotOfCheckout(call, intent);
      if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status))
        throw unexpected(
          intent,
          intent.status === 'succeeded'
            ? 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.'
            : `This PaymentIntent's payment_method could not be updated because it has a status of ${intent.status}.`,
        );
      if (params.receipt_email) intent.receipt_email = params.receipt_email;
      if (params.setup_future_usage) intent.setup_future_usage = params.setup_future_usage;
      if (params.payment_method !== undefined) useMethod(call, intent, params.payment_method);
      return confirm(call, intent, params);
    },
  ),
  route<Stripe.PaymentIntentCancelParams>(
    'POST /v1/payment_intents/:id/cancel',
    'payment_intent',
    {
      fields: { cancellation_reason: choice('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'), expand },
    },
    (call) => {
      const intent = call.account.get('paymentIntent', call.ids[0] ?? '');
      checkNotOfCheckout(call, intent);
      if (['succeeded', 'canceled', 'processing'].includes(intent.status))
        throw unexpected(
          intent,
          `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.`,
        );
      cancelIntent(call, intent, call.params.cancellation_reason ?? null);
      return intent;
    },
  ),
];

function create(call: Call<Stripe.PaymentIntentCreateParams>): Stripe.PaymentIntent {
  const { account, params } = call;
  const currency = checkCurrency(params.currency);
  checkAmount(params.amount, currency);
  checkFee(params.application_fee_amount, params.amount, account.isHost);
  if (params.customer !== undefined) account.named('customer', params.customer, 'customer');
  for (const name of ['off_session', 'error_on_requires_action', 'return_url'] as const)
    if (params[name] !== undefined && params[name] !== false && params.confirm !== true)
      throw invalid(`You may only specify \`${name}\` when \`confirm\` is set to true.`, undefined, name);
  checkCharges(call);
  if (params.payment_method !== undefined) checkMethod(call, params.payment_method, params.customer ?? null);
  const intent = newPaymentIntent(call, {
    amount: params.amount,
    currency,
    customer: params.customer,
    description: params.description,
    metadata: params.metadata,
    applicationFee: params.application_fee_amount,
    receiptEmail: params.receipt_email,
    setupFutureUsage: params.setup_future_usage,
    automatic: {
      enabled: params.automatic_payment_methods?.enabled ?? true,
      allow_redirects: params.automatic_payment_methods?.allow_redirects ?? 'always',
    },
  });
  if (params.payment_method !== undefined) useMethod(call, intent, params.payment_method);
  return params.confirm === true ? confirm(call, intent, params) : intent;
}

interface Confirmation {
  off_session?: boolean | string;
  error_on_requires_action?: boolean;
  return_url?: string;
}

function confirm(world: World, intent: Stripe.PaymentIntent, params: Confirmation): Stripe.PaymentIntent {
  if (typeof intent.payment_method !== 'string')
    throw unexpected(
      intent,
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
    );
  const isAutomatic =
    intent.automatic_payment_methods?.enabled && intent.automatic_payment_methods.allow_redirects !== 'never';
  if (isAutomatic && params.off_session !== true && params.return_url === undefined)
    throw invalid(
      "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
    );
  const method = methodNamed(world, intent.payment_method);
  const outcome = attemptPayment(world, intent, {
    method,
    isPresent: params.off_session !== true,
    isAuthenticated: false,
  });
  if (outcome.kind === 'declined') throw cardRefusal(intent);
  if (outcome.kind === 'authenticate' && intent.next_action?.redirect_to_url)
    intent.next_action.redirect_to_url.return_url = params.return_url ?? null;
  return intent;
}

function useMethod(world: World, intent: Stripe.PaymentIntent, name: string): void {
  const customer = typeof intent.customer === 'string' ? intent.customer : null;
  intent.payment_method = checkMethod(world, name, customer).id;
  intent.status = 'requires_confirmation';
}

/** A saved payment method is its customer's alone. @throws Refusal 400 */
function checkMethod(world: World, name: string, customer: string | null): Stripe.PaymentMethod {
  const method = methodNamed(world, name);
  if (method.customer === null || method.customer === customer) return method;
  throw customer === null
    ? invalid(
        `The PaymentMethod ${method.id} belongs to the Customer ${idOf(method.customer)}. Please include the Customer in the \`customer\` parameter on the PaymentIntent.`,
        undefined,
        'payment_method',
      )
    : invalid(
        `The customer does not have a payment method with the ID ${method.id}. The payment method must be attached to the customer.`,
        'resource_missing',
        'payment_method',
      );
}

/** @throws Refusal 400: the account may not take payments yet. */
export function checkCharges({ account }: World): void {
  if (!account.details.charges_enabled)
    throw invalid(
      'Your account cannot currently make charges. Complete the onboarding of the account first.',
      'account_invalid',
    );
}

function checkNotOfCheckout({ account }: World, intent: Stripe.PaymentIntent): void {
  const session = [...account.all('checkoutSession').values()].find((one) => one.payment_intent === intent.id);
  if (session?.status === 'open')
    throw invalid(
      'You cannot perform this action on PaymentIntents created by Checkout. You should instead expire the Checkout Session that created the PaymentIntent with the `/v1/checkout/sessions/:id/expire` endpoint.',
    );
}

function unexpected(intent: Stripe.PaymentIntent, message: string) {
  const refusal = invalid(message, 'payment_intent_unexpected_state');
  refusal.body.payment_intent = structuredClone(intent);
  return refusal;
}
