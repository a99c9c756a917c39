import { createHmac, timingSafeEqual } from 'crypto';

/** How far a delivery's clock may be off, as standardwebhooks.com recommends. */
const TOLERANCE_SECONDS = 5 * 60;

/**
 * Whether Talktime signed a delivery (https://github.com/standard-webhooks/standard-webhooks): HMAC-SHA256 over
 * "id.timestamp.body" with the secret that was given when the webhook was made.
 * @param now milliseconds
 */
export function isSigned(
  secret: string,
  headers: Record<string, string | string[] | undefined>,
  rawBody: Buffer,
  now: number,
): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    (name) => headers[name],
  );
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return false;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest();
  return signatures.split(' ').some((each) => {
    const [version, signature = ''] = each.split(',', 2);
    const given = Buffer.from(signature, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}
