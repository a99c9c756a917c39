import { nearest } from '../messages/nearest';
import { retype } from '../messages/text';
import type { Access, BotData, CustomerRef } from '../ports';

/** The most names that a guess is looked for among. */
const GUESSED_AMONG = 2_000;
const LONGEST_ARGUMENT = 200;

/** Which customer was meant by what was typed. */
export type Meant =
  | { readonly kind: 'one'; readonly customer: CustomerRef }
  /** Nothing was typed. */
  | { readonly kind: 'unsaid' }
  | { readonly kind: 'several'; readonly typed: string; readonly customers: readonly CustomerRef[] }
  | { readonly kind: 'unknown'; readonly typed: string; readonly near: readonly CustomerRef[] };

/**
 * Finds the customer that somebody typed, by id or name. Who may see one customer alone means that one, also by saying
 * nothing, and learns of no other.
 */
export async function customerMeant(data: BotData, { partnerId, customerId }: Access, text: string): Promise<Meant> {
  const typed = retype(text).slice(0, LONGEST_ARGUMENT);
  if (customerId !== null) {
    const own = await data.customerBalance(partnerId, customerId);
    if (!own) return { kind: 'unknown', typed, near: [] };
    const customer = { id: customerId, name: own.customer.name };
    const isMeant =
      typed === '' || [customer.id, customer.name].some((word) => word.toLowerCase() === typed.toLowerCase());
    return isMeant ? { kind: 'one', customer } : { kind: 'unknown', typed, near: [customer] };
  }
  if (typed === '') return { kind: 'unsaid' };
  const found = await data.findCustomers(partnerId, typed);
  // An id is one customer's, even where it is another's name.
  const byId = found.find(({ id }) => id.toLowerCase() === typed.toLowerCase());
  const [only, ...others] = byId ? [byId] : found;
  if (others.length > 0) return { kind: 'several', typed, customers: found };
  if (only) return { kind: 'one', customer: only };
  const names = await data.customerNames(partnerId, GUESSED_AMONG);
  return { kind: 'unknown', typed, near: nearest(typed, names, ({ id, name }) => [id, name]) };
}

/** A number that stands by itself: what is before it is the customer, what follows it is the note. */
const AMOUNT = /(?<=^|\s)[+−-]?\d[\d,]*(?:\.\d+)?(?=\s|$)/u;
const QUOTED = /^\s*["“]([^"”]*)["”]/;

/** "acme dental 100 for May" in its parts: a customer, an amount, a note. A name with a number in it goes into quotes. */
export function splitAmount(argument: string): { customer: string; amount: string; note: string } {
  const quoted = QUOTED.exec(argument);
  const rest = quoted ? argument.slice(quoted[0].length) : argument;
  const amount = AMOUNT.exec(rest);
  const before = amount ? rest.slice(0, amount.index) : rest;
  return {
    customer: (quoted?.[1] ?? before).trim(),
    amount: plainAmount(amount?.[0] ?? ''),
    note: amount ? rest.slice(amount.index + amount[0].length).trim() : '',
  };
}

/**
 * An amount as somebody types it, with the commas of its thousands left out. A comma that separates no thousands stays,
 * and is refused as no number: "1,5" may well mean 1.5.
 */
export function plainAmount(typed: string): string {
  const amount = typed.trim().replace(/^−/u, '-');
  return /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(amount) ? amount.replaceAll(',', '') : amount;
}
