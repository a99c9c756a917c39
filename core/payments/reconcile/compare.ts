import { DIFFERENCES, type Difference, type DifferenceCode } from '../../contract';
import { divideHalfAwayFromZero, formatDecimal, type Microcredits } from '../../money';
import { formatMoney } from '../currency';
import type { PaymentKind, PaymentState } from '../rows';
import type { Account } from '../stripe';

/** A payment as Stripe has it. Money in minor units. */
export interface StripePayment {
  readonly intent: string;
  readonly account: Account;
  /** By the metadata that this service set. */
  readonly partnerId: string | null;
  readonly paymentId: string | null;
  readonly isPaid: boolean;
  readonly status: string;
  readonly received: bigint;
  readonly currency: string;
  readonly refunded: bigint;
  readonly lost: bigint;
  readonly disputed: bigint;
  readonly openDisputes: number;
}

/** A payment as it is kept here. */
export interface KeptPayment {
  readonly paymentId: string;
  readonly kind: PaymentKind;
  readonly account: Account;
  readonly walletId: number;
  readonly customerId: string | null;
  readonly state: PaymentState;
  readonly intent: string | null;
  readonly currency: string;
  readonly amount: bigint;
  readonly credits: Microcredits;
  readonly bonus: Microcredits;
  readonly refunded: bigint;
  readonly lost: bigint;
  readonly disputed: bigint;
  readonly failure: string | null;
}

/** What the ledger has of a payment: what was paid for, or its bonus. */
export interface CreditedPart {
  readonly intent: string;
  readonly part: 'paid' | 'bonus';
  readonly walletId: number;
  readonly customerId: string | null;
  readonly operationId: string;
  readonly credits: Microcredits;
  readonly refundTaken: Microcredits;
  readonly disputeTaken: Microcredits;
  readonly disputed: Microcredits;
  readonly openDisputes: number;
  /** Reversed by hand, or expired: it cannot be taken back any more. */
  readonly gone: Microcredits;
}

export interface WaitingEvent {
  readonly account: Account;
  readonly eventId: string;
  readonly type: string;
  readonly objectId: string;
  readonly attempts: number;
  readonly outcome: string | null;
}

/** All that is compared, of one partner. */
export interface Books {
  readonly partnerId: string;
  readonly atStripe: readonly StripePayment[];
  readonly kept: readonly KeptPayment[];
  readonly credited: readonly CreditedPart[];
  /** PaymentIntents that somebody credited by hand: a top-up whose idempotency key is the PaymentIntent's id. */
  readonly byHand: ReadonlySet<string>;
  readonly waiting: readonly WaitingEvent[];
}

/** Compares what Stripe has of a partner's payments with what is kept here and what the ledger has, both ways. Pure. */
export function compare(books: Books): Difference[] {
  const { atStripe, kept, credited, byHand, partnerId } = books;
  const keptById = new Map(kept.map((each) => [each.paymentId, each]));
  const keptByIntent = new Map(kept.flatMap((each) => (each.intent === null ? [] : [[each.intent, each] as const])));
  const partsOf = new Map<string, CreditedPart[]>();
  for (const part of credited) partsOf.set(part.intent, [...(partsOf.get(part.intent) ?? []), part]);
  const seen = new Set(atStripe.map(({ intent }) => intent));
  const differences: Difference[] = [];

  for (const payment of atStripe) {
    const parts = partsOf.get(payment.intent) ?? [];
    const row = keptByIntent.get(payment.intent) ?? nameless(keptById.get(payment.paymentId ?? ''), payment);
    if (parts.length === 0) {
      if (!payment.isPaid || byHand.has(payment.intent)) continue;
      if (row) differences.push(notCredited(row, payment));
      else if (payment.partnerId === partnerId) differences.push(unknown(payment));
      continue;
    }
    differences.push(...creditedRight(row, payment, parts), ...takenRight(row, payment, parts));
  }
  for (const [intent, row] of keptByIntent)
    if (!seen.has(intent)) differences.push(notAtStripe(intent, row, partsOf.has(intent)));
  for (const [intent, [part]] of partsOf)
    if (!seen.has(intent) && !keptByIntent.has(intent)) differences.push(creditedFromNowhere(intent, part!));
  return [...differences, ...books.waiting.map(stuckEvent)];
}

/** A row whose PaymentIntent is not known yet, on the very account. */
function nameless(row: KeptPayment | undefined, { account }: StripePayment): KeptPayment | undefined {
  return row && row.intent === null && row.account === account ? row : undefined;
}

function notCredited(row: KeptPayment, payment: StripePayment): Difference {
  const paid = formatMoney(payment.received, payment.currency);
  if (row.state === 'mismatch')
    return of(
      'MISMATCH',
      row,
      payment,
      `${paid} were paid, and ${formatMoney(row.amount, row.currency)} were asked for${row.failure === null ? '' : ` (${row.failure})`}. Nothing was credited.`,
      `Give the money back, or credit what it is worth by hand: ${byHandText(payment.intent)}`,
    );
  if (row.state === 'stuck')
    return of(
      'STUCK',
      row,
      payment,
      `${paid} were paid for ${formatDecimal(row.credits)} credits, and the ledger refused them${row.failure === null ? '' : `: ${row.failure}`}`,
      'Mend what it says; then it is credited by itself within the hour, or at once with --mend.',
    );
  return of(
    'PAID_NOT_CREDITED',
    row,
    payment,
    `${paid} were paid for ${formatDecimal(row.credits)} credits, and they are not in the wallet.`,
    `Credit it now: talktime reconcile stripe --payment ${row.paymentId} --mend, or POST /v1/payments/${row.paymentId}/sync.`,
  );
}

function unknown(payment: StripePayment): Difference {
  const known = payment.paymentId ?? 'no payment';
  return of(
    'UNKNOWN_PAYMENT',
    null,
    payment,
    `${formatMoney(payment.received, payment.currency)} were paid; Stripe names ${known} for it, which is not here, or has another PaymentIntent. It may be from before a backup was restored, or made by somebody else.`,
    `What it bought is not known, so nothing is credited by itself. Look at it in Stripe, then credit it by hand: ${byHandText(payment.intent)} Or give the money back.`,
  );
}

const byHandText = (intent: string) =>
  `POST /v1/top-ups with the idempotency_key "${intent}" and ${intent} in the note; it is then not named any more.`;

function notAtStripe(intent: string, row: KeptPayment, isCredited: boolean): Difference {
  return make('NOT_AT_STRIPE', {
    row,
    intent,
    account: row.account,
    detail: `${intent} of ${row.paymentId} is not on the account ${row.account}${isCredited ? ', and its credits are in the wallet' : ''}.`,
    next: 'Check whether STRIPE_SECRET_KEY is of the right account and mode. If the payment never was, reverse its credits.',
  });
}

function creditedFromNowhere(intent: string, part: CreditedPart): Difference {
  return make('CREDITED_NOT_PAID', {
    row: null,
    intent,
    account: '-',
    customerId: part.customerId,
    detail: `${formatDecimal(part.credits)} credits were given for ${intent}, which no account of the partner has, and of which no payment is kept.`,
    next: `Run talktime verify, then reverse the operation ${part.operationId}.`,
  });
}

function creditedRight(
  row: KeptPayment | undefined,
  payment: StripePayment,
  parts: readonly CreditedPart[],
): Difference[] {
  const differences: Difference[] = [];
  const paid = parts.find(({ part }) => part === 'paid');
  const credits = formatDecimal(sum(parts, (part) => part.credits));
  const reverse = `Reverse the operation ${parts[0]!.operationId}, and find out who credited it: the audit log has it.`;
  if (!payment.isPaid)
    return [
      of(
        'CREDITED_NOT_PAID',
        row ?? null,
        payment,
        `${credits} credits were given, and Stripe says that the payment is ${payment.status}.`,
        reverse,
        parts[0]!.customerId,
      ),
    ];
  if (!row)
    return [
      of(
        'UNKNOWN_PAYMENT',
        null,
        payment,
        `${credits} credits were given for ${formatMoney(payment.received, payment.currency)}, and no payment is kept that they were sold by.`,
        'Restore what is missing from a backup, or reverse the credits and credit them by hand.',
        parts[0]!.customerId,
      ),
    ];
  const sold = [row.credits, row.bonus] as const;
  const got = [paid?.credits ?? 0n, parts.find(({ part }) => part === 'bonus')?.credits ?? 0n] as const;
  if (sold[0] !== got[0] || sold[1] !== got[1])
    differences.push(
      of(
        'AMOUNT_DIFFERS',
        row,
        payment,
        `${amounts(sold)} credits were sold, and ${amounts(got)} were credited.`,
        'Run talktime verify: credits of a payment never change. Then adjust the wallet by what is missing or too much.',
      ),
    );
  const elsewhere = parts.find(({ walletId }) => walletId !== row.walletId);
  if (elsewhere)
    differences.push(
      of(
        'WALLET_DIFFERS',
        row,
        payment,
        `It was sold to ${row.customerId ?? "the partner's own wallet"}, and credited to ${elsewhere.customerId ?? "the partner's own wallet"}.`,
        'Run talktime verify: the wallet of a payment never changes. Then reverse it, and credit the right wallet by hand.',
      ),
    );
  return differences;
}

function amounts([credits, bonus]: readonly [bigint, bigint]): string {
  return bonus === 0n ? formatDecimal(credits) : `${formatDecimal(credits)} and a bonus of ${formatDecimal(bonus)}`;
}

/** What went back of the money, in credits (money-rules 18). */
function takenRight(
  row: KeptPayment | undefined,
  payment: StripePayment,
  parts: readonly CreditedPart[],
): Difference[] {
  if (!payment.isPaid || payment.received <= 0n) return [];
  const due = parts.map((part) => dueOf(part, payment));
  const total = (of: (each: Pick<CreditedPart, 'refundTaken' | 'disputeTaken' | 'disputed'>) => bigint) =>
    [sum(due, of), sum(parts, of)] as const;
  const next = row
    ? `Bring it right now: talktime reconcile stripe --payment ${row.paymentId} --mend, or POST /v1/payments/${row.paymentId}/sync.`
    : 'No payment is kept that this could be mended by: adjust the wallet by hand.';
  const differences: Difference[] = [];
  const told = (code: DifferenceCode, money: bigint, what: string, expected: bigint, found: bigint) =>
    differences.push(
      of(
        code,
        row ?? null,
        payment,
        `${formatMoney(money, payment.currency)} of ${formatMoney(payment.received, payment.currency)} ${what}, which is ${formatDecimal(expected)} credits; it is ${formatDecimal(found)} here.`,
        next,
        parts[0]!.customerId,
      ),
    );
  const [refund, refundFound] = total((each) => each.refundTaken);
  if (refund !== refundFound)
    told(
      refund > refundFound ? 'REFUND_NOT_TAKEN' : 'TAKEN_NOT_REFUNDED',
      payment.refunded,
      'were refunded',
      refund,
      refundFound,
    );
  const [loss, lossFound] = total((each) => each.disputeTaken);
  if (loss !== lossFound)
    told(
      loss > lossFound ? 'LOSS_NOT_TAKEN' : 'TAKEN_NOT_LOST',
      payment.lost,
      'were lost to disputes',
      loss,
      lossFound,
    );
  const [held, heldFound] = total((each) => each.disputed);
  const openFound = parts.find(({ part }) => part === 'paid')?.openDisputes ?? 0;
  if (held !== heldFound || payment.openDisputes !== openFound)
    told(
      held > heldFound || payment.openDisputes > openFound ? 'DISPUTE_NOT_HELD' : 'HELD_WITHOUT_DISPUTE',
      payment.disputed,
      'are disputed',
      held,
      heldFound,
    );
  if (
    differences.length === 0 &&
    row &&
    (row.refunded !== payment.refunded || row.lost !== payment.lost || row.disputed !== payment.disputed)
  )
    differences.push(
      of(
        'RECORD_BEHIND',
        row,
        payment,
        `Stripe has ${moved(payment)}, and the payment here ${moved(row)}. The credits are right.`,
        next,
      ),
    );
  return differences;
}

function moved({
  refunded,
  lost,
  disputed,
  currency,
}: Pick<KeptPayment, 'refunded' | 'lost' | 'disputed' | 'currency'>) {
  const money = (minor: bigint) => formatMoney(minor, currency);
  return `${money(refunded)} refunded, ${money(lost)} lost and ${money(disputed)} disputed`;
}

/** Written anew from money-rules 18, so that a fault of the ledger's own arithmetic would be seen. */
function dueOf(part: CreditedPart, { received, refunded, lost, disputed }: StripePayment) {
  const cap = part.credits > part.gone ? part.credits - part.gone : 0n;
  const upTo = (money: bigint) => {
    const back = money > received ? received : money;
    const share = divideHalfAwayFromZero(part.credits * back, received);
    return (share > cap ? cap : share) as Microcredits;
  };
  const [byRefunds, byLosses, all] = [upTo(refunded), upTo(refunded + lost), upTo(refunded + lost + disputed)];
  return {
    refundTaken: byRefunds,
    disputeTaken: (byLosses - byRefunds) as Microcredits,
    disputed: (all - byLosses) as Microcredits,
  };
}

/** Somebody's who is not known here: for the host to see. */
export function ofStranger(payment: StripePayment): Difference {
  return of(
    'UNKNOWN_PARTNER',
    null,
    payment,
    `${formatMoney(payment.received, payment.currency)} were paid for ${payment.paymentId ?? 'no payment'} of the partner ${payment.partnerId ?? '-'}, who is not in this database.`,
    'Another installation may use the same account of Stripe: give each an account of its own. Or the partner is missing since a backup was restored.',
  );
}

export function stuckEvent({ account, eventId, type, attempts, outcome }: WaitingEvent): Difference {
  return make('STUCK_EVENT', {
    row: null,
    intent: null,
    account,
    detail: `${eventId} (${type}) waits after ${attempts} attempts: ${outcome ?? 'it was cut off'}`,
    next: 'It is tried again by itself at least once an hour. Mend what it says.',
  });
}

function of(
  code: DifferenceCode,
  row: KeptPayment | null,
  payment: StripePayment,
  detail: string,
  next: string,
  customerId: string | null = null,
): Difference {
  return make(code, { row, intent: payment.intent, account: payment.account, detail, next, customerId });
}

function make(
  code: DifferenceCode,
  of: {
    readonly row: KeptPayment | null;
    readonly intent: string | null;
    readonly account: string;
    readonly detail: string;
    readonly next: string;
    readonly customerId?: string | null;
  },
): Difference {
  return {
    code,
    title: DIFFERENCES[code],
    detail: of.detail,
    next: of.next,
    payment_id: of.row?.paymentId ?? null,
    payment_intent: of.intent,
    customer_id: of.row?.customerId ?? of.customerId ?? null,
    account: of.account,
  };
}

function sum<T>(all: readonly T[], of: (each: T) => bigint): bigint {
  return all.reduce((total, each) => total + of(each), 0n);
}
