import type { Transaction } from '../../database';
import { micro } from '../../money';
import { fromMinor } from '../../payments/currency';
import { readBack } from '../../payments/notices';
import type { PaymentEvent } from '../../payments/news';
import { findPayment } from '../../payments/rows';
import type { PaymentNotice, PaymentNewsEntry } from '../notice';

/** A payment as it stands at this moment, and its news after a number and up to another. */
export async function readPaymentNotice(
  transaction: Transaction,
  partnerId: string,
  paymentId: string,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): Promise<{ notice: PaymentNotice; news: PaymentNewsEntry[] }> {
  const payment = await findPayment(transaction, partnerId, paymentId);
  if (!payment) throw new Error('The message is about no payment');
  const [owner] = await transaction.query<{ name: string; posted: bigint }>(
    `select coalesce(c.name, p.name) as name, w.posted
     from talktime.partners p
     join talktime.wallets w on w.partner_id = p.partner_id and w.wallet_id = $2
     left join talktime.customers c on c.partner_id = p.partner_id and c.wallet_id = w.wallet_id
     where p.partner_id = $1`,
    [partnerId, payment.wallet_id],
  );
  const money = (minor: bigint) => fromMinor(minor, payment.currency);
  const all = await readNews(transaction, partnerId, paymentId, upTo, money);
  const latest = all.at(-1)?.entry;
  if (!latest) throw new Error('There is no news of the payment');
  const back = await readBack(transaction, partnerId, payment.payment_intent);
  return {
    notice: {
      partnerId,
      paymentId,
      wallet: payment.customer_id === null ? 'partner' : 'customer',
      customerId: payment.customer_id,
      name: owner!.name,
      what: payment.terms?.name ?? null,
      state: payment.state,
      currency: payment.currency,
      amount: money(payment.amount),
      received: payment.received === null ? null : money(payment.received),
      refunded: money(payment.refunded),
      lost: money(payment.lost),
      disputed: money(payment.disputed),
      credits: micro(payment.credits + payment.bonus),
      isCredited: payment.operation_id !== null,
      taken: micro(back.refundTaken + back.disputeTaken),
      held: back.disputed,
      posted: micro(owner!.posted),
      failure: payment.failure_message,
      latest,
      stripeUrl: stripeUrlOf(payment),
    },
    news: all.filter(({ number }) => number > after).map(({ entry }) => entry),
  };
}

async function readNews(
  transaction: Transaction,
  partnerId: string,
  paymentId: string,
  upTo: number,
  money: (minor: bigint) => bigint,
): Promise<{ number: number; entry: PaymentNewsEntry }[]> {
  const rows = await transaction.query<{
    number: number;
    event: PaymentEvent;
    amount: bigint | null;
    credits: bigint | null;
    reason: string | null;
    answer_by: Date | null;
    link: string | null;
    at: Date;
  }>(
    `select number, event, amount, credits, reason, answer_by, link, at
     from talktime.payment_news where partner_id = $1 and payment_id = $2 and number <= $3
     order by number`,
    [partnerId, paymentId, upTo],
  );
  return rows.map(({ number, answer_by: answerBy, credits, amount, ...row }) => ({
    number,
    entry: {
      ...row,
      answerBy,
      amount: amount === null ? null : money(amount),
      credits: credits === null ? null : micro(credits),
    },
  }));
}

/** The payment in Stripe's dashboard, of the account that it is on. Only the id of a checkout tells a test from the real thing. */
function stripeUrlOf(payment: {
  readonly account: string;
  readonly payment_intent: string | null;
  readonly checkout_session: string | null;
}): string | null {
  if (payment.payment_intent === null) return null;
  const account = payment.account === 'host' ? '' : `${payment.account}/`;
  const test = payment.checkout_session?.startsWith('cs_test_') ? 'test/' : '';
  return `https://dashboard.stripe.com/${account}${test}payments/${payment.payment_intent}`;
}
