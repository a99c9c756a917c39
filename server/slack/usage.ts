import type { UsageData, Used } from '@talktime/bot';
import type { UsageRow } from '@talktime/core/contract';
import type { Database } from '@talktime/core/database';
import { micro, ZERO } from '@talktime/core/money';
import { usageReport } from '@talktime/core/records';
import { daysBefore, lastDays } from './calendar';
import { millionths } from './decimals';

const NOTHING: Used = { calls: 0, minutes: 0n, credits: ZERO, byCustomers: ZERO };

export function usageData(database: Database): UsageData {
  return {
    async usage(partnerId, customerId, count) {
      const time = lastDays(count, Date.now());
      const read = ({ from, to }: { from: Date; to: Date }) =>
        usageReport(database, partnerId, {
          by: 'day',
          from: from.toISOString(),
          to: to.toISOString(),
          ...(customerId === null ? {} : { customer_id: customerId }),
        });
      const [during, before] = await Promise.all([read(time), read(daysBefore(time, count))]);
      const byDay = new Map(during.rows.map((row) => [row.day, used(row)]));
      return {
        days: time.days.map((day) => ({ day, ...(byDay.get(day) ?? NOTHING) })),
        elapsedDays: time.elapsedDays,
        total: used(during.total),
        before: used(before.total),
      };
    },
  };
}

function used(row: UsageRow): Used {
  return {
    calls: row.calls,
    minutes: millionths(row.minutes_billed),
    credits: micro(millionths(row.price)),
    byCustomers: micro(millionths(row.paid_by_customer)),
  };
}
