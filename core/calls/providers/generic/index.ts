import { signatureSettings } from '../../../contract';
import type { ProviderAdapter } from '../adapter';
import { verifyHmacHeader } from '../hmac-header';
import { parse } from './parse';

const DEFAULT_FORM = signatureSettings.parse({});

/** Any provider whose webhooks are JSON with an HMAC. Its traps are in README.md beside this file. */
export const generic: ProviderAdapter = {
  provider: 'generic',
  receivedStatus: 200,
  // Its headers are whatever the endpoint says, so it is never guessed.
  recognises: () => false,
  verify: (delivery, options) => verifyHmacHeader(delivery, options.settings.signature ?? DEFAULT_FORM, options),
  parse,
};
