import { z } from 'zod';
import { customerId, moment } from './amounts';

/** What a key may do. `host` is for who runs Talktime; the others are of one partner. */
export const scope = z.enum(['read', 'deduct', 'top-up', 'manage', 'host']);
export const apiKeyCreate = z
  .object({
    name: z.string().trim().min(1).max(100),
    scopes: z.array(scope).min(1).max(5),
    customer_id: customerId.optional().meta({ description: 'Limits the key to one customer' }),
  })
  .strict();
export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(scope),
  customer_id: customerId.nullable(),
  created_at: moment,
  revoked_at: moment.nullable(),
});
/** The one answer that shows the key itself. */
export const apiKeyCreated = apiKey.extend({ key: z.string().meta({ example: 'tt_…' }) });

/** Who a key is: what the credential test of the n8n package asks. */
export const whoAmI = z.object({
  partner: z.object({ id: z.string(), name: z.string(), currency: z.string() }).nullable(),
  key: z.object({ id: z.string(), name: z.string(), scopes: z.array(scope), customer_id: customerId.nullable() }),
});

/** RFC 9457 problem+json. `code` is stable; `detail` says what to do next. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
