import { z } from 'zod';
import { customerId, moment } from './amounts';

/** What an outgoing webhook can tell, in the words of its payload's `type`. */
export const WEBHOOK_EVENTS = [
  'balance.low',
  'balance.critical',
  'balance.exhausted',
  'balance.recovered',
  'credits.topped_up',
  'plan.applied',
  'call.deducted',
  'call.suspended',
  'margin.low',
  'margin.recovered',
  'payment.succeeded',
  'payment.failed',
  'payment.refunded',
  'payment.disputed',
  'payment.dispute_closed',
] as const;

export const webhookEventType = z.enum(WEBHOOK_EVENTS);

export const webhookCreate = z
  .object({
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .meta({ description: 'Where events are posted to', example: 'https://n8n.example.com/webhook/talktime' }),
    events: z.array(webhookEventType).min(1).max(WEBHOOK_EVENTS.length),
    customer_id: customerId
      .optional()
      .meta({ description: 'Only what is about this customer; everything unless said' }),
    description: z.string().trim().max(200).default('').meta({ description: 'For whoever looks at the list' }),
  })
  .strict();

export const webhook = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(webhookEventType),
  customer_id: customerId.nullable(),
  description: z.string(),
  created_at: moment,
  waiting: z.number().int().meta({ description: 'Events that are yet to be delivered' }),
  failed: z.number().int().meta({ description: 'Events that were given up after every attempt' }),
});

/** The one answer that shows the secret. */
export const webhookCreated = webhook.extend({
  secret: z.string().meta({
    description: 'Signs every event (standardwebhooks.com). Shown once.',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  }),
});

export const webhookDelivery = z.object({
  event_id: z.uuid(),
  type: webhookEventType,
  customer_id: customerId.nullable(),
  at: moment,
  state: z.enum(['waiting', 'delivered', 'failed']),
  attempts: z.number().int(),
  next_attempt_at: moment.nullable(),
  last_error: z.string().nullable(),
});

/** The body that is posted. `data` is, by type, an operation, a deduction with its receipt, a call in suspense, a balance, or a payment with its refunds and disputes. */
export const webhookEvent = z.object({
  id: z.uuid().meta({ description: 'The same for every attempt: take an event in once' }),
  type: webhookEventType,
  at: moment.meta({ description: 'When it happened' }),
  customer: z.object({ id: customerId, name: z.string() }).nullable(),
  data: z.record(z.string(), z.unknown()),
});
