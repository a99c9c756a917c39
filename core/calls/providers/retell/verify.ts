import {
  freshWithin,
  matchesHmac,
  signatureInvalid,
  signatureMissing,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from '../adapter';

export const SIGNATURE_HEADER = 'x-retell-signature';
const WINDOW_SECONDS = 5 * 60;

/**
 * `x-retell-signature: v=<milliseconds>,d=<hex>`, where d = HMAC-SHA256(raw body + milliseconds, API key with the webhook
 * badge), valid for 5 minutes both ways (retell-sdk, lib/webhook_auth).
 */
export function verify({ rawBody, headers }: Delivery, options: VerifyOptions): Verification {
  const header = headers[SIGNATURE_HEADER];
  if (header === undefined) return signatureMissing(SIGNATURE_HEADER);
  const [, timestamp, digest] = /^v=(\d{1,15}),d=([0-9a-f]{64})$/i.exec(header) ?? [];
  if (
    digest === undefined ||
    !matchesHmac('sha256', options.secrets, [rawBody, timestamp!], Buffer.from(digest, 'hex'))
  ) {
    return signatureInvalid('the Retell API key with the webhook badge');
  }
  return freshWithin(options.settings.tolerance_seconds ?? WINDOW_SECONDS, Number(timestamp), options);
}
