import { z } from 'zod';
import { credits, customerId, decimalText, moment } from './amounts';

export const card = z
  .object({
    brand: z.string().nullable().meta({ example: 'visa' }),
    last4: z.string().nullable().meta({ example: '4242' }),
    expires: z.string().nullable().meta({ description: 'Year and month', example: '2027-04' }),
  })
  .meta({ description: 'A saved card, as far as anybody sees it' });

/** Whose card is to be saved. */
export const cardSetup = z
  .object({
    customer_id: customerId.optional(),
    wallet: z
      .literal('partner')
      .optional()
      .meta({ description: 'Say "partner" for the partner\'s own card, which pays the host' }),
    success_url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional()
      .meta({ description: "Where its owner comes back to; Talktime's own page unless said" }),
    cancel_url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
  })
  .strict()
  .refine((body) => (body.customer_id === undefined) !== (body.wallet === undefined), {
    message: 'Name a customer_id, or wallet "partner", and not both',
    path: ['customer_id'],
  });

export const cardSetupLink = z.object({
  url: z.string().meta({ description: "Stripe's page on which the card is entered" }),
  expires_at: moment,
});

const threshold = decimalText.meta({ description: 'Topped up when the balance is at or below so many credits' });
const target = decimalText.meta({ description: 'Top up to so many credits. Either this or amount' });
const amount = decimalText.meta({ description: 'Top up by so many credits. Either this or target' });
const monthlyMoney = decimalText.meta({
  description: "The most money charged in a calendar month (UTC), in the partner's currency",
  example: '300',
});
const monthlyCount = z.number().int().min(1).max(1000).meta({ description: 'The most top-ups in a calendar month' });

/** What is left out stays as it is; the first time, everything is needed but monthly_count. */
export const autoRechargeSet = z
  .object({
    enabled: z.boolean(),
    threshold: threshold.optional(),
    target: target.optional(),
    amount: amount.optional(),
    monthly_money: monthlyMoney.optional(),
    monthly_count: monthlyCount.optional().meta({ description: '10 unless said' }),
  })
  .strict()
  .refine((body) => body.target === undefined || body.amount === undefined, {
    message: 'Name a target or an amount, not both',
    path: ['amount'],
  });

export const AUTO_RECHARGE_STATES = ['off', 'active', 'suspended', 'needs_action'] as const;

export const autoRecharge = z.object({
  wallet: z.enum(['customer', 'partner']),
  customer_id: customerId.nullable(),
  enabled: z.boolean(),
  state: z.enum(AUTO_RECHARGE_STATES).meta({
    description:
      'suspended: three failures in a row; only another card ends it. needs_action: the bank wants the owner of the card to confirm, at action_url.',
  }),
  threshold: credits.nullable(),
  target: credits.nullable(),
  amount: credits.nullable(),
  currency: z.string(),
  monthly_money: z.number().nullable(),
  monthly_count: z.number().nullable(),
  this_month: z.object({
    count: z.number().meta({ description: 'Top-ups that did not fail' }),
    money: z.number(),
  }),
  failures: z.number().meta({ description: 'In a row' }),
  waits: z
    .object({ code: z.string(), message: z.string(), until: moment.nullable() })
    .nullable()
    .meta({ description: 'Why no top-up comes at this moment; null when one does' }),
  failed_because: z.string().nullable().meta({ description: 'Why it was suspended' }),
  action_url: z.string().nullable().meta({ description: 'Where the owner of the card confirms and pays' }),
  card: card.nullable(),
});
