import { z } from 'zod';
import { customerId, moment } from './amounts';

/** How Stripe and the ledger can differ over a payment: a stable code, and a title. What to do is in the finding. */
export const DIFFERENCES = {
  PAID_NOT_CREDITED: 'Paid, and not credited',
  CREDITED_NOT_PAID: 'Credited, and not paid',
  AMOUNT_DIFFERS: 'Credited with another amount than was sold',
  WALLET_DIFFERS: 'Credited to another wallet than it was sold to',
  REFUND_NOT_TAKEN: 'Refunded, and the credits were not taken back',
  TAKEN_NOT_REFUNDED: 'Credits were taken back that no refund accounts for',
  LOSS_NOT_TAKEN: 'A dispute was lost, and the credits were not taken back',
  TAKEN_NOT_LOST: 'Credits were taken back that no lost dispute accounts for',
  DISPUTE_NOT_HELD: 'Disputed, and the credits are not set apart',
  HELD_WITHOUT_DISPUTE: 'Credits are set apart for no open dispute',
  RECORD_BEHIND: 'What is kept of the payment is not what Stripe has',
  UNKNOWN_PAYMENT: 'Stripe has a payment that is not known here',
  UNKNOWN_PARTNER: 'Stripe has a payment of a partner who is not known here',
  NOT_AT_STRIPE: 'Stripe does not have the payment',
  MISMATCH: 'What was paid is not what was asked for',
  STUCK: 'Paid, and the ledger refuses the credits',
  STUCK_EVENT: 'An event of Stripe could not be worked on',
} as const;

export type DifferenceCode = keyof typeof DIFFERENCES;

export const difference = z.object({
  code: z.enum(Object.keys(DIFFERENCES) as [DifferenceCode, ...DifferenceCode[]]).meta({ description: 'Stable' }),
  title: z.string(),
  detail: z.string().meta({ description: 'What is so, in plain words' }),
  next: z.string().meta({ description: 'What to do' }),
  payment_id: z.string().nullable(),
  payment_intent: z.string().nullable(),
  customer_id: customerId.nullable(),
  account: z.string().meta({ description: '"host", or the connected account' }),
});

export const reconciliation = z.object({
  at: moment,
  since: moment.meta({ description: 'Payments, refunds and disputes from this moment on were compared' }),
  compared: z.object({
    at_stripe: z.number().int().meta({ description: 'Payments that Stripe has' }),
    here: z.number().int().meta({ description: 'Payments that are kept here' }),
  }),
  mended: z.array(difference).meta({ description: 'What differed, and does not any more' }),
  differences: z.array(difference).meta({ description: 'What differs still' }),
});

export const reconcileRequest = z
  .object({
    since: z.iso
      .datetime({ offset: true })
      .transform((text) => new Date(text))
      .optional()
      .meta({ description: 'At most 31 days ago; 7 days ago unless said', example: '2026-11-18T00:00:00Z' }),
    mend: z.boolean().default(true).meta({ description: 'Whether what can be mended is' }),
  })
  .strict();
