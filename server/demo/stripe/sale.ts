import type Stripe from 'stripe';
import { invalid } from './errors';
import { checkAmount, checkCurrency, checkFee } from './refusals';
import type { Call } from './route';
import { randomPart, type Account } from './state';

export interface Sale {
  readonly currency: string;
  readonly subtotal: number;
  readonly items: Stripe.LineItem[];
}

/** What a session in payment mode sells. @throws Refusal 400 */
export function saleOf({ params, account, state }: Call<Stripe.Checkout.SessionCreateParams>): Sale {
  const sold = params.line_items ?? [];
  const [first] = sold;
  if (!first) throw invalid('`line_items` is required when `mode` is `payment`.', 'parameter_missing', 'line_items');
  if (params.setup_intent_data !== undefined)
    throw invalid('You can not pass `setup_intent_data` in `payment` mode.', undefined, 'setup_intent_data');
  const currency = checkCurrency(first.price_data?.currency ?? '', 'line_items[0][price_data][currency]');
  const items = sold.map((item, index): Stripe.LineItem => {
    const { price_data: price, quantity } = item;
    const at = `line_items[${index}]`;
    if (quantity === undefined)
      throw invalid(`Quantity is required. Add \`quantity\` to \`${at}\`.`, 'parameter_missing', `${at}[quantity]`);
    if (price?.currency.toLowerCase() !== currency)
      throw invalid('All line items must have the same currency.', undefined, at);
    const amount = (price.unit_amount ?? 0) * quantity;
    return lineItemOf(price, quantity, amount, currency, state.seconds());
  });
  const subtotal = items.reduce((sum, item) => sum + item.amount_subtotal, 0);
  checkAmount(subtotal, currency, 'session');
  checkFee(params.payment_intent_data?.application_fee_amount, subtotal, account.isHost);
  return { currency, subtotal, items };
}

function lineItemOf(
  price: Stripe.Checkout.SessionCreateParams.LineItem.PriceData,
  quantity: number,
  amount: number,
  currency: string,
  created: number,
): Stripe.LineItem {
  return {
    id: `li_${randomPart(24)}`,
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency,
    description: price.product_data?.name ?? null,
    metadata: {},
    price: {
      id: `price_${randomPart(24)}`,
      object: 'price',
      active: false,
      billing_scheme: 'per_unit',
      created,
      currency,
      custom_unit_amount: null,
      livemode: false,
      lookup_key: null,
      metadata: {},
      nickname: null,
      product: `prod_${randomPart(14)}`,
      recurring: null,
      tax_behavior: price.tax_behavior ?? 'unspecified',
      tiers_mode: null,
      transform_quantity: null,
      type: 'one_time',
      unit_amount: price.unit_amount ?? null,
      unit_amount_decimal: null,
    },
    quantity,
  };
}

/** Tax on top of what is sold, or within it where the price says so; once it is known where the buyer is. */
export function addTax(basisPoints: number, account: Account, session: Stripe.Checkout.Session): void {
  if (session.automatic_tax.status !== 'requires_location_inputs') return;
  let total = 0;
  let tax = 0;
  for (const item of account.lineItems.get(session.id) ?? []) {
    const isInclusive = item.price?.tax_behavior === 'inclusive';
    item.amount_tax = isInclusive
      ? item.amount_subtotal - divided(item.amount_subtotal * 10_000, 10_000 + basisPoints)
      : divided(item.amount_subtotal * basisPoints, 10_000);
    item.amount_total = item.amount_subtotal + (isInclusive ? 0 : item.amount_tax);
    total += item.amount_total;
    tax += item.amount_tax;
  }
  session.amount_total = total;
  session.automatic_tax.status = 'complete';
  if (session.total_details) session.total_details.amount_tax = tax;
}

/** Whole numbers, rounded half up. */
function divided(amount: number, by: number): number {
  return Math.floor((2 * amount + by) / (2 * by));
}
