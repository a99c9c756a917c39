import { createReportChannel, REPORT_ROWS, type BotLogger, type Installations } from '@talktime/bot';
import type { Database } from '@talktime/core/database';
import type { PostReport } from '@talktime/core/jobs';
import { readReport } from './report';

/** Posts a partner's weekly report to its own channel. */
export function weeklyReportPoster(
  database: Database,
  slack: { readonly installations: Installations; readonly apiUrl?: string; readonly logger: BotLogger },
): PostReport {
  const post = createReportChannel(slack);
  return async (partnerId, due) => post(await readReport(database, partnerId, due, REPORT_ROWS), due);
}
