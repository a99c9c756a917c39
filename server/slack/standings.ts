import type { StandingData } from '@talktime/bot';
import { listByRunway } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';

export function standingData(database: Database): StandingData {
  return {
    async standings(partnerId, lowOnly, page, pageSize) {
      // By number and not by cursor: a cursor holds the figures that the list is sorted by, and a button may hold none.
      const skip = (page - 1) * pageSize;
      const { items, total, omitted } = await listByRunway(database, partnerId, { lowOnly, limit: pageSize, skip });
      return { standings: items, total, omitted };
    },
  };
}
