import type { MarginNotice } from '@talktime/core/alerts';
import { DOUBLED } from './alert-notes';
import { money } from './amounts';
import { button, buttons, context, fields, header, section, type Message } from './message';
import { code, inert, moment } from './text';

/**
 * An alert about a customer's margin, for the partner's own channel alone: it says what calls cost (money-rules 21).
 * Markup and margin are both there, each by its name: 0.08 sold for 0.12 is a markup of 50 % and a margin of 33.3 %.
 */
export function marginMessage(notice: MarginNotice, doubled = false): Message {
  const { margin: figures, currency } = notice;
  const isLow = notice.event === 'margin_low';
  const title = isLow ? '📉 Margin too low' : '📈 Margin recovered';
  const margin = percent(figures.price - figures.cost, figures.price);
  const level = percent(BigInt(figures.level), 1_000_000n);
  const over = figures.days === 1 ? 'the last day' : `the last ${figures.days} days`;
  const summary = isLow ? `margin ${margin}, below ${level}` : `margin ${margin}, above ${level} again`;
  return {
    text: `${title.slice(0, 2)} ${inert(notice.name)}: ${summary}`,
    blocks: [
      header(title),
      section(
        isLow
          ? `*${inert(notice.name)}* leaves you a margin of *${margin}* over ${over}, below your guard's ${level}.`
          : `*${inert(notice.name)}* leaves you a margin of *${margin}* over ${over}, clear of your guard's ${level} again.`,
      ),
      fields([
        ['Customer paid', money(figures.price, currency)],
        ['Calls cost you', money(figures.cost, currency)],
        ['Margin', margin],
        ['Markup', percent(figures.price - figures.cost, figures.cost)],
      ]),
      section(
        isLow
          ? "*Next:* look at the margin report by agent and provider, and raise the customer's price per minute or choose a cheaper model."
          : '*Next:* nothing to do. This alert is closed.',
      ),
      ...(isLow
        ? [buttons(button('Settings', { action: 'talktime_settings', value: `${notice.walletId}.${notice.episode}` }))]
        : []),
      context(
        [`customer ${code(notice.customerId ?? '')} · since ${moment(notice.at)}`, ...(doubled ? [DOUBLED] : [])].join(
          '\n',
        ),
      ),
    ],
  };
}

/** A share in per cent with one decimal. */
function percent(part: bigint, whole: bigint): string {
  return whole <= 0n ? 'unknown' : `${((Number(part) / Number(whole)) * 100).toFixed(1)} %`;
}
