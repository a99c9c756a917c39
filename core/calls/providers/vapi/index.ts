import type { ProviderAdapter } from '../adapter';
import { gate } from './gate';
import { parse } from './parse';
import { SECRET_HEADER, verify } from './verify';

/** Vapi. Its traps are in README.md beside this file. */
export const vapi: ProviderAdapter = {
  provider: 'vapi',
  receivedStatus: 200,
  recognises: (headers) =>
    headers[SECRET_HEADER] !== undefined ||
    (headers['x-signature'] !== undefined && headers['x-timestamp'] !== undefined),
  verify,
  parse,
  gate,
};
