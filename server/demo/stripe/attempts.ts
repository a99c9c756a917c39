import type Stripe from 'stripe';
import type { Decline, TestCard } from './cards';
import { newCharge } from './charges';
import { Refusal } from './errors';
import { attach } from './payment-methods';
import type { World } from './route';
import { randomPart } from './state';

/** How somebody tries to pay. */
export interface Attempt {
  readonly method: Stripe.PaymentMethod;
  /** The card's owner is there, and can authenticate. */
  readonly isPresent: boolean;
  /** They have authenticated. */
  readonly isAuthenticated: boolean;
}

export type Outcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'processing' }
  | { readonly kind: 'authenticate' }
  | { readonly kind: 'declined'; readonly decline: Decline };

const AUTHENTICATION_REQUIRED: Decline = {
  code: 'authentication_required',
  declineCode: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
};

export const AUTHENTICATION_FAILED: Decline = {
  code: 'payment_intent_authentication_failure',
  declineCode: '',
  message: 'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
};

/** What a bank answers. */
export function decide(card: TestCard | undefined, isSetUp: boolean, attempt: Omit<Attempt, 'method'>): Outcome {
  if (!card) return { kind: 'processing' };
  const wants = card.authentication === 'always' || (card.authentication === 'unless set up' && !isSetUp);
  if (wants && !attempt.isAuthenticated)
    return attempt.isPresent ? { kind: 'authenticate' } : { kind: 'declined', decline: AUTHENTICATION_REQUIRED };
  return card.decline ? { kind: 'declined', decline: card.decline } : { kind: 'succeeded' };
}

/** Tries to take a payment: changes the PaymentIntent, makes its charge, and says what happened. */
export function attemptPayment(world: World, intent: Stripe.PaymentIntent, attempt: Attempt): Outcome {
  const { account, events, cause, state } = world;
  const { method } = attempt;
  const outcome = decide(account.cards.get(method.id), account.setUp.has(method.id), attempt);
  intent.payment_method = method.id;
  intent.last_payment_error = null;
  intent.next_action = null;
  intent.payment_method_types = [...new Set([...intent.payment_method_types, method.type])];
  switch (outcome.kind) {
    case 'authenticate':
      intent.status = 'requires_action';
      intent.next_action = {
        type: 'redirect_to_url',
        redirect_to_url: { return_url: null, url: `${state.origin()}/authenticate/${account.id}/${intent.id}` },
      };
      events.add(account, cause, 'payment_intent.requires_action', intent);
      return outcome;
    case 'declined':
      declinePayment(world, intent, method, outcome.decline);
      return outcome;
    case 'processing': {
      saveForLater(world, intent, method);
      const charge = newCharge(world, intent, method, 'pending');
      intent.status = 'processing';
      intent.latest_charge = charge.id;
      events.add(account, cause, 'payment_intent.processing', intent);
      events.add(account, cause, 'charge.pending', charge);
      return outcome;
    }
    case 'succeeded': {
      saveForLater(world, intent, method);
      const charge = newCharge(world, intent, method, 'succeeded');
      completePayment(world, intent, charge);
      return outcome;
    }
  }
}

/** The money is there. */
export function completePayment(world: World, intent: Stripe.PaymentIntent, charge: Stripe.Charge): void {
  const { account, events, cause } = world;
  charge.status = 'succeeded';
  charge.paid = true;
  charge.balance_transaction = `txn_${randomPart(24)}`;
  if (intent.application_fee_amount !== null) charge.application_fee = `fee_${randomPart(24)}`;
  intent.status = 'succeeded';
  intent.amount_received = intent.amount;
  intent.latest_charge = charge.id;
  intent.last_payment_error = null;
  events.add(account, cause, 'charge.succeeded', charge);
  events.add(account, cause, 'payment_intent.succeeded', intent);
}

/** The bank said no. `charge`: one that was on its way. */
export function declinePayment(
  world: World,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  decline: Decline,
  charge: Stripe.Charge | null = newCharge(world, intent, method, decline),
): void {
  const { account, events, cause } = world;
  if (charge) {
    charge.status = 'failed';
    charge.paid = false;
    charge.failure_code = decline.code;
    charge.failure_message = decline.message;
    intent.latest_charge = charge.id;
    events.add(account, cause, 'charge.failed', charge);
  }
  intent.status = 'requires_payment_method';
  intent.payment_method = null;
  intent.next_action = null;
  intent.last_payment_error = {
    type: 'card_error',
    ...(charge ? { charge: charge.id } : {}),
    code: decline.code as Stripe.PaymentIntent.LastPaymentError.Code,
    ...(decline.declineCode === '' ? {} : { decline_code: decline.declineCode }),
    doc_url: `https://stripe.com/docs/error-codes/${decline.code.replaceAll('_', '-')}`,
    message: decline.message,
    payment_method: structuredClone(method),
  };
  events.add(account, cause, 'payment_intent.payment_failed', intent);
}

/** The 402 of a declined confirmation: the PaymentIntent is inside. */
export function cardRefusal(intent: Stripe.PaymentIntent): Refusal {
  const error = intent.last_payment_error;
  return new Refusal(402, {
    ...(error?.charge === undefined ? {} : { charge: error.charge }),
    code: error?.code ?? 'card_declined',
    ...(error?.decline_code === undefined ? {} : { decline_code: error.decline_code }),
    ...(error?.doc_url === undefined ? {} : { doc_url: error.doc_url }),
    message: error?.message ?? 'Your card was declined.',
    payment_intent: structuredClone(intent),
    ...(error?.payment_method === undefined ? {} : { payment_method: error.payment_method }),
    type: 'card_error',
  });
}

function saveForLater(world: World, intent: Stripe.PaymentIntent, method: Stripe.PaymentMethod): void {
  if (intent.setup_future_usage === null || typeof intent.customer !== 'string') return;
  attach(world, method, intent.customer);
  if (intent.setup_future_usage === 'off_session') world.account.setUp.add(method.id);
}
