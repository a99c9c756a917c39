/**
 * Every refusal has a stable code, the HTTP status that goes with it, and a title. What happened and what to do next is
 * in the error's detail, written where it is raised. No error carries a secret.
 */
export const ERRORS = {
  REQUEST_INVALID: [400, 'The request does not have the documented form'],
  NUMBER_INVALID: [400, 'Not a plain decimal number'],
  NUMBER_PRECISION: [400, 'More than 6 decimals'],
  NUMBER_RANGE: [400, 'Beyond 8,000,000,000 credits'],
  AMOUNT_NOT_POSITIVE: [400, 'The amount must be above zero'],
  ALERT_LEVEL_INVALID: [400, 'The alert level makes no sense'],
  PARTNER_REQUIRED: [400, 'Say which partner is meant'],
  ACCOUNT_REQUIRED: [400, 'Say which account at the provider is meant'],
  PROVIDER_UNKNOWN: [400, 'No provider could be recognised'],
  PAYLOAD_UNREADABLE: [400, "The provider's payload could not be read"],
  UNAUTHENTICATED: [401, 'No valid API key'],
  SIGNATURE_MISSING: [401, 'The webhook is not signed'],
  SIGNATURE_INVALID: [401, 'The signature does not match'],
  SIGNATURE_EXPIRED: [401, 'The signature is too old or too far in the future'],
  INSUFFICIENT_CREDITS: [402, 'The balance does not cover it'],
  SCOPE_MISSING: [403, 'The API key may not do this'],
  HOST_KEY_REQUIRED: [403, "Only the host may raise a partner's wallet"],
  CUSTOMER_KEY_LIMITED: [403, 'The API key is limited to one customer'],
  ROUTE_NOT_FOUND: [404, 'There is no such address'],
  PARTNER_NOT_FOUND: [404, 'No such partner'],
  CUSTOMER_NOT_FOUND: [404, 'No such customer'],
  PLAN_NOT_FOUND: [404, 'No such credit plan'],
  SUBSCRIPTION_NOT_FOUND: [404, 'No such subscription'],
  OPERATION_NOT_FOUND: [404, 'No such operation'],
  PAYMENT_NOT_CREDITED: [404, 'The payment was not credited'],
  GRANT_NOT_FOUND: [404, 'No such grant'],
  CALL_NOT_FOUND: [404, 'No such call'],
  MAPPING_NOT_FOUND: [404, 'No such mapping'],
  ENDPOINT_NOT_FOUND: [404, 'No such webhook endpoint'],
  DELIVERY_NOT_FOUND: [404, 'No such delivery'],
  ALERT_NOT_FOUND: [404, 'No such alert'],
  ALERT_ROUTE_UNKNOWN: [404, 'Alerts do not go there'],
  API_KEY_NOT_FOUND: [404, 'No such API key'],
  IDEMPOTENCY_CONFLICT: [409, 'The idempotency key was used for something else'],
  FUNDING_IN_USE: [409, 'Customers still hold credits'],
  FUNDING_ALLOCATED: [409, 'Not with allocated funding'],
  COST_NOT_TRACKED: [409, 'Costs are not tracked with allocated funding'],
  CUSTOMER_EXISTS: [409, 'The customer id is taken'],
  PLAN_EXISTS: [409, 'The plan id is taken'],
  PLAN_INACTIVE: [409, 'The plan is not active'],
  PLAN_FREE: [409, 'The plan costs nothing'],
  SUBSCRIPTION_EXISTS: [409, 'The customer has a recurring plan already'],
  SUBSCRIPTION_ENDING: [409, 'The subscription ends with its period'],
  PLAN_NOT_RECURRING: [409, 'The plan is a one-off pack'],
  SUBSCRIPTION_ENDED: [409, 'The subscription has ended'],
  MAPPING_TAKEN: [409, 'The value belongs to another customer'],
  ENDPOINT_EXISTS: [409, 'The provider account has an endpoint'],
  SLACK_LAST_OWNER: [409, 'The last owner stays'],
  SLACK_CHANNEL_TAKEN: [409, "The channel is the partner's own"],
  SLACK_ROLE_NOT_FOUND: [404, 'Nobody by this id has a role'],
  SLACK_ROLE_LIMIT: [422, 'There are too many roles'],
  SLACK_NOT_INSTALLABLE: [409, 'The Slack app cannot be installed from here'],
  SLACK_TEAM_TAKEN: [409, 'The Slack workspace belongs to another partner'],
  WALLET_IN_USE: [409, 'The wallet has a history already'],
  GRANT_USED: [409, 'Nothing is left of the grant'],
  CALL_CLOSED: [409, 'The call is closed'],
  CALL_CUSTOMER_MISMATCH: [409, 'The call was charged to another customer'],
  CALL_NOT_IN_SUSPENSE: [409, 'The call is not in suspense'],
  CALL_UNMATCHED: [404, 'The call matches no customer'],
  HOLD_NOT_FOUND: [404, 'The call has no hold'],
  HOLD_ENDED: [409, 'The hold of the call has ended'],
  CALL_ENDED: [409, 'The call has ended already'],
  CONCURRENT_CALLS_LIMIT: [402, 'Too many calls at once'],
  SPEND_LIMIT: [402, 'The limit of spending is reached'],
  DISPUTE_OPEN: [402, 'A payment is disputed'],
  CALL_LINKED: [409, 'The same call is in the ledger by its other provider'],
  CALL_NOT_CHARGED: [409, 'The call is not charged'],
  BODY_TOO_LARGE: [413, 'The body is too large'],
  MOMENT_IN_FUTURE: [422, 'The moment has not passed yet'],
  GRANT_EXPIRED: [422, 'The credits would have expired'],
  RATE_REQUIRED: [422, 'No price per minute is set'],
  NOT_REVERSIBLE: [422, 'This operation cannot be reversed'],
  REVERSAL_TOO_LARGE: [422, 'More than is left of the operation'],
  WEBHOOK_NOT_FOUND: [404, 'There is no such webhook'],
  WEBHOOK_ADDRESS_REFUSED: [422, 'Webhooks are not sent to this address'],
  WEBHOOK_LIMIT: [422, 'There are too many webhooks'],
  WALLET_LIMIT: [422, 'The balance would go beyond 8,000,000,000 credits'],
  CALL_IMPLAUSIBLE: [422, 'The call is implausibly long'],
  PAYMENTS_OFF: [409, 'Payments are not set up here'],
  PAYMENTS_NOT_READY: [409, 'Payments cannot be taken yet'],
  BILLED_TWICE: [409, 'The customer would pay before and afterwards'],
  METERING_NOT_READY: [409, 'There is no meter yet'],
  PAYMENT_NOT_FOUND: [404, 'No such payment'],
  PAYMENT_NOT_PAID: [409, 'The payment was not paid'],
  REFUND_LIMIT: [422, 'More than can be given back'],
  PAYMENT_EXPIRED: [409, 'The payment was not made in time'],
  CARD_REQUIRED: [409, 'No card is saved'],
  TOP_UP_LIMIT: [422, 'The amount is outside the limits'],
  PRICE_NOT_PAYABLE: [422, 'The price cannot be paid'],
  STRIPE_REFUSED: [502, 'Stripe refused the request'],
  STRIPE_UNREACHABLE: [503, 'Stripe did not answer as it should'],
  RATE_LIMITED: [429, 'Too many requests'],
  INTERNAL: [500, 'Something went wrong on our side'],
  OVERLOADED: [503, 'Too much is waiting'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ErrorCode = keyof typeof ERRORS;

/** A refusal: nothing was changed. `detail` says what happened and what to do next. */
export class TalktimeError extends Error {
  override readonly name = 'TalktimeError';

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly errors?: { path: string; message: string }[],
  ) {
    super(`${code}: ${detail}`);
  }

  get status(): number {
    return ERRORS[this.code][0];
  }

  get title(): string {
    return ERRORS[this.code][1];
  }
}
