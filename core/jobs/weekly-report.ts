import { claimWeeklyReport, settleWeeklyReport, type DueReport, type ReportOutcome } from '../access';
import type { Database } from '../database';
import { eachPartner } from './each-partner';
import type { Job } from './job';

/** Of which 08:00 on a Monday is a multiple. */
const FIVE_MINUTES = 5 * 60;

/** Posts a report; it answers what came of it, and throws only for a fault of ours. */
export type PostReport = (partnerId: string, due: DueReport) => Promise<ReportOutcome>;

/** Posts the weekly reports of the partners who want them. */
export function weeklyReportJob(database: Database, post: PostReport): Job {
  return {
    name: 'weekly report',
    everySeconds: FIVE_MINUTES,
    run: (signal) => eachPartner(database, signal, (partnerId) => postWeeklyReport(database, partnerId, post)),
  };
}

/**
 * Posts a partner's report if it is due. Slack knows no idempotency key: a process that dies between Slack's answer and the
 * note of it posts a second one five minutes later. Nothing else doubles it, and nothing loses it.
 */
export async function postWeeklyReport(
  database: Database,
  partnerId: string,
  post: PostReport,
  now: number = Date.now(),
): Promise<void> {
  const due = await claimWeeklyReport(database, partnerId, now);
  if (due) await settleWeeklyReport(database, partnerId, due.week, await post(partnerId, due), now);
}
