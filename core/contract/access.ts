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

/** A provider's account whose signed webhooks Talktime takes: the address to paste, and its secrets (write-only). */
export const endpointCreate = z
  .object({
    provider: z.enum(['retell']),
    account: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)
      .default('default'),
    secrets: z
      .array(z.string().min(1).max(500))
      .min(1)
      .max(5)
      .meta({ description: 'The live signing secrets; several during a rotation' }),
  })
  .strict();
export const endpoint = z.object({
  id: z.string(),
  provider: z.string(),
  account: z.string(),
  path: z
    .string()
    .meta({ description: 'Paste the service address with this path into the provider', example: '/hooks/retell/ep_…' }),
  secrets_set: z.number().int(),
  created_at: moment,
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
