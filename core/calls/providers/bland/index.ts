import type { ProviderAdapter } from '../adapter';
import { parse } from './parse';
import { SIGNATURE_HEADER, verify } from './verify';

/** Bland. Its traps are in README.md beside this file. */
export const bland: ProviderAdapter = {
  provider: 'bland',
  receivedStatus: 200,
  recognises: (headers) => headers[SIGNATURE_HEADER] !== undefined,
  verify,
  parse,
};
