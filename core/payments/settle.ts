import type { Payment } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';
import { applyWithin, lockPartner, type Command } from '../ledger';
import { BY_STRIPE, type PaymentContext } from './context';
import { formatMoney, fromMinor } from './currency';
import { keepCard } from './cards';
import { readKnown, tellOfPayment } from './notices';
import { NOTHING_SEEN, observe, type Hint, type Seen } from './observe';
import { chargeSavedCard, isUncharged } from './recharge/charge';
import { noteConfirmed } from './recharge/confirmed';
import { letGo } from './recharge/let-go';
import { noteDisputes, noteRechargeOutcome } from './recharge/outcome';
import { noteRenewalOutcome, periodPaidFor, type PaidPeriod } from './renewals/outcome';
import { findPayment, noPayment, PAYMENT_COLUMNS, toPayment, type PaymentRow, type PaymentState } from './rows';
import { standingOf, type Standing } from './standing';

/**
 * Brings the ledger to what Stripe has of a payment: its credits are in the wallet once it was paid, and what went back
 * is taken back. It may be called by anybody, at any time, any number of times, at once and in any order; it changes
 * nothing that is right already.
 *
 * Two that look at the same payment might act on an older look after a newer one. So each takes a number before it looks,
 * and acts only if no higher one was acted on: that look began later, and saw all that this one was to see.
 */
export function settlePayment(
  context: PaymentContext,
  partnerId: string,
  paymentId: string,
  hint: Hint = {},
): Promise<Payment> {
  const key = [partnerId, paymentId, hint.session, hint.intent].join();
  return context.looks.join(key, () => settleNow(context, partnerId, paymentId, hint));
}

async function settleNow(context: PaymentContext, partnerId: string, paymentId: string, hint: Hint): Promise<Payment> {
  const row = await takeNumber(context, partnerId, paymentId);
  const charged = isUncharged(row) && hint.intent === undefined ? await chargeSavedCard(context, partnerId, row) : null;
  const seen =
    charged && 'refused' in charged
      ? { ...NOTHING_SEEN, refused: charged.refused }
      : await observe(context.stripe, row, { ...hint, ...charged });
  const settled = await act(context, partnerId, row, seen);
  if (settled.kind === 'checkout' || settled.state !== 'needs_action') return toPayment(settled);
  await letGo(context, settled);
  return settleNow(context, partnerId, paymentId, hint); // as it stands since
}

async function takeNumber({ database }: PaymentContext, partnerId: string, paymentId: string): Promise<PaymentRow> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<PaymentRow>(
      `update talktime.payments set sync_no = sync_no + 1
       where partner_id = $1 and payment_id = $2
       returning ${PAYMENT_COLUMNS}`,
      [partnerId, paymentId],
    ),
  );
  if (!row) throw noPayment(paymentId);
  return row;
}

/** What the ledger refuses is kept with the payment, and tried again later. */
async function act(
  { database, publicUrl }: PaymentContext,
  partnerId: string,
  looked: PaymentRow,
  seen: Seen,
): Promise<PaymentRow> {
  const standing = standingOf(looked, seen, Date.now());
  try {
    return await database.asPartner(partnerId, (transaction) =>
      settle(transaction, partnerId, looked, seen, standing, null, publicUrl),
    );
  } catch (error) {
    if (!(error instanceof TalktimeError)) throw error;
    return database.asPartner(partnerId, (transaction) =>
      settle(transaction, partnerId, looked, seen, standing, error, publicUrl),
    );
  }
}

async function settle(
  transaction: Transaction,
  partnerId: string,
  looked: PaymentRow,
  seen: Seen,
  standing: Standing,
  refused: TalktimeError | null,
  publicUrl: string | undefined,
): Promise<PaymentRow> {
  const locked = await lockPartner(transaction, partnerId); // before the payment's row, as everywhere (money-rules 22)
  const [row] = await transaction.query<PaymentRow>(
    `select ${PAYMENT_COLUMNS} from talktime.payments
     where partner_id = $1 and payment_id = $2 and acted_no < $3
     for update`,
    [partnerId, looked.payment_id, looked.sync_no],
  );
  if (!row) return (await findPayment(transaction, partnerId, looked.payment_id))!;
  const known = await readKnown(transaction, partnerId, row);
  let operationId = row.operation_id;
  if (!refused && standing.state === 'paid') {
    if (operationId === null) {
      const period = await periodPaidFor(transaction, partnerId, row, locked!.now);
      operationId = await credit(transaction, partnerId, row, seen, period);
      await period?.begin(operationId);
    }
    if (isMovedBack(row, standing)) await takeBack(transaction, partnerId, row, seen, standing);
  }
  const state: PaymentState = refused ? 'stuck' : standing.state;
  await noteStanding(transaction, partnerId, row, seen, standing, {
    state,
    operationId,
    refused,
    look: looked.sync_no,
  });
  await noteMovesBack(transaction, partnerId, row.payment_id, seen);
  const look = looked.sync_no;
  await tellOfPayment(transaction, partnerId, row, known, seen, { state, standing, refused, operationId, look });
  if (state === 'paid' && row.operation_id === null) {
    // Only now: a look long after must not bring back a card that was replaced or removed since.
    if (seen.intent?.card && row.save_card)
      await keepCard(transaction, partnerId, row.account, row.wallet_id, seen.intent.card);
    if (row.save_card || row.acts_for !== null) await noteConfirmed(transaction, partnerId, row);
  }
  await noteRenewalOutcome(transaction, partnerId, row, { state, failure: standing.failure }, publicUrl);
  await noteRechargeOutcome(transaction, partnerId, row, { state, failure: standing.failure }, publicUrl);
  await noteDisputes(transaction, partnerId, row, standing);
  return (await findPayment(transaction, partnerId, row.payment_id))!;
}

async function credit(
  transaction: Transaction,
  partnerId: string,
  row: PaymentRow,
  seen: Seen,
  period: PaidPeriod | null,
): Promise<string> {
  const command: Command = {
    kind: 'payment',
    actor: BY_STRIPE,
    payment: seen.intent!.id,
    note: noteOf(row),
    wallet: row.customer_id === null ? 'partner' : { customerId: row.customer_id },
    amount: row.credits,
    bonus: row.bonus,
    grant: row.plan_id === null ? 'paid' : 'plan',
    ...(period ? { expiresAt: period.endsAt } : { expiresAfterDays: row.terms?.expiresAfterDays ?? undefined }),
    costBasis: fromMinor(row.amount, row.currency),
    planId: row.plan_id ?? undefined,
  };
  const { result } = await applyWithin(transaction, partnerId, command);
  if (!('operation_id' in result)) throw new Error('Expected an operation');
  return result.operation_id;
}

/** Whether anything went back, now or before: then the ledger is asked, which knows what it has taken back. */
function isMovedBack(row: PaymentRow, standing: Standing): boolean {
  return [standing, row].some(({ refunded, lost, disputed }) => refunded > 0n || lost > 0n || disputed > 0n);
}

async function takeBack(
  transaction: Transaction,
  partnerId: string,
  row: PaymentRow,
  seen: Seen,
  standing: Standing,
): Promise<void> {
  const { refunded, lost, disputed, openDisputes } = standing;
  await applyWithin(transaction, partnerId, {
    kind: 'take_back',
    actor: BY_STRIPE,
    payment: seen.intent!.id,
    note: `Of ${formatMoney(standing.received!, row.currency)} paid: ${formatMoney(refunded, row.currency)} refunded${
      lost > 0n ? `, ${formatMoney(lost, row.currency)} lost to disputes` : ''
    }${disputed > 0n ? `, ${formatMoney(disputed, row.currency)} disputed` : ''}`,
    paid: standing.received!,
    refunded,
    lost,
    disputed,
    openDisputes,
  });
}

function noteOf(row: PaymentRow): string {
  const what = row.terms?.name ?? 'Credits';
  return `${what}, ${formatMoney(row.amount, row.currency)} by card or bank`;
}

async function noteStanding(
  transaction: Transaction,
  partnerId: string,
  row: PaymentRow,
  { session, intent }: Seen,
  standing: Standing,
  now: {
    readonly state: PaymentState;
    readonly operationId: string | null;
    readonly refused: TalktimeError | null;
    readonly look: bigint;
  },
): Promise<void> {
  const failure = now.refused ? { code: now.refused.code, message: now.refused.detail } : standing.failure;
  await transaction.query(
    `update talktime.payments
     set state = $3, checkout_session = coalesce(checkout_session, $4), checkout_url = coalesce($5, checkout_url),
         payment_intent = coalesce($6, payment_intent), charge = coalesce($7, charge), receipt_url = coalesce($8, receipt_url),
         received = coalesce($9, received), refunded = $10, lost = $11, disputed = $12,
         failure_code = $13, failure_message = left($14, 500), operation_id = $15,
         paid_at = case when $15::uuid is null then null else coalesce(paid_at, talktime.clock()) end,
         acted_no = $17, synced_at = clock_timestamp(), syncs = syncs + 1,
         next_sync_at = clock_timestamp() + make_interval(secs => $16)
     where partner_id = $1 and payment_id = $2`,
    [
      partnerId,
      row.payment_id,
      now.state,
      session?.id ?? null,
      session?.url ?? null,
      intent?.id ?? null,
      intent?.charge ?? null,
      intent?.receiptUrl ?? null,
      standing.received,
      standing.refunded,
      standing.lost,
      standing.disputed,
      failure?.code ?? null,
      failure?.message ?? null,
      now.operationId,
      secondsToNextLook(now.state, row.syncs),
      now.look,
    ],
  );
}

/** When a payment is looked at again by itself; null: only when something is heard of it, and by the daily comparison. */
function secondsToNextLook(state: PaymentState, looks: number): number | null {
  switch (state) {
    case 'created':
    case 'open':
    case 'stuck':
      return Math.min(60 * 2 ** Math.min(looks, 6), 3600);
    case 'processing':
    case 'needs_action':
      return 3600;
    default:
      return null;
  }
}

/** What went back of it, and what somebody wants back, by themselves: for whoever looks at the payment. */
async function noteMovesBack(
  transaction: Transaction,
  partnerId: string,
  paymentId: string,
  { refunds, disputes }: Seen,
): Promise<void> {
  if (refunds.length > 0)
    await transaction.query(
      `insert into talktime.payment_refunds (partner_id, payment_id, refund_id, amount, status, created_at)
       select $1, $2, * from unnest($3::text[], $4::bigint[], $5::text[], $6::timestamptz[])
       on conflict (partner_id, refund_id) do update set amount = excluded.amount, status = excluded.status`,
      [
        partnerId,
        paymentId,
        refunds.map(({ id }) => id),
        refunds.map(({ amount }) => amount),
        refunds.map(({ status }) => status),
        refunds.map(({ createdAt }) => new Date(createdAt)),
      ],
    );
  if (disputes.length > 0)
    await transaction.query(
      `insert into talktime.payment_disputes (partner_id, payment_id, dispute_id, amount, status, reason, created_at, answer_by)
       select $1, $2, * from unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
       on conflict (partner_id, dispute_id) do update
       set amount = excluded.amount, status = excluded.status, reason = excluded.reason, answer_by = excluded.answer_by`,
      [
        partnerId,
        paymentId,
        disputes.map(({ id }) => id),
        disputes.map(({ amount }) => amount),
        disputes.map(({ status }) => status),
        disputes.map(({ reason }) => reason),
        disputes.map(({ createdAt }) => new Date(createdAt)),
        disputes.map(({ answerBy }) => (answerBy === null ? null : new Date(answerBy))),
      ],
    );
}
