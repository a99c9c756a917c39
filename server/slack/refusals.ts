import type { DraftField, Refused } from '@talktime/bot';
import { TalktimeError } from '@talktime/core/contract';

/** A refusal of ours, thrown so that a transaction is rolled back. */
export class Refusal extends Error {
  readonly refused: Refused;

  constructor(code: string, detail: string, field?: DraftField) {
    super(code);
    this.refused = { kind: 'refused', code, detail, ...(field === undefined ? {} : { field }) };
  }
}

/** A refusal, of ours or of the core, is an answer; a fault is not. */
export async function refusable<T>(work: () => Promise<T>): Promise<T | Refused> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error.refused;
    if (!(error instanceof TalktimeError) || error.status >= 500) throw error;
    const { code, detail, errors } = error;
    const path = errors?.[0]?.path;
    const field = INPUTS.find((input) => input === path) ?? FIELDS[code];
    return { kind: 'refused', code, detail: inSlack(detail), ...(field === undefined ? {} : { field }) };
  }
}

const INPUTS: readonly DraftField[] = ['customer', 'amount', 'note', 'plan', 'operation', 'map'];

/** The input that a refusal is about when it does not say so itself. */
const FIELDS: Partial<Record<TalktimeError['code'], DraftField>> = {
  NUMBER_INVALID: 'amount',
  NUMBER_PRECISION: 'amount',
  NUMBER_RANGE: 'amount',
  AMOUNT_NOT_POSITIVE: 'amount',
  INSUFFICIENT_CREDITS: 'amount',
  WALLET_LIMIT: 'amount',
  REVERSAL_TOO_LARGE: 'amount',
  CUSTOMER_NOT_FOUND: 'customer',
  PLAN_NOT_FOUND: 'plan',
  PLAN_INACTIVE: 'plan',
  RATE_REQUIRED: 'plan',
  OPERATION_NOT_FOUND: 'operation',
  NOT_REVERSIBLE: 'operation',
  CALL_CLOSED: 'operation',
  MAPPING_TAKEN: 'map',
};

/** What the core says to programs, without the parts that a person in Slack can do nothing with. */
function inSlack(detail: string): string {
  return detail
    .replace('; the same key works again', '')
    .replace(', or use a host key', '')
    .replace(' Leave "map" out.', ' Choose not to map it.')
    .replace(' Leave "map" out, and add the mapping by itself.', ' Choose not to map it.');
}
