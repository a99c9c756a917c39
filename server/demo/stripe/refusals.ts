import { invalid, Refusal } from './errors';

export { fail } from './state';

export function missingMethod(id: string, param: string, status: 400 | 404): Refusal {
  return new Refusal(status, {
    code: 'resource_missing',
    doc_url: 'https://stripe.com/docs/error-codes/resource-missing',
    message: `No such PaymentMethod: '${id}'; It's possible this PaymentMethod exists on one of your connected accounts, in which case you should retry this request on that connected account. Learn more at https://stripe.com/docs/connect/authentication`,
    param,
    type: 'invalid_request_error',
  });
}

/** docs.stripe.com/currencies: what a charge comes to at least, in minor units; 50 where none is given. */
const LEAST: Readonly<Record<string, number>> = {
  usd: 50,
  aed: 200,
  aud: 50,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1_500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  inr: 50,
  jpy: 50,
  mxn: 1_000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1_000,
};

/** Currencies that have no smaller unit: amounts in them are whole. */
export const WHOLE: ReadonlySet<string> = new Set(
  'bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf'.split(' '),
);

/** The other currencies in which Stripe takes payments. */
const OTHERS =
  'afn all amd ang aoa ars awg azn bam bbd bdt bgn bhd bmd bnd bob bsd bwp bzd cdf cny cop crc cve dop dzd egp etb fjd fkp gel gip gmd gtq gyd hnl htg idr ils isk jmd jod kes kgs khr kwd kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mzn nad ngn nio npr omr pab pen pgk php pkr qar rsd rub sar sbd scr shp sle sos srd std szl tjs tnd top try ttd twd tzs uah uyu uzs wst xcd yer zar zmw';

const CURRENCIES: ReadonlySet<string> = new Set([...Object.keys(LEAST), ...WHOLE, ...OTHERS.split(' ')]);

/** @throws Refusal 400 */
export function checkCurrency(currency: string, param = 'currency'): string {
  const lower = currency.toLowerCase();
  if (!CURRENCIES.has(lower))
    throw invalid(
      `Invalid currency: ${currency}. Stripe currently supports these currencies: ${[...CURRENCIES].join(', ')}`,
      undefined,
      param,
    );
  return lower;
}

/** @throws Refusal 400 amount_too_small */
export function checkAmount(amount: number, currency: string, what: 'Amount' | 'session' = 'Amount'): void {
  const least = LEAST[currency] ?? 50;
  if (amount >= least) {
    if (amount > 99_999_999)
      throw invalid(`Amount must be no more than ${written(99_999_999, currency)}`, 'amount_too_large', 'amount');
    return;
  }
  throw what === 'session'
    ? invalid(
        `The Checkout Session's total amount due must add up to at least ${written(least, currency)} ${currency}`,
        'amount_too_small',
      )
    : invalid(`Amount must be at least ${written(least, currency)} ${currency}`, 'amount_too_small', 'amount');
}

/** Minor units as people write them: $12.00, €12.00, ¥1200. */
export function written(amount: number, currency: string): string {
  return new Intl.NumberFormat('en-US', { style: 'currency', currency: currency.toUpperCase() }).format(
    WHOLE.has(currency) ? amount : amount / 100,
  );
}

/** What a fee for the platform needs. @throws Refusal 400 */
export function checkFee(fee: number | undefined, amount: number, isHost: boolean): void {
  if (fee === undefined) return;
  if (isHost)
    throw invalid(
      'Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).',
      undefined,
      'application_fee_amount',
    );
  if (fee > amount)
    throw invalid('Your application fee cannot exceed the amount of the charge.', undefined, 'application_fee_amount');
}
