import { z } from 'zod';
import { credits, customerId, decimalText, idempotencyKey, moment, note } from './amounts';
import { operation } from './operations';

export const planId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'Use 1 to 64 letters, digits, dot, underscore or hyphen');

export const periodUnit = z.enum(['day', 'week', 'month', 'year']);

const planName = z.string().trim().min(1).max(100);
const description = z.string().max(500);
const packCredits = decimalText.meta({ description: 'The credits of a pack, or of each period', example: '1000' });
const packMinutes = decimalText.meta({
  description: "Converted at the customer's rate when applied, and when a period begins (money-rules 19)",
  example: '100',
});
const price = decimalText.meta({
  description: "In the partner's currency, of the pack or of each period",
  example: '60',
});
const bonus = decimalText.meta({
  description: 'Credits on top, as a bonus grant of their own: used first, and not rolled over',
  example: '50',
});
const expiresAfterDays = z
  .number()
  .int()
  .min(1)
  .max(3650)
  .nullable()
  .meta({ description: 'Of a pack: what is left of its credits goes after so many days. null: never' });

/** How a plan recurs. */
export const recurring = z
  .object({
    period: periodUnit,
    every: z
      .number()
      .int()
      .min(1)
      .max(12)
      .default(1)
      .meta({ description: 'A period is so many days, weeks, months or years' }),
    rollover: z
      .object({
        share: decimalText.meta({
          description: 'How much of what was not used of a period comes into the next one: 0 to 1',
          example: '0.5',
        }),
        cap: decimalText
          .nullable()
          .default(null)
          .meta({ description: 'At most so many credits; null: no cap', example: '50' }),
      })
      .strict()
      .nullable()
      .default(null)
      .meta({ description: 'null: what is left at the end of a period is gone' }),
  })
  .strict();

const changeable = {
  name: planName,
  description,
  credits: packCredits,
  minutes: packMinutes,
  price,
  bonus,
  expires_after_days: expiresAfterDays,
  recurring: recurring.nullable(),
  active: z.boolean(),
  popular: z.boolean().meta({ description: 'At most one plan is popular; setting it here takes it from another' }),
};

const oneSize = (plan: { credits?: unknown; minutes?: unknown }) =>
  (plan.credits === undefined) !== (plan.minutes === undefined);

/** A pack, or with `recurring` a plan of periods; in credits or in minutes ("100 minutes - 60"), one of the two. */
export const planCreate = z
  .object({
    id: planId.optional(),
    ...changeable,
    description: description.default(''),
    credits: packCredits.optional(),
    minutes: packMinutes.optional(),
    bonus: bonus.default('0'),
    expires_after_days: expiresAfterDays.default(null),
    recurring: changeable.recurring.default(null),
    active: changeable.active.default(true),
    popular: changeable.popular.default(false),
  })
  .strict()
  .refine(oneSize, { message: 'Give credits or minutes, and not both', path: ['credits'] })
  .refine((plan) => plan.recurring === null || plan.expires_after_days === null, {
    message: 'The credits of a recurring plan go at the end of their period: leave it out',
    path: ['expires_after_days'],
  });

/** What is to be another from now on. What was sold before stays as it was sold. */
export const planUpdate = z
  .object(changeable)
  .partial()
  .strict()
  .refine((plan) => plan.credits === undefined || plan.minutes === undefined, {
    message: 'Give credits or minutes, and not both',
    path: ['credits'],
  });

const recurringShown = z.object({
  period: periodUnit,
  every: z.number().int(),
  rollover: z.object({ share: z.number(), cap: credits.nullable() }).nullable(),
});

export const plan = z.object({
  id: planId,
  name: z.string(),
  description: z.string(),
  credits: credits.nullable(),
  minutes: z.number().nullable(),
  bonus: credits,
  price: z.number(),
  currency: z.string(),
  expires_after_days: z.number().int().nullable(),
  recurring: recurringShown.nullable().meta({ description: 'null: a one-off pack' }),
  active: z.boolean(),
  popular: z.boolean(),
  created_at: moment,
  updated_at: moment,
});

/** What exactly was sold, in the answer of the operation that applied it: no later edit of the plan touches it. */
export const soldPlan = z.object({
  id: planId,
  name: z.string(),
  credits,
  minutes: z.number().nullable().meta({ description: 'What the credits were converted from' }),
  bonus: credits,
  bonus_operation_id: z.uuid().nullable().meta({ description: 'The operation that gave the bonus' }),
  price: z.number(),
  currency: z.string(),
  expires_after_days: z.number().int().nullable(),
  recurring: recurringShown.nullable(),
});

/** The period of a subscription that an operation granted. */
export const grantedPeriod = z.object({
  id: z.uuid().meta({ description: 'The subscription' }),
  period: z.number().int().meta({ description: 'Counts from 1' }),
  starts_at: moment,
  ends_at: moment.meta({ description: 'When it renews, and when what is left of the period goes' }),
});

/** What applying a plan answers: now, and for every replay. */
export const planApplied = operation.extend({
  plan: soldPlan
    .optional()
    .meta({ description: 'What exactly was sold; missing of what was applied before this was kept' }),
  subscription: grantedPeriod.optional().meta({ description: 'The period that began, of a recurring plan' }),
});

export const planApply = z
  .object({ customer_id: customerId, note: note.optional(), idempotency_key: idempotencyKey })
  .strict();

export const subscriptionStatus = z.enum(['active', 'past_due', 'canceled']);

/** The terms of a recurring plan, as they were when it was applied, or when the change to it was asked for. */
export const subscribedPlan = z.object({
  id: planId,
  name: z.string(),
  credits: credits.nullable().meta({ description: 'Of each period' }),
  minutes: z.number().nullable().meta({ description: "Converted at the customer's rate when a period begins" }),
  bonus: credits,
  price: z.number(),
  currency: z.string(),
  recurring: recurringShown,
});

export const subscription = z.object({
  id: z.uuid(),
  customer_id: customerId,
  plan: subscribedPlan,
  next_plan: subscribedPlan.nullable().meta({ description: 'From the next period on; null when nothing changes' }),
  collects: z
    .enum(['nothing', 'card'])
    .meta({ description: 'Whether a period is paid for by card before it is granted' }),
  status: subscriptionStatus.meta({ description: 'past_due: the period is over, and its renewal was refused so far' }),
  period: z.number().int().meta({ description: 'The period that was granted last; counts from 1' }),
  period_start: moment,
  period_end: moment,
  cancel_at_period_end: z.boolean(),
  renews_at: moment
    .nullable()
    .meta({ description: 'When the next period begins, or its renewal is tried again; null when it ends' }),
  last_error: z.string().nullable().meta({ description: 'Why the renewal was refused, while it is past due' }),
  created_at: moment,
  ended_at: moment.nullable(),
  ended_because: z.enum(['requested', 'unpaid']).nullable(),
});

export const subscriptionChange = z
  .object({
    plan_id: planId.meta({
      description:
        'A recurring plan. Its terms are kept as they are now. The present plan, unchanged, takes a change back.',
    }),
  })
  .strict();
