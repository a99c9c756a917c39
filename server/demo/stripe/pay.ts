import type Stripe from 'stripe';
import { AUTHENTICATION_FAILED, attemptPayment, completePayment, declinePayment, type Outcome } from './attempts';
import { cardOf, OK_CARD } from './cards';
import { PAYMENT_TERMS } from './checkout';
import { newPaymentIntent } from './payment-intents';
import { newBankAccount, newCard } from './payment-methods';
import type { World } from './route';
import { idOf } from './state';
import { addTax } from './sale';
import { attemptSetup, declineSetup } from './setup-intents';

/** What somebody does on the pay page. */
export interface Payment {
  /** A test card's number: 4242 4242 4242 4242 unless said otherwise. 'delayed': a bank account, whose money takes days. */
  readonly with?: string;
  /** When the bank wants them to authenticate: whether they do. 'later': the page of the bank stays open. */
  readonly authenticates?: boolean | 'later';
  readonly email?: string;
  readonly name?: string;
  /** Two letters; for tax. */
  readonly country?: string;
  readonly postalCode?: string;
}

export type Paid = 'paid' | 'processing' | 'saved' | 'declined' | 'authenticate';

/** Somebody pays a session, or tries to. @throws Error: it is not open. */
export function payOn(world: World, session: Stripe.Checkout.Session, payment: Payment): Paid {
  if (session.status !== 'open') throw new Error(`${session.id} is ${session.status}: nobody can pay on it`);
  const { account } = world;
  fillIn(world, session, payment);
  const isDelayed = payment.with === 'delayed';
  const card = isDelayed ? null : cardOf(payment.with ?? OK_CARD);
  if (!isDelayed && !card) throw new Error(`${payment.with} is none of the test cards`);
  const { name, email, address } = session.customer_details ?? {};
  const method = card
    ? newCard(world, card, { name: name ?? null, email: email ?? null, address: address ?? null })
    : newBankAccount(world, session.currency ?? 'usd');
  const first = attempt(world, session, method, payment.authenticates === true);
  if (first.kind !== 'authenticate' || payment.authenticates === 'later') return end(world, session, first);
  // They were shown their bank's page, and went away from it without saying yes.
  return authenticateOn({ ...world, account }, session, payment.authenticates ?? true);
}

/** On the page of the bank: yes, or no. */
export function authenticateOn(world: World, session: Stripe.Checkout.Session, isYes: boolean): Paid {
  const { account } = world;
  if (typeof session.setup_intent === 'string') {
    const intent = account.get('setupIntent', session.setup_intent);
    const method = account.get('paymentMethod', idOf(intent.payment_method));
    if (isYes) return end(world, session, attemptSetup(world, intent, method, true));
    declineSetup(world, intent, method, { ...AUTHENTICATION_FAILED, code: 'setup_intent_authentication_failure' });
    return 'declined';
  }
  const intent = account.get('paymentIntent', idOf(session.payment_intent));
  return end(world, session, authenticateIntent(world, intent, isYes));
}

/** The owner of the card authenticates a PaymentIntent that waits for it, or does not. */
export function authenticateIntent(world: World, intent: Stripe.PaymentIntent, isYes: boolean): Outcome {
  if (intent.status !== 'requires_action') throw new Error(`${intent.id} waits for nobody: it is ${intent.status}`);
  const method = world.account.get('paymentMethod', idOf(intent.payment_method));
  if (isYes) return attemptPayment(world, intent, { method, isPresent: true, isAuthenticated: true });
  declinePayment(world, intent, method, AUTHENTICATION_FAILED, null);
  return { kind: 'declined', decline: AUTHENTICATION_FAILED };
}

/** What a delayed payment comes to after days. */
export function resolveDelayedOn(world: World, session: Stripe.Checkout.Session, isThere: boolean): void {
  const { account, events, cause } = world;
  const intent = account.get('paymentIntent', idOf(session.payment_intent));
  if (intent.status !== 'processing') throw new Error(`${intent.id} is ${intent.status}: nothing of it is on its way`);
  const charge = account.get('charge', idOf(intent.latest_charge));
  const method = account.get('paymentMethod', idOf(intent.payment_method));
  if (isThere) completePayment(world, intent, charge);
  else
    declinePayment(
      world,
      intent,
      method,
      {
        code: 'payment_intent_payment_attempt_failed',
        declineCode: '',
        message: 'The payment failed: the bank account has insufficient funds.',
      },
      charge,
    );
  session.payment_status = isThere ? 'paid' : 'unpaid';
  events.add(
    account,
    cause,
    isThere ? 'checkout.session.async_payment_succeeded' : 'checkout.session.async_payment_failed',
    session,
  );
}

/** What the page asks for: who they are, and where. Tax follows from that. */
function fillIn({ state, account, events, cause }: World, session: Stripe.Checkout.Session, payment: Payment): void {
  const before = session.customer_details;
  const country = payment.country ?? before?.address?.country ?? 'US';
  const address: Stripe.Address = {
    city: null,
    line1: null,
    line2: null,
    state: null,
    ...before?.address,
    country,
    postal_code: payment.postalCode ?? before?.address?.postal_code ?? null,
  };
  session.customer_details = {
    address,
    business_name: null,
    email: before?.email ?? payment.email ?? 'jenny@example.com',
    individual_name: null,
    name: payment.name ?? before?.name ?? 'Jenny Rosen',
    phone: before?.phone ?? null,
    tax_exempt: before?.tax_exempt ?? 'none',
    tax_ids: [],
  };
  if (session.automatic_tax.status !== 'requires_location_inputs') return;
  addTax(state.taxRate, account, session);
  if (typeof session.customer !== 'string') return;
  const customer = account.get('customer', session.customer);
  customer.address = address;
  events.add(account, cause, 'customer.updated', customer);
}

function attempt(
  world: World,
  session: Stripe.Checkout.Session,
  method: Stripe.PaymentMethod,
  isAuthenticated: boolean,
): Outcome {
  const { account } = world;
  if (session.mode === 'setup')
    return attemptSetup(world, account.get('setupIntent', idOf(session.setup_intent)), method, isAuthenticated);
  const intent =
    typeof session.payment_intent === 'string'
      ? account.get('paymentIntent', session.payment_intent)
      : intentOf(world, session);
  session.payment_intent = intent.id;
  intent.amount = session.amount_total ?? 0;
  return attemptPayment(world, intent, { method, isPresent: true, isAuthenticated });
}

function intentOf(world: World, session: Stripe.Checkout.Session): Stripe.PaymentIntent {
  const terms = PAYMENT_TERMS.get(session) ?? {};
  return newPaymentIntent(world, {
    amount: session.amount_total ?? 0,
    currency: session.currency ?? 'usd',
    customer: typeof session.customer === 'string' ? session.customer : null,
    description: terms.description,
    metadata: terms.metadata,
    applicationFee: terms.application_fee_amount,
    receiptEmail: terms.receipt_email,
    setupFutureUsage: terms.setup_future_usage,
    methodTypes: session.payment_method_types,
  });
}

function end({ account, events, cause }: World, session: Stripe.Checkout.Session, outcome: Outcome): Paid {
  if (outcome.kind === 'declined') return 'declined';
  if (outcome.kind === 'authenticate') return 'authenticate';
  const isSetup = session.mode === 'setup';
  session.status = 'complete';
  session.url = null;
  session.payment_status = isSetup ? 'no_payment_required' : outcome.kind === 'succeeded' ? 'paid' : 'unpaid';
  events.add(account, cause, 'checkout.session.completed', session);
  if (isSetup) return 'saved';
  return outcome.kind === 'succeeded' ? 'paid' : 'processing';
}
