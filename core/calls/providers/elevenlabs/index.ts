import type { ProviderAdapter } from '../adapter';
import { gate } from './gate';
import { parse } from './parse';
import { SIGNATURE_HEADER, verify } from './verify';

/** ElevenLabs Agents. Its traps are in README.md beside this file. */
export const elevenlabs: ProviderAdapter = {
  provider: 'elevenlabs',
  receivedStatus: 200,
  recognises: (headers) => headers[SIGNATURE_HEADER] !== undefined,
  verify,
  parse,
  gate,
  // The type comes first; the audio that follows is base64 of many megabytes.
  isNeverBilled: (start) => /^\s*\{\s*"type"\s*:\s*"post_call_audio"/.test(start),
};
