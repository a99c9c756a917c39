import { z } from 'zod';
import { customerId, moment } from './amounts';
import { PROVIDERS } from './providers';

const decimal = z
  .string()
  .meta({ description: 'A decimal as text: sums may go beyond a JSON number', example: '12.2' });
const ratio = z.number().nullable();

export const reportGroup = z.enum(['customer', 'agent', 'provider', 'day']);

/** Which calls a report counts, and what each of its rows is about. */
export const reportQuery = z.object({
  from: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'Calls that began at this moment or later; 30 days ago unless said' }),
  to: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'Calls that began before this; now unless said' }),
  by: z
    .string()
    .regex(/^[a-z,]{1,60}$/)
    .default('customer')
    .meta({ description: 'customer, agent, provider or day (UTC), or several by commas', example: 'customer,day' }),
  customer_id: customerId.optional(),
  provider: z.enum(PROVIDERS).optional(),
  agent_id: z.string().min(1).max(200).optional(),
});

const key = {
  customer_id: customerId.nullable().optional(),
  agent_id: z.string().nullable().optional(),
  provider: z.string().optional(),
  day: z.string().optional().meta({ example: '2026-11-22' }),
};

/** What the calls of a group came to. */
const usage = {
  calls: z.number().int(),
  connected_calls: z.number().int(),
  minutes_raw: decimal.meta({ description: 'As long as the calls were' }),
  minutes_billed: decimal.meta({ description: 'As long as they were billed for, by the rounding of their rates' }),
  price: decimal.meta({ description: 'What was charged for them, in credits, less what was reversed' }),
  paid_by_customer: decimal,
  paid_by_partner: decimal,
};
export const usageRow = z.object({ ...key, ...usage });
export const marginRow = z.object({
  ...key,
  calls: z.number().int().meta({ description: 'Calls whose cost is known: the figures are of these' }),
  calls_without_cost: z.number().int(),
  minutes_raw: decimal,
  minutes_billed: decimal,
  price: decimal.meta({ description: "What customers paid, in the partner's currency" }),
  cost: decimal.meta({ description: "What the calls cost the partner, in the partner's currency" }),
  markup: ratio.meta({ description: 'price / cost - 1: 0.5 is 50 %; null without a cost' }),
  margin: ratio.meta({ description: '1 - cost / price: 0.333333 is 33.3 %; null without a price' }),
});

const reported = { from: moment, to: moment, currency: z.string() };
export const usageReport = z.object({ ...reported, rows: z.array(usageRow), total: usageRow });
export const marginReport = z.object({ ...reported, rows: z.array(marginRow), total: marginRow });
