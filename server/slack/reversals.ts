import type { ReversalData, Reversible } from '@talktime/bot';
import type { Database } from '@talktime/core/database';
import { listReversible, type ReversibleLine } from '@talktime/core/ledger';
import { toJsonNumber } from '@talktime/core/money';

export function reversalData(database: Database): ReversalData {
  return {
    async reversible(partnerId, customerId, limit) {
      return (await listReversible(database, partnerId, customerId, limit)).map(shown);
    },
  };
}

function shown({ operationId, kind, amount, left, note, at, call }: ReversibleLine): Reversible {
  return {
    operationId,
    kind: KINDS[kind] ?? 'call',
    amount: toJsonNumber(amount),
    left: toJsonNumber(left),
    note,
    at,
    callSeconds: call && call.rawSeconds,
  };
}

/** A reassigned call is a call. */
const KINDS: Partial<Record<ReversibleLine['kind'], Reversible['kind']>> = {
  top_up: 'top_up',
  payment: 'payment',
  adjustment: 'adjustment',
  deduction: 'deduction',
  plan: 'plan',
};
