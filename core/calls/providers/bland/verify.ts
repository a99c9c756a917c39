import {
  matchesHmac,
  signatureInvalid,
  signatureMissing,
  VERIFIED,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from '../adapter';

export const SIGNATURE_HEADER = 'x-webhook-signature';

/**
 * `X-Webhook-Signature`: hex HMAC-SHA256 of the body (docs.bland.ai/tutorials/webhook-signing). The docs' sample hashes
 * JSON.stringify of the parsed body and compares with ===; we take the raw bytes, in constant time. No moment is signed,
 * so there is no age to check.
 */
export function verify({ rawBody, headers }: Delivery, { secrets }: VerifyOptions): Verification {
  const header = headers[SIGNATURE_HEADER];
  if (header === undefined) return signatureMissing('X-Webhook-Signature');
  const matches =
    /^[0-9a-f]{64}$/i.test(header) && matchesHmac('sha256', secrets, [rawBody], Buffer.from(header, 'hex'));
  return matches ? VERIFIED : signatureInvalid('the webhook signing secret of the Bland account');
}
