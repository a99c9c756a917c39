import { z } from 'zod';
import { customerId } from './amounts';

/**
 * What the doctor can find: a stable code, how bad it is, and a title. What is so and what to do next is in the finding's
 * detail, written where it is found (core/doctor). A cause and its opposite are two codes.
 */
export const FINDINGS = {
  // Of a customer: the playbook's checklist and its troubleshooting table.
  AI_CREDITS_ON: ['ok', 'Calls are paid by the customer'],
  AI_CREDITS_OFF: ['warning', 'Calls are paid from your own balance'],
  PRICE_SET: ['ok', 'A price per minute is set'],
  PRICE_MISSING: ['broken', 'No price per minute is set'],
  PARTNER_PRICE_MISSING: ['broken', 'You have no price per minute of your own'],
  PRICE_ABOVE_COST: ['ok', 'The price covers the cost'],
  PRICE_BELOW_COST: ['broken', 'Calls are sold below their cost'],
  COST_UNKNOWN: ['warning', 'What calls cost you is not known'],
  BALANCE_FINE: ['ok', 'There are credits'],
  BALANCE_LOW: ['warning', 'Credits are low'],
  BALANCE_IN_GRACE: ['warning', 'The balance is used up, and grace or an overdraft carries the calls'],
  BALANCE_HELD: ['warning', 'All credits are reserved for live calls'],
  BALANCE_DISPUTED: ['warning', 'A payment is disputed, and its credits are set apart'],
  BALANCE_EMPTY: ['broken', 'The balance is used up'],
  GRACE_OFF: ['warning', 'No grace at an empty balance'],
  THRESHOLD_SET: ['ok', 'A low credit threshold is set'],
  THRESHOLD_MISSING: ['warning', 'No low credit threshold is set'],
  THRESHOLD_ABOVE_TOP_UP: ['warning', 'The threshold is never left'],
  THRESHOLD_TOO_LOW: ['warning', 'The threshold warns late'],
  NOTIFICATIONS_ON: ['ok', 'Low credit notifications are on'],
  NOTIFICATIONS_OFF: ['warning', 'Low credit notifications are off'],
  CALLS_RECOGNISED: ['ok', 'Calls are recognised as the customer’s'],
  MAPPING_MISSING: ['broken', 'No agent or number is the customer’s'],
  SUSPENSE_EMPTY: ['ok', 'No call of the customer’s waits'],
  SUSPENSE_OWN: ['broken', 'Calls that look like the customer’s wait uncharged'],
  CALLS_ARRIVE: ['ok', 'Calls arrive'],
  CALLS_NONE_YET: ['ok', 'No call has arrived yet'],
  CALLS_STOPPED: ['warning', 'Calls have stopped arriving'],
  DELIVERIES_FAILING: ['broken', 'Webhooks of your voice provider cannot be used'],
  HOLDS_STALE: ['warning', 'Credits are held for calls of which nothing is heard'],
  SPEND_LIMIT_REACHED: ['broken', 'A limit of spending is reached'],
  CONCURRENT_LIMIT_REACHED: ['warning', 'All calls at once are in use'],
  CLIENT_SEES_BALANCE: ['ok', 'The client sees its balance'],
  CLIENT_SEES_NOTHING: ['ok', 'The client sees nothing of Talktime'],
  PRICING_HIDDEN: ['warning', 'The client may look, and sees no balance'],
  PORTAL_OFF: ['warning', 'The client may see its balance, and has nowhere to look'],
  PLANS_VISIBLE: ['ok', 'The client sees plans to buy'],
  PLANS_HIDDEN: ['warning', 'The client sees no plan'],
  CHANNEL_LINKED: ['ok', 'The client has a Slack channel'],
  CHANNEL_NOT_LINKED: ['ok', 'The client has no Slack channel'],
  PAYMENT_NOT_CREDITED: ['broken', 'Paid, but not credited'],
  PAYMENT_UNHEARD: ['warning', 'A payment of which nothing was heard'],
  // Of the partner itself.
  PAYMENTS_OFF: ['ok', 'Payments by card are off'],
  PAYMENTS_CREDITED: ['ok', 'What was paid is credited'],
  PAYMENTS_DIFFER: ['broken', 'Stripe and the ledger differ'],
  STRIPE_ACCOUNT_READY: ['ok', 'Your Stripe account takes payments'],
  STRIPE_ACCOUNT_NOT_READY: ['broken', 'Your Stripe account takes no payments'],
  METERING_FAILING: ['broken', 'Usage that is billed afterwards does not reach Stripe'],
  STRIPE_EVENTS_WAITING: ['warning', 'What Stripe told waits'],
  ALERTS_ROUTED: ['ok', 'Alerts have somewhere to go'],
  ALERT_CHANNEL_MISSING: ['broken', 'Alerts have nowhere to go'],
  ALERT_ROUTES_DEAD: ['broken', 'Alerts no longer arrive somewhere'],
  ALERTS_UNDELIVERED: ['warning', 'Alerts were given up'],
  SLACK_OWNED: ['ok', 'Somebody in Slack is an owner'],
  SLACK_OWNER_MISSING: ['warning', 'Nobody in Slack is an owner'],
  SLACK_GONE: ['broken', 'The Slack app was removed'],
  WEBHOOKS_DELIVERED: ['ok', 'Your webhooks are delivered'],
  WEBHOOK_FAILING: ['warning', 'A webhook of yours is not delivered'],
  ENDPOINTS_HEARD: ['ok', 'Your voice providers deliver'],
  ENDPOINT_SILENT: ['warning', 'Nothing comes from a voice provider'],
  PARTNER_BALANCE_FINE: ['ok', 'Your own balance is fine'],
  PARTNER_BALANCE_LOW: ['warning', 'Your own balance is low'],
  PARTNER_BALANCE_EMPTY: ['broken', 'Your own balance is used up'],
  SUSPENSE_WAITING: ['warning', 'Calls wait for somebody to say whose they are'],
  CUSTOMERS_FINE: ['ok', 'No customer has anything broken'],
  CUSTOMERS_BROKEN: ['broken', 'Customers have something broken'],
} as const satisfies Record<string, readonly [state: 'ok' | 'warning' | 'broken', title: string]>;

export type FindingCode = keyof typeof FINDINGS;

export const findingState = z.enum(['ok', 'warning', 'broken']);

export const finding = z.object({
  code: z.enum(Object.keys(FINDINGS) as [FindingCode, ...FindingCode[]]).meta({ description: 'Stable' }),
  state: findingState,
  title: z.string(),
  detail: z.string().meta({ description: 'What is so, in plain words' }),
  next: z.string().nullable().meta({ description: 'What to do; null when there is nothing to do' }),
  mend: z
    .enum(['settings', 'top_up', 'suspense', 'alerts', 'payments'])
    .nullable()
    .meta({ description: 'Where that is done in Slack: the button that is shown' }),
});

/** What the doctor found. */
export const diagnosis = z.object({
  customer: z
    .object({ id: customerId, name: z.string() })
    .nullable()
    .meta({ description: 'null: the diagnosis is of the partner itself' }),
  state: findingState.meta({ description: 'The worst of the findings' }),
  findings: z.array(finding).meta({ description: 'Broken first, then warnings, then what is ok' }),
  broken_customers: z
    .object({
      examined: z.number().int(),
      count: z.number().int(),
      first: z.array(z.object({ id: customerId, name: z.string(), codes: z.array(z.string()) })),
    })
    .nullable()
    .meta({ description: 'Of the partner: how many customers have something broken, and the first ten' }),
});
