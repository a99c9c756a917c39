import { REPORT_ROWS, reportMessage, unknownPeriodMessage, weeklyReportSetMessage, type Message } from '../messages';
import { refusalMessage } from '../messages/trouble';
import { retype } from '../messages/text';
import { isAtLeast, type BotData } from '../ports';
import type { Answering, Question } from './answer';
import { splitPeriod } from './period';

const PERIODS = [7, 30];
const USUAL = 7;

export const report: Answering = {
  name: 'report',
  usage: 'report [7d|30d|weekly on|weekly off]',
  does: 'margin and usage by customer; weekly: in your channel on Mondays',
  least: 'viewer',
  aboutAll: true,

  async answer(question, { data }) {
    const { argument, command, partnerId } = question;
    const [, choice] = /^weekly(?:\s+(\S+))?$/i.exec(retype(argument)) ?? [undefined, null];
    if (choice !== null) return weekly(question, data, choice?.toLowerCase());
    const { rest, days, typed } = splitPeriod(argument, PERIODS, USUAL);
    if (days === null || rest !== '') return unknownPeriodMessage(rest || typed, PERIODS, `${command} report`);
    return reportMessage(await data.report(partnerId, days, REPORT_ROWS), days);
  },
};

async function weekly(
  { access, actor, command, partnerId }: Question,
  data: BotData,
  choice: string | undefined,
): Promise<Message> {
  if (choice !== 'on' && choice !== 'off') return weeklyReportSetMessage(await data.weeklyReport(partnerId), command);
  if (!isAtLeast(access.role, 'manager')) return refusalMessage({ kind: 'not_allowed', least: 'manager' });
  return weeklyReportSetMessage(await data.setWeeklyReport(partnerId, actor, choice === 'on'), command);
}
