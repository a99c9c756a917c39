import type { ProviderAdapter } from '../adapter';
import { gate } from './gate';
import { parse } from './parse';
import { SIGNATURE_HEADERS, verify } from './verify';

/** Synthflow. Its traps are in README.md beside this file. */
export const synthflow: ProviderAdapter = {
  provider: 'synthflow',
  receivedStatus: 200,
  recognises: (headers) => SIGNATURE_HEADERS.some((name) => headers[name] !== undefined),
  verify,
  parse,
  gate,
};
