import { z } from 'zod';
import { customerId, moment, status } from './amounts';

/** Where alerts go, as text. */
export const alertRoute = z
  .string()
  .max(400)
  .regex(/^(slack:([TE][A-Z0-9]+)?:[CG][A-Z0-9]+|dm:([TE][A-Z0-9]+)?:[UW][A-Z0-9]+|email:\S+@\S+|none)$/)
  .meta({
    description: 'slack:T…:C…, dm:T…:U…, email:…, or none when nobody said where to',
    example: 'slack:T0123456789:C0123456789',
  });

export const alertAudience = z
  .enum(['partner', 'customer'])
  .meta({ description: "Who reads it: the partner's people, or one customer's" });

/** A message that tells of alerts, on one route. */
export const alertMessage = z.object({
  id: z.uuid(),
  route: alertRoute,
  audience: alertAudience,
  kind: z.enum(['episode', 'digest', 'route_dead', 'test', 'payment']),
  state: z.enum(['waiting', 'delivered', 'dead']),
  customer_ids: z.array(customerId).meta({ description: 'The customers that it is about; the partner is not listed' }),
  attempts: z.number().int().meta({ description: 'Failed attempts to deliver what it should show now' }),
  doubts: z.number().int().meta({ description: 'How often the answer to a post was lost: it may be there twice' }),
  last_error: z.string().nullable().meta({ description: 'Why the last attempt failed, and what to do' }),
  next_attempt_at: moment.nullable(),
  created_at: moment,
  delivered_at: moment.nullable().meta({ description: 'When it was last delivered' }),
});

/** A route that is not tried until it is mended. */
export const deadAlertRoute = z.object({
  route: alertRoute,
  audience: alertAudience,
  dead_at: moment,
  reason: z.string(),
  waiting: z.number().int().meta({ description: 'Messages that were given up because of it' }),
});

export const alertRouteName = z.object({ route: alertRoute }).strict();

export const alertTest = z
  .object({
    route: alertRoute
      .optional()
      .meta({ description: "One of the partner's or its customers' routes; unless said, the partner's channel" }),
  })
  .strict();

/** A balance that is low, and of which somebody was told. */
export const openEpisode = z.object({
  wallet: z.enum(['customer', 'partner']),
  customer_id: customerId.nullable(),
  name: z.string(),
  episode: z.number().int(),
  status,
  since: moment,
  snoozed_until: moment.nullable(),
  snoozed_by: z.string().nullable(),
  acknowledged_by: z.string().nullable(),
  acknowledged_at: moment.nullable(),
});
