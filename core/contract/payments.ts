import { z } from 'zod';
import { credits, customerId, decimalText, idempotencyKey, moment } from './amounts';
import { planId } from './plans';

export const paymentId = z.string().regex(/^pay_[0-9a-f]{20}$/, 'Use an id such as pay_3f2a…');

const address = z.url({ protocol: /^https?$/ }).max(2000);

/** What is bought: a plan, credits, or as many credits as an amount of money buys. One of the three. */
export const checkoutCreate = z
  .object({
    customer_id: customerId.optional(),
    wallet: z
      .literal('partner')
      .optional()
      .meta({ description: 'Say "partner" to buy credits of the host for the partner\'s own wallet' }),
    plan_id: planId.optional(),
    amount: decimalText.optional().meta({ description: "Money to pay, in the partner's currency", example: '60' }),
    credits: decimalText.optional().meta({ description: 'Credits to buy', example: '5000' }),
    save_card: z.boolean().default(false).meta({ description: 'Keep the card, for automatic top-ups' }),
    success_url: address
      .optional()
      .meta({ description: "Where the payer comes back to; Talktime's own page unless said" }),
    cancel_url: address.optional(),
    idempotency_key: idempotencyKey,
  })
  .strict()
  .refine((body) => (body.customer_id === undefined) !== (body.wallet === undefined), {
    message: 'Name a customer_id, or wallet "partner", and not both',
    path: ['customer_id'],
  })
  .refine((body) => [body.plan_id, body.amount, body.credits].filter((each) => each !== undefined).length === 1, {
    message: 'Name a plan_id, an amount of money, or credits: one of the three',
    path: ['plan_id'],
  });

export const PAYMENT_STATES = [
  'created',
  'open',
  'processing',
  'needs_action',
  'paid',
  'failed',
  'expired',
  'mismatch',
  'stuck',
] as const;

export const paymentState = z.enum(PAYMENT_STATES).meta({
  description:
    'created: Stripe does not have it yet. open: waits for the payer. processing: a delayed method is under way. needs_action: the payer must confirm. paid: the credits are in the wallet. mismatch: what was paid is not what was asked for, so nothing was credited. stuck: paid, and the ledger refused the credits; it is tried again.',
});

export const payment = z.object({
  id: z.string(),
  kind: z.enum(['checkout', 'recharge', 'renewal']),
  state: paymentState,
  wallet: z.enum(['customer', 'partner']),
  customer_id: customerId.nullable(),
  amount: z.number().meta({ description: 'Money, without tax' }),
  currency: z.string(),
  credits,
  bonus: credits,
  plan_id: z.string().nullable(),
  url: z.string().nullable().meta({ description: 'Where to pay, while it is open' }),
  receipt_url: z.string().nullable(),
  refunded: z.number().meta({ description: 'Money that went back, or is on its way' }),
  lost: z.number().meta({ description: 'Money lost to disputes' }),
  disputed: z.number().meta({ description: 'Money in open disputes' }),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  operation_id: z.string().nullable().meta({ description: 'What credited it' }),
  payment_intent: z.string().nullable().meta({ description: "Stripe's id of the payment" }),
  created_at: moment,
  expires_at: moment.nullable(),
  paid_at: moment.nullable(),
});

export const paymentDetails = payment.extend({
  refunds: z
    .array(
      z.object({
        id: z.string(),
        amount: z.number(),
        status: z.string().meta({
          description:
            "Stripe's: pending, requires_action, succeeded, failed or canceled; or requested: Stripe has not answered yet, and refused: it did not take it",
        }),
        reason: z.string().nullable(),
        failure: z.string().nullable().meta({ description: 'Why it was refused' }),
        created_at: moment,
      }),
    )
    .meta({ description: 'Money given back, oldest first' }),
  disputes: z.array(
    z.object({
      id: z.string(),
      amount: z.number(),
      status: z.string().meta({ description: "Stripe's: needs_response, under_review, won, lost, warning_…" }),
      reason: z.string().meta({ example: 'fraudulent' }),
      answer_by: moment.nullable(),
      created_at: moment,
    }),
  ),
});

export const REFUND_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

export const refundCreate = z
  .object({
    amount: decimalText
      .optional()
      .meta({ description: 'Money to give back; all that is left unless said', example: '20' }),
    reason: z.enum(REFUND_REASONS).optional(),
    idempotency_key: idempotencyKey,
  })
  .strict();

export const paymentSettings = z.object({
  sells_on: z
    .enum(['own', 'host'])
    .meta({ description: "Whose Stripe account customers pay: the partner's, or the host's" }),
  stripe_account: z.string().nullable(),
  charges_enabled: z.boolean().meta({ description: 'Whether Stripe lets the connected account take payments' }),
  application_fee: z.number().meta({ description: "The host's share of each payment on the partner's account" }),
  automatic_tax: z.boolean().meta({ description: 'Whether Stripe Tax adds what is due' }),
  least_top_up: z.number().meta({ description: 'The least money that may be paid at once, plans apart' }),
  most_top_up: z.number(),
});

export const paymentSettingsPatch = z
  .object({
    sells_on: z.enum(['own', 'host']).optional(),
    application_fee: decimalText.optional().meta({ description: '0.02 is 2 %; at most 0.5', example: '0.02' }),
    automatic_tax: z.boolean().optional(),
    least_top_up: decimalText.optional(),
    most_top_up: decimalText.optional(),
  })
  .strict();
