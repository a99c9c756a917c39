import { z } from 'zod';
import {
  matchesHmac,
  signatureInvalid,
  signatureMissing,
  VERIFIED,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from '../adapter';
import { identifier } from '../fields';

/** The documented name is the WSGI spelling of the header; both are taken. */
export const SIGNATURE_HEADERS = [
  'synthflow-signature',
  'http_synthflow_signature',
  'http-synthflow-signature',
] as const;
const signed = z.object({ call: z.object({ call_id: identifier }) });

/**
 * Base64 HMAC-SHA256 **of the call id only** (docs.synthflow.ai/webhooks-security): the one scheme that makes us open the
 * body before it is verified, and only for that one text. What else the body says is not covered, so its length is taken
 * on trust up to a limit (parse.ts).
 */
export function verify({ rawBody, headers }: Delivery, { secrets }: VerifyOptions): Verification {
  const header = SIGNATURE_HEADERS.map((name) => headers[name]).find((each) => each !== undefined);
  if (header === undefined) return signatureMissing('Synthflow-Signature');
  const callId = callIdOf(rawBody);
  const matches =
    callId !== null &&
    /^[A-Za-z0-9+/]{43}=$/.test(header) &&
    matchesHmac('sha256', secrets, [callId], Buffer.from(header, 'base64'));
  return matches ? VERIFIED : signatureInvalid('the webhook secret of the Synthflow workspace');
}

function callIdOf(rawBody: Buffer): string | null {
  try {
    const read = signed.safeParse(JSON.parse(rawBody.toString('utf8')));
    return read.success ? read.data.call.call_id : null;
  } catch {
    return null;
  }
}
