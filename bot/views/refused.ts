import type { DraftField, Refused } from '../ports';
import type { Reply } from './form';
import type { FormValues } from './values';

/** Slack shows errors under inputs in a small face. */
const LONGEST_ERROR = 300;

/** A refusal at the input that it is about; at `fallback` when it is about none that the form has. */
export function refusedReply({ field, detail }: Refused, values: FormValues, fallback: DraftField): Reply {
  const at = field !== undefined && values.has(field) ? field : fallback;
  return { kind: 'errors', errors: { [at]: detail.slice(0, LONGEST_ERROR) } };
}
