import type { ProviderAdapter } from '../adapter';
import { parse } from './parse';
import { SIGNATURE_HEADER, verify } from './verify';

/** Ultravox. Its traps are in README.md beside this file. */
export const ultravox: ProviderAdapter = {
  provider: 'ultravox',
  receivedStatus: 204,
  recognises: (headers) => headers[SIGNATURE_HEADER] !== undefined,
  verify,
  parse,
};
