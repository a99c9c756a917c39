import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ErrorCode } from '../contract/errors';
import type { CallClues, CallFacts } from './facts';

/** A delivery as it arrived: the raw body, and headers by lower-case name. */
export interface Delivery {
  readonly rawBody: Buffer;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export type Verification =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: Extract<ErrorCode, `SIGNATURE_${string}`>; readonly detail: string };

export interface VerifyOptions {
  /** The live secrets: several during a rotation. */
  readonly secrets: readonly string[];
  /** Milliseconds. */
  readonly now: number;
  /**
   * Whether an old signature is refused. On the API-key path it is not: n8n may run an execution minutes later, and the
   * call's identity already stops replays.
   */
  readonly checkAge: boolean;
}

/** What a provider's payload turned out to be. */
export type Parsed =
  | {
      readonly kind: 'call';
      readonly callId: string;
      readonly leg: string;
      readonly facts: CallFacts;
      /** Milliseconds since the epoch. */
      readonly startedAt: number | null;
      readonly clues: CallClues;
    }
  /** Nothing that is billed. */
  | { readonly kind: 'ignored'; readonly message: string }
  | { readonly kind: 'unreadable'; readonly message: string };

/**
 * A voice provider: how its webhooks are verified and read. Pure: no I/O and no clock. `verify` compares in constant
 * time; `parse` is called only with a body that was verified, and never throws for what it finds in it.
 */
export interface ProviderAdapter {
  readonly provider: string;
  /** Whether a delivery looks like this provider's, by its headers. */
  recognises(headers: Delivery['headers']): boolean;
  verify(delivery: Delivery, options: VerifyOptions): Verification;
  parse(body: unknown): Parsed;
}

/** Headers by lower-case name, the first value of each: what HTTP servers and n8n hand over. */
export function normalizeHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Delivery['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value[0] : value]),
  );
}

/** Whether one of the secrets gives this digest (hex or base64), compared in constant time. */
export function matchesHmac(
  algorithm: 'sha256' | 'sha1',
  secrets: readonly string[],
  content: readonly (Buffer | string)[],
  digest: Buffer,
): boolean {
  let matches = false;
  for (const secret of secrets) {
    const hmac = createHmac(algorithm, secret);
    for (const part of content) hmac.update(part);
    const expected = hmac.digest();
    if (expected.length === digest.length && timingSafeEqual(expected, digest)) matches = true;
  }
  return matches;
}
