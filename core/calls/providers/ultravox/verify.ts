import {
  freshWithin,
  matchesHmac,
  signatureInvalid,
  signatureMissing,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from '../adapter';

export const SIGNATURE_HEADER = 'x-ultravox-webhook-signature';
const TIMESTAMP_HEADER = 'x-ultravox-webhook-timestamp';
const WINDOW_SECONDS = 60;

/**
 * `X-Ultravox-Webhook-Signature` holds one or several signatures by commas (rotation), each the hex HMAC-SHA256 of the
 * raw body followed by `X-Ultravox-Webhook-Timestamp`, which is ISO text (docs.ultravox.ai/webhooks/securing-webhooks).
 * A minute is the documented window; an endpoint's `tolerance_seconds` widens it for retries that carry the first moment.
 */
export function verify({ rawBody, headers }: Delivery, options: VerifyOptions): Verification {
  const signatures = headers[SIGNATURE_HEADER];
  const timestamp = headers[TIMESTAMP_HEADER];
  if (signatures === undefined) return signatureMissing(SIGNATURE_HEADER);
  if (timestamp === undefined) return signatureMissing(TIMESTAMP_HEADER);
  const digests = signatures
    .split(',')
    .slice(0, 10)
    .map((each) => each.trim())
    .filter((each) => /^[0-9a-f]{64}$/i.test(each));
  const at = Date.parse(timestamp);
  const matches =
    !Number.isNaN(at) &&
    digests.some((digest) => matchesHmac('sha256', options.secrets, [rawBody, timestamp], Buffer.from(digest, 'hex')));
  if (!matches) return signatureInvalid('the one that Ultravox showed when the webhook was made');
  return freshWithin(options.settings.tolerance_seconds ?? WINDOW_SECONDS, at, options);
}
