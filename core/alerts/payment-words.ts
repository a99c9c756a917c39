import type { Microcredits } from '../money';
import type { PaymentEvent } from '../payments/news';
import type { PaymentNewsEntry, PaymentNotice } from './notice';

/** How what is told of a payment is written where it is shown: in Slack, or in an e-mail. */
export interface Writing {
  readonly credits: (amount: Microcredits) => string;
  /** Millionths of the payment's currency. */
  readonly money: (millionths: bigint) => string;
  /** Words that others typed, made safe. */
  readonly typed: (text: string) => string;
  readonly moment: (at: Date) => string;
}

export const PAYMENT_TITLES: Record<PaymentEvent, string> = {
  refunded: 'Payment refunded',
  refund_failed: 'A refund failed',
  inquiry_opened: 'A bank asks about a payment',
  inquiry_closed: 'A bank’s inquiry is closed',
  dispute_opened: 'Payment disputed',
  dispute_won: 'Dispute won',
  dispute_lost: 'Dispute lost',
  mismatch: 'Paid, but not credited',
  stuck: 'Paid, but not credited',
  mended: 'Paid, and credited now',
  failed: 'Payment failed',
  needs_action: 'A payment must be confirmed',
};

/** What happened, in a sentence or two. */
export function paymentSummary(
  notice: Pick<PaymentNotice, 'isCredited'>,
  news: PaymentNewsEntry,
  write: Writing,
): string {
  const { amount, credits, reason, event } = news;
  const money = amount === null ? 'the payment' : write.money(amount);
  const moved = (one: string) => (credits === null || credits === 0n ? '' : ` ${write.credits(credits)} ${one}`);
  switch (event) {
    case 'refunded':
      return `${money} went back.${moved('were taken back.')}`;
    case 'refund_failed':
      return `a refund of ${money} did not arrive, so the money is with you again.${moved('were given back.')}`;
    case 'inquiry_opened':
      return `a bank asks about ${money} (${disputeReason(news, write)}). No money has moved, and nothing is held.`;
    case 'inquiry_closed':
      return `a bank’s inquiry about ${money} is closed. No money has moved.`;
    case 'dispute_opened':
      return `${money} are disputed (${disputeReason(news, write)}).${moved('are held until it is decided.')}`;
    case 'dispute_won':
      return `the dispute over ${money} is won, and the money is with you again.${moved('are free again.')}`;
    case 'dispute_lost':
      return `the dispute over ${money} is lost.${moved('were taken back.')}`;
    case 'mismatch':
      return `what was paid is not what was asked for, so nothing was credited.${why(reason, write)}`;
    case 'stuck':
      return `${money} were paid, and the ${notice.isCredited ? 'ledger refused what was to follow' : 'credits could not be added'}.${why(reason, write)}`;
    case 'mended':
      return `${money} were paid, and ${credits === null ? 'the credits' : write.credits(credits)} are in the balance now.`;
    case 'failed':
      return `${money} did not arrive after all.${why(reason, write)}`;
    case 'needs_action':
      return `the bank wants ${money} to be confirmed by whoever pays.`;
  }
}

function why(reason: string | null, { typed }: Writing): string {
  return reason === null ? '' : ` ${typed(reason)}`;
}

/** Stripe's reason of a dispute, in words: product_not_received. */
export function disputeReason({ reason }: PaymentNewsEntry, { typed }: Writing): string {
  return reason === null ? 'no reason given' : typed(reason.replaceAll('_', ' '));
}

/** What to do about it. */
export function paymentNext({ latest, posted, held }: PaymentNotice, write: Writing): string {
  const debt = posted < 0n ? ` The balance is below zero: calls may be refused until it is topped up.` : '';
  switch (latest.event) {
    case 'refunded':
      return `nothing to do.${debt}`;
    case 'refund_failed':
      return 'look at Stripe why, and give the money back another way. Then adjust the balance.';
    case 'inquiry_opened':
      return `answer it at Stripe${until(latest, write)}: an inquiry that is not answered becomes a dispute.`;
    case 'dispute_opened':
      return `answer it at Stripe${until(latest, write)}, with what shows that the calls were made.`;
    case 'inquiry_closed':
    case 'dispute_won':
    case 'mended':
      return held > 0n ? 'nothing to do about this one; another dispute is still open.' : 'nothing to do.';
    case 'dispute_lost':
      return `nothing to do: banks do not reopen it.${debt}`;
    case 'mismatch':
      return 'look at the payment at Stripe: refund it there, or top up by hand what it is worth.';
    case 'stuck':
      return 'mend what it says, then try again. It is tried again by itself, too.';
    case 'failed':
      return 'nothing was credited. Ask for another payment.';
    case 'needs_action':
      return 'send whoever pays the link; nothing is credited until then.';
  }
}

const until = ({ answerBy }: PaymentNewsEntry, write: Writing) =>
  answerBy === null ? '' : ` by ${write.moment(answerBy)}`;

/** The figures of it: those that there are. */
export function paymentFigures(
  notice: PaymentNotice,
  { credits, money }: Pick<Writing, 'credits' | 'money'>,
): (readonly [label: string, value: string])[] {
  const { amount, received, refunded, lost, disputed, taken, held, posted, isCredited } = notice;
  return [
    received === null ? ['To be paid', money(amount)] : ['Paid', money(received)],
    ['Credits', isCredited ? credits(notice.credits) : `${credits(notice.credits)}, not credited`],
    ...(refunded > 0n ? [['Refunded', money(refunded)] as const] : []),
    ...(lost > 0n ? [['Lost to disputes', money(lost)] as const] : []),
    ...(disputed > 0n ? [['In dispute', money(disputed)] as const] : []),
    ...(taken > 0n ? [['Taken back', credits(taken)] as const] : []),
    ...(held > 0n ? [['Held', credits(held)] as const] : []),
    ['Balance now', credits(posted)],
  ];
}
