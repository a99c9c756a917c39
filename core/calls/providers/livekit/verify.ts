import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  freshWithin,
  matchesHmac,
  signatureInvalid,
  signatureMissing,
  VERIFIED,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from '../adapter';

const header = z.object({ alg: z.literal('HS256') });
const claims = z.object({
  sha256: z.string(),
  exp: z.number(),
  nbf: z.number().optional(),
  iat: z.number().optional(),
});
/** How far the clocks may differ. */
const LEEWAY_SECONDS = 60;
/** A token stands for one delivery: no longer than this, whatever it says of itself. */
const WINDOW_SECONDS = 15 * 60;

/**
 * `Authorization: <JWT>`, HS256 with the API secret, whose claim `sha256` is the base64 SHA-256 of the raw body
 * (livekit-server-sdk, WebhookReceiver). The algorithm is fixed here, whatever the token names.
 */
export function verify({ rawBody, headers }: Delivery, options: VerifyOptions): Verification {
  const token = headers['authorization']?.replace(/^Bearer +/i, '');
  if (token === undefined) return signatureMissing('Authorization');
  const read = readToken(token, options.secrets);
  const digest = createHash('sha256').update(rawBody).digest('base64');
  if (!read || read.sha256 !== digest) return signatureInvalid('the API secret of the key that is set for webhooks');
  const now = options.now / 1000;
  const expired = read.exp + LEEWAY_SECONDS < now || (read.nbf ?? read.iat ?? 0) - LEEWAY_SECONDS > now;
  if (!options.checkAge) return VERIFIED;
  if (expired)
    return {
      ok: false,
      code: 'SIGNATURE_EXPIRED',
      detail: 'The token has expired, or is not valid yet. Check the clock, and deliver webhooks as they come.',
    };
  return freshWithin(
    options.settings.tolerance_seconds ?? WINDOW_SECONDS,
    (read.nbf ?? read.iat ?? now) * 1000,
    options,
  );
}

function readToken(token: string, secrets: readonly string[]): z.output<typeof claims> | null {
  const [, first, second, third] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token) ?? [];
  if (third === undefined || !matchesHmac('sha256', secrets, [`${first}.${second}`], Buffer.from(third, 'base64url')))
    return null;
  const known = header.safeParse(json(first!));
  const read = claims.safeParse(json(second!));
  return known.success && read.success ? read.data : null;
}

function json(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
