import { parseScaledDecimal } from '@talktime/core/money';
import { money } from '../messages/amounts';
import { context, fields, section, type MessageBlock } from '../messages/message';
import type { MonthMargin } from '../ports';

/** 'pending': while it is being added up. */
export type MarginShown = MonthMargin | 'pending' | 'failed';

/**
 * What this month's calls earned: for the partner's people alone (money-rules 21). Markup and margin, each by its name:
 * 0.08 sold for 0.12 is a markup of 50 % and a margin of 33.3 %.
 */
export function marginBlocks(margin: MarginShown): MessageBlock[] {
  const title = '*📈 This month’s margin*';
  if (margin === 'pending') return [section(`${title}\n⏳ Being added up…`)];
  if (margin === 'failed')
    return [section(`${title}\nCould not be added up now. *Next:* open this tab again in a minute.`)];
  if (margin.calls === 0) {
    const why =
      margin.callsWithoutCost === 0
        ? 'No calls yet this month.'
        : `Nothing tells what this month’s ${calls(margin.callsWithoutCost)} cost you. *Next:* have your provider’s webhook report costs, or set a cost per minute.`;
    return [section(`${title}\n${why}`)];
  }
  return [
    section(title),
    fields([
      ['Customers paid', inMoney(margin.price, margin.currency)],
      ['Calls cost you', inMoney(margin.cost, margin.currency)],
      ['Margin (of the price)', percent(margin.margin)],
      ['Markup (on the cost)', percent(margin.markup)],
    ]),
    context(
      margin.callsWithoutCost === 0
        ? `of ${calls(margin.calls)}, since the 1st (UTC)`
        : `of ${calls(margin.calls)} whose cost is known, since the 1st (UTC) · ${margin.callsWithoutCost.toLocaleString('en-US')} more without a cost are not in it`,
    ),
  ];
}

const calls = (count: number) => `${count.toLocaleString('en-US')} ${count === 1 ? 'call' : 'calls'}`;
const percent = (ratio: number | null) => (ratio === null ? 'unknown' : `${(ratio * 100).toFixed(1)} %`);

function inMoney(decimal: string, currency: string): string {
  return money(parseScaledDecimal(decimal, 0) ?? 0n, currency);
}
