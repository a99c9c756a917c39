import {
  freshWithin,
  matchesHmac,
  signatureInvalid,
  signatureMissing,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from '../adapter';

export const SIGNATURE_HEADER = 'elevenlabs-signature';
const WINDOW_SECONDS = 30 * 60;

/**
 * `ElevenLabs-Signature: t=<seconds>,v0=<hex>`, where v0 = HMAC-SHA256("t.raw body"), valid for 30 minutes. Ours looks
 * both ways: the SDK's constructEvent takes moments in the future, and does not compare in constant time.
 */
export function verify({ rawBody, headers }: Delivery, options: VerifyOptions): Verification {
  const header = headers[SIGNATURE_HEADER];
  if (header === undefined) return signatureMissing('ElevenLabs-Signature');
  const parts = header.split(',').map((part) => part.trim());
  const timestamp = parts.find((part) => /^t=\d{1,12}$/.test(part))?.slice(2);
  const digests = parts
    .filter((part) => /^v0=[0-9a-f]{64}$/i.test(part))
    .map((part) => Buffer.from(part.slice(3), 'hex'));
  const matches =
    timestamp !== undefined &&
    digests.slice(0, 5).some((digest) => matchesHmac('sha256', options.secrets, [`${timestamp}.`, rawBody], digest));
  if (!matches) return signatureInvalid('the one that ElevenLabs showed when the webhook was made');
  return freshWithin(options.settings.tolerance_seconds ?? WINDOW_SECONDS, Number(timestamp) * 1000, options);
}
