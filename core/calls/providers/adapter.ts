import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { EndpointSettings, Provider } from '../../contract';
import type { ErrorCode } from '../../contract/errors';
import type { CallClues, CallFacts } from '../facts';

/** A delivery as it arrived: the raw body, and headers by lower-case name. */
export interface Delivery {
  readonly rawBody: Buffer;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The address that the provider called, query included; some sign it. null when nobody said. */
  readonly url: string | null;
}

export type Verification =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: Extract<ErrorCode, `SIGNATURE_${string}`>; readonly detail: string };

export interface VerifyOptions {
  /** The live secrets: several during a rotation. */
  readonly secrets: readonly string[];
  readonly settings: EndpointSettings;
  /** Milliseconds. */
  readonly now: number;
  /**
   * Whether an old signature is refused. On the API-key path it is not: n8n may run an execution minutes later, and the
   * call's identity already stops replays.
   */
  readonly checkAge: boolean;
}

/** A call that has ended, in the one form that Talktime goes by. */
export interface ParsedCall {
  readonly kind: 'call';
  readonly callId: string;
  readonly leg: string;
  readonly facts: CallFacts;
  /** Milliseconds since the epoch. */
  readonly startedAt: number | null;
  readonly clues: CallClues;
  /** The carrier's id of the same physical call (Twilio's CallSid), which links two providers' reports (money-rules 12). */
  readonly carrierCallId: string | null;
  /** The signature does not cover what is billed, and the length is beyond what is taken on trust. */
  readonly unconfirmed: boolean;
}

/** What a provider's payload turned out to be. */
export type Parsed =
  | ParsedCall
  /** Nothing that is billed. */
  | { readonly kind: 'ignored'; readonly message: string }
  | { readonly kind: 'unreadable'; readonly message: string };

/** A call that a provider asks about before it begins. */
export interface GateRequest {
  readonly kind: 'call';
  /** The provider's id of the call, or else the carrier's; null: nothing can be held for it, only answered. */
  readonly callId: string | null;
  /** The agent that the provider would answer with; null when it leaves that to us. */
  readonly agentId: string | null;
  readonly fromNumber: string | null;
  readonly toNumber: string | null;
}

export interface GateAnswer {
  readonly status: number;
  /** JSON; undefined for an empty body. */
  readonly body: unknown;
}

/** How a provider asks whether a call may begin, and what it wants to hear. Pure, as the rest. */
export interface GateAdapter {
  /** The shortest limit of a call's length that the provider takes; a balance for less is refused. */
  readonly shortestSeconds: number;
  readonly longestSeconds: number;
  /** Whether a call cannot be let through without an agent of our choice. */
  readonly needsAgent: boolean;
  /** As the webhooks are signed, unless said. */
  verify?(delivery: Delivery, options: VerifyOptions): Verification;
  /** null when the body asks nothing of the kind. */
  read(body: unknown): GateRequest | null;
  allow(allowed: { readonly agentId: string | null; readonly capSeconds: number }): GateAnswer;
  /** `message` is all that the caller may hear. */
  refuse(message: string): GateAnswer;
}

/**
 * A voice provider: how its webhooks are verified and read. Pure: no I/O and no clock. `verify` compares in constant
 * time; `parse` is called only with a body that was verified, and never throws for what it finds in it.
 */
export interface ProviderAdapter {
  readonly provider: Provider;
  /** The status that says "received" to this provider. */
  readonly receivedStatus: 200 | 204;
  /** Whether a delivery looks like this provider's, by its headers. */
  recognises(headers: Delivery['headers']): boolean;
  verify(delivery: Delivery, options: VerifyOptions): Verification;
  /** What `parse` takes, from the bytes; throws when they are none of it. JSON when left out. */
  decode?(rawBody: Buffer): unknown;
  parse(body: unknown, settings: EndpointSettings): Parsed;
  /** How it asks before a call; left out when it does not. */
  readonly gate?: GateAdapter;
  /** Whether the first bytes of a body show one that is never billed and not worth taking in, such as audio. */
  isNeverBilled?(start: string): boolean;
}

/** Headers by lower-case name, the first value of each: what HTTP servers and n8n hand over. */
export function normalizeHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Delivery['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value[0] : value]),
  );
}

/** Whether one of the secrets gives this digest, compared in constant time. */
export function matchesHmac(
  algorithm: 'sha256' | 'sha1' | 'sha512',
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

/** Whether the text is one of the secrets, compared in constant time. */
export function matchesSecret(secrets: readonly string[], given: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(given);
  let matches = false;
  for (const secret of secrets) if (timingSafeEqual(digest(secret), expected)) matches = true;
  return matches;
}

/** For requests that a provider does not sign: the secret itself, in a header that is set at the provider. */
export function verifySentSecret({ headers }: Delivery, { secrets }: VerifyOptions): Verification {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '') ?? [];
  const given = headers[SECRET_HEADER] ?? bearer;
  if (given === undefined) return signatureMissing(`${SECRET_HEADER} (or Authorization)`);
  return matchesSecret(secrets, given) ? VERIFIED : signatureInvalid('the secret of the endpoint');
}

const SECRET_HEADER = 'x-talktime-secret';

export const VERIFIED: Verification = { ok: true };

export function signatureMissing(header: string): Verification {
  return {
    ok: false,
    code: 'SIGNATURE_MISSING',
    detail: `The header ${header} is missing. Pass the webhook on with the headers that it came with.`,
  };
}

/** `secret`: what the provider's secret is called where the partner finds it. */
export function signatureInvalid(secret: string): Verification {
  return {
    ok: false,
    code: 'SIGNATURE_INVALID',
    detail: `The signature does not match the raw body and the secret. The secret is ${secret}; the body must be passed on byte for byte.`,
  };
}

/** The signature is right, but the moment that it should cover is no moment. */
export function signatureUntimed(where: string): Verification {
  return { ok: false, code: 'SIGNATURE_INVALID', detail: `The signature fits, but ${where} holds no moment.` };
}

/** Whether a signature's moment is within `seconds` of now, both ways. `at` in milliseconds. */
export function freshWithin(seconds: number, at: number, { now, checkAge }: VerifyOptions): Verification {
  if (!checkAge || Math.abs(now - at) <= seconds * 1000) return VERIFIED;
  const window = seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`;
  return {
    ok: false,
    code: 'SIGNATURE_EXPIRED',
    detail: `The signature is more than ${window} old or ahead. Check the clock, and deliver webhooks as they come.`,
  };
}
