import type Stripe from 'stripe';

/** The error object of an answer, as far as Stripe's own types name it. */
export interface ErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  doc_url?: string;
  charge?: string;
  payment_intent?: Stripe.PaymentIntent;
  payment_method?: Stripe.PaymentMethod;
  setup_intent?: Stripe.SetupIntent;
}

/** What Stripe refuses, and how. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(body.message);
  }
}

/** 400: the request cannot be done as it was sent. */
export function invalid(message: string, code?: string, param?: string): Refusal {
  return new Refusal(400, {
    ...(code === undefined
      ? {}
      : { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` }),
    message,
    ...(param === undefined ? {} : { param }),
    type: 'invalid_request_error',
  });
}

/** 404 for what the address names; Stripe answers 400 when a parameter names it. */
export function missing(what: string, id: string, param: string, status: 400 | 404): Refusal {
  return new Refusal(status, {
    code: 'resource_missing',
    doc_url: 'https://stripe.com/docs/error-codes/resource-missing',
    message: `No such ${what}: '${id}'`,
    param,
    type: 'invalid_request_error',
  });
}

export function noAccess(key: string, account: string): Refusal {
  return new Refusal(403, {
    code: 'account_invalid',
    doc_url: 'https://stripe.com/docs/error-codes/account-invalid',
    message: `The provided key '${censored(key)}' does not have access to account '${account}' (or that account does not exist). Application access may have been revoked.`,
    type: 'invalid_request_error',
  });
}

/** sk_test_abc****cret: how Stripe names a key in what it says. */
export function censored(key: string): string {
  return `${key.slice(0, 11)}${'*'.repeat(Math.max(0, key.length - 15))}${key.slice(-4)}`;
}
