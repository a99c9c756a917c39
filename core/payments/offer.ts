import type { z } from 'zod';
import type { checkoutCreate } from '../contract';
import { parseCredits } from '../contract';
import { TalktimeError } from '../contract/errors';
import { readMoney } from '../customers';
import type { Transaction } from '../database';
import { PARTNER_WALLET } from '../ledger';
import {
  divideHalfAwayFromZero,
  formatDecimal,
  micro,
  MICROCREDITS_PER_CREDIT,
  ZERO,
  type Microcredits,
} from '../money';
import { requireNoOther, termsForSale, termsToJson, type SaleTerms } from '../plans';
import { priceOfCredits, toMinor, toMinorUpwards } from './currency';
import type { Payer } from './payer';
import type { SoldTerms } from './rows';
import type { SettingsRow } from './settings';

/** What is offered, as it is at this moment; it never changes afterwards. */
export interface Offer {
  readonly payer: Payer;
  /** Minor units of the currency. */
  readonly amount: bigint;
  readonly currency: string;
  readonly credits: Microcredits;
  readonly bonus: Microcredits;
  readonly planId: string | null;
  readonly terms: SoldTerms | null;
  /** What the payer reads. */
  readonly title: string;
}

/** Works out what a checkout sells. Credits and price come from here, never from what Stripe hands back. */
export async function offerFor(
  transaction: Transaction,
  partnerId: string,
  settings: SettingsRow,
  body: Pick<z.output<typeof checkoutCreate>, 'customer_id' | 'plan_id' | 'amount' | 'credits'>,
): Promise<Offer> {
  const payer = await payerOf(transaction, partnerId, body.customer_id ?? null);
  return body.plan_id === undefined
    ? creditsOffer(transaction, partnerId, settings, payer, body)
    : planOffer(transaction, partnerId, payer, body.plan_id);
}

async function planOffer(transaction: Transaction, partnerId: string, payer: Payer, planId: string): Promise<Offer> {
  if (payer.customerId === null)
    throw new TalktimeError(
      'REQUEST_INVALID',
      "Plans are what a partner sells to customers. For the partner's own wallet, name an amount or credits.",
      [{ path: 'plan_id', message: 'only for a customer' }],
    );
  const terms = await termsForSale(transaction, partnerId, payer.customerId, planId);
  // Two would be paid for, and one customer has one.
  if (terms.recurring) await requireNoOther(transaction, partnerId, payer.customerId, null);
  const amount = toMinor(terms.price, terms.currency);
  if (amount === null || amount <= 0n)
    throw new TalktimeError(
      'PRICE_NOT_PAYABLE',
      `The price of the plan "${planId}" is ${formatDecimal(terms.price)} ${terms.currency}, which cannot be paid. Give it a price above zero that comes in coins.`,
    );
  return {
    payer,
    amount,
    currency: terms.currency,
    credits: terms.credits,
    bonus: terms.bonus,
    planId,
    terms: { name: terms.name, expiresAfterDays: terms.expiresAfterDays, ...recurringOf(terms) },
    title: terms.name,
  };
}

/** What a recurring plan is subscribed to, as it is sold. */
function recurringOf({ recurring, minutes, planId, name, credits, bonus, price, currency }: SaleTerms) {
  if (!recurring) return {};
  const size = minutes === null ? { credits } : { minutes };
  return { recurring: termsToJson({ planId, name, size, bonus, price, currency, recurring }) };
}

async function creditsOffer(
  transaction: Transaction,
  partnerId: string,
  settings: SettingsRow,
  payer: Payer,
  body: { amount?: string; credits?: string },
): Promise<Offer> {
  const { currency, creditValue } = await readMoney(transaction, partnerId);
  const offer =
    body.amount === undefined
      ? forCredits(positive(parseCredits(body.credits!, 'credits'), 'credits'), creditValue, currency)
      : forMoney(positive(parseCredits(body.amount, 'amount'), 'amount'), creditValue, currency);
  const { least_top_up: least, most_top_up: most } = settings;
  if (offer.money < least || offer.money > most)
    throw new TalktimeError(
      'TOP_UP_LIMIT',
      `${formatDecimal(offer.money)} ${currency} is outside what may be paid at once: ${formatDecimal(least)} to ${formatDecimal(most)} ${currency}.`,
    );
  if (offer.credits <= 0n)
    throw new TalktimeError('TOP_UP_LIMIT', 'That amount of money is worth less than the smallest part of a credit.');
  return {
    payer,
    amount: offer.amount,
    currency,
    credits: offer.credits,
    bonus: ZERO,
    planId: null,
    terms: null,
    title: `${formatDecimal(offer.credits)} credits`,
  };
}

function forMoney(money: bigint, creditValue: bigint, currency: string) {
  const amount = toMinor(money, currency);
  if (amount === null)
    throw new TalktimeError(
      'PRICE_NOT_PAYABLE',
      `${formatDecimal(money)} ${currency} cannot be paid: it is not a whole number of the smallest coins.`,
    );
  const credits = micro(divideHalfAwayFromZero(money * MICROCREDITS_PER_CREDIT, creditValue));
  return { money, amount, credits };
}

/** The price of credits, up to the next coin. */
function forCredits(credits: Microcredits, creditValue: bigint, currency: string) {
  const money = priceOfCredits(credits, creditValue);
  return { money, amount: toMinorUpwards(money, currency), credits };
}

async function payerOf(transaction: Transaction, partnerId: string, customerId: string | null): Promise<Payer> {
  const [row] = await transaction.query<{ wallet_id: number; name: string }>(
    customerId === null
      ? `select ${PARTNER_WALLET} as wallet_id, name from talktime.partners where partner_id = $1 and $2::text is null`
      : 'select wallet_id, name from talktime.customers where partner_id = $1 and customer_id = $2',
    [partnerId, customerId],
  );
  if (!row)
    throw new TalktimeError(
      'CUSTOMER_NOT_FOUND',
      `There is no customer "${customerId}". Check the id, or create the customer first.`,
    );
  return { walletId: row.wallet_id, customerId, name: row.name };
}

function positive<T extends bigint>(value: T, path: string): T {
  if (value > 0n) return value;
  throw new TalktimeError('AMOUNT_NOT_POSITIVE', `"${path}" must be above zero.`, [
    { path, message: 'must be above zero' },
  ]);
}
