import { formatDecimal } from '@talktime/core/money';
import type { CustomerRef, Used, UsageShown } from '../ports';
import { credits, figure } from './amounts';
import { barsOf, type Bar } from './bars';
import type { Answer, ChartBlock } from './chart';
import { context, header, section, table, type Message, type MessageBlock } from './message';
import { code, inert } from './text';

/** Whose usage, and who asks: the partner's people also see what they paid themselves. */
export interface UsageAbout {
  /** null: all customers together. */
  readonly customer: CustomerRef | null;
  readonly days: number;
  readonly audience: 'partner' | 'customer';
}

/** What came of sending the picture that stands for the chart. */
export type PictureSent = boolean;

const CLOSING = 'Calls alone; days in UTC, today so far · only you can see this';

/** Usage with a chart that Slack draws. */
export function usageMessage(shown: UsageShown, about: UsageAbout): Answer {
  if (shown.total.calls === 0) return noUsage(about);
  return {
    text: summary(shown, about, inert),
    blocks: [
      header(title(about)),
      section(summary(shown, about, bold)),
      chart(shown, about),
      totals(shown, about),
      context(CLOSING),
    ],
  };
}

/** The same where Slack draws no charts: the bars in figures, and where their picture is. */
export function usageWithoutChartMessage(shown: UsageShown, about: UsageAbout, isPictureSent: PictureSent): Message {
  const { total, before, elapsedDays } = shown;
  const lines = rowsOf(total, before, elapsedDays, about).map(
    ([label = '', now = '', then = '']) => `• ${label}: *${now}* (before: ${then})`,
  );
  const blocks: MessageBlock[] = [
    header(title(about)),
    section([summary(shown, about, bold), ...lines].join('\n')),
    table(
      [['From', 'Credits a day'], ...barsOf(shown.days).map(({ label, creditsADay }) => [label, figure(creditsADay)])],
      [1],
    ),
    section(
      isPictureSent
        ? '📈 The chart is in your messages with this app: this workspace’s Slack does not draw charts yet.'
        : 'This workspace’s Slack does not draw charts yet, and took no picture of it either.',
    ),
    context(CLOSING),
  ];
  return { text: summary(shown, about, inert), blocks };
}

/** Why a customer's people see no figures (money-rules 21). */
export function figuresHiddenMessage(what: string): Message {
  const text = `${what} is not shown here.\n*Next:* ask your agency, who can switch Show Pricing Information on for you.`;
  return { text: `${what} is not shown here.`, blocks: [section(text)] };
}

/** "14d" is none of the times that can be asked for. */
export function unknownPeriodMessage(typed: string, periods: readonly number[], asked: string): Message {
  const choices = periods.map((days) => `• ${code(`${asked} ${days}d`)}`);
  const text = `I can't show ${inert(typed)}.`;
  return { text, blocks: [section([`I can't show ${code(typed)}. Try one of these:`, ...choices].join('\n'))] };
}

function title({ days }: Pick<UsageAbout, 'days'>): string {
  return `Usage, last ${days} days`;
}

const bold = (name: string) => `*${inert(name)}*`;

function summary(
  { total }: UsageShown,
  { customer, days, audience }: UsageAbout,
  named: (name: string) => string,
): string {
  const size = `${credits(total.credits)} on ${counted(total.calls, 'call')}`;
  if (audience === 'customer') return `You used ${size} in the last ${days} days.`;
  return `${customer ? named(customer.name) : 'Your customers'} used ${size} in the last ${days} days.`;
}

function noUsage({ customer, days, audience }: UsageAbout): Message {
  const who = (named: (name: string) => string) =>
    audience === 'customer' ? '' : customer ? ` of ${named(customer.name)}` : ' of your customers';
  const text = (named: (name: string) => string) => `No calls${who(named)} were charged in the last ${days} days.`;
  return { text: text(inert), blocks: [section(text(bold)), context('only you can see this')] };
}

function chart({ days }: UsageShown, { days: count }: UsageAbout): ChartBlock {
  const bars = barsOf(days);
  return {
    type: 'data_visualization',
    title: chartTitle(count, bars),
    chart: {
      type: 'bar',
      series: [
        {
          name: 'Credits a day',
          data: bars.map(({ label, creditsADay }) => ({ label, value: Number(formatDecimal(creditsADay)) })),
        },
      ],
      axis_config: { categories: bars.map(({ label }) => label), y_label: 'Credits a day' },
    },
  };
}

/** At most 50 characters. A bar of several days is their mean, so that bars of any width can be compared. */
export function chartTitle(days: number, bars: readonly Bar[]): string {
  const wide = bars[0]?.days ?? 1;
  return wide === 1 ? `Credits a day, last ${days} days` : `Credits a day, means of ${wide} days, last ${days} days`;
}

function totals({ total, before, elapsedDays }: UsageShown, about: UsageAbout) {
  const heading = ['', `Last ${about.days} days`, 'Before that'];
  return table([heading, ...rowsOf(total, before, elapsedDays, about)], [1, 2]);
}

function rowsOf(total: Used, before: Used, elapsedDays: number, { audience }: UsageAbout): string[][] {
  const row = (label: string, show: (used: Used) => string) => [label, show(total), show(before)];
  const ownPart = ({ credits: all, byCustomers }: Used) => all - byCustomers;
  return [
    row('Calls', ({ calls }) => calls.toLocaleString('en-US')),
    row('Minutes billed', ({ minutes }) => minutesText(minutes)),
    row('Credits', ({ credits: used }) => figure(used)),
    row('Average a day', ({ credits: used }) => figure(perDay(used, elapsedDays))),
    ...(audience === 'partner' && (ownPart(total) !== 0n || ownPart(before) !== 0n)
      ? [row('Credits paid by you', (used) => figure(ownPart(used)))]
      : []),
  ];
}

function perDay(amount: bigint, days: number): bigint {
  return (amount * 1000n) / BigInt(Math.max(1, Math.round(days * 1000)));
}

/** Millionths of minutes: whole ones, and tenths of few. */
export function minutesText(minutes: bigint): string {
  const tenths = (minutes + 50_000n) / 100_000n;
  if (tenths >= 1000n) return ((minutes + 500_000n) / 1_000_000n).toLocaleString('en-US');
  return formatDecimal(tenths * 100_000n);
}

function counted(count: number, unit: string): string {
  return `${count.toLocaleString('en-US')} ${unit}${count === 1 ? '' : 's'}`;
}
