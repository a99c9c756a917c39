import type { WebhookEventType } from '../contract';
import type { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';
import { insertAnnouncements } from '../ledger/announcements';
import { deriveId } from '../ledger/identity';
import { micro, ZERO } from '../money';
import { newsOf, type Back, type Known, type PaymentEvent, type PaymentNews } from './news';
import type { Seen } from './observe';
import type { PaymentRow, PaymentState } from './rows';
import type { Standing } from './standing';

/** What a look at Stripe came to. */
export interface Looked {
  readonly state: PaymentState;
  readonly standing: Standing;
  readonly refused: TalktimeError | null;
  readonly operationId: string | null;
  /** The look's number: no other that is acted on has it. */
  readonly look: bigint;
}

/** What is known of a payment, before a look is acted on. The partner's lock must be held. */
export async function readKnown(transaction: Transaction, partnerId: string, row: PaymentRow): Promise<Known> {
  const [refunds, disputes] = await Promise.all(
    (['refund', 'dispute'] as const).map((kind) =>
      transaction.query<{ id: string; status: string }>(
        `select ${kind}_id as id, status from talktime.payment_${kind}s where partner_id = $1 and payment_id = $2`,
        [partnerId, row.payment_id],
      ),
    ),
  );
  return {
    refunds: new Map(refunds!.map(({ id, status }) => [id, { status }])),
    disputes: new Map(disputes!.map(({ id, status }) => [id, { status: status as 'lost' }])),
    back: await readBack(transaction, partnerId, row.payment_intent),
  };
}

const NOTHING_BACK: Back = { refundTaken: ZERO, disputeTaken: ZERO, disputed: ZERO };

/** What of a payment's credits was taken back, and is held, by now. */
export async function readBack(transaction: Transaction, partnerId: string, intent: string | null): Promise<Back> {
  if (intent === null) return NOTHING_BACK;
  const [row] = await transaction.query<{ refund_taken: bigint; dispute_taken: bigint; disputed: bigint }>(
    `select coalesce(sum(refund_taken), 0)::bigint as refund_taken, coalesce(sum(dispute_taken), 0)::bigint as dispute_taken,
            coalesce(sum(disputed), 0)::bigint as disputed
     from talktime.payment_credits where partner_id = $1 and payment = $2`,
    [partnerId, intent],
  );
  return {
    refundTaken: micro(row!.refund_taken),
    disputeTaken: micro(row!.dispute_taken),
    disputed: micro(row!.disputed),
  };
}

/** Writes down what a look has to tell, for people and for webhooks, in the transaction in which it comes to be so. */
export async function tellOfPayment(
  transaction: Transaction,
  partnerId: string,
  before: PaymentRow,
  known: Known,
  seen: Seen,
  { state, standing, refused, operationId, look }: Looked,
): Promise<void> {
  const news = newsOf(before, known, seen, {
    state,
    failure: refused ? { message: refused.detail } : standing.failure,
    received: standing.received,
    back: await readBack(transaction, partnerId, seen.intent?.id ?? before.payment_intent),
  });
  await writeNews(transaction, partnerId, before.payment_id, news);
  announce(transaction, partnerId, before, look, [
    ...(before.operation_id === null && operationId !== null ? (['payment.succeeded'] as const) : []),
    ...(state === 'failed' && before.state !== 'failed' ? (['payment.failed'] as const) : []),
    ...new Set(news.flatMap(({ event }) => WEBHOOKS[event] ?? [])),
  ]);
}

/** Somebody must hear of something about a payment: it is delivered where the partner's alerts go. */
export async function writeNews(
  transaction: Transaction,
  partnerId: string,
  paymentId: string,
  news: readonly PaymentNews[],
): Promise<void> {
  for (const { event, amount, credits, reason, answerBy, link } of news)
    await transaction.query(
      `insert into talktime.payment_news (partner_id, payment_id, number, event, amount, credits, reason, answer_by, link)
       select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, left($6, 500), $7, $8
       from talktime.payment_news where partner_id = $1 and payment_id = $2`,
      [partnerId, paymentId, event, amount, credits, reason, answerBy, link],
    );
  if (news.length > 0) transaction.send(`select pg_notify('talktime_outbox', $1)`, [partnerId]);
}

const WEBHOOKS: Partial<Record<PaymentEvent, WebhookEventType>> = {
  refunded: 'payment.refunded',
  refund_failed: 'payment.refunded', // less is back than was told
  dispute_opened: 'payment.disputed',
  dispute_won: 'payment.dispute_closed',
  dispute_lost: 'payment.dispute_closed',
};

function announce(
  transaction: Transaction,
  partnerId: string,
  { payment_id: paymentId, customer_id: customerId }: PaymentRow,
  look: bigint,
  types: readonly WebhookEventType[],
): void {
  const at = Date.now();
  insertAnnouncements(
    transaction,
    partnerId,
    types.map((type) => ({
      eventId: deriveId(partnerId, `event ${type} ${paymentId} ${look}`),
      type,
      customerId,
      subject: paymentId,
      at,
    })),
  );
}
