import { z } from 'zod';
import { credits, customerId, decimalText, idempotencyKey, moment, note } from './amounts';

export const planId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'Use 1 to 64 letters, digits, dot, underscore or hyphen');

/** A one-off pack, in credits or in minutes ("100 minutes - 60"); one of the two. */
export const planCreate = z
  .object({
    id: planId.optional(),
    name: z.string().trim().min(1).max(100),
    description: z.string().max(500).default(''),
    credits: decimalText.optional(),
    minutes: decimalText
      .optional()
      .meta({ description: "Converted at the customer's rate when applied (money-rules 19)" }),
    price: decimalText.meta({ description: "In the partner's currency", example: '60' }),
    active: z.boolean().default(true),
    popular: z
      .boolean()
      .default(false)
      .meta({ description: 'At most one plan is popular; setting it here takes it from another' }),
  })
  .strict()
  .refine((plan) => (plan.credits === undefined) !== (plan.minutes === undefined), {
    message: 'Give credits or minutes, and not both',
    path: ['credits'],
  });

export const plan = z.object({
  id: planId,
  name: z.string(),
  description: z.string(),
  credits: credits.nullable(),
  minutes: z.number().nullable(),
  price: z.number(),
  currency: z.string(),
  active: z.boolean(),
  popular: z.boolean(),
  created_at: moment,
});

export const planApply = z
  .object({ customer_id: customerId, note: note.optional(), idempotency_key: idempotencyKey })
  .strict();
