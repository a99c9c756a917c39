import { micro, parseDecimal, type Microcredits } from '../money';
import { TalktimeError } from './errors';

/**
 * A decimal from the wire, in millionths. Refused with a code when it is no plain decimal, has more than 6 decimals, or
 * is 8,000,000,000 or more. `field` names it in the message.
 */
export function parseMillionths(text: string, field: string): bigint {
  const parsed = parseDecimal(text);
  if (parsed.ok) return parsed.value;
  const messages = {
    NUMBER_INVALID: `"${field}" is not a plain decimal number. Write it like 12.5, without separators or units.`,
    NUMBER_PRECISION: `"${field}" has more than 6 decimals. Round it to 6 yourself, so that you know what is charged.`,
    NUMBER_RANGE: `"${field}" is beyond 8,000,000,000. Split it into smaller amounts.`,
  };
  throw new TalktimeError(parsed.refusal, messages[parsed.refusal], [
    { path: field, message: messages[parsed.refusal] },
  ]);
}

/** Credits from the wire. */
export function parseCredits(text: string, field: string): Microcredits {
  return micro(parseMillionths(text, field));
}

/** Credits from the wire that cannot be negative. */
export function parseCreditsFromZero(text: string, field: string): Microcredits {
  const value = parseCredits(text, field);
  if (value < 0n)
    throw new TalktimeError('REQUEST_INVALID', `"${field}" cannot be negative.`, [
      { path: field, message: 'cannot be negative' },
    ]);
  return value;
}
