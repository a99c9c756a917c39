import { matchesHmac, type Delivery, type Verification, type VerifyOptions } from '../provider';

export const SIGNATURE_HEADER = 'x-retell-signature';
const WINDOW_MILLISECONDS = 5 * 60 * 1000;

/**
 * `x-retell-signature: v=<milliseconds>,d=<hex>`, where d = HMAC-SHA256(raw body + milliseconds, API key with the webhook
 * badge), valid for 5 minutes both ways (retell-sdk, lib/webhook_auth).
 */
export function verify({ rawBody, headers }: Delivery, { secrets, now, checkAge }: VerifyOptions): Verification {
  const header = headers[SIGNATURE_HEADER];
  if (header === undefined) {
    return {
      ok: false,
      code: 'SIGNATURE_MISSING',
      detail: `The header ${SIGNATURE_HEADER} is missing. Pass the webhook on with the headers that it came with.`,
    };
  }
  const [, timestamp, digest] = /^v=(\d{1,15}),d=([0-9a-f]{64})$/i.exec(header) ?? [];
  const matches =
    digest !== undefined && matchesHmac('sha256', secrets, [rawBody, timestamp!], Buffer.from(digest, 'hex'));
  if (!matches) {
    return {
      ok: false,
      code: 'SIGNATURE_INVALID',
      detail:
        'The signature does not match the raw body and the secret. The secret is the Retell API key with the webhook badge; the body must be passed on byte for byte.',
    };
  }
  if (checkAge && Math.abs(now - Number(timestamp)) > WINDOW_MILLISECONDS) {
    return {
      ok: false,
      code: 'SIGNATURE_EXPIRED',
      detail: 'The signature is more than 5 minutes old or ahead. Check the clock, and deliver webhooks as they come.',
    };
  }
  return { ok: true };
}
