import { micro, type Microcredits } from '../money';
import type { Seen, SeenDispute, SeenRefund } from './observe';
import type { PaymentRow, PaymentState } from './rows';
import { goesBack, isOpen } from './standing';

/** What can happen to a payment that somebody must hear of. That one was paid, and credited, is none of it. */
export type PaymentEvent =
  | 'refunded'
  | 'refund_failed'
  | 'inquiry_opened'
  | 'inquiry_closed'
  | 'dispute_opened'
  | 'dispute_won'
  | 'dispute_lost'
  | 'mismatch'
  | 'stuck'
  | 'mended'
  | 'failed'
  | 'needs_action';

/** Something that happened to a payment. */
export interface PaymentNews {
  readonly event: PaymentEvent;
  /** Money that it is about, in minor units of the payment's currency. */
  readonly amount: bigint | null;
  /** Credits that were taken, held or given back by it; null when they can't be told apart from others'. */
  readonly credits: Microcredits | null;
  /** Typed by others, so escape it. */
  readonly reason: string | null;
  /** Until when a dispute can be answered. */
  readonly answerBy: Date | null;
  /** Where somebody has to act. */
  readonly link: string | null;
}

/** What was known of a payment before a look at Stripe, and what of its credits was taken, or held, by then. */
export interface Known {
  readonly refunds: ReadonlyMap<string, Pick<SeenRefund, 'status'>>;
  readonly disputes: ReadonlyMap<string, Pick<SeenDispute, 'status'>>;
  readonly back: Back;
}

/** Of a payment's credits, its bonus among them. */
export interface Back {
  readonly refundTaken: Microcredits;
  readonly disputeTaken: Microcredits;
  readonly disputed: Microcredits;
}

/** What a look came to. */
export interface Come {
  readonly state: PaymentState;
  readonly failure: { readonly message: string } | null;
  readonly received: bigint | null;
  readonly back: Back;
}

/**
 * What a look at a payment has to tell: what is so now and was not before. Pure; told in the transaction in which it comes to
 * be so, each is told once, however often and in whatever order Stripe's webhooks come.
 */
export function newsOf(before: PaymentRow, known: Known, seen: Seen, come: Come): PaymentNews[] {
  return [
    ...ofRefunds(known, seen.refunds, come.back),
    ...ofDisputes(known, seen.disputes, come.back),
    ...ofState(before, come),
  ];
}

const NOTHING: Omit<PaymentNews, 'event'> = { amount: null, credits: null, reason: null, answerBy: null, link: null };

function ofRefunds({ refunds: before, back }: Known, seen: readonly SeenRefund[], now: Back): PaymentNews[] {
  const wasBack = ({ id }: SeenRefund) => {
    const known = before.get(id);
    return known !== undefined && goesBack(known);
  };
  const made = seen.filter((refund) => goesBack(refund) && !wasBack(refund));
  // One that nobody heard of before, and that failed, is told too: somebody waits for that money.
  const failed = seen.filter((refund) => !goesBack(refund) && (wasBack(refund) || isNewFailure(refund, before)));
  const moved = now.refundTaken - back.refundTaken;
  return [
    ...(made.length > 0
      ? [
          {
            ...NOTHING,
            event: 'refunded' as const,
            amount: sum(made),
            credits: failed.length > 0 ? null : micro(moved),
          },
        ]
      : []),
    ...(failed.length > 0
      ? [
          {
            ...NOTHING,
            event: 'refund_failed' as const,
            amount: sum(failed),
            credits: made.length > 0 ? null : micro(-moved),
          },
        ]
      : []),
  ];
}

const isNewFailure = ({ id, status }: SeenRefund, before: Known['refunds']) => status === 'failed' && !before.has(id);

/** How far a dispute is: a bank asks (no money has moved), money is withdrawn, gone for good, or back. */
type Phase = 'none' | 'inquiry' | 'open' | 'lost' | 'closed';

function phaseOf(dispute: Pick<SeenDispute, 'status'> | undefined): Phase {
  if (!dispute) return 'none';
  if (isOpen(dispute)) return 'open';
  if (dispute.status === 'lost') return 'lost';
  return dispute.status === 'warning_needs_response' || dispute.status === 'warning_under_review'
    ? 'inquiry'
    : 'closed';
}

function ofDisputes({ disputes: before, back }: Known, seen: readonly SeenDispute[], now: Back): PaymentNews[] {
  const changed = seen.flatMap((dispute) => {
    const event = eventOf(phaseOf(before.get(dispute.id)), phaseOf(dispute));
    return event === null ? [] : [{ dispute, event }];
  });
  const moved = changed.filter(({ event }) => event !== 'inquiry_opened' && event !== 'inquiry_closed').length;
  return changed.map(({ dispute, event }) => ({
    ...NOTHING,
    event,
    amount: dispute.amount,
    reason: dispute.reason,
    credits: moved > 1 ? null : creditsOf(event, back, now),
    answerBy: event === 'dispute_opened' || event === 'inquiry_opened' ? toDate(dispute.answerBy) : null,
  }));
}

type DisputeEvent = Extract<PaymentEvent, `dispute_${string}` | `inquiry_${string}`>;

function eventOf(before: Phase, now: Phase): DisputeEvent | null {
  if (before === now) return null;
  switch (now) {
    case 'open':
      return 'dispute_opened';
    case 'lost':
      return 'dispute_lost';
    case 'inquiry':
      return before === 'none' ? 'inquiry_opened' : null;
    case 'closed':
      // One that was over before anybody heard of it has cost nothing.
      return before === 'none' ? null : before === 'inquiry' ? 'inquiry_closed' : 'dispute_won';
    case 'none':
      return null;
  }
}

function creditsOf(event: DisputeEvent, before: Back, now: Back): Microcredits | null {
  switch (event) {
    case 'dispute_opened':
      return micro(now.disputed - before.disputed);
    case 'dispute_won':
      return micro(before.disputed + before.disputeTaken - now.disputed - now.disputeTaken);
    case 'dispute_lost':
      return micro(now.disputeTaken - before.disputeTaken);
    case 'inquiry_opened':
    case 'inquiry_closed':
      return null;
  }
}

function ofState(before: PaymentRow, { state, failure, received }: Come): PaymentNews[] {
  if (before.state === state) return [];
  const reason = failure?.message ?? null;
  switch (state) {
    case 'mismatch':
      return [{ ...NOTHING, event: 'mismatch', amount: received, reason }];
    case 'stuck':
      return [{ ...NOTHING, event: 'stuck', amount: received, reason }];
    case 'paid':
      return before.state === 'mismatch' || before.state === 'stuck'
        ? [{ ...NOTHING, event: 'mended', amount: received, credits: micro(before.credits + before.bonus) }]
        : [];
    case 'failed':
      // A checkout that is declined at once is its payer's to see; of a debit that bounces days later nobody else tells.
      // What is charged by itself is told by whoever charges it.
      return before.state === 'processing' && before.kind === 'checkout'
        ? [{ ...NOTHING, event: 'failed', amount: before.amount, reason }]
        : [];
    default:
      return [];
  }
}

const sum = (refunds: readonly SeenRefund[]) => refunds.reduce((total, { amount }) => total + amount, 0n);

const toDate = (milliseconds: number | null) => (milliseconds === null ? null : new Date(milliseconds));
