import { rearmLevel, type AlertNotice, type BalanceEvent, type BalanceNotice } from '@talktime/core/alerts';
import { callTime, callTimeAfter, credits, money, pace } from './amounts';
import { marginMessage } from './margin';
import { context, fields, header, section, type Message } from './message';
import { code, inert, moment } from './text';

/**
 * An alert as Slack shows it, for the partner's own channel: whose balance, what happened, the figures, what to do next.
 * Carries prices' results only, never what a call cost the partner (money-rules 21).
 */
export function alertMessage(notice: AlertNotice): Message {
  if (notice.margin !== null) return marginMessage(notice);
  const { mark, title } = looks(notice);
  return {
    text: `${mark} ${inert(notice.name)}: ${summary(notice)}`,
    blocks: [
      header(`${mark} ${title}`),
      section(whatHappened(notice)),
      fields([
        ['Balance', `${credits(notice.posted)} (${money(notice.money, notice.currency)})`],
        ['Low credit threshold', notice.lowCreditThreshold === null ? 'not set' : credits(notice.lowCreditThreshold)],
        ['Call time left', notice.posted <= 0n ? 'none' : callTime(notice.minutesLeft)],
        ['Lasts, at the pace of 7 days', notice.posted <= 0n ? 'none' : pace(notice.daysLeft)],
      ]),
      section(`*Next:* ${whatNext(notice)}`),
      context(`${owner(notice)} · ${notice.event === 'recovered' ? 'recovered' : 'since'} ${moment(notice.at)}`),
    ],
  };
}

/**
 * What a thread says when a balance got worse: updating a message notifies nobody, and bad news must not arrive in
 * silence.
 */
export function worsenedMessage(notice: BalanceNotice): Message {
  const { mark } = looks(notice);
  const text = `${mark} *${inert(notice.name)}*: ${summary(notice)}`;
  return { text: text.replaceAll('*', ''), blocks: [section(text)] };
}

const LOOKS: Record<BalanceEvent, { mark: string; title: string }> = {
  low: { mark: '🟡', title: 'Low on credits' },
  critical: { mark: '🟠', title: 'Very low on credits' },
  exhausted: { mark: '🔴', title: 'Out of credits' },
  improved: { mark: '🔼', title: 'Improved, but still low' },
  recovered: { mark: '🟢', title: 'Recovered' },
};

function looks(notice: BalanceNotice): { mark: string; title: string } {
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
  }
}

function whatHappened(notice: BalanceNotice): string {
  const name = `*${inert(notice.name)}*`;
  const who = notice.wallet === 'partner' ? `Your own balance (${name})` : name;
  const balance = `*${credits(notice.posted)}*`;
  switch (notice.event) {
    case 'low':
      return `${who} has come down to its low credit threshold: ${balance} left.`;
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
  }
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
  }
}

/** The balance at which the alert is over (money-rules 20). */
function endsAbove({ lowCreditThreshold }: BalanceNotice): string {
  return lowCreditThreshold === null ? '' : ` The alert ends above ${credits(rearmLevel(lowCreditThreshold))}.`;
}

function owner(notice: BalanceNotice): string {
  return notice.customerId === null ? 'your own balance' : `customer ${code(notice.customerId)}`;
}
