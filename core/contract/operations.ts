import { z } from 'zod';
import { problem } from './access';
import { credits, customerId, decimalText, idempotencyKey, moment, note, status } from './amounts';
import { customer, customerCreate, rateVersion, rounding } from './customers';
import { provider } from './providers';

/** Which wallet a request means: a customer's by its id, or the partner's own. Exactly one of the two. */
const walletFields = {
  customer_id: customerId.optional(),
  wallet: z
    .literal('partner')
    .optional()
    .meta({ description: 'Say "partner" for the partner\'s own wallet instead of a customer_id' }),
};
const oneWallet = (value: { customer_id?: string; wallet?: 'partner' }) =>
  (value.customer_id === undefined) !== (value.wallet === undefined);
const oneWalletMessage = { message: 'Name a customer_id, or wallet "partner", and not both', path: ['customer_id'] };

/** The credits of a top-up, whoever gets them. */
export const creditTerms = z
  .object({
    amount: decimalText,
    kind: z.enum(['paid', 'bonus']).default('paid'),
    effective_at: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'When the credits arrive; at once unless said. Until then nothing is posted.' }),
    expires_at: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'When what is left of them goes; never unless said' }),
    priority: z
      .number()
      .int()
      .min(0)
      .max(100)
      .optional()
      .meta({ description: 'The lower, the sooner they are used: bonus 10, plan 20, paid 30 unless said' }),
    cost_basis: decimalText.optional().meta({ description: "What was paid for them, in the partner's currency" }),
    note: note.optional(),
  })
  .strict();

export const topUp = z
  .object({
    ...walletFields,
    ...creditTerms.shape,
    idempotency_key: idempotencyKey,
  })
  .strict()
  .refine(oneWallet, oneWalletMessage);

export const adjustment = z
  .object({
    ...walletFields,
    amount: decimalText.meta({ description: 'Credits to add, or with a minus sign to take away', example: '-5' }),
    note: note.min(1).meta({ description: 'Why: shown in the history and the audit log' }),
    idempotency_key: idempotencyKey,
  })
  .strict()
  .refine(oneWallet, oneWalletMessage);

export const reversal = z
  .object({
    operation_id: z.uuid(),
    amount: decimalText.optional().meta({ description: 'A part of it; all that is left unless said' }),
    note: note.optional(),
    idempotency_key: idempotencyKey,
  })
  .strict();

/** A call by plain fields: what a builder knows when there is no provider webhook to pass on. */
export const callDeduction = z
  .object({
    source: z.literal('call'),
    provider: z
      .string()
      .regex(/^[a-z0-9_-]{1,40}$/)
      .meta({ example: 'retell' }),
    account: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'Which account at the provider, when you have several' }),
    call_id: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: "The provider's call id. With it a call is charged once, whichever way it comes." }),
    leg: z.string().min(1).max(60).optional(),
    seconds: decimalText.meta({ description: "The call's length in seconds", example: '61' }),
    started_at: z.iso.datetime({ offset: true }).optional(),
    customer_id: customerId
      .optional()
      .meta({ description: 'Whose call it was. Left out: found by agent, phone number or metadata.' }),
    agent_id: z.string().min(1).max(200).optional(),
    phone_number: z.string().min(1).max(40).optional(),
    cost: z
      .object({ amount: decimalText, currency: z.string().regex(/^[A-Z]{3}$/) })
      .strict()
      .optional(),
  })
  .strict();

/** The end of a call, beside authorize and release: the same fields, without the source. */
export const callEnd = z.object(callDeduction.shape).omit({ source: true }).strict();

/** A provider's webhook as it came: verified against the raw body and parsed by the service. */
export const webhookDeduction = z
  .object({
    source: z.literal('provider_webhook'),
    provider: provider.optional().meta({ description: 'Recognised from the headers when left out' }),
    headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
    url: z
      .url()
      .max(2000)
      .optional()
      .meta({ description: "The address that the provider called, for signatures that cover it (Twilio's)" }),
    body_base64: z.base64().max(14_000_000).meta({ description: 'The raw body, base64' }),
  })
  .strict();

/** A provider's question before a call, as it came. */
export const webhookGate = webhookDeduction.omit({ source: true }).strict();

/** What the gate decided, and the answer to give to the provider, in its own form. */
export const gateResult = z.object({
  allowed: z.boolean(),
  cap_seconds: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'The longest that the call may last; null when refused' }),
  reason: z.string().nullable().meta({ description: 'Why it was refused: for you, never for the caller' }),
  code: z.string().nullable().meta({ description: 'The stable code of the refusal, when the ledger refused' }),
  response: z.object({
    status: z.number().int(),
    body: z.unknown().meta({ description: 'JSON for the provider; null for an empty body' }),
  }),
});

/** An amount that is not a call: refused when the balance does not cover it (money-rules 9). */
export const amountDeduction = z
  .object({
    source: z.literal('amount'),
    ...walletFields,
    amount: decimalText,
    note: note.optional(),
    idempotency_key: idempotencyKey,
  })
  .strict()
  .refine(oneWallet, oneWalletMessage);

export const deduction = z.discriminatedUnion('source', [callDeduction, webhookDeduction, amountDeduction]);

/** The arithmetic of one deduction. */
export const receipt = z.object({
  call: z.object({ provider: z.string(), account: z.string(), call_id: z.string(), leg: z.string() }),
  revision: z.number().int(),
  outcome: z.enum(['connected', 'unconnected', 'provider_fault']),
  raw_seconds: z.number(),
  rounding,
  billed_seconds: z.number().int(),
  rate: rateVersion,
  price: credits,
  previous_price: credits.meta({ description: 'What earlier revisions of this call had charged' }),
  payer: z.enum(['customer', 'partner']),
  paid_by_customer: credits,
  paid_by_partner: credits,
  flagged_debt: credits.meta({ description: 'The part of this posting that stands below the floor' }),
  hold: credits.optional().meta({ description: 'What was held for the call, and captured by this posting' }),
  in_review: credits.optional().meta({
    description: 'Reported beyond a plausible end of the call: not charged, waits for somebody to look at it',
  }),
});

export const operationKind = z.enum([
  'top_up',
  'adjustment',
  'deduction',
  'reversal',
  'plan',
  'payment',
  'refund',
  'dispute',
  'call',
  'reassign',
  'authorize',
  'extend',
  'release',
  'void',
  'start',
  'expiry',
  'rollover',
]);

/** A grant: one lot of credits. */
export const grantTerms = z.object({
  grant_id: z.string().meta({ example: 'g4-17' }),
  kind: z.enum(['paid', 'bonus', 'plan']),
  priority: z
    .number()
    .int()
    .meta({ description: 'The lower, the sooner it burns: bonus 10, plan 20, paid 30 unless said' }),
  amount: credits,
  effective_at: moment,
  expires_at: moment.nullable(),
  cost_basis: z.number().nullable().meta({ description: "What was paid for it, in the partner's currency" }),
});

/** What became of a payment's credits, or of its bonus, by this operation. */
export const paymentCredits = z.object({
  payment: z.string().meta({ example: 'pi_3Q8xT2eZvKYlo2C1' }),
  part: z.enum(['paid', 'bonus']),
  credits,
  refund_taken: credits.meta({ description: 'Taken back because of refunds, by now' }),
  dispute_taken: credits.meta({ description: 'Taken back because of lost disputes, by now' }),
  disputed: credits.meta({ description: 'Held for open disputes' }),
  open_disputes: z.number().int(),
  returned: credits.meta({ description: "With allocated funding: what of it came back to the partner's wallet" }),
  revision: z.number().int().meta({ description: 'How many operations took back, gave back or held' }),
});

/** What every change of a balance answers. */
export const operation = z.object({
  operation_id: z.uuid(),
  kind: operationKind,
  customer_id: customerId
    .nullable()
    .meta({ description: 'The customer concerned; null when it is about the partner alone' }),
  wallet: z.enum(['customer', 'partner']).meta({ description: 'Whose wallet the next three fields speak of' }),
  amount: credits.meta({ description: 'Signed: what it did to that wallet' }),
  balance_after: credits,
  status,
  at: moment,
  replayed: z.boolean().meta({ description: 'True when this was done before and nothing changed now' }),
  grant: grantTerms.optional().meta({ description: 'The grant that it made' }),
});

/** What credits a payment, or takes it back. */
export const paymentOperation = operation.extend({ payment: paymentCredits });

/** A grant as it stands. */
export const grant = grantTerms.extend({
  remaining: credits,
  state: z.enum(['pending', 'active', 'used', 'expired', 'voided']),
  operation_id: z.uuid().nullable().meta({ description: 'What made it; null for what a wallet had before grants' }),
});

export const voidGrant = z.object({ note: note.optional(), idempotency_key: idempotencyKey }).strict();

/** A hold: what a call may cost, and how long it may last. */
export const authorization = operation.extend({
  hold: z.object({
    state: z.enum(['live', 'captured', 'released', 'timed_out']),
    payer: z.enum(['customer', 'partner']),
    cap_seconds: z
      .number()
      .int()
      .meta({ description: 'The most seconds that the balance covers: give it to the provider as the longest call' }),
    held: credits,
    floor: credits,
    rate: rateVersion,
    authorized_at: moment,
  }),
});

const callIdentity = {
  provider: z
    .string()
    .regex(/^[a-z0-9_-]{1,40}$/)
    .meta({ example: 'retell' }),
  account: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'Which account at the provider, when you have several' }),
  call_id: z.string().min(1).max(200).meta({ description: "The provider's call id" }),
  leg: z.string().min(1).max(60).optional(),
};

export const callAuthorize = z
  .object({
    ...callIdentity,
    customer_id: customerId
      .optional()
      .meta({ description: 'Whose call it will be. Left out: found by agent, phone number or metadata.' }),
    agent_id: z.string().min(1).max(200).optional(),
    phone_number: z.string().min(1).max(40).optional(),
    minimum_seconds: z.number().int().min(1).max(3600).optional().meta({
      description:
        'Refuse when the balance covers less; at least 30. Unless said, the shortest limit that the provider takes: 60 for retell, else 30.',
    }),
  })
  .strict();

export const callExtend = z
  .object({
    ...callIdentity,
    to_seconds: z
      .number()
      .int()
      .min(1)
      .max(86_400)
      .optional()
      .meta({ description: 'No further than this; as far as the balance goes unless said' }),
  })
  .strict();

export const callRelease = z.object(callIdentity).strict();

export const suspenseReason = z.enum([
  'no_customer',
  'several_customers',
  'rate_required',
  'implausible',
  'unconfirmed',
  'linked_elsewhere',
]);

/** The answer to a deduction. `outcome` says what became of it. */
export const deductionResult = z.discriminatedUnion('outcome', [
  operation.extend({
    outcome: z.literal('deducted'),
    payer: z.enum(['customer', 'partner']),
    receipt: receipt.nullable().meta({ description: 'null for an amount that is not a call' }),
  }),
  z.object({
    outcome: z.literal('suspense'),
    call_id: z.uuid(),
    reason: suspenseReason,
    message: z.string(),
    replayed: z.boolean(),
  }),
  z.object({ outcome: z.literal('ignored'), message: z.string(), replayed: z.boolean() }),
]);

/** At most this many deductions in one request. */
export const LARGEST_DEDUCTION_BATCH = 1000;

/** What a batch takes: calls by plain fields, and amounts. */
export const batchedDeduction = z.discriminatedUnion('source', [callDeduction, amountDeduction]);

/** Deductions that are independent of one another. Each is read by itself, so that one that cannot be read takes no neighbours along. */
export const deductionBatch = z
  .object({
    items: z
      .array(z.union([batchedDeduction, z.unknown()]))
      .min(1)
      .max(LARGEST_DEDUCTION_BATCH),
  })
  .strict();

/** One answer for each item, in their order. */
export const deductionBatchResult = z.object({
  results: z.array(
    z.discriminatedUnion('outcome', [
      ...deductionResult.options,
      z.object({ outcome: z.literal('refused'), problem }).meta({ description: 'Nothing was changed by this item' }),
    ]),
  ),
});

export const historyType = z.enum(['Added', 'Deducted', 'Used']);

/** A line of a statement, newest first. */
export const statementLine = z.object({
  sequence: z.number().int(),
  type: historyType,
  amount: credits,
  balance: credits,
  note: z.string(),
  date: moment,
  operation_id: z.uuid(),
  kind: operationKind,
  call: z.object({ provider: z.string(), call_id: z.string() }).nullable(),
  actor: z.string(),
  receipt: receipt.nullable(),
  receipt_url: z.string().nullable().meta({ description: "Of a payment: Stripe's receipt, for whoever paid" }),
});
export const statement = z.object({
  customer_id: customerId.nullable(),
  lines: z.array(statementLine),
  next_cursor: z.string().nullable(),
});

export const suspendedCall = z.object({
  call_id: z.uuid(),
  provider: z.string(),
  account: z.string(),
  provider_call_id: z.string(),
  reason: suspenseReason,
  raw_seconds: z.number(),
  agent_id: z.string().nullable(),
  from_number: z.string().nullable(),
  to_number: z.string().nullable(),
  received_at: moment,
});
export const assignment = z.object({ customer_id: customerId }).strict();
/** Whose a waiting call is, and what of it is the customer's from now on. */
export const suspenseAssignment = assignment
  .extend({
    map: z
      .enum(['agent', 'phone_number', 'metadata'])
      .optional()
      .meta({ description: "Map this call's agent, number on our side or metadata to the customer, too" }),
  })
  .strict();
export const dismissal = z.object({ reason: z.string().trim().min(1).max(500) }).strict();

/** A new customer in one step: who it is, its settings and mappings, and its first credits. */
export const onboarding = z
  .object({
    ...customerCreate.shape,
    initial_credits: creditTerms.optional().meta({ description: 'Initial credits; none unless said' }),
    idempotency_key: idempotencyKey,
  })
  .strict();

export const onboardingResult = z.object({
  customer,
  initial_credits: operation.nullable().meta({ description: 'null when none were asked for' }),
  replayed: z.boolean().meta({ description: 'True when this was done before and nothing changed now' }),
});
