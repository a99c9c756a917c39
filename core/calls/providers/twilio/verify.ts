import { createHash } from 'node:crypto';
import {
  matchesHmac,
  signatureInvalid,
  signatureMissing,
  VERIFIED,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from '../adapter';

export const SIGNATURE_HEADER = 'x-twilio-signature';

/**
 * `X-Twilio-Signature`: base64 HMAC-SHA1 of the exact public URL, query included, followed by each parameter's name and
 * value sorted by name; of a JSON body, of the URL alone, whose `bodySHA256` covers the body (twilio SDK,
 * lib/webhooks/webhooks.js). Twilio signs the URL with or without its port. No moment is signed, so there is no age.
 */
export function verify(delivery: Delivery, { secrets }: VerifyOptions): Verification {
  const header = delivery.headers[SIGNATURE_HEADER];
  if (header === undefined) return signatureMissing(SIGNATURE_HEADER);
  if (delivery.url === null || !URL.canParse(delivery.url))
    return {
      ok: false,
      code: 'SIGNATURE_INVALID',
      detail:
        'Twilio signs the public address that it called, which is not known here. Set PUBLIC_URL to the service’s public address; through the API, say the address in "url".',
    };
  const digest = /^[A-Za-z0-9+/]{27}=$/.test(header) ? Buffer.from(header, 'base64') : undefined;
  const content = signedContent(delivery, new URL(delivery.url).searchParams.get('bodySHA256'));
  const matches =
    digest !== undefined &&
    content !== null &&
    bothPorts(delivery.url).some((url) => matchesHmac('sha1', secrets, [url, content], digest));
  return matches
    ? VERIFIED
    : signatureInvalid('the auth token of the Twilio account; PUBLIC_URL must be the address that Twilio calls');
}

/** What is signed beside the URL; null when the body is not the one that the URL names. */
function signedContent({ rawBody }: Delivery, bodySHA256: string | null): string | null {
  if (bodySHA256 !== null) {
    const digest = createHash('sha256').update(rawBody).digest('hex');
    return digest === bodySHA256.toLowerCase() ? '' : null;
  }
  const values = new Map<string, Set<string>>();
  for (const [name, value] of new URLSearchParams(rawBody.toString('utf8')))
    values.set(name, (values.get(name) ?? new Set()).add(value));
  return [...values.keys()]
    .sort()
    .map((name) =>
      [...values.get(name)!]
        .sort()
        .map((value) => name + value)
        .join(''),
    )
    .join('');
}

/** The address with its port and without, textually as it was given otherwise. */
function bothPorts(url: string): string[] {
  const [, scheme, host, port, rest] = /^(https?):\/\/([^/:?#]+)(?::(\d+))?(.*)$/s.exec(url) ?? [];
  if (scheme === undefined) return [url];
  const usual = scheme === 'https' ? '443' : '80';
  return [`${scheme}://${host}${rest}`, `${scheme}://${host}:${port ?? usual}${rest}`];
}
