import { customerId } from '@talktime/core/contract';
import { z } from 'zod';

/** How a list is paged. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'How many at most, 1 to 200' }),
  cursor: z.string().min(1).max(500).optional().meta({ description: 'next_cursor of the page before' }),
});

/** What is typed into a search box; empty is none. */
export const search = z
  .string()
  .max(200)
  .optional()
  .transform((text) => text?.trim() || undefined);

/** Which wallet is meant: `?customer_id=…` or `?wallet=partner`. */
export const walletShape = {
  customer_id: customerId.optional(),
  wallet: z
    .literal('partner')
    .optional()
    .meta({ description: 'Say "partner" for the partner\'s own wallet instead of a customer_id' }),
};

export const oneWallet = [
  (query: { customer_id?: string; wallet?: 'partner' }) =>
    (query.customer_id === undefined) !== (query.wallet === undefined),
  { message: 'Name a customer_id, or wallet=partner, and not both', path: ['customer_id'] },
] as const;

/** How things stood at a past moment. */
export const pastMoment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional()
  .meta({
    description: 'As it stood at this moment (ISO 8601), the postings of that moment included; now unless said',
    example: '2026-11-22T16:00:00Z',
  });

/** A list's answer: a page of items and where the next begins. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next_cursor: z.string().nullable().meta({ description: 'Send it as cursor for the next page; null on the last' }),
  });
}

/** A list that is never long. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item) });
}

export const nothing = z.undefined().meta({ description: 'Done' });
