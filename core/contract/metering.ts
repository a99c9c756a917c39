import { z } from 'zod';
import { customerId, moment } from './amounts';

export const meter = z.object({
  account: z.string().meta({ description: "'host', or the partner's connected account" }),
  meter_id: z.string(),
  event_name: z.string().meta({ example: 'talktime_microcredits' }),
});

export const billing = z.enum(['prepaid', 'metered']).meta({
  description:
    'prepaid: calls use up what was paid for. metered: what is used is told to Stripe, which bills it afterwards; the balance goes down to the overdraft meanwhile',
});

export const billingChange = z.object({ billing }).strict();

export const customerBilling = z.object({
  customer_id: customerId,
  billing,
  account: z.string().nullable().meta({ description: 'Whose meter counts it' }),
  since: moment.nullable(),
  waiting: z.number().int().meta({ description: 'Postings that Stripe has not been told of yet' }),
  last_error: z.string().nullable().meta({ description: 'Why the newest try failed; it is tried again' }),
});

const day = z.iso.date().meta({ example: '2026-11-25' });

export const meteringQuery = z.object({
  from: day.optional().meta({ description: 'The first day (UTC); 7 days ago unless said' }),
  to: day.optional().meta({ description: 'The last day (UTC); today unless said' }),
});

const decimal = z.string().meta({ description: 'Credits, as text', example: '12.2' });

export const meteringRow = z.object({
  customer_id: customerId,
  day,
  account: z.string(),
  used: decimal.meta({ description: 'What the ledger says was used, to be metered' }),
  waiting: decimal.meta({ description: 'What of that Stripe has not been told yet' }),
  at_stripe: decimal.meta({ description: "What Stripe's meter has" }),
  difference: decimal.meta({ description: 'at_stripe - (used - waiting); 0 when they agree' }),
  finding: z.enum(['agrees', 'waits', 'stripe_has_less', 'stripe_has_more']),
});

export const meteringReport = z.object({
  from: day,
  to: day,
  rows: z.array(meteringRow),
  differences: z.number().int().meta({ description: 'Rows in which Stripe has less or more than it was told' }),
});
