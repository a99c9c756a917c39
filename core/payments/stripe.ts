import Stripe from 'stripe';
import { TalktimeError } from '../contract/errors';

/** The host's own account, or a connected one (acct_…). */
export type Account = string;
export const HOST_ACCOUNT: Account = 'host';

/** The version that requests and webhooks are in; the package's types are of it. */
export const API_VERSION = '2026-10-28.endive';

export interface StripeOptions {
  /** sk_… or, better, a restricted key rk_…: docs/operators.md lists what it must be allowed. */
  readonly secretKey: string;
  /** Of the endpoint for the host's own account, and of the one for connected accounts. */
  readonly webhookSecret: string;
  readonly connectWebhookSecret?: string;
  /** Somewhere else than Stripe: http://127.0.0.1:1234 */
  readonly apiUrl?: string;
}

const PATIENCE_MILLISECONDS = 20_000;

/** Stripe, on behalf of the host or of a connected account. */
export class StripeAccess {
  readonly client: Stripe;

  constructor(readonly options: StripeOptions) {
    const url = options.apiUrl === undefined ? null : new URL(options.apiUrl);
    this.client = new Stripe(options.secretKey, {
      apiVersion: API_VERSION,
      telemetry: false,
      timeout: PATIENCE_MILLISECONDS,
      maxNetworkRetries: 1, // with the same idempotency key
      appInfo: { name: 'Talktime' },
      ...(url && { host: url.hostname, port: url.port, protocol: url.protocol === 'http:' ? 'http' : 'https' }),
    });
  }

  /**
   * Asks something of Stripe.
   * @throws TalktimeError STRIPE_UNREACHABLE when whether it was done is unknown (ask again with the same idempotency
   * key), STRIPE_REFUSED when it was not. A declined card is a Stripe.errors.StripeCardError, for the caller to handle.
   */
  async ask<T>(account: Account, what: (client: Stripe, at: Stripe.RequestOptions) => Promise<T>): Promise<T> {
    try {
      return await what(this.client, account === HOST_ACCOUNT ? {} : { stripeAccount: account });
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

/** Whether an account is not (or no longer) connected. https://docs.stripe.com/error-codes#account-invalid */
export function isAccessLost(error: unknown): boolean {
  return error instanceof Stripe.errors.StripePermissionError && error.code === 'account_invalid';
}

/** Whether a customer is not there any more: deleted at Stripe, or made with the key of another account or mode. */
export function isCustomerGone(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError &&
    error.code === 'resource_missing' &&
    error.param === 'customer'
  );
}

const ACCOUNT_GONE =
  'Stripe gives no access to the connected account any more. Its owner connects it again: POST /v1/stripe/connect.';
const KEY_REFUSED =
  'Stripe does not accept the key of this service for that. Whoever runs it checks STRIPE_SECRET_KEY and what it may do (docs/operators.md).';

/** Whether Stripe refused the service itself, and did not look at what was asked. */
export function isAboutAccess({ detail }: TalktimeError): boolean {
  return detail === ACCOUNT_GONE || detail === KEY_REFUSED;
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError) || error instanceof Stripe.errors.StripeCardError) return error;
  if (isAccessLost(error)) return new TalktimeError('STRIPE_REFUSED', ACCOUNT_GONE);
  if (error instanceof Stripe.errors.StripeAuthenticationError || error instanceof Stripe.errors.StripePermissionError)
    // Stripe's own words quote parts of the key.
    return new TalktimeError('STRIPE_REFUSED', KEY_REFUSED);
  const status = error.statusCode ?? 0;
  const isUnknown = status === 0 || status === 409 || status === 429 || status >= 500;
  return isUnknown
    ? new TalktimeError('STRIPE_UNREACHABLE', 'Stripe did not answer as it should. Try again; the same key is safe.')
    : new TalktimeError('STRIPE_REFUSED', `Stripe says: ${error.message}`);
}
