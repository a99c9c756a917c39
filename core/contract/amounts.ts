import { z } from 'zod';

/**
 * Credits on the wire: a decimal with at most 6 places, as text ("12.2") or as a JSON number (12.2). It is parsed from its
 * text, never calculated as a float; the ledger answers NUMBER_PRECISION or NUMBER_RANGE for what does not fit
 * (money-rules 1). Answers carry credits as JSON numbers, which hold every amount below 8,000,000,000 exactly.
 */
export const decimalText = z
  .union([z.string().max(40), z.number()])
  .transform((value) => String(value).trim())
  .meta({ description: 'A decimal with at most 6 places, as text or number', example: '12.2' });

/** Credits in an answer, exact to the microcredit. */
export const credits = z.number().meta({ description: 'Credits, exact to 6 decimals', example: 87.8 });

/** A moment, ISO 8601 in UTC. */
export const moment = z.string().meta({ description: 'ISO 8601, UTC', example: '2026-11-22T16:01:01.500Z' });

/** The key that makes a change happen once: required, permanent, of one partner (money-rules 14). */
export const idempotencyKey = z.string().min(1).max(200).meta({
  description:
    'Makes the change happen once. Take it from your business data (an invoice or order number), never from a clock or an execution id.',
  example: 'invoice-2026-118',
});

export const customerId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'Use 1 to 64 letters, digits, dot, underscore or hyphen')
  .meta({ description: "The customer's id: yours, or one that Talktime made", example: 'cus_acme' });

export const note = z
  .string()
  .max(500)
  .meta({ description: 'Shown in the history. Kept beside the ledger, so that it can be erased.' });

export const status = z
  .enum(['ok', 'low', 'critical', 'exhausted'])
  .meta({ description: 'The status of the balance (money-rules 20)' });
