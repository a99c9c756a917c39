import { signatureSettings } from '../../../contract';
import {
  matchesSecret,
  signatureInvalid,
  signatureMissing,
  VERIFIED,
  type Delivery,
  type Verification,
  type VerifyOptions,
} from '../adapter';
import { verifyHmacHeader } from '../hmac-header';

export const SECRET_HEADER = 'x-vapi-secret';
const DEFAULT_FORM = signatureSettings.parse({});

/**
 * Vapi lets its customers choose (docs.vapi.ai/server-url/server-authentication): an HMAC credential, whose header and
 * payload are settings too; a Bearer token; or the older X-Vapi-Secret. With the last two the secret itself is sent, so
 * nothing tells when: there is no age to check. An endpoint that is set to signatures takes nothing else.
 */
export function verify(delivery: Delivery, options: VerifyOptions): Verification {
  const { headers } = delivery;
  const form = options.settings.signature ?? DEFAULT_FORM;
  if (options.settings.signature || headers[form.header] !== undefined)
    return verifyHmacHeader(delivery, form, options);
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '') ?? [];
  const given = headers[SECRET_HEADER] ?? bearer;
  if (given === undefined) return signatureMissing(`${SECRET_HEADER} (or Authorization, or ${form.header})`);
  return matchesSecret(options.secrets, given)
    ? VERIFIED
    : signatureInvalid('the one of the credential that is set on the Vapi server URL');
}
