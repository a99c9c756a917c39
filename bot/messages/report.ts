import type { ReportFigures, ReportShown, WeeklyReport } from '../ports';
import { figure, money } from './amounts';
import { context, header, section, table, type Message } from './message';
import { minutesText } from './usage';
import { cell, code, inert, utc } from './text';

/** The most customers that have a row of their own. */
export const REPORT_ROWS = 25;
/** Longer names push the figures out of sight. */
const NAME_WIDTH = 24;

/**
 * Usage and margin by customer, for the partner alone: it says what calls cost (money-rules 21). Markup and margin are both
 * there, each by its name: 0.08 sold for 0.12 is a markup of 50 % and a margin of 33.3 %.
 */
export function reportMessage(shown: ReportShown, days: number): Message {
  return report(shown, `Report, last ${days} days`, [
    'calls alone; days in UTC, today so far',
    'only you can see this',
  ]);
}

/** The same as it is posted to the partner's own channel on a Monday. */
export function weeklyReportMessage(shown: ReportShown, command: string): Message {
  return report(shown, 'Last week, Monday to Sunday', [
    `${dayOf(shown.from)} to ${dayOf(new Date(shown.to.getTime() - 1))}, in UTC; calls alone`,
    `${code(`${command} report weekly off`)} ends these`,
  ]);
}

function report(shown: ReportShown, title: string, closing: readonly string[]): Message {
  const { rows, more, total, currency } = shown;
  if (total.calls === 0)
    return {
      text: `${title}: no calls`,
      blocks: [header(title), section('No calls were charged.'), context(closing.join(' · '))],
    };
  const inMoney = (amount: bigint) => money(amount, currency);
  const { margin } = profit(total);
  const summary = `${total.calls.toLocaleString('en-US')} calls, ${minutesText(total.minutes)} minutes`;
  return {
    text: `${title}: ${summary}`,
    blocks: [
      header(title),
      section(
        hasCosts(total)
          ? `*${summary}*. Calls whose cost is known were sold for *${inMoney(total.sold)}* and cost you *${inMoney(total.cost)}*: a margin of *${margin}*.`
          : `*${summary}*. Nobody told what the calls cost, so there is no margin to show.`,
      ),
      table(
        [
          ['Customer', 'Sold for', 'Cost', 'Margin', 'Markup', 'Calls', 'Minutes', 'Credits'],
          ...rows.map((row) => [cell(row.name, NAME_WIDTH), ...figures(row, inMoney)]),
          ['Total', ...figures(total, inMoney)],
        ],
        [1, 2, 3, 4, 5, 6, 7],
      ),
      ...(total.callsWithoutCost > 0 && hasCosts(total)
        ? [
            section(
              `⚠️ ${counted(total.callsWithoutCost, 'call has', 'calls have')} no known cost: not in “Sold for”, “Cost”, “Markup” and “Margin”.\n*Next:* set a cost a minute for the provider, or send the cost with the call.`,
            ),
          ]
        : []),
      context(
        [...(more > 0 ? [`${counted(more, 'customer', 'customers')} more in the total`] : []), ...closing].join(' · '),
      ),
    ],
  };
}

/** Says whether the weekly report comes, and where. */
export function weeklyReportSetMessage({ isOn, channel, problem }: WeeklyReport, command: string): Message {
  const say = (text: string, next: string) => ({ text, blocks: [section(`${text}\n*Next:* ${next}`)] });
  if (!isOn) return say('The weekly report is off.', `${code(`${command} report weekly on`)} switches it on.`);
  if (channel === null)
    return say(
      '⚠️ The weekly report is on, but your partner account has no Slack channel to post it to.',
      `set one, such as by ${code(`${command} alerts here`)} in it.`,
    );
  if (problem !== null)
    return say(
      `⚠️ The weekly report should be in ${channelName(channel)}, but: ${inert(problem, 300)}`,
      'see to it, for instance by inviting the app to the channel. It is tried again by itself.',
    );
  return say(
    `The weekly report comes to ${channelName(channel)} on Mondays at 08:00 UTC.`,
    `nothing to do. ${code(`${command} report weekly off`)} ends it.`,
  );
}

function channelName(channel: string): string {
  return /^[CG][A-Z0-9]+$/.test(channel) ? `<#${channel}>` : inert(channel);
}

function figures(row: ReportFigures, inMoney: (amount: bigint) => string): string[] {
  const { markup, margin } = profit(row);
  return [
    ...(hasCosts(row) ? [inMoney(row.sold), inMoney(row.cost), margin, markup] : ['–', '–', '–', '–']),
    row.calls.toLocaleString('en-US'),
    minutesText(row.minutes),
    figure(row.credits),
  ];
}

const hasCosts = ({ calls, callsWithoutCost }: ReportFigures) => calls > callsWithoutCost;

function profit({ sold, cost }: ReportFigures): { markup: string; margin: string } {
  return { markup: percent(sold - cost, cost), margin: percent(sold - cost, sold) };
}

/** A share in per cent with one decimal; a dash where one would divide by nothing. */
function percent(part: bigint, whole: bigint): string {
  return whole <= 0n ? '–' : `${((Number(part) / Number(whole)) * 100).toFixed(1)} %`;
}

function counted(count: number, one: string, several: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : several}`;
}

const dayOf = (at: Date) => utc(at).split(',')[0] ?? '';
