import type { z } from 'zod';
import type { signatureSettings } from '../../contract';
import {
  freshWithin,
  matchesHmac,
  signatureInvalid,
  signatureMissing,
  signatureUntimed,
  VERIFIED,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from './adapter';

export type SignatureForm = z.output<typeof signatureSettings>;

const WINDOW_SECONDS = 5 * 60;

/** A signature in a header of a configurable form: an HMAC of the body, with a timestamp or without. */
export function verifyHmacHeader(
  { rawBody, headers }: Delivery,
  form: SignatureForm,
  options: VerifyOptions,
): Verification {
  const signature = headers[form.header];
  if (signature === undefined) return signatureMissing(form.header);
  const timed = form.payload.includes('{timestamp}');
  const timestamp = headers[form.timestamp_header];
  if (timed && timestamp === undefined) return signatureMissing(form.timestamp_header);

  const [before, after] = form.payload.split('{body}').map((part) => part.replaceAll('{timestamp}', timestamp ?? ''));
  const digest = signature.startsWith(form.prefix)
    ? digestOf(signature.slice(form.prefix.length), form.encoding)
    : undefined;
  if (!digest || !matchesHmac(form.algorithm, options.secrets, [before!, rawBody, after!], digest))
    return signatureInvalid('the one that was set for this endpoint, and its form is in the settings of the endpoint');
  if (!timed) return VERIFIED;
  const at = momentOf(timestamp!);
  return at === null
    ? signatureUntimed(form.timestamp_header)
    : freshWithin(options.settings.tolerance_seconds ?? WINDOW_SECONDS, at, options);
}

function digestOf(text: string, encoding: 'hex' | 'base64'): Buffer | undefined {
  const form = encoding === 'hex' ? /^([0-9a-f]{2})+$/i : /^[A-Za-z0-9+/_-]+={0,2}$/;
  return form.test(text) ? Buffer.from(text, encoding) : undefined;
}

/** Seconds, milliseconds or ISO text; in milliseconds. */
function momentOf(timestamp: string): number | null {
  if (/^\d{9,11}$/.test(timestamp)) return Number(timestamp) * 1000;
  if (/^\d{12,14}$/.test(timestamp)) return Number(timestamp);
  const at = Date.parse(timestamp);
  return Number.isNaN(at) ? null : at;
}
