import { z } from 'zod';
import { parseScaledDecimal } from '../../money';
import { normalizePhoneNumber, type CallFacts } from '../facts';
import type { Parsed } from './adapter';

/** What providers' payloads are read with: tolerant of what is absent, strict about what is there. */

/** A provider's id of a call. */
export const identifier = z.string().min(1).max(200);
export const text = z.string().max(500);
/** Seconds, milliseconds, moments and costs alike: times a thousand it is still exact. */
const LARGEST = 9e12;
export const amount = z.number().nonnegative().max(LARGEST);
/** A number that some deployments send as text. */
export const numeric = z.union([
  amount,
  z
    .string()
    .regex(/^\d{1,15}(\.\d{1,15})?$/)
    .transform(Number)
    .pipe(amount),
]);
/** A moment as ISO text, in milliseconds. */
export const isoMoment = z.string().transform((value, context) => {
  const at = Date.parse(value);
  if (!(at >= 0)) context.addIssue({ code: 'custom', message: 'no moment since 1970' });
  return at;
});

/** `metadata` is whatever the builder set when creating the call; its customer_id is the one field that we read. */
export function customerIdIn(metadata: unknown): string | null {
  const read = z.object({ customer_id: z.union([z.string().trim().min(1).max(200), z.number()]) }).safeParse(metadata);
  return read.success ? String(read.data.customer_id) : null;
}

export function phoneNumber(value: string | null | undefined): string | null {
  return value ? normalizePhoneNumber(value) : null;
}

/** A cost in units of 10^`power` of the currency; null when the provider tells none. */
export function costOf(value: number | null | undefined, currency = 'USD', power = 0): CallFacts['cost'] {
  const parsed = value == null ? null : parseScaledDecimal(String(value), power);
  return parsed === null ? null : { amount: parsed, currency };
}

export function ignored(message: string): Parsed {
  return { kind: 'ignored', message };
}

export function unreadable(message: string): Parsed {
  return { kind: 'unreadable', message };
}

/** `what` has fields of an unexpected form: says which, never what is in them. */
export function malformed(what: string, error: z.ZodError): Parsed {
  const fields = error.issues.map((issue) => issue.path.join('.') || 'the body').join(', ');
  return unreadable(`${what} has an unexpected form in: ${fields.slice(0, 300)}.`);
}

/** An event's name as it may stand in a message. */
export const shown = (name: string): string => name.slice(0, 60);
