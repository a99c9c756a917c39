import type Stripe from 'stripe';
import { merged } from './customers';
import { invalid } from './errors';
import { choice, expand, flag, integer, list, metadata, page, range, shape, text, type Field } from './fields';
import { pageOf } from './lists';
import { cancelIntent, checkCharges } from './payment-intents';
import { route, type Call, type Route, type World } from './route';
import { addTax, saleOf } from './sale';
import { newSetupIntent } from './setup-intents';
import type { Account } from './state';

type Params = Stripe.Checkout.SessionCreateParams;

const HALF_AN_HOUR = 30 * 60;
const A_DAY = 24 * 60 * 60;

/** What a session will ask of its PaymentIntent, once somebody pays. Stripe makes that only then. */
export const PAYMENT_TERMS = new WeakMap<
  Stripe.Checkout.Session,
  Stripe.Checkout.SessionCreateParams.PaymentIntentData
>();

const lineItem: Field = shape<Stripe.Checkout.SessionCreateParams.LineItem>({
  fields: {
    price_data: shape<Stripe.Checkout.SessionCreateParams.LineItem.PriceData>({
      fields: {
        currency: text(3),
        product_data: shape<Stripe.Checkout.SessionCreateParams.LineItem.PriceData.ProductData>({
          fields: { description: text(), images: list(text(), 8), metadata, name: text(250), tax_code: text() },
          required: ['name'],
        }),
        tax_behavior: choice('exclusive', 'inclusive', 'unspecified'),
        unit_amount: integer(0),
      },
      required: ['currency', 'product_data', 'unit_amount'],
    }),
    quantity: integer(1, 999_999),
  },
  required: ['price_data'],
});

export const CHECKOUT: readonly Route[] = [
  route<Params>(
    'POST /v1/checkout/sessions',
    'checkout_session',
    {
      fields: {
        automatic_tax: shape<Stripe.Checkout.SessionCreateParams.AutomaticTax>({
          fields: { enabled: flag },
          required: ['enabled'],
        }),
        billing_address_collection: choice('auto', 'required'),
        cancel_url: text(),
        client_reference_id: text(200),
        currency: text(3),
        customer: text(),
        customer_email: text(800),
        customer_update: shape<Stripe.Checkout.SessionCreateParams.CustomerUpdate>({
          fields: { address: choice('auto', 'never'), name: choice('auto', 'never') },
        }),
        expand,
        expires_at: integer(0),
        line_items: list(lineItem),
        locale: choice('auto', 'de', 'en', 'es', 'fr', 'it', 'ja', 'nl', 'pl', 'pt'),
        metadata,
        mode: choice('payment', 'setup', 'subscription'),
        payment_intent_data: shape<Stripe.Checkout.SessionCreateParams.PaymentIntentData>({
          fields: {
            application_fee_amount: integer(0),
            description: text(1_000),
            metadata,
            receipt_email: text(),
            setup_future_usage: choice('off_session', 'on_session'),
            statement_descriptor_suffix: text(22),
          },
        }),
        setup_intent_data: shape<Stripe.Checkout.SessionCreateParams.SetupIntentData>({
          fields: { description: text(1_000), metadata },
        }),
        submit_type: choice('auto', 'book', 'donate', 'pay', 'subscribe'),
        success_url: text(),
        tax_id_collection: shape<Stripe.Checkout.SessionCreateParams.TaxIdCollection>({
          fields: { enabled: flag },
          required: ['enabled'],
        }),
        ui_mode: choice('elements', 'embedded_page', 'form', 'hosted_page'),
      },
      required: ['mode'],
    },
    create,
  ),
  route<Stripe.Checkout.SessionRetrieveParams>(
    'GET /v1/checkout/sessions/:id',
    'checkout_session',
    { fields: { expand } },
    ({ account, ids: [id = ''] }) => sessionOf(account, id),
  ),
  route<Stripe.Checkout.SessionListParams>(
    'GET /v1/checkout/sessions',
    'checkout_session',
    {
      fields: {
        ...page,
        created: range,
        customer: text(),
        payment_intent: text(),
        status: choice('complete', 'expired', 'open'),
      },
    },
    ({ account, params }) =>
      pageOf(
        '/v1/checkout/sessions',
        account.all('checkoutSession').values(),
        params,
        (one) =>
          (params.customer === undefined || one.customer === params.customer) &&
          (params.payment_intent === undefined || one.payment_intent === params.payment_intent) &&
          (params.status === undefined || one.status === params.status),
      ),
  ),
  route<Stripe.Checkout.SessionListLineItemsParams>(
    'GET /v1/checkout/sessions/:id/line_items',
    'checkout_session',
    { fields: page },
    ({ account, params, ids: [id = ''] }) => {
      sessionOf(account, id);
      const items = [...(account.lineItems.get(id) ?? [])].reverse();
      return pageOf(`/v1/checkout/sessions/${id}/line_items`, items, params);
    },
  ),
  route<Stripe.Checkout.SessionExpireParams>(
    'POST /v1/checkout/sessions/:id/expire',
    'checkout_session',
    { fields: { expand } },
    (call) => {
      const session = sessionOf(call.account, call.ids[0] ?? '');
      if (session.status !== 'open')
        throw invalid(
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${session.status}\`.`,
        );
      expireSession(call, session);
      return session;
    },
  ),
];

function sessionOf(account: Account, id: string): Stripe.Checkout.Session {
  if (!id.startsWith('cs_')) throw invalid(`Invalid checkout.session id: ${id}`);
  return account.get('checkoutSession', id);
}

export function expireSession(world: World, session: Stripe.Checkout.Session): void {
  session.status = 'expired';
  session.url = null;
  const intent =
    typeof session.payment_intent === 'string' ? world.account.get('paymentIntent', session.payment_intent) : null;
  if (intent) cancelIntent(world, intent, 'expired');
  world.events.add(world.account, world.cause, 'checkout.session.expired', session);
}

function create(call: Call<Params>): Stripe.Checkout.Session {
  const { state, account, params, events, cause } = call;
  const { mode = 'payment' } = params; // It is required, though the package's type has it optional.
  if (mode === 'subscription') throw invalid('This fake sells no subscriptions', undefined, 'mode');
  checkAddresses(params);
  const created = state.seconds();
  const expires = params.expires_at ?? created + A_DAY;
  if (params.expires_at !== undefined && (expires < created + HALF_AN_HOUR || expires > created + A_DAY))
    throw invalid(
      expires > created + A_DAY
        ? 'The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.'
        : 'The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.',
      undefined,
      'expires_at',
    );
  const customer = params.customer === undefined ? null : account.named('customer', params.customer, 'customer');
  if (customer && params.customer_email !== undefined)
    throw invalid(
      'You may only specify one of these parameters: customer, customer_email.',
      undefined,
      'customer_email',
    );
  const sale = mode === 'setup' ? null : saleOf(call);
  if (mode === 'setup') checkSetup(params);
  const hasTax = params.automatic_tax?.enabled === true;
  if (hasTax && customer && !customer.address?.country && params.customer_update?.address !== 'auto')
    throw invalid(
      "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the address entered in Checkout to the Customer.",
      'customer_tax_location_invalid',
    );
  checkCharges(call);
  const id = state.id('checkoutSession');
  const session: Stripe.Checkout.Session = {
    id,
    object: 'checkout.session',
    adaptive_pricing: mode === 'payment' ? { enabled: false } : null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: sale?.subtotal ?? null,
    amount_total: sale?.subtotal ?? null,
    automatic_tax: {
      enabled: hasTax,
      liability: hasTax ? { type: 'self' } : null,
      provider: hasTax ? 'stripe' : null,
      status: hasTax ? 'requires_location_inputs' : null,
    },
    billing_address_collection: params.billing_address_collection ?? null,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created,
    currency: sale?.currency ?? params.currency?.toLowerCase() ?? null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: customer?.id ?? null,
    customer_account: null,
    customer_creation: customer ? null : mode === 'payment' ? 'if_required' : 'always',
    customer_details: customerDetails(customer, params.customer_email),
    customer_email: params.customer_email ?? null,
    discounts: mode === 'payment' ? [] : null,
    expires_at: expires,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: params.locale ?? null,
    managed_payments: null,
    metadata: merged({}, params.metadata),
    mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: [
      'card',
      ...(sale?.currency === 'eur' ? ['sepa_debit'] : sale?.currency === 'usd' ? ['us_bank_account'] : []),
    ],
    payment_status: mode === 'setup' ? 'no_payment_required' : 'unpaid',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: customer
      ? { allow_redisplay_filters: ['always'], payment_method_remove: 'disabled', payment_method_save: null }
      : null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: params.submit_type ?? null,
    subscription: null,
    success_url: params.success_url ?? null,
    total_details: sale ? { amount_discount: 0, amount_shipping: 0, amount_tax: 0 } : null,
    ui_mode: 'hosted_page',
    url: `${state.origin()}/c/pay/${id}`,
    wallet_options: null,
  };
  account.add('checkoutSession', session);
  if (sale) account.lineItems.set(id, sale.items);
  if (hasTax && customer?.address?.country) addTax(state.taxRate, account, session);
  PAYMENT_TERMS.set(session, params.payment_intent_data ?? {});
  if (mode === 'setup') {
    const { description, metadata: meta } = params.setup_intent_data ?? {};
    const intent = newSetupIntent(
      { state, account, events, cause },
      { customer: customer?.id, description, metadata: meta },
    );
    session.setup_intent = intent.id;
  }
  return session;
}

function checkAddresses(params: Params): void {
  if (params.ui_mode !== undefined && params.ui_mode !== 'hosted_page')
    throw invalid('This fake has the hosted page alone', undefined, 'ui_mode');
  if (params.success_url === undefined)
    throw invalid('Missing required param: success_url.', 'parameter_missing', 'success_url');
  for (const name of ['success_url', 'cancel_url'] as const) {
    const url = params[name];
    if (url !== undefined && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)))
      throw invalid('Not a valid URL', 'url_invalid', name);
  }
}

function checkSetup(params: Params): void {
  for (const name of ['line_items', 'payment_intent_data', 'automatic_tax'] as const)
    if (params[name] !== undefined) throw invalid(`You can not pass \`${name}\` in \`setup\` mode.`, undefined, name);
  if (params.currency === undefined)
    throw invalid(
      'You must provide `currency` in `setup` mode when using dynamic payment methods.',
      'parameter_missing',
      'currency',
    );
}

function customerDetails(
  customer: Stripe.Customer | null,
  email: string | undefined,
): Stripe.Checkout.Session['customer_details'] {
  if (!customer && email === undefined) return null;
  return {
    address: customer?.address ?? null,
    business_name: null,
    email: customer?.email ?? email ?? null,
    individual_name: null,
    name: customer?.name ?? null,
    phone: customer?.phone ?? null,
    tax_exempt: customer?.tax_exempt ?? 'none',
    tax_ids: null,
  };
}
