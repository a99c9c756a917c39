import { z } from 'zod';
import { decimalText, moment } from './amounts';

/** The voice providers that Talktime reads; `generic` is any other whose webhooks are signed JSON. */
export const PROVIDERS = [
  'retell',
  'vapi',
  'elevenlabs',
  'ultravox',
  'twilio',
  'generic',
  'bland',
  'synthflow',
  'livekit',
  'gohighlevel',
] as const;
export const provider = z.enum(PROVIDERS).meta({ description: 'A voice provider that Talktime reads' });

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,100}$/)
  .transform((name) => name.toLowerCase());

/** How a provider signs whose scheme is configurable. The defaults are those of Vapi's HMAC credential. */
export const signatureSettings = z
  .object({
    header: headerName.default('x-signature'),
    timestamp_header: headerName.default('x-timestamp'),
    algorithm: z.enum(['sha256', 'sha1', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64']).default('hex'),
    prefix: z
      .string()
      .max(40)
      .default('')
      .meta({ description: 'What stands before the signature', example: 'sha256=' }),
    payload: z
      .string()
      .max(100)
      .refine((form) => form.split('{body}').length === 2, { message: 'must contain {body} once' })
      .default('{timestamp}.{body}')
      .meta({ description: 'What is signed. Without {timestamp} an old delivery cannot be told from a new one.' }),
  })
  .strict();

const path = z
  .string()
  .regex(/^[^.\s]{1,100}(\.[^.\s]{1,100}){0,9}$/)
  .meta({ description: 'Where in the body, by dots', example: 'call.duration_seconds' });
const condition = z
  .object({
    field: path,
    equals: z
      .array(z.union([z.string().max(200), z.number(), z.boolean()]))
      .min(1)
      .max(50),
  })
  .strict();

/** Where a generic provider's body says what. */
export const fieldSettings = z
  .object({
    call_id: path,
    seconds: path.optional(),
    milliseconds: path.optional(),
    minutes: path.optional(),
    started_at: path.optional(),
    ended_at: path.optional(),
    cost: path.optional(),
    cost_currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .default('USD'),
    agent_id: path.optional(),
    from_number: path.optional(),
    to_number: path.optional(),
    direction: path.optional(),
    customer_id: path.optional(),
    billed_when: condition.optional().meta({ description: 'Which deliveries are billed; all unless said' }),
    unconnected_when: condition.optional().meta({ description: 'Which calls never connected, and are free' }),
    provider_fault_when: condition.optional().meta({ description: "Which calls the provider's failure ended; free" }),
  })
  .strict()
  .refine(
    (fields) => fields.seconds ?? fields.milliseconds ?? fields.minutes ?? (fields.started_at && fields.ended_at),
    {
      message: 'Say where the length is: seconds, milliseconds, minutes, or started_at and ended_at',
      path: ['seconds'],
    },
  );

/** Who answers an incoming call, for providers that ask. */
export const gateSettings = z
  .object({
    agent_id: z.string().min(1).max(200).optional().meta({ description: 'The agent (assistant, model) that answers' }),
    agents: z
      .record(z.string().min(1).max(60), z.string().min(1).max(200))
      .optional()
      .meta({
        description: 'By the number that is called',
        example: { '+14155550199': 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD' },
      }),
    unmatched: z.enum(['refuse', 'allow']).default('refuse').meta({
      description: "What becomes of a call that is no customer's; one that is allowed waits in suspense at its end",
    }),
  })
  .strict();

/** What may be set of an account at a provider. Each has a default that suits most. */
export const endpointSettings = z
  .object({
    signature: signatureSettings.optional().meta({ description: 'How it signs; of vapi and generic' }),
    fields: fieldSettings.optional().meta({ description: 'Where the body says what; of generic, required there' }),
    tolerance_seconds: z
      .number()
      .int()
      .min(10)
      .max(86_400)
      .optional()
      .meta({ description: "How old a signature may be; the provider's own window unless said" }),
    cost_per_minute: z
      .object({ amount: decimalText, currency: z.string().regex(/^[A-Z]{3}$/) })
      .strict()
      .optional()
      .meta({ description: 'What a minute costs you, for a provider that does not report the cost' }),
    trusted_seconds: z.number().int().min(1).max(86_400).optional().meta({
      description: 'The longest call that is charged when the signature does not cover its length; of synthflow',
    }),
    gate: gateSettings.optional().meta({ description: 'Who answers a call that may begin' }),
    keep_transcripts: z
      .boolean()
      .optional()
      .meta({ description: 'Keep transcripts and recordings in the inbox too; they are removed unless said' }),
  })
  .strict();

/** The providers whose webhooks are checked with a public key that Talktime knows. */
const WITHOUT_SECRET: readonly (typeof PROVIDERS)[number][] = ['gohighlevel'];

const secrets = z
  .array(z.string().min(1).max(500))
  .max(5)
  .meta({ description: 'The live signing secrets; several during a rotation' });

const apiKeyOfProvider = z.string().min(1).max(500).meta({
  description: "The provider's API key, to ask for calls whose webhook never came and to end calls (retell, vapi)",
});

/** A provider's account whose signed webhooks Talktime takes: the address to paste, and its secrets (write-only). */
export const endpointCreate = z
  .object({
    provider,
    account: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)
      .default('default'),
    secrets: secrets.default([]),
    api_key: apiKeyOfProvider.optional(),
    settings: endpointSettings.default({}),
  })
  .strict()
  .refine((input) => input.secrets.length > 0 || WITHOUT_SECRET.includes(input.provider), {
    message: 'Give the signing secret',
    path: ['secrets'],
  })
  .refine((input) => input.provider !== 'generic' || input.settings.fields, {
    message: 'Say where the body has the call id and the length',
    path: ['settings', 'fields'],
  });

/** A change of an endpoint. What is left out stays; `settings` replaces them all. */
export const endpointUpdate = z
  .object({
    secrets: secrets.min(1).optional(),
    api_key: apiKeyOfProvider.nullable().optional(),
    settings: endpointSettings.optional(),
  })
  .strict();

export const endpoint = z.object({
  id: z.string(),
  provider,
  account: z.string(),
  path: z
    .string()
    .meta({ description: 'Paste the service address with this path into the provider', example: '/hooks/retell/ep_…' }),
  secrets_set: z.number().int(),
  api_key_set: z.boolean(),
  settings: z.record(z.string(), z.unknown()).meta({ description: 'As they were set' }),
  created_at: moment,
});

export const deliveryState = z
  .enum(['received', 'booked', 'suspense', 'ignored', 'unreadable', 'refused'])
  .meta({ description: 'received: recorded, and worked on soon' });

/** A delivery of a provider, as the inbox has it. */
export const delivered = z.object({
  id: z.uuid(),
  provider,
  endpoint_id: z.string(),
  state: deliveryState,
  message: z.string().nullable().meta({ description: 'Why, unless it was booked' }),
  provider_call_id: z.string().nullable(),
  deliveries: z.number().int().meta({ description: 'How often the same body came' }),
  attempts: z.number().int(),
  received_at: moment,
  processed_at: moment.nullable(),
});
export const deliveredDetail = delivered.extend({
  body: z.string().meta({ description: 'As it is kept: without transcripts, unless the endpoint keeps them' }),
});
