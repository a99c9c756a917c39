import { z } from 'zod';
import { credits, customerId, decimalText, moment, status } from './amounts';

/** How a call's seconds become billed seconds: the first `initial_seconds` at least, then steps of `increment_seconds` (money-rules 2). */
export const rounding = z.object({
  initial_seconds: z.number().int().min(1).max(3600),
  increment_seconds: z.number().int().min(1).max(3600),
});

/** A price per minute is typed in credits or in the partner's money; one of the two. */
export const pricePerMinute = z
  .union([z.object({ credits: decimalText }).strict(), z.object({ money: decimalText }).strict()])
  .meta({ description: 'AI Credit Price Per Minute, in credits or in money', example: { credits: '12' } });

/** So many levels at most, in a list of them. */
const MOST_LEVELS = 10;

const levelShape = {
  status: z.enum(['low', 'critical']),
  kind: z.enum(['credits', 'percent', 'minutes', 'days']).meta({
    description:
      'What `value` counts: credits; percent of the credits last bought; minutes at the rate in force; days at the pace of the last weeks ("runs out in N days")',
  }),
};

/** A level as it is sent: the status that a balance has when it is down to it. */
export const alertLevel = z
  .object({ ...levelShape, value: decimalText.meta({ example: '25' }) })
  .strict()
  .meta({ example: { status: 'low', kind: 'percent', value: '25' } });

export const alertLevels = z.array(alertLevel).max(MOST_LEVELS);

const alertLevelShown = z.object({ ...levelShape, value: z.number().meta({ example: 25 }) });

/** Whom e-mail alerts go to. */
export const alertEmails = z
  .array(z.string().trim().toLowerCase().max(254).pipe(z.email('Use an e-mail address such as ops@example.com')))
  .max(10)
  .refine((all) => new Set(all).size === all.length, 'Name each address once')
  .meta({ description: 'Where e-mail alerts go, 10 addresses at most', example: ['ops@example.com'] });

/** How long a balance is expected to last. */
export const runway = z
  .object({
    days: z.number().meta({ description: 'Days until the balance is used up, as expected' }),
    from: z.number().meta({ description: 'The range that the true moment falls into in about 8 of 10 cases' }),
    to: z.number().nullable().meta({ description: 'Its end; null beyond a year' }),
  })
  .meta({ description: 'At the pace of the last 4 weeks', example: { days: 6.2, from: 4.1, to: 9.8 } });

const settingsShape = {
  ai_credits_enabled: z
    .boolean()
    .meta({ description: 'AI Credits Enabled. On: calls deduct from the customer. Off: from the partner.' }),
  grace_seconds: z.number().int().min(0).max(3600).meta({ description: 'Grace Period (seconds)' }),
  shortfall_policy: z
    .enum(['debt', 'partner'])
    .meta({ description: 'Who pays what a call costs beyond the balance: the customer, as debt, or the partner' }),
  low_credit_notifications_enabled: z.boolean().meta({ description: 'Low Credit Notifications Enabled' }),
  show_pricing_information: z
    .boolean()
    .meta({ description: 'Show Pricing Information: may the customer see rate and balance' }),
  customer_portal_enabled: z.boolean().meta({ description: 'Customer Portal Enabled' }),
  restrict_credit_plan_visibility: z.boolean().meta({ description: 'Restrict Credit Plan Visibility' }),
  max_call_seconds: z.number().int().min(1).max(86_400).meta({ description: 'The longest call that is authorised' }),
  max_concurrent_calls: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .nullable()
    .meta({ description: 'Authorised calls at once; null for no limit' }),
  end_calls_when_exhausted: z.boolean().meta({
    description: 'Hang up when the balance has run out; needs the API key of the provider (retell, vapi)',
  }),
  gate_failure: z.enum(['closed', 'open']).meta({
    description: 'When the ledger cannot answer whether a call may begin: refuse it (closed), or let it through (open)',
  }),
  visible_credit_plan_ids: z
    .array(z.string().max(64))
    .max(100)
    .meta({ description: 'Visible Customer Credit Plan IDs' }),
  alert_emails: alertEmails,
};

/** The customer's Manage panel, as it is sent. What is left out stays as it is. */
export const settingsPatch = z
  .object({
    ...settingsShape,
    price_per_minute: pricePerMinute,
    rounding,
    overdraft: decimalText.meta({ description: 'Credits that the balance may go below zero' }),
    low_credit_threshold: decimalText
      .nullable()
      .meta({ description: 'Low Credit Threshold in credits; null for none' }),
    alert_levels: alertLevels.nullable().meta({
      description:
        "Levels of the balance beside the threshold, each of which raises a status; null for the partner's (customer_alert_levels), [] for none",
    }),
    max_spend_per_day: decimalText
      .nullable()
      .meta({ description: 'Credits that calls may be authorised for in a day (UTC); null for no limit' }),
    max_spend_per_month: decimalText.nullable().meta({ description: 'The same for a month' }),
  })
  .partial()
  .strict();

/** A version of a rate: what a minute costs since `effective_from`. */
export const rateVersion = z.object({
  version: z.number().int(),
  credits_per_minute: credits,
  rounding,
  effective_from: moment,
});

export const settings = z.object({
  ...settingsShape,
  overdraft: credits,
  low_credit_threshold: credits.nullable(),
  alert_levels: z
    .array(alertLevelShown)
    .nullable()
    .meta({ description: "null: the partner's levels for its customers (customer_alert_levels)" }),
  max_spend_per_day: credits.nullable(),
  max_spend_per_month: credits.nullable(),
  rate: rateVersion.nullable().meta({ description: 'The rate now in force; null until a price per minute is set' }),
});

export const mappingKind = z.enum(['agent', 'phone_number', 'metadata']);
/** One value that identifies a customer in a provider's payload. */
export const mapping = z.object({
  kind: mappingKind,
  value: z.string().trim().min(1).max(200),
  customer_id: customerId,
});

export const customerCreate = z
  .object({
    id: customerId.optional(),
    name: z.string().trim().min(1).max(200),
    settings: settingsPatch.optional(),
    mappings: z
      .array(mapping.omit({ customer_id: true }))
      .max(50)
      .optional(),
  })
  .strict();

export const customerUpdate = z
  .object({ name: z.string().trim().min(1).max(200).optional(), settings: settingsPatch.optional() })
  .strict();

export const balance = z.object({
  wallet: z.enum(['customer', 'partner']),
  customer_id: customerId.nullable(),
  posted: credits.meta({ description: 'The sum of the entries' }),
  held: credits.meta({ description: 'Reserved for live calls' }),
  disputed: credits.meta({ description: 'Set apart while payments are disputed' }),
  available: credits.meta({ description: 'posted - held - disputed' }),
  status,
  currency: z.string(),
  money: z.number().nullable().meta({ description: "The posted balance in the partner's currency" }),
});

export const customer = z.object({
  id: customerId,
  name: z.string(),
  settings,
  balance,
  created_at: moment,
});

/** The answer of Check Threshold: the status of whoever pays for the customer's calls (money-rules 5). */
export const threshold = z.object({
  customer_id: customerId.nullable(),
  payer: z.enum(['customer', 'partner']),
  status,
  posted: credits,
  available: credits,
  low_credit_threshold: credits.nullable(),
  minutes_left: z.number().nullable().meta({
    description: "Whole seconds that the balance pays for, in minutes at the payer's rate; null without a rate",
  }),
  days_left: z
    .number()
    .nullable()
    .meta({ description: 'The days of `runway`; null when there is less than a day of history, or nothing left' }),
  runway: runway.nullable(),
  notifications_enabled: z.boolean(),
  levels: z
    .array(z.object({ status, at: credits, kind: levelShape.kind, value: z.number() }))
    .meta({ description: 'The balances at which the status gets worse, highest first: the levels that apply now' }),
  check: z
    .object({
      needed: credits.meta({ description: 'Credits' }),
      enough: z.boolean().meta({ description: 'Whether the available credits cover it' }),
      missing: credits.meta({ description: 'Credits that are missing; 0 when there are enough' }),
    })
    .nullable()
    .meta({ description: 'The answer to `amount` or `minutes`; null when neither was asked' }),
});

/** Tells when a customer's margin falls below a level. */
export const marginGuard = z
  .object({
    margin: z
      .number()
      .min(0.000001)
      .max(0.999999)
      .meta({ description: '1 - cost / price: 0.2 is a margin of 20 %, which is a markup of 25 %' }),
    days: z.number().int().min(1).max(90).default(7).meta({ description: 'Over how many days' }),
  })
  .strict();

/** What happens while a payment is disputed. */
const disputePolicy = z.enum(['hold', 'stop']).meta({
  description:
    'While a payment is disputed: "hold" sets the disputed credits apart, "stop" also authorises no call of that wallet',
});

export const partner = z.object({
  id: z.string(),
  name: z.string(),
  currency: z.string().length(3),
  credit_value: z.number().meta({ description: 'What one credit is worth in the currency', example: 0.01 }),
  funding: z
    .enum(['independent', 'allocated'])
    .meta({ description: "Whether customers' credits are issued, or come out of the partner's wallet" }),
  settings: z.object({
    track_cost: z.boolean().meta({ description: "Whether a call also takes its cost from the partner's wallet" }),
    rate: rateVersion.nullable(),
    low_credit_threshold: credits.nullable(),
    low_credit_notifications_enabled: z.boolean(),
    alert_levels: z.array(alertLevelShown).meta({ description: "Levels of the partner's own wallet" }),
    customer_alert_levels: z
      .array(alertLevelShown)
      .meta({ description: 'Levels of customers that have none of their own' }),
    alert_interval_minutes: z.number().int(),
    alert_emails: z.array(z.string()),
    call_refusal_message: z.string(),
    dispute_policy: disputePolicy,
    margin_guard: marginGuard.nullable(),
    slack_team_id: z.string().nullable(),
    slack_channel: z.string().nullable(),
  }),
  balance,
  created_at: moment,
});

export const partnerCreate = z
  .object({
    name: z.string().trim().min(1).max(200),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'Use a three-letter ISO 4217 code such as USD')
      .default('USD'),
    credit_value: decimalText.optional().meta({ description: 'What one credit is worth, 0.01 unless said' }),
  })
  .strict();

/** What a caller hears unless the partner words it otherwise: nothing of an unpaid bill. */
export const USUAL_REFUSAL = 'This line is temporarily unavailable.';

export const partnerUpdate = z
  .object({
    name: z.string().trim().min(1).max(200),
    funding: z
      .enum(['independent', 'allocated'])
      .meta({ description: 'Changed by the host alone, while no customer holds credits' }),
    track_cost: z.boolean(),
    price_per_minute: pricePerMinute,
    rounding,
    low_credit_threshold: decimalText.nullable(),
    low_credit_notifications_enabled: z.boolean(),
    alert_levels: alertLevels.meta({ description: "Levels of the partner's own wallet, beside the threshold" }),
    customer_alert_levels: alertLevels.meta({ description: 'Levels of customers that have none of their own' }),
    alert_interval_minutes: z
      .number()
      .int()
      .min(0)
      .max(1440)
      .meta({ description: 'Minutes at least between two alerts of a wallet' }),
    alert_emails: alertEmails,
    margin_guard: marginGuard.nullable(),
    call_refusal_message: z.string().trim().min(1).max(300).nullable().meta({
      description: 'What a caller hears whose call is refused: nothing of a bill. null for the usual wording',
    }),
    dispute_policy: disputePolicy,
    slack_team_id: z
      .string()
      .regex(/^[TE][A-Z0-9]{2,20}$/)
      .nullable()
      .meta({ description: 'The workspace of its alerts (T…), or a whole Enterprise organisation (E…)' }),
    slack_channel: z
      .string()
      .regex(/^[CGD][A-Z0-9]{2,20}$/)
      .nullable(),
  })
  .partial()
  .strict();

/** What one unit of another currency is worth in the partner's: for costs that a provider reports in it. */
export const exchangeRate = z.object({
  currency: z.string().length(3),
  rate: z.number().meta({ description: "In the partner's currency", example: 1.08 }),
  effective_from: moment,
});

export const exchangeRateChange = z.object({ rate: decimalText.meta({ example: '1.08' }) }).strict();
