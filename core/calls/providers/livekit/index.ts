import type { ProviderAdapter } from '../adapter';
import { parse } from './parse';
import { verify } from './verify';

/** LiveKit. Its traps are in README.md beside this file. */
export const livekit: ProviderAdapter = {
  provider: 'livekit',
  receivedStatus: 200,
  recognises: (headers) => headers['content-type']?.startsWith('application/webhook+json') ?? false,
  verify,
  parse,
};
