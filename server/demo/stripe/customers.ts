import type Stripe from 'stripe';
import { choice, expand, metadata, page, range, shape, text, unsettable, type Field } from './fields';
import { pageOf } from './lists';
import { route, type Route } from './route';

const address: Field = shape<Stripe.AddressParam>({
  fields: {
    city: unsettable(),
    country: unsettable(2),
    line1: unsettable(),
    line2: unsettable(),
    postal_code: unsettable(),
    state: unsettable(),
  },
});
const shared = {
  address,
  description: unsettable(350),
  email: unsettable(512),
  expand,
  invoice_settings: shape<Stripe.CustomerUpdateParams.InvoiceSettings>({ fields: { default_payment_method: text() } }),
  metadata,
  name: unsettable(256),
  phone: unsettable(20),
  tax_exempt: choice('exempt', 'none', 'reverse'),
} satisfies { [K in keyof Stripe.CustomerUpdateParams]: Field };

export const CUSTOMERS: readonly Route[] = [
  route<Stripe.CustomerCreateParams>('POST /v1/customers', 'customer', { fields: shared }, (call) => {
    const { state, account, params } = call;
    const customer: Stripe.Customer = {
      id: state.id('customer'),
      object: 'customer',
      address: addressOf(params.address || undefined),
      balance: 0,
      created: state.seconds(),
      currency: null,
      default_source: null,
      delinquent: false,
      description: params.description || null,
      email: params.email || null,
      invoice_prefix: state.id('customer').slice(-8).toUpperCase(),
      invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
      livemode: false,
      metadata: merged({}, params.metadata),
      name: params.name || null,
      next_invoice_sequence: 1,
      phone: params.phone || null,
      preferred_locales: [],
      shipping: null,
      tax_exempt: params.tax_exempt || 'none',
      test_clock: null,
    };
    account.add('customer', customer);
    call.events.add(account, call.cause, 'customer.created', customer);
    return customer;
  }),
  route<Stripe.CustomerRetrieveParams>(
    'GET /v1/customers/:id',
    'customer',
    { fields: { expand } },
    ({ account, ids: [id = ''] }) => account.get('customer', id),
  ),
  route<Stripe.CustomerUpdateParams>('POST /v1/customers/:id', 'customer', { fields: shared }, (call) => {
    const { account, params } = call;
    const customer = account.get('customer', call.ids[0] ?? '');
    const method = params.invoice_settings?.default_payment_method;
    if (method) account.named('paymentMethod', method, 'invoice_settings[default_payment_method]');
    if (method !== undefined) customer.invoice_settings.default_payment_method = method;
    if (params.address !== undefined) customer.address = addressOf(params.address || undefined);
    for (const name of ['description', 'email', 'name', 'phone'] as const)
      if (params[name] !== undefined) customer[name] = params[name] || null;
    if (params.tax_exempt !== undefined) customer.tax_exempt = params.tax_exempt || 'none';
    customer.metadata = merged(customer.metadata, params.metadata);
    call.events.add(account, call.cause, 'customer.updated', customer);
    return customer;
  }),
  route<Stripe.CustomerListParams>(
    'GET /v1/customers',
    'customer',
    { fields: { ...page, created: range, email: text() } },
    ({ account, params }) =>
      pageOf(
        '/v1/customers',
        account.all('customer').values(),
        params,
        ({ email }) => params.email === undefined || params.email === email,
      ),
  ),
];

/** What is sent stands beside what is there; an empty value takes one away, an empty string all. */
export function merged(
  old: Stripe.Metadata | null,
  sent: Stripe.Emptyable<Stripe.MetadataParam> | undefined,
): Stripe.Metadata {
  const entries = Object.entries({ ...old, ...(sent || {}) }).map(([key, value]): [string, string] => [
    key,
    String(value ?? ''),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

function addressOf(sent: Stripe.AddressParam | undefined): Stripe.Address | null {
  if (sent === undefined) return null;
  const { city, country, line1, line2, postal_code, state } = sent;
  return {
    city: city || null,
    country: country || null,
    line1: line1 || null,
    line2: line2 || null,
    postal_code: postal_code || null,
    state: state || null,
  };
}
