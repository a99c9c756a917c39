import Stripe from 'stripe';
import { TalktimeError } from '../../contract/errors';
import { goesBack, isOpen } from '../standing';
import type { Account, StripeAccess } from '../stripe';
import type { StripePayment } from './compare';

/** Of one account and one kind; a longer list is for a shorter window. */
const MOST_OBJECTS = 50_000;
const PAGE = 100;

type Intent = Pick<Stripe.PaymentIntent, 'id' | 'status' | 'amount_received' | 'currency' | 'metadata'>;

/** What an account has from a moment on. */
interface Listing {
  readonly payments: ReadonlyMap<string, StripePayment>;
  /** PaymentIntents that are older, and of which something went back, or was disputed, since. */
  readonly older: ReadonlySet<string>;
}

/** What Stripe has from a moment on. Each account is listed once, however many partners sell on it. */
export class StripeBook {
  readonly #listings = new Map<Account, Promise<Listing>>();

  constructor(
    private readonly stripe: StripeAccess,
    readonly since: Date,
  ) {}

  list(account: Account): Promise<Listing> {
    const known = this.#listings.get(account);
    if (known) return known;
    const listing = this.#read(account);
    this.#listings.set(account, listing);
    return listing;
  }

  async #read(account: Account): Promise<Listing> {
    const created = { gte: Math.floor(this.since.getTime() / 1000) };
    // In this order: what went back of a payment that is made meanwhile is of an older one, and that one is read by itself.
    const intents = await this.#all(account, (client, at) => client.paymentIntents.list({ created, limit: PAGE }, at));
    const refunds = await this.#all(account, (client, at) => client.refunds.list({ created, limit: PAGE }, at));
    const disputes = await this.#all(account, (client, at) => client.disputes.list({ created, limit: PAGE }, at));
    const refundsOf = byIntent(refunds);
    const disputesOf = byIntent(disputes);
    const payments = new Map(
      intents.map((intent) => [
        intent.id,
        toPayment(account, intent, refundsOf.get(intent.id) ?? [], disputesOf.get(intent.id) ?? []),
      ]),
    );
    const older = new Set([...refundsOf.keys(), ...disputesOf.keys()].filter((intent) => !payments.has(intent)));
    return { payments, older };
  }

  async #all<T>(account: Account, list: (client: Stripe, at: Stripe.RequestOptions) => AsyncIterable<T>): Promise<T[]> {
    return this.stripe.ask(account, async (client, at) => {
      const all: T[] = [];
      for await (const one of list(client, at)) {
        if (all.push(one) > MOST_OBJECTS)
          throw new TalktimeError(
            'REQUEST_INVALID',
            `Stripe has more than ${MOST_OBJECTS} objects since ${this.since.toISOString()}. Compare a shorter time.`,
          );
      }
      return all;
    });
  }
}

/** One payment as Stripe has it at this moment; null when the account does not have it. */
export async function readStripePayment(
  stripe: StripeAccess,
  account: Account,
  intentId: string,
): Promise<StripePayment | null> {
  return stripe.ask(account, async (client, at) => {
    const intent = await client.paymentIntents.retrieve(intentId, {}, at).catch(whatIsMissing);
    if (!intent) return null;
    const of = { payment_intent: intentId, limit: PAGE };
    const refunds = await client.refunds.list(of, at).autoPagingToArray({ limit: 1000 });
    const disputes = await client.disputes.list(of, at).autoPagingToArray({ limit: 1000 });
    return toPayment(account, intent, refunds, disputes);
  });
}

function whatIsMissing(error: unknown): null {
  if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing') return null;
  throw error;
}

function toPayment(
  account: Account,
  intent: Intent,
  refunds: readonly Stripe.Refund[],
  disputes: readonly Stripe.Dispute[],
): StripePayment {
  const open = disputes.filter(isOpen);
  return {
    intent: intent.id,
    account,
    partnerId: intent.metadata.talktime_partner ?? null,
    paymentId: intent.metadata.talktime_payment ?? null,
    isPaid: intent.status === 'succeeded',
    status: intent.status,
    received: BigInt(intent.amount_received),
    currency: intent.currency.toUpperCase(),
    refunded: total(refunds.filter(({ status }) => goesBack({ status: status ?? 'succeeded' }))),
    lost: total(disputes.filter(({ status }) => status === 'lost')),
    disputed: total(open),
    openDisputes: open.length,
  };
}

function byIntent<T extends { payment_intent: string | { id: string } | null }>(all: readonly T[]): Map<string, T[]> {
  const grouped = new Map<string, T[]>();
  for (const one of all) {
    const intent = typeof one.payment_intent === 'string' ? one.payment_intent : one.payment_intent?.id;
    if (intent === undefined) continue;
    const known = grouped.get(intent);
    if (known) known.push(one);
    else grouped.set(intent, [one]);
  }
  return grouped;
}

const total = (all: readonly { readonly amount: number }[]) =>
  all.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
