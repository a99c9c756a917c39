import type { BalanceNotice } from '@talktime/core/alerts';
import { looks } from './alert';
import { DOUBLED } from './alert-notes';
import { callTimeAfter, credits, money } from './amounts';
import { context, header, section, type Message } from './message';
import { inert, moment } from './text';

/**
 * An alert for a customer's own channel. It says what the customer's visibility allows (money-rules 21): with pricing
 * information hidden neither balance, minutes nor money; what a call cost the partner, and who snoozed what, never.
 */
export function customerAlertMessage(notice: BalanceNotice, doubled = false): Message {
  const { mark, title } = looks(notice);
  const isOver = notice.event === 'recovered';
  return {
    text: `${mark} ${inert(notice.name)}: ${summary(notice)}`,
    blocks: [
      header(`${mark} ${title}`),
      section(`*${inert(notice.name)}*: ${summary(notice)}.${figures(notice)}`),
      ...(isOver ? [] : [section(WHAT_NEXT[notice.event])]),
      context(
        [
          `${isOver ? 'recovered' : 'since'} ${moment(isOver ? notice.at : notice.since)}`,
          ...(doubled ? [DOUBLED] : []),
        ].join('\n'),
      ),
    ],
  };
}

/** One line of it, where several stand together. */
export function customerLine(notice: BalanceNotice): string {
  const { mark } = looks(notice);
  const balance = notice.showsPricing ? ` · ${credits(notice.posted)}` : '';
  return `${mark} *${inert(notice.name, 40)}*: ${summary(notice)}${balance} · since ${moment(notice.since)}`;
}

function summary(notice: BalanceNotice): string {
  switch (notice.event) {
    case 'low':
      return 'credits are low';
    case 'critical':
      return 'credits are very low';
    case 'exhausted':
      return 'credits have run out';
    case 'improved':
      return 'credits were added, but are still low';
    case 'recovered':
      return 'there are enough credits again';
    case 'recharge_failed':
      return 'credits could not be added';
  }
}

const WHAT_NEXT = {
  low: 'Please top up, so that calls go on.',
  critical: 'Please top up soon, before calls fail.',
  exhausted: 'Please top up now. Until then new calls may be refused.',
  improved: 'Please top up some more.',
  recharge_failed: 'Please top up.',
} as const;

function figures({ showsPricing, posted, minutesLeft, currency, money: worth }: BalanceNotice): string {
  if (!showsPricing) return '';
  const time = posted > 0n ? callTimeAfter(', ', minutesLeft) : '';
  return ` The balance is *${credits(posted)}* (${money(worth, currency)})${time}.`;
}
