import type { Standing, StandingData } from '@talktime/bot';
import { listByRunway } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';

/** As many as are read at once; a page of a list in Slack is smaller. */
const MOST = 200;

export function standingData(database: Database): StandingData {
  return {
    async standings(partnerId, lowOnly, page, pageSize) {
      // By number and not by cursor: a cursor holds the figures that the list is sorted by, and a button may hold none.
      const [begin, end] = [(page - 1) * pageSize, page * pageSize];
      const found: Standing[] = [];
      let cursor: string | undefined;
      for (;;) {
        const { items, next_cursor, total, omitted } = await listByRunway(database, partnerId, {
          lowOnly,
          limit: MOST,
          cursor,
        });
        found.push(...items);
        if (next_cursor === null || found.length >= end || begin >= total)
          return { standings: found.slice(begin, end), total, omitted };
        cursor = next_cursor;
      }
    },
  };
}
