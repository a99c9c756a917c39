import type { HistoryData } from '@talktime/bot';
import { TalktimeError } from '@talktime/core/contract';
import type { Database } from '@talktime/core/database';
import { getStatement } from '@talktime/core/ledger';

export function historyData(database: Database): HistoryData {
  return {
    async history(partnerId, customerId, limit, cursor) {
      const who = customerId === null ? ('partner' as const) : { customerId };
      try {
        const { lines, next_cursor } = await getStatement(database, partnerId, who, { limit, cursor });
        return { lines, next: next_cursor };
      } catch (error) {
        if (error instanceof TalktimeError && error.code === 'CUSTOMER_NOT_FOUND') return null;
        throw error;
      }
    },
  };
}
