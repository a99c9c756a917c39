import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { z } from 'zod';
import {
  freshWithin,
  signatureInvalid,
  signatureMissing,
  signatureUntimed,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from '../adapter';
import { isoMoment } from '../fields';

export const SIGNATURE_HEADER = 'x-ghl-signature';
const WINDOW_SECONDS = 5 * 60;

/** GoHighLevel's public key (Webhook Integration Guide). An endpoint's own "secrets", public keys too, take its place. */
const PUBLIC_KEY = 'MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=';

const timed = z.object({ timestamp: isoMoment });

/**
 * `X-GHL-Signature`: base64 Ed25519 of the raw body, with GoHighLevel's one key for all apps. The older
 * `X-WH-Signature` (RSA) was removed on 1 July 2026. The moment is in the body: `timestamp`, 5 minutes.
 */
export function verify({ rawBody, headers }: Delivery, options: VerifyOptions): Verification {
  const header = headers[SIGNATURE_HEADER];
  if (header === undefined) return signatureMissing('X-GHL-Signature');
  const keys = options.secrets.length > 0 ? options.secrets : [PUBLIC_KEY];
  const signature = /^[A-Za-z0-9+/]{86}==$/.test(header) ? Buffer.from(header, 'base64') : undefined;
  if (!signature || !keys.some((key) => isSignedBy(key, rawBody, signature)))
    return signatureInvalid("GoHighLevel's public key, which needs no setting");
  const at = momentOf(rawBody);
  return at === null
    ? signatureUntimed("the body's timestamp")
    : freshWithin(options.settings.tolerance_seconds ?? WINDOW_SECONDS, at, options);
}

function isSignedBy(key: string, rawBody: Buffer, signature: Buffer): boolean {
  try {
    const publicKey = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
    return verifySignature(null, rawBody, publicKey, signature);
  } catch {
    return false; // no key, or none of this kind: it signs nothing
  }
}

function momentOf(rawBody: Buffer): number | null {
  try {
    const read = timed.safeParse(JSON.parse(rawBody.toString('utf8')));
    return read.success ? read.data.timestamp : null;
  } catch {
    return null;
  }
}
