import type { SuspenseData } from '@talktime/bot';
import { listSuspense, readSuspended } from '@talktime/core/calls';
import type { Database } from '@talktime/core/database';

export function suspenseData(database: Database): SuspenseData {
  return {
    async suspended(partnerId, limit) {
      const { items, next_cursor } = await listSuspense(database, partnerId, { limit });
      return { calls: items, isAll: next_cursor === null };
    },

    suspendedCall: (partnerId, callId) => readSuspended(database, partnerId, callId),
  };
}
