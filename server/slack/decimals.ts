import { parseDecimal } from '@talktime/core/money';

/** Decimal text of a report, exactly. */
export function millionths(text: string): bigint {
  const parsed = parseDecimal(text);
  if (!parsed.ok) throw new RangeError(`${parsed.refusal}: a report has a figure that it cannot have: ${text}`);
  return parsed.value;
}
