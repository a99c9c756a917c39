import type { ReportData, ReportFigures, ReportShown } from '@talktime/bot';
import type { MarginRow, UsageRow } from '@talktime/core/contract';
import { getWeeklyReport, setWeeklyReport } from '@talktime/core/access';
import { customerNames } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { micro } from '@talktime/core/money';
import { marginReport, usageReport } from '@talktime/core/records';
import { actorOf } from './actor';
import { lastDays } from './calendar';
import { millionths } from './decimals';

export function reportData(database: Database): ReportData {
  return {
    report: (partnerId, days, limit) => readReport(database, partnerId, lastDays(days, Date.now()), limit),
    weeklyReport: (partnerId) => getWeeklyReport(database, partnerId),
    setWeeklyReport: (partnerId, actor, isOn) => setWeeklyReport(database, partnerId, actorOf(actor), isOn),
  };
}

/** Usage and margin by customer, of calls that began in a time; the `limit` customers that used most. */
export async function readReport(
  database: Database,
  partnerId: string,
  { from, to }: { from: Date; to: Date },
  limit: number,
): Promise<ReportShown> {
  const query = { by: 'customer', from: from.toISOString(), to: to.toISOString() };
  const [usage, margin] = await Promise.all([
    usageReport(database, partnerId, query),
    marginReport(database, partnerId, query),
  ]);
  const margins = new Map(margin.rows.map((row) => [row.customer_id, row]));
  const rows = usage.rows
    .map((row) => ({ customerId: row.customer_id ?? '', ...figures(row, margins.get(row.customer_id)) }))
    .sort((a, b) => (a.credits === b.credits ? b.calls - a.calls : a.credits < b.credits ? 1 : -1));
  const shown = rows.slice(0, limit);
  const names = await customerNames(
    database,
    partnerId,
    shown.map(({ customerId }) => customerId),
  );
  return {
    from,
    to,
    currency: usage.currency,
    rows: shown.map((row) => ({ ...row, name: names.get(row.customerId) ?? row.customerId })),
    more: rows.length - shown.length,
    total: figures(usage.total, margin.total),
  };
}

/** A call may be charged between the two questions: its margin comes with the next report. */
function figures(usage: UsageRow, margin: MarginRow | undefined): ReportFigures {
  return {
    calls: usage.calls,
    minutes: millionths(usage.minutes_billed),
    credits: micro(millionths(usage.price)),
    sold: millionths(margin?.price ?? '0'),
    cost: millionths(margin?.cost ?? '0'),
    callsWithoutCost: margin?.calls_without_cost ?? usage.calls,
  };
}
