import type { ProviderAdapter } from '../adapter';
import { decode, parse } from './parse';
import { SIGNATURE_HEADER, verify } from './verify';

/** Twilio Voice, the carrier. Its traps are in README.md beside this file. */
export const twilio: ProviderAdapter = {
  provider: 'twilio',
  receivedStatus: 204,
  recognises: (headers) => headers[SIGNATURE_HEADER] !== undefined,
  verify,
  decode,
  parse,
};
