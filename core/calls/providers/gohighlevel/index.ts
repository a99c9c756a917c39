import type { ProviderAdapter } from '../adapter';
import { parse } from './parse';
import { SIGNATURE_HEADER, verify } from './verify';

/** GoHighLevel Voice AI. Its traps are in README.md beside this file. */
export const gohighlevel: ProviderAdapter = {
  provider: 'gohighlevel',
  receivedStatus: 200,
  recognises: (headers) => headers[SIGNATURE_HEADER] !== undefined,
  verify,
  parse,
};
