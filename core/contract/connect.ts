import { z } from 'zod';
import { moment } from './amounts';

export const connectRequest = z
  .object({
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'Use a two-letter ISO 3166 code such as US')
      .optional()
      .meta({ description: "Where the partner's business is; Stripe's usual one unless said. Of a new account only" }),
  })
  .strict();

/** How a partner stands with the Stripe account that it sells on. */
export const connection = z.object({
  account: z.string().nullable().meta({ description: "Stripe's id of the account; null: there is none yet" }),
  connected: z.boolean().meta({ description: 'Whether the partner sells on it' }),
  charges_enabled: z.boolean().meta({ description: 'Whether Stripe lets it take payments' }),
  payouts_enabled: z.boolean().meta({ description: 'Whether Stripe pays out what it took' }),
  details_submitted: z.boolean().meta({ description: "Whether Stripe's questions were answered once" }),
  due: z.array(z.string()).meta({ description: 'What Stripe wants yet, in words', example: ['A bank account'] }),
  reason: z.string().nullable().meta({ description: 'Why it takes no payments; null when it does' }),
  checked_at: moment.nullable().meta({ description: 'When Stripe was asked last' }),
});

export const onboardingLink = z.object({ url: z.string(), expires_at: moment });

export const connectionWithLink = connection.extend({
  onboarding: onboardingLink.meta({
    description: "Stripe's page for the partner's owner. It opens once, within minutes; ask again for another",
  }),
});
