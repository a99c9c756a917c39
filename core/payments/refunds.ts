import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { audit } from '../access/audit';
import { parseCredits, type PaymentDetails, type refundCreate } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';
import { contentHash, lockPartner, type Actor } from '../ledger';
import { canonical, metadataOf } from './checkout';
import type { PaymentContext } from './context';
import { formatMoney, toMinor } from './currency';
import { getPaymentDetails } from './details';
import { findPayment, noPayment, type PaymentRow } from './rows';
import { settlePayment } from './settle';
import { HOST_ACCOUNT } from './stripe';

/** Money that somebody asked to give back. Money in minor units. */
interface RefundRow extends Record<string, unknown> {
  readonly request_id: string;
  readonly payment_id: string;
  readonly content_hash: Buffer;
  readonly amount: bigint;
  readonly reason: 'duplicate' | 'fraudulent' | 'requested_by_customer' | null;
  readonly attempt: number;
  readonly refund_id: string | null;
  readonly refusal: string | null;
}

const COLUMNS = 'request_id, payment_id, content_hash, amount, reason, attempt, refund_id, refusal';

/**
 * Gives money of a payment back, all that is left of it unless said, and brings the ledger to it: the credits go back pro
 * rata (money-rules 18). What is asked is written first, so that it is done once, whatever happens in between; asked again
 * with the same key, it answers the same. What Stripe refuses does not use the key up.
 */
export async function refundPayment(
  context: PaymentContext,
  partnerId: string,
  actor: Actor,
  paymentId: string,
  body: z.output<typeof refundCreate>,
): Promise<PaymentDetails & { readonly replayed: boolean }> {
  const { payment, request, replayed } = await context.database.asPartner(partnerId, (transaction) =>
    record(transaction, partnerId, actor, paymentId, body),
  );
  if (request.refund_id === null) await (replayed ? findOrMake : make)(context, partnerId, payment, request);
  await settlePayment(context, partnerId, paymentId);
  return { ...(await getPaymentDetails(context.database, partnerId, paymentId)), replayed };
}

async function record(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  paymentId: string,
  { amount, reason, idempotency_key }: z.output<typeof refundCreate>,
): Promise<{ payment: PaymentRow; request: RefundRow; replayed: boolean }> {
  await lockPartner(transaction, partnerId); // two at once must not give back more than there is
  const payment = await findPayment(transaction, partnerId, paymentId);
  if (!payment) throw noPayment(paymentId);
  // What a partner bought of the host, and what is sold on the host's account, is the host's money.
  if (payment.account === HOST_ACCOUNT && !actor.host)
    throw new TalktimeError(
      'HOST_KEY_REQUIRED',
      'This was paid to the host, so only the host gives it back. Use a host key.',
    );
  const hash = Buffer.from(
    contentHash({ kind: 'refund', payment: paymentId, amount: canonical(amount, 'amount'), reason }),
    'hex',
  );
  const [known] = await transaction.query<RefundRow>(
    `select ${COLUMNS} from talktime.refund_requests where partner_id = $1 and idempotency_key = $2`,
    [partnerId, idempotency_key],
  );
  if (known && !known.content_hash.equals(hash))
    throw new TalktimeError(
      'IDEMPOTENCY_CONFLICT',
      `The key "${idempotency_key}" was already used for something else, which stands. Send the same content again, or take a new key.`,
    );
  if (known && known.refusal === null) return { payment, request: known, replayed: true };
  const minor = await requireLeft(transaction, partnerId, payment, amount);
  const [request] = await transaction.query<RefundRow>(
    `insert into talktime.refund_requests (partner_id, request_id, payment_id, idempotency_key, content_hash, amount, reason, actor)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (partner_id, idempotency_key)
     do update set amount = excluded.amount, refusal = null, attempt = refund_requests.attempt + 1, created_at = clock_timestamp()
     returning ${COLUMNS}`,
    [
      partnerId,
      `ref_${randomBytes(10).toString('hex')}`,
      paymentId,
      idempotency_key,
      hash,
      minor,
      reason ?? null,
      actor.id,
    ],
  );
  await audit(transaction, partnerId, actor, 'payment.refund_requested', paymentId, {
    amount: formatMoney(minor, payment.currency),
    reason,
  });
  return { payment, request: request!, replayed: false };
}

/** In minor units: what is asked for, or all that is left. @throws PAYMENT_NOT_PAID, REFUND_LIMIT, PRICE_NOT_PAYABLE */
async function requireLeft(
  transaction: Transaction,
  partnerId: string,
  { payment_id, currency, received, refunded, payment_intent }: PaymentRow,
  asked: string | undefined,
): Promise<bigint> {
  if (received === null || payment_intent === null)
    throw new TalktimeError('PAYMENT_NOT_PAID', 'Nothing was paid, so there is nothing to give back.');
  // What Stripe was asked for and has not told yet counts, too.
  const [{ open }] = (await transaction.query<{ open: bigint }>(
    `select coalesce(sum(q.amount), 0)::bigint as open
     from talktime.refund_requests q
     where q.partner_id = $1 and q.payment_id = $2 and q.refusal is null
       and not exists (select from talktime.payment_refunds r where r.partner_id = $1 and r.refund_id = q.refund_id)`,
    [partnerId, payment_id],
  )) as [{ open: bigint }];
  const left = received - refunded - open;
  const minor = asked === undefined ? left : toMinor(parseCredits(asked, 'amount'), currency);
  if (minor === null)
    throw new TalktimeError(
      'PRICE_NOT_PAYABLE',
      `${asked} ${currency} cannot be paid: it is not a whole number of the smallest coins.`,
      [{ path: 'amount', message: 'is not a whole number of the smallest coins' }],
    );
  if (minor <= 0n && left > 0n)
    throw new TalktimeError('AMOUNT_NOT_POSITIVE', '"amount" must be above zero.', [
      { path: 'amount', message: 'must be above zero' },
    ]);
  if (minor > left || left <= 0n)
    throw new TalktimeError(
      'REFUND_LIMIT',
      `Of ${formatMoney(received, currency)} paid, ${formatMoney(left > 0n ? left : 0n, currency)} can still be given back.`,
      [{ path: 'amount', message: 'is more than is left' }],
    );
  return minor;
}

/** Asks Stripe, with a key that follows from the row: asked twice, it gives the same refund. */
async function make(
  { database, stripe }: PaymentContext,
  partnerId: string,
  payment: PaymentRow,
  { request_id, attempt, amount, reason }: RefundRow,
): Promise<void> {
  const note = (change: 'refund_id' | 'refusal', value: string) =>
    database.asPartner(partnerId, (transaction) =>
      transaction.query(
        `update talktime.refund_requests set ${change} = $3 where partner_id = $1 and request_id = $2 and refund_id is null`,
        [partnerId, request_id, value],
      ),
    );
  try {
    const refund = await stripe.ask(payment.account, (client, at) =>
      client.refunds.create(
        {
          payment_intent: payment.payment_intent!,
          amount: Number(amount),
          ...(reason !== null && { reason }),
          metadata: { ...metadataOf(partnerId, payment.payment_id), talktime_refund: `${request_id}:${attempt}` },
          ...(payment.application_fee > 0n && { refund_application_fee: true }),
        },
        { ...at, idempotencyKey: `refund:${request_id}:${attempt}` },
      ),
    );
    await note('refund_id', refund.id);
  } catch (error) {
    if (error instanceof TalktimeError && error.code === 'STRIPE_REFUSED') await note('refusal', error.detail);
    throw error;
  }
}

/** Whoever asked may have been cut off; within this time it is still at it. */
const LEFT_ALONE_SECONDS = 60;
const MOST_AT_A_TIME = 20;

/** Goes on with refunds whose asking was cut off, or whose answer was lost. */
export async function resumeRefunds(context: PaymentContext, partnerId: string, signal: AbortSignal): Promise<void> {
  const rows = await context.database.asPartner(partnerId, (transaction) =>
    transaction.query<RefundRow>(
      `select ${COLUMNS} from talktime.refund_requests
       where partner_id = $1 and refund_id is null and refusal is null and created_at < clock_timestamp() - make_interval(secs => $2)
       order by created_at
       limit $3`,
      [partnerId, LEFT_ALONE_SECONDS, MOST_AT_A_TIME],
    ),
  );
  let failed: Error | undefined;
  for (const request of rows) {
    if (signal.aborted) break;
    await resume(context, partnerId, request).catch((error: Error) => (failed = error));
  }
  if (failed) throw failed;
}

async function resume(context: PaymentContext, partnerId: string, request: RefundRow): Promise<void> {
  const payment = (await context.database.asPartner(partnerId, (transaction) =>
    findPayment(transaction, partnerId, request.payment_id),
  ))!;
  await findOrMake(context, partnerId, payment, request).catch((error: unknown) => {
    if (!(error instanceof TalktimeError) || error.code !== 'STRIPE_REFUSED') throw error;
  }); // a refusal is kept with the request
  await settlePayment(context, partnerId, request.payment_id);
}

/** Stripe forgets keys after a day, so it is asked first whether it has the refund. */
async function findOrMake(
  context: PaymentContext,
  partnerId: string,
  payment: PaymentRow,
  request: RefundRow,
): Promise<void> {
  const made = await context.stripe.ask(payment.account, (client, at) =>
    client.refunds.list({ payment_intent: payment.payment_intent!, limit: 100 }, at).autoPagingToArray({ limit: 1000 }),
  );
  const mine = made.find(({ metadata }) => metadata?.talktime_refund === `${request.request_id}:${request.attempt}`);
  if (!mine) return make(context, partnerId, payment, request);
  await context.database.asPartner(partnerId, (transaction) =>
    transaction.query(
      'update talktime.refund_requests set refund_id = $3 where partner_id = $1 and request_id = $2 and refund_id is null',
      [partnerId, request.request_id, mine.id],
    ),
  );
}
