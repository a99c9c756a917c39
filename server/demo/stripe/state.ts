import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';
import { invalid, missing, type Refusal } from './errors';
import type { TestCard } from './cards';

/** The version of the API that the stripe package pins, and that the fake speaks. */
export const API_VERSION = '2026-10-28.endive';

/** What an account holds, by kind. Maps keep the order in which things were made. */
export interface Objects {
  customer: Stripe.Customer;
  checkoutSession: Stripe.Checkout.Session;
  paymentIntent: Stripe.PaymentIntent;
  setupIntent: Stripe.SetupIntent;
  paymentMethod: Stripe.PaymentMethod;
  charge: Stripe.Charge;
  refund: Stripe.Refund;
  dispute: Stripe.Dispute;
  event: Stripe.Event;
  webhookEndpoint: Stripe.WebhookEndpoint;
  meter: Stripe.Billing.Meter;
}

export type Kind = keyof Objects;

/** How Stripe calls a kind when there is none of an id, and the parameter that it then names. */
const NAMES: Record<Kind, { readonly what: string; readonly param: string; readonly prefix: string }> = {
  customer: { what: 'customer', param: 'id', prefix: 'cus_' },
  checkoutSession: { what: 'checkout.session', param: 'session', prefix: 'cs_test_' },
  paymentIntent: { what: 'payment_intent', param: 'intent', prefix: 'pi_' },
  setupIntent: { what: 'setupintent', param: 'intent', prefix: 'seti_' },
  paymentMethod: { what: 'PaymentMethod', param: 'payment_method', prefix: 'pm_' },
  charge: { what: 'charge', param: 'id', prefix: 'ch_' },
  refund: { what: 'refund', param: 'id', prefix: 're_' },
  dispute: { what: 'dispute', param: 'id', prefix: 'du_' },
  event: { what: 'event', param: 'id', prefix: 'evt_' },
  webhookEndpoint: { what: 'webhook endpoint', param: 'webhook_endpoint', prefix: 'we_' },
  meter: { what: 'meter', param: 'id', prefix: 'mtr_test_' },
};

export interface MeterUse {
  readonly event: Stripe.Billing.MeterEvent;
  readonly customer: string;
  readonly value: number;
  canceled: boolean;
}

/** One account: the host's own, or a connected one. Nothing of one is seen in another. */
export class Account {
  readonly #objects = new Map<Kind, Map<string, Objects[Kind]>>();
  /** The test card behind each payment method. */
  readonly cards = new Map<string, TestCard>();
  /** Payment methods that were set up for later with their owner present. */
  readonly setUp = new Set<string>();
  readonly lineItems = new Map<string, Stripe.LineItem[]>();
  readonly meterUses: MeterUse[] = [];
  /** Its owner has disconnected it: there is no access to it any more. */
  isRevoked = false;

  constructor(
    readonly id: string,
    readonly isHost: boolean,
    /** What Stripe says of it; the fake's functions and its onboarding page change it. */
    readonly details: Stripe.Account,
  ) {}

  all<K extends Kind>(kind: K): Map<string, Objects[K]> {
    const held = this.#objects.get(kind) ?? new Map<string, Objects[Kind]>();
    this.#objects.set(kind, held);
    // Only add() puts something in, under its own kind.
    return held as unknown as Map<string, Objects[K]>;
  }

  add<K extends Kind>(kind: K, object: Objects[K]): Objects[K] {
    this.all(kind).set(object.id, object);
    return object;
  }

  /** @throws Refusal 404. */
  get<K extends Kind>(kind: K, id: string): Objects[K] {
    const { what, param } = NAMES[kind];
    return this.all(kind).get(id) ?? fail(missing(what, id, param, 404));
  }

  /** What a parameter names. @throws Refusal 400. */
  named<K extends Kind>(kind: K, id: string, param: string): Objects[K] {
    return this.all(kind).get(id) ?? fail(missing(NAMES[kind].what, id, param, 400));
  }
}

/** All that the fake remembers. */
export class StripeState {
  readonly accounts = new Map<string, Account>();
  readonly host: Account;

  constructor(
    readonly now: () => number,
    hostId: string,
    readonly origin: () => string,
    /** Tax in basis points, where a session asks for automatic tax. */
    readonly taxRate: number,
  ) {
    this.host = this.addAccount(hostId, { isHost: true, isReady: true });
  }

  /** Seconds since 1970, as Stripe writes times. */
  seconds(): number {
    return Math.floor(this.now() / 1_000);
  }

  id(kind: Kind): string {
    return NAMES[kind].prefix + randomPart(kind === 'checkoutSession' ? 40 : 24);
  }

  account(id: string): Account {
    return this.accounts.get(id) ?? fail(invalid(`No such account: '${id}'`, 'resource_missing', 'account'));
  }

  /** Where something is, whichever account holds it. @throws Error */
  find<K extends Kind>(kind: K, id: string): { account: Account; object: Objects[K] } {
    for (const account of this.accounts.values()) {
      const object = account.all(kind).get(id);
      if (object) return { account, object };
    }
    throw new Error(`There is no ${NAMES[kind].what} ${id}`);
  }

  addAccount(
    id: string,
    options: { isHost?: boolean; isReady?: boolean; params?: Stripe.AccountCreateParams } = {},
  ): Account {
    const isReady = options.isReady ?? false;
    const account = new Account(
      id,
      options.isHost ?? false,
      accountDetails(id, this.seconds(), isReady, options.params),
    );
    this.accounts.set(id, account);
    return account;
  }
}

function accountDetails(
  id: string,
  created: number,
  isReady: boolean,
  params: Stripe.AccountCreateParams = {},
): Stripe.Account {
  return {
    id,
    object: 'account',
    business_type: params.business_type ?? null,
    business_profile: null,
    capabilities: { card_payments: isReady ? 'active' : 'inactive', transfers: isReady ? 'active' : 'inactive' },
    charges_enabled: isReady,
    controller: {
      type: 'application',
      is_controller: true,
      fees: { payer: params.controller?.fees?.payer ?? 'account' },
      losses: { payments: params.controller?.losses?.payments ?? 'stripe' },
      requirement_collection: params.controller?.requirement_collection ?? 'stripe',
      stripe_dashboard: { type: params.controller?.stripe_dashboard?.type ?? 'full' },
    },
    country: params.country ?? 'US',
    created,
    default_currency: params.default_currency ?? 'usd',
    details_submitted: isReady,
    email: params.email ?? null,
    metadata: (params.metadata || {}) as Stripe.Metadata,
    payouts_enabled: isReady,
    requirements: requirementsOf(isReady),
    settings: null,
    type: params.type ?? (params.controller ? 'none' : 'standard'),
  };
}

/** What is due of an account before it may take payments. */
export function requirementsOf(isReady: boolean): Stripe.Account.Requirements {
  const due = isReady ? [] : ['business_type', 'external_account', 'tos_acceptance.date', 'tos_acceptance.ip'];
  return {
    alternatives: [],
    current_deadline: null,
    currently_due: due,
    disabled_reason: isReady ? null : 'requirements.past_due',
    errors: [],
    eventually_due: due,
    past_due: due,
    pending_verification: [],
  };
}

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function randomPart(length: number): string {
  return Array.from(randomBytes(length), (byte) => LETTERS[byte % LETTERS.length]).join('');
}

export function fail(refusal: Refusal): never {
  throw refusal;
}

/** The id that a field holds: the fake keeps ids in them, and opens them only for an answer. '' when there is none. */
export function idOf(reference: string | { readonly id: string } | null | undefined): string {
  return typeof reference === 'string' ? reference : (reference?.id ?? '');
}
