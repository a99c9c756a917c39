import { PAYMENT_TITLES, type PaymentNewsEntry, type PaymentNotice } from '@talktime/core/alerts';
import { creditsOf } from './samples';

export type Event = PaymentNewsEntry['event'];
export const EVENTS = Object.keys(PAYMENT_TITLES) as Event[];
/** The moment of all that happens here. */
export const AT = '2026-11-22 16:01 UTC';

const DISPUTES: ReadonlySet<Event> = new Set([
  'inquiry_opened',
  'inquiry_closed',
  'dispute_opened',
  'dispute_won',
  'dispute_lost',
]);

/** A payment of 60 dollars for 6,000 credits of which something is told that is about 20 dollars. */
export function paymentNotice(
  event: Event,
  changes: Partial<PaymentNotice> = {},
  news: Partial<PaymentNewsEntry> = {},
): PaymentNotice {
  const isOpen = event === 'dispute_opened';
  return {
    partnerId: 'par_1',
    paymentId: 'pay_0123456789abcdef0123',
    wallet: 'customer',
    customerId: 'cus_acme',
    name: 'Acme Dental',
    what: null,
    state: 'paid',
    currency: 'USD',
    amount: 60_000_000n,
    received: 60_000_000n,
    refunded: event === 'refunded' ? 20_000_000n : 0n,
    lost: event === 'dispute_lost' ? 20_000_000n : 0n,
    disputed: isOpen ? 20_000_000n : 0n,
    credits: creditsOf('6000'),
    isCredited: true,
    taken: creditsOf(event === 'refunded' || event === 'dispute_lost' ? '2000' : '0'),
    held: creditsOf(isOpen ? '2000' : '0'),
    posted: creditsOf('4000'),
    failure: null,
    latest: {
      event,
      amount: 20_000_000n,
      credits: creditsOf('2000'),
      reason: DISPUTES.has(event) ? 'product_not_received' : null,
      answerBy: isOpen || event === 'inquiry_opened' ? new Date('2026-12-01T23:59:00Z') : null,
      link: null,
      at: new Date('2026-11-22T16:01:00Z'),
      ...news,
    },
    stripeUrl: 'https://dashboard.stripe.com/acct_1/payments/pi_1',
    ...changes,
  };
}
