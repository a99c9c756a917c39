import type { Settled, SuspenseData } from '@talktime/bot';
import { assignCall, dismissCall, listSuspense, type Talktime } from '@talktime/core/calls';
import { TalktimeError } from '@talktime/core/contract';
import { actorOf } from './actor';

export function suspenseData(talktime: Talktime): SuspenseData {
  return {
    async suspended(partnerId, limit) {
      const { items, next_cursor } = await listSuspense(talktime.database, partnerId, { limit });
      return { calls: items, isAll: next_cursor === null };
    },

    assignCall: (partnerId, actor, callId, customerId, map) =>
      settled(async () => {
        const result = await assignCall(talktime, partnerId, actorOf(actor), callId, customerId, map);
        if (result.outcome !== 'deducted') return { kind: 'refused', detail: result.message };
        return { kind: 'charged', customerId, credits: -result.amount, balance: result.balance_after };
      }),

    dismissCall: (partnerId, actor, callId, reason) =>
      settled(async () => {
        await dismissCall(talktime, partnerId, actorOf(actor), callId, reason);
        return { kind: 'dismissed' };
      }),
  };
}

/** A refusal of the core is an answer; a fault is not. */
async function settled(work: () => Promise<Settled>): Promise<Settled> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TalktimeError && error.status < 500) return { kind: 'refused', detail: error.detail };
    throw error;
  }
}
