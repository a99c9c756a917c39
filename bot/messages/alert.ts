import type { AlertNotice, BalanceEvent, BalanceNotice } from '@talktime/core/alerts';
import { callTime, callTimeAfter, credits, money, runwayText } from './amounts';
import { deed, DOUBLED } from './alert-notes';
import { marginMessage } from './margin';
import {
  button,
  buttons,
  context,
  fields,
  header,
  section,
  type ButtonsBlock,
  type Field,
  type Message,
} from './message';
import { code, inert, moment } from './text';

/**
 * An alert as Slack shows it, for the partner's own channel: whose balance, what happened, the figures, what to do next.
 * Carries prices' results only, never what a call cost the partner (money-rules 21).
 *
 * @param doubled whether it may be there twice
 */
export function alertMessage(notice: AlertNotice, doubled = false): Message {
  if (notice.margin !== null) return marginMessage(notice, doubled);
  const { mark, title } = looks(notice);
  const isOver = notice.event === 'recovered';
  return {
    text: `${mark} ${inert(notice.name)}: ${summary(notice)}`,
    blocks: [
      header(`${mark} ${title}`),
      section(whatHappened(notice)),
      fields(figures(notice)),
      section(`*Next:* ${whatNext(notice)}`),
      ...(isOver ? [] : [alertButtons(notice)]),
      context(
        [
          `${owner(notice)} · ${isOver ? 'recovered' : 'since'} ${moment(isOver ? notice.at : notice.since)}`,
          ...(isOver ? [] : people(notice)),
          ...(doubled ? [DOUBLED] : []),
        ].join('\n'),
      ),
    ],
  };
}

/** What a button is about: a wallet's episode, by opaque ids. */
export function alertValue({ walletId, episode }: Pick<AlertNotice, 'walletId' | 'episode'>): string {
  return `${walletId}.${episode}`;
}

/** The listeners look everything up again, and ask who presses (docs/decisions/0014). */
function alertButtons(notice: BalanceNotice): ButtonsBlock {
  const value = alertValue(notice);
  const all = [
    ...(notice.wallet === 'partner'
      ? []
      : [button('Top up', { action: 'talktime_topup', value, style: 'primary' as const })]),
    ...(notice.acknowledged === null ? [button('Acknowledge', { action: 'talktime_acknowledge', value })] : []),
    button('Snooze', { action: 'talktime_snooze', value }),
    button('Settings', { action: 'talktime_settings', value }),
  ];
  return buttons(...all);
}

/** Who did what about it. */
function people({ snoozed, acknowledged }: BalanceNotice): string[] {
  return [
    ...(acknowledged ? [`Acknowledged by ${deed(acknowledged)}`] : []),
    ...(snoozed ? [`Snoozed until ${moment(snoozed.until)} by ${deed(snoozed)}`] : []),
  ];
}

function figures(notice: BalanceNotice): Field[] {
  const { posted, minutesLeft, runway, lowCreditThreshold } = notice;
  // Of an episode that ended before another began, only the balance of then is known.
  const isPast = notice.event === 'recovered' && minutesLeft === null && runway === null;
  return [
    ['Balance', `${credits(posted)} (${money(notice.money, notice.currency)})`],
    ['Low credit threshold', lowCreditThreshold === null ? 'not set' : credits(lowCreditThreshold)],
    ...(isPast
      ? []
      : [
          ['Call time left', posted <= 0n ? 'none' : callTime(minutesLeft)] as const,
          ['Lasts, at the recent pace', runwayText(runway, posted)] as const,
        ]),
  ];
}

export const LOOKS: Record<BalanceEvent, { readonly mark: string; readonly title: string }> = {
  low: { mark: '🟡', title: 'Low on credits' },
  critical: { mark: '🟠', title: 'Very low on credits' },
  exhausted: { mark: '🔴', title: 'Out of credits' },
  improved: { mark: '🔼', title: 'Improved, but still low' },
  recovered: { mark: '🟢', title: 'Recovered' },
  recharge_failed: { mark: '⚠️', title: 'Automatic recharge failed' },
};

export function looks(notice: BalanceNotice): { readonly mark: string; readonly title: string } {
  if (notice.event === 'improved' && notice.status === 'critical')
    return { mark: '🔼', title: 'Improved, but still very low' };
  return LOOKS[notice.event];
}

/** One line, for notifications: no name in it, no formatting. */
function summary(notice: BalanceNotice): string {
  const balance = credits(notice.posted);
  const time = notice.posted > 0n ? callTimeAfter(', ', notice.minutesLeft) : '';
  switch (notice.event) {
    case 'low':
      return `low on credits, ${balance} left${time}`;
    case 'critical':
      return `very low on credits, ${balance} left${time}`;
    case 'exhausted':
      return notice.posted < 0n ? `out of credits, balance ${balance}` : 'out of credits';
    case 'improved':
      return `improved but still low, ${balance} left${time}`;
    case 'recovered':
      return `recovered, ${balance}${time}`;
    case 'recharge_failed':
      return `automatic recharge failed, ${balance} left${time}`;
  }
}

function whatHappened(notice: BalanceNotice): string {
  const name = `*${inert(notice.name)}*`;
  const who = notice.wallet === 'partner' ? `Your own balance (${name})` : name;
  const balance = `*${credits(notice.posted)}*`;
  switch (notice.event) {
    case 'low':
      return `${who} has come down to ${isAtThreshold(notice) ? 'its low credit threshold' : 'a level of yours'}: ${balance} left.`;
    case 'critical':
      return `${who} is close to running out: ${balance} left.`;
    case 'exhausted':
      return notice.posted < 0n
        ? `${who} has run out of credits and stands at ${balance}.`
        : `${who} has run out of credits.`;
    case 'improved':
      return `${who} has risen to ${balance}, which is not yet clear of its threshold.`;
    case 'recovered':
      return `${who} ${notice.lowCreditThreshold === null ? 'has credits again' : 'is clear of its threshold again'}: ${balance}.`;
    case 'recharge_failed':
      return `${who} was not recharged${because(notice.detail)}. It stands at ${balance}.`;
  }
}

/** Whether it is the Low Credit Threshold that it came down to, and not another level alone. */
function isAtThreshold({ lowCreditThreshold, posted }: BalanceNotice): boolean {
  return lowCreditThreshold !== null && posted <= lowCreditThreshold;
}

function whatNext(notice: BalanceNotice): string {
  const topUp = notice.wallet === 'partner' ? 'ask your host for a top-up' : 'top up';
  switch (notice.event) {
    case 'low':
      return notice.wallet === 'partner'
        ? `${topUp} before calls fail.`
        : `tell the customer, or ${topUp} before calls fail.`;
    case 'critical':
      return `${topUp} now, before calls fail.`;
    case 'exhausted':
      return `${topUp} now. Until then new calls may be refused.`;
    case 'improved':
      return `${topUp} some more.${endsAbove(notice)}`;
    case 'recovered':
      return 'nothing to do. This alert is closed.';
    case 'recharge_failed':
      return `look at the payment method, or ${topUp} by hand.`;
  }
}

/** Why, as somebody else put it; a page of ours on which somebody confirms a payment stays a link. */
export function because(detail: string | null): string {
  if (detail === null || detail === '') return '';
  const link = CONFIRM_PAGE.exec(detail)?.[0];
  const said = link === undefined ? detail : detail.slice(0, -link.length).replace(/: *$/, '');
  return `: ${inert(said, 250).replace(/\.$/, '')}${link === undefined ? '' : `: <${link}>`}`;
}

const CONFIRM_PAGE = /https?:\/\/[^\s<>|]+\/pay\/confirm\/[0-9a-f-]{36}\/pay_[0-9a-f]{20}$/;

/** The balance at which the alert is over (money-rules 20). */
function endsAbove({ closesAbove }: BalanceNotice): string {
  return closesAbove === null ? '' : ` The alert ends above ${credits(closesAbove)}.`;
}

function owner(notice: BalanceNotice): string {
  return notice.customerId === null ? 'your own balance' : `customer ${code(notice.customerId)}`;
}
