import {
  PAYMENT_TITLES,
  paymentFigures,
  paymentNext,
  paymentSummary,
  type PaymentNewsEntry,
  type PaymentNotice,
  type Writing,
} from '@talktime/core/alerts';
import { credits, money } from './amounts';
import { DOUBLED } from './alert-notes';
import { button, buttons, context, fields, header, section, type Message, type MessageBlock } from './message';
import type { PaymentTried } from '../ports';
import { code, inert, moment } from './text';
import { textMessage } from './trouble';

/** The button that looks at a payment anew. */
export const PAYMENT_RETRY = 'talktime_payment_retry';

const MARKS: Record<PaymentNewsEntry['event'], string> = {
  refunded: '↩️',
  refund_failed: '⚠️',
  inquiry_opened: '🔎',
  inquiry_closed: '🔎',
  dispute_opened: '⚖️',
  dispute_won: '🟢',
  dispute_lost: '🔴',
  mismatch: '🚨',
  stuck: '🚨',
  mended: '🟢',
  failed: '⚠️',
  needs_action: '🔐',
};

const LINES_SHOWN = 7;

/** What happened to a payment, for the partner's own people: how a partner collects is nobody else's. */
export function paymentMessage(notice: PaymentNotice, doubled = false): Message {
  const { latest } = notice;
  const write = writingOf(notice);
  const title = `${MARKS[latest.event]} ${PAYMENT_TITLES[latest.event]}`;
  return {
    text: `${title}: ${inert(notice.name)}`,
    blocks: [
      header(title),
      section(`${whose(notice)}: ${paymentSummary(notice, latest, write)}`),
      fields(paymentFigures(notice, write)),
      section(`*Next:* ${paymentNext(notice, write)}`),
      ...actions(notice),
      context(
        [
          `${notice.customerId === null ? 'your own balance' : `customer ${code(notice.customerId)}`} · payment ${code(notice.paymentId)} · ${moment(latest.at)}`,
          ...(doubled ? [DOUBLED] : []),
        ].join('\n'),
      ),
    ],
  };
}

/** The reply in its thread: what happened since the message was last changed, each with its moment. */
export function paymentThreadMessage(
  notice: PaymentNotice,
  news: readonly PaymentNewsEntry[],
  doubtful: boolean,
): Message {
  const write = writingOf(notice);
  const kept = news.slice(-LINES_SHOWN);
  const left = news.length - kept.length;
  const lines = kept.map(
    (each) => `${MARKS[each.event]} ${whose(notice)}: ${paymentSummary(notice, each, write)} · ${moment(each.at)}`,
  );
  return {
    text: `${MARKS[notice.latest.event]} ${PAYMENT_TITLES[notice.latest.event]}: ${inert(notice.name)}`,
    blocks: [
      section([...(left > 0 ? [`… ${left} earlier changes`] : []), ...lines].join('\n')),
      ...(doubtful ? [context(DOUBLED)] : []),
    ],
  };
}

function writingOf({ currency }: PaymentNotice): Writing {
  return {
    credits,
    money: (millionths) => money(millionths, currency),
    typed: (text) => inert(text, 250),
    moment,
  };
}

function whose({ wallet, name, what }: PaymentNotice): string {
  const bought = what === null ? '' : ` (${inert(what, 60)})`;
  return wallet === 'partner' ? `Your own payment${bought}` : `*${inert(name)}*${bought}`;
}

/** The listener looks everything up again, and asks who presses. */
function actions({ latest, state, paymentId, stripeUrl }: PaymentNotice): MessageBlock[] {
  const all = [
    ...(state === 'stuck' || state === 'mismatch'
      ? [button('Try again', { action: PAYMENT_RETRY, value: paymentId, style: 'primary' as const })]
      : []),
    ...(latest.link === null
      ? []
      : [
          button('Confirm the payment', {
            action: 'talktime_payment_link',
            url: latest.link,
            style: 'primary' as const,
          }),
        ]),
    ...(stripeUrl === null ? [] : [button('Open at Stripe', { action: 'talktime_payment_at_stripe', url: stripeUrl })]),
  ];
  return all.length === 0 ? [] : [buttons(...all)];
}

const TRIED_SHOWN = 10;

/** What came of asking Stripe again. */
export function retriedMessage(tried: readonly PaymentTried[]): Message {
  if (tried.length === 0) return textMessage('🟢 There is nothing to mend: what was paid is credited.');
  const lines = tried.slice(0, TRIED_SHOWN).map(({ name, money: paid, isCredited, why }) => {
    const who = `*${inert(name, 40)}*, ${inert(paid, 30)}`;
    return isCredited ? `🟢 ${who}: credited.` : `🔴 ${who}: not credited.${why === null ? '' : ` ${inert(why, 160)}`}`;
  });
  const more = tried.length - lines.length;
  const mended = tried.filter(({ isCredited }) => isCredited).length;
  return {
    text: `${mended} of ${tried.length} credited`,
    blocks: [section([...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'))],
  };
}
