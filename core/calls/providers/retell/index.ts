import type { ProviderAdapter } from '../adapter';
import { gate } from './gate';
import { parse } from './parse';
import { SIGNATURE_HEADER, verify } from './verify';

/** Retell AI. Its traps are in README.md beside this file. */
export const retell: ProviderAdapter = {
  provider: 'retell',
  receivedStatus: 204,
  recognises: (headers) => headers[SIGNATURE_HEADER] !== undefined,
  verify,
  parse,
  gate,
};
