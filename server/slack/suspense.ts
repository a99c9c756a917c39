import type { SuspenseData } from '@talktime/bot';
import { listSuspense, readSuspended } from '@talktime/core/calls';
import type { Database } from '@talktime/core/database';

const CALL_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function suspenseData(database: Database): SuspenseData {
  return {
    async suspended(partnerId, limit) {
      const { items, next_cursor } = await listSuspense(database, partnerId, { limit });
      return { calls: items, isAll: next_cursor === null };
    },

    // A button of another app's message may carry anything.
    suspendedCall: async (partnerId, callId) =>
      CALL_ID.test(callId) ? readSuspended(database, partnerId, callId) : null,
  };
}
