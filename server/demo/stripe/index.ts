import type Stripe from 'stripe';
import { AccountLinks, ACCOUNTS, completeOnboarding, deauthorize, setChargesEnabled } from './accounts';
import { cardOf } from './cards';
import { CHARGES } from './charges';
import { CHECKOUT, expireSession } from './checkout';
import { CUSTOMERS } from './customers';
import { DISPUTES, newDispute, setDispute, type DisputeStatus, type NewDispute } from './disputes';
import { Events, EVENTS } from './events';
import { Faults, type Fault, type FaultRules } from './faults';
import { IdempotencyKeys } from './idempotency';
import { METERS } from './meters';
import { successOf } from './pages';
import { authenticateIntent, authenticateOn, payOn, resolveDelayedOn, type Paid, type Payment } from './pay';
import { attach, detach, newCard, PAYMENT_METHODS } from './payment-methods';
import { PAYMENT_INTENTS } from './payment-intents';
import { newRefund, REFUNDS, setRefund, type NewRefund, type RefundStatus } from './refunds';
import type { World } from './route';
import { Sender } from './sender';
import { startStripeServer, type KeyRights } from './server';
import { SETUP_INTENTS } from './setup-intents';
import { idOf, API_VERSION, randomPart, StripeState, type Account, type Kind, type Objects } from './state';
import type { Request } from './transcript';
import { WEBHOOK_ENDPOINTS } from './webhook-endpoints';

export { API_VERSION } from './state';
export type { Fault, FaultCall, FaultRules } from './faults';
export type { DisputeStatus, NewDispute } from './disputes';
export type { NewRefund, RefundStatus } from './refunds';
export type { Paid, Payment } from './pay';
export type { DeliverOptions, Delivery, Endpoint, Sender, Sent } from './sender';
export type { KeyRights } from './server';
export type { Request } from './transcript';

export interface FakeStripeOptions {
  /** Milliseconds since 1970: what the fake takes for now. */
  readonly now?: () => number;
  /** The keys that work, and what each may do. One that may do everything, unless said otherwise. */
  readonly keys?: Readonly<Record<string, KeyRights>>;
  /** The host's own account. */
  readonly accountId?: string;
  /** Tax where a session asks for it, in basis points: 1,000 is 10 %. */
  readonly taxRate?: number;
  readonly port?: number;
  /** When signatures are made, if not by the real clock (which the stripe package checks their age by). */
  readonly signedAt?: () => number;
  /** What the pages call the seller of an account. */
  readonly sellerOf?: (accountId: string) => string;
}

/**
 * Stripe on loopback, for tests and the demo: its API, strict about what it is sent; people who pay, or do not; and
 * webhooks, in whatever order. The real stripe package talks to it: `new Stripe(fake.key, fake.config)`.
 * test/server/stripe holds it against what others wrote: the stripe package's types, `emulate`, stripe-stateful-mock.
 */
export interface FakeStripe {
  /** http://127.0.0.1:… — where the pages are. */
  readonly origin: string;
  /** The first of the keys. */
  readonly key: string;
  /** For `new Stripe(key, config)`. */
  readonly config: { host: string; port: number; protocol: 'http'; apiVersion: typeof API_VERSION; telemetry: false };
  readonly hostId: string;
  readonly state: StripeState;

  /** What an account holds, as it is now: `get('paymentIntent', 'pi_…')`, whichever account holds it. */
  get<K extends Kind>(kind: K, id: string): Objects[K];
  /** All of a kind, oldest first; of the host's account unless said otherwise. */
  all<K extends Kind>(kind: K, accountId?: string): Objects[K][];

  /** A connected account that may take payments, unless said otherwise. */
  addAccount(options?: { id?: string; chargesEnabled?: boolean }): string;
  /** Its owner has told Stripe who they are. */
  completeOnboarding(accountId: string): void;
  setChargesEnabled(accountId: string, isOn: boolean): void;
  /** Its owner disconnects it. */
  deauthorize(accountId: string): void;
  /** Saves a card with a customer, as if it had been set up, unless said otherwise. */
  addCard(customerId: string, number?: string, options?: { isSetUp?: boolean }): Stripe.PaymentMethod;
  removeCard(paymentMethodId: string): void;

  /** Somebody pays on the session's page. */
  pay(sessionId: string, payment?: Payment): Paid;
  /** Where the session's page leads to then. */
  successUrl(sessionId: string): string;
  /** On the page of a bank that waits: cs_… or pi_… */
  authenticate(id: string, isYes?: boolean): void;
  /** A delayed payment comes in, or does not. */
  resolveDelayed(sessionId: string, isThere: boolean): void;
  expire(sessionId: string): void;

  /** Somebody gives money back in Stripe's dashboard: of ch_… or pi_… */
  refund(chargeOrIntent: string, terms?: NewRefund): Stripe.Refund;
  setRefund(refundId: string, status: RefundStatus, why?: string): void;
  failRefund(refundId: string, why?: string): void;
  /** How refunds by the API begin; null: as the payment method has it. */
  refundsBegin(status: 'pending' | 'succeeded' | null): void;
  dispute(chargeOrIntent: string, terms?: NewDispute): Stripe.Dispute;
  setDispute(disputeId: string, status: DisputeStatus): void;

  /** What time has done by now: sessions expire. Each request to the fake does that first. */
  tick(): void;

  /** All requests to the API, in order. */
  readonly requests: Request[];
  /** Those to one address: `POST /v1/refunds`. */
  requestsTo(address: string): Request[];

  /** The next calls of an address go so, one each: `script('POST /v1/payment_intents', 'cut after')`. */
  script(address: string, ...faults: Fault[]): void;
  /** Calls of an address go so until the result is called. */
  fail(address: string, fault: Fault, rules?: FaultRules): () => void;
  clearFaults(): void;
  /** Runs between what was done and its answer, and is waited for. The result ends it. */
  beforeAnswer(hook: (request: Request) => Promise<void> | void): () => void;

  /** Endpoints; what is on its way; what was sent and answered. */
  readonly webhooks: Sender;
  /** What happened in an account (the host's unless said otherwise), oldest first. */
  events(accountId?: string): Stripe.Event[];

  close(): Promise<void>;
}

export async function startFakeStripe(options: FakeStripeOptions = {}): Promise<FakeStripe> {
  const now = options.now ?? Date.now;
  const keys = new Map(Object.entries(options.keys ?? { [`sk_test_${randomPart(24)}`]: 'all' as const }));
  let origin = '';
  const state = new StripeState(
    now,
    options.accountId ?? `acct_1${randomPart(15)}`,
    () => origin,
    options.taxRate ?? 1_000,
  );
  const events = new Events(state);
  const sender = new Sender(now, options.signedAt ?? Date.now, state.host.id);
  events.listen((event, account) => sender.take(event, account.id));
  const faults = new Faults();
  const links = new AccountLinks();
  const requests: Request[] = [];
  const hooks = new Set<(request: Request) => Promise<void> | void>();
  let refundsBegin: 'pending' | 'succeeded' | null = null;
  const [key = ''] = keys.keys();

  const worldOf = (account: Account): World => ({ state, account, events, cause: null });
  const tick = () => {
    for (const account of state.accounts.values())
      for (const session of account.all('checkoutSession').values())
        if (session.status === 'open' && session.expires_at <= state.seconds())
          expireSession(worldOf(account), session);
  };
  const sessionOf = (id: string) => {
    tick();
    const { account, object } = state.find('checkoutSession', id);
    return { world: worldOf(account), session: object };
  };
  const chargeOf = (id: string) => {
    if (!id.startsWith('pi_')) {
      const { account, object } = state.find('charge', id);
      return { world: worldOf(account), charge: object };
    }
    const { account, object } = state.find('paymentIntent', id);
    return { world: worldOf(account), charge: account.get('charge', idOf(object.latest_charge)) };
  };

  const server = await startStripeServer({
    state,
    events,
    links,
    faults,
    keys,
    requests,
    tick,
    port: options.port ?? 0,
    idempotency: new IdempotencyKeys(now),
    sellerOf: ({ id }) => options.sellerOf?.(id) ?? 'Talktime',
    routes: [
      ...CUSTOMERS,
      ...CHECKOUT,
      ...PAYMENT_INTENTS,
      ...SETUP_INTENTS,
      ...PAYMENT_METHODS,
      ...CHARGES,
      ...REFUNDS(() => refundsBegin),
      ...DISPUTES,
      ...EVENTS,
      ...ACCOUNTS(links, () => key),
      ...METERS,
      ...WEBHOOK_ENDPOINTS(sender),
    ],
    async beforeAnswer(request) {
      for (const hook of [...hooks]) await hook(request);
    },
  });
  origin = `http://127.0.0.1:${server.port}`;

  const setOneRefund = (id: string, status: RefundStatus, why?: string) => {
    const { account, object } = state.find('refund', id);
    setRefund(worldOf(account), object, status, why);
  };

  return {
    origin,
    key,
    config: { host: '127.0.0.1', port: server.port, protocol: 'http', apiVersion: API_VERSION, telemetry: false },
    hostId: state.host.id,
    state,
    get: (kind, id) => state.find(kind, id).object,
    all: (kind, accountId) => [
      ...state
        .account(accountId ?? state.host.id)
        .all(kind)
        .values(),
    ],
    addAccount({ id = `acct_1${randomPart(15)}`, chargesEnabled = true } = {}) {
      return state.addAccount(id, { isReady: chargesEnabled }).id;
    },
    completeOnboarding: (id) => completeOnboarding({ state, events }, id),
    setChargesEnabled: (id, isOn) => setChargesEnabled({ state, events }, id, isOn),
    deauthorize: (id) => deauthorize({ state, events }, id),
    addCard(customerId, number = '4242424242424242', { isSetUp = true } = {}) {
      const { account } = state.find('customer', customerId);
      const card = cardOf(number);
      if (!card) throw new Error(`${number} is none of the test cards`);
      const method = newCard(worldOf(account), card);
      attach(worldOf(account), method, customerId);
      if (isSetUp) account.setUp.add(method.id);
      return method;
    },
    removeCard(id) {
      const { account, object } = state.find('paymentMethod', id);
      detach(worldOf(account), object);
    },
    pay(id, payment = {}) {
      const { world, session } = sessionOf(id);
      return payOn(world, session, payment);
    },
    successUrl: (id) => successOf(sessionOf(id).session),
    authenticate(id, isYes = true) {
      if (id.startsWith('cs_')) {
        const { world, session } = sessionOf(id);
        authenticateOn(world, session, isYes);
        return;
      }
      const { account, object } = state.find('paymentIntent', id);
      authenticateIntent(worldOf(account), object, isYes);
    },
    resolveDelayed(id, isThere) {
      const { world, session } = sessionOf(id);
      resolveDelayedOn(world, session, isThere);
    },
    expire(id) {
      const { world, session } = sessionOf(id);
      expireSession(world, session);
    },
    refund(id, terms = {}) {
      const { world, charge } = chargeOf(id);
      return newRefund(world, charge, terms);
    },
    setRefund: setOneRefund,
    failRefund: (id, why) => setOneRefund(id, 'failed', why),
    refundsBegin: (status) => void (refundsBegin = status),
    dispute(id, terms = {}) {
      const { world, charge } = chargeOf(id);
      return newDispute(world, charge, terms);
    },
    setDispute(id, status) {
      const { account, object } = state.find('dispute', id);
      setDispute(worldOf(account), object, status);
    },
    tick,
    requests,
    requestsTo: (address) => requests.filter((request) => request.address === address),
    script: (address, ...list) => faults.next(address, list),
    fail: (address, fault, rules) => faults.always(address, fault, rules),
    clearFaults: () => faults.clear(),
    beforeAnswer(hook) {
      hooks.add(hook);
      return () => void hooks.delete(hook);
    },
    webhooks: sender,
    events: (accountId) => [
      ...state
        .account(accountId ?? state.host.id)
        .all('event')
        .values(),
    ],
    async close() {
      await server.close();
      await sender.settled();
    },
  };
}
