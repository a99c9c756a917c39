import type { CallClues, CallFacts, CallIdentity } from '../calls/facts';
import type { SoldPlan } from '../contract';
import type { Microcredits, Recurrence } from '../money';

/** Who asks. `host`: whether with the host's authority, without which nothing raises a partner's wallet (money-rules 4). */
export interface Actor {
  /** e.g. `key:key_3fk2`, `slack:T1/U2`, `system` */
  readonly id: string;
  readonly host: boolean;
}

/** A customer's wallet, or the partner's own. */
export type WalletRef = { readonly customerId: string } | 'partner';

interface Request {
  readonly actor: Actor;
  readonly key: string;
  readonly note?: string;
}

export interface TopUp extends Request {
  readonly kind: 'top_up';
  readonly wallet: WalletRef;
  readonly amount: Microcredits;
  readonly grant: 'paid' | 'bonus';
  /** 0 to 100, the lower burns the sooner; the usual one of its kind when left out (money-rules 15). */
  readonly priority?: number;
  /** Milliseconds; now when left out. Later: nothing is posted until then. */
  readonly effectiveAt?: number;
  /** Milliseconds; never when left out. */
  readonly expiresAt?: number;
  /** What was paid for it, in millionths of the partner's currency. */
  readonly costBasis?: bigint;
}

export interface Adjustment extends Request {
  readonly kind: 'adjustment';
  readonly wallet: WalletRef;
  /** Signed; not zero. */
  readonly amount: Microcredits;
}

export interface AmountDeduction extends Request {
  readonly kind: 'deduction';
  readonly wallet: WalletRef;
  readonly amount: Microcredits;
}

/** What a plan gives. */
export interface PlanSize {
  readonly terms: { readonly credits: Microcredits } | { readonly minutes: bigint /* millionths of a minute */ };
  /** On top, as a bonus grant of its own; none when left out. */
  readonly bonus?: Microcredits;
  /** What is sold, for the answer. */
  readonly sold?: Omit<SoldPlan, 'credits' | 'bonus_operation_id'>;
}

/** The terms of a plan, as they are at this moment. */
export interface PlanApplication extends Request, PlanSize {
  readonly kind: 'plan';
  readonly customerId: string;
  readonly planId: string;
  readonly active: boolean;
  /** When what it gives goes, counted from when it is given; never when left out. */
  readonly expiresAfterDays?: number;
  /** It starts a subscription: what it gives goes at the end of the first period. */
  readonly recurrence?: Recurrence;
}

/** A further period of a subscription begins: at most once, by its number. */
export interface PlanPeriod extends PlanSize {
  readonly kind: 'period';
  readonly actor: Actor;
  readonly note?: string;
  readonly customerId: string;
  readonly subscriptionId: string;
  /** Counts from 1. */
  readonly period: number;
  /** Milliseconds; what the period gives goes at its end. */
  readonly startsAt: number;
  readonly endsAt: number;
  /** A payment has given credits and bonus already: only what rolls over is left to give. */
  readonly paid: boolean;
  /** What expired unused of these operations' grants comes back by this share (millionths), up to the cap. */
  readonly rollover: {
    readonly operations: readonly string[];
    readonly share: bigint;
    readonly cap: Microcredits | null;
  } | null;
}

export interface Reversal extends Request {
  readonly kind: 'reversal';
  readonly operationId: string;
  /** All that is left of it when absent. */
  readonly amount?: Microcredits;
}

/** Takes back what is left of a grant. */
export interface GrantVoid extends Request {
  readonly kind: 'void';
  readonly walletId: number;
  readonly grant: number;
}

/** Credits that were paid for. Never refused because the partner has too few of its own (money-rules 4): what is missing is flagged debt. */
export interface PaymentCredit {
  readonly kind: 'payment';
  readonly actor: Actor;
  /** The payment's id at its provider, as pi_…: it is credited at most once, whatever else the command says. */
  readonly payment: string;
  readonly note?: string;
  readonly wallet: WalletRef;
  readonly amount: Microcredits;
  /** Given on top, as a grant of its own; 0 for none. */
  readonly bonus: Microcredits;
  readonly grant: 'paid' | 'plan';
  /** The usual one of its kind when left out. */
  readonly priority?: number;
  /** Milliseconds; never when left out. */
  readonly expiresAt?: number;
  /** Counted from the moment at which it is credited; instead of `expiresAt`. */
  readonly expiresAfterDays?: number;
  /** What was paid, in millionths of the partner's currency. */
  readonly costBasis: bigint;
  readonly planId?: string;
}

/**
 * Brings what was taken back of a payment, and what is held of it for open disputes, to what its provider says by now. All
 * money is in the same units, and all of it is what there is in total: it does not matter in which order the commands come,
 * nor how often.
 */
export interface PaymentTakeBack {
  readonly kind: 'take_back';
  readonly actor: Actor;
  readonly payment: string;
  readonly note?: string;
  readonly paid: bigint;
  /** Pending or done. */
  readonly refunded: bigint;
  /** By disputes that were lost. */
  readonly lost: bigint;
  /** In open disputes. */
  readonly disputed: bigint;
  /** How many disputes are open. */
  readonly openDisputes: number;
}

/** Books what has started or expired in a wallet: time does nothing by itself. */
export interface Maturing {
  readonly kind: 'mature';
  readonly walletId: number;
}

/** A report that a call has ended. */
export interface CallReport {
  readonly kind: 'call';
  readonly actor: Actor;
  readonly identity: CallIdentity;
  readonly facts: CallFacts;
  /** Milliseconds, by the provider; null when it doesn't say. */
  readonly startedAt: number | null;
  readonly clues: CallClues;
  /** Named by our own caller: must exist. */
  readonly customerId: string | null;
  /** The carrier's id of the same physical call, when the report tells it. */
  readonly carrierCallId?: string | null;
  /** Its length is not to be charged unseen: it goes into suspense. */
  readonly unconfirmed?: boolean;
}

/** Charges a call in suspense to a customer. */
export interface CallAssignment {
  readonly kind: 'assign';
  readonly actor: Actor;
  readonly callId: string;
  readonly customerId: string;
}

/** Closes a call in suspense uncharged. */
export interface CallDismissal {
  readonly kind: 'dismiss';
  readonly actor: Actor;
  readonly callId: string;
  readonly reason: string;
}

/** Moves a charged call to the right customer: reversed and charged in one operation. */
export interface CallReassignment {
  readonly kind: 'reassign';
  readonly actor: Actor;
  readonly callId: string;
  readonly customerId: string;
}

/** Asks whether a call may begin, and reserves what it may cost (money-rules 6). */
export interface CallAuthorization {
  readonly kind: 'authorize';
  readonly actor: Actor;
  readonly identity: CallIdentity;
  readonly clues: CallClues;
  /** Named by our own caller: must exist. */
  readonly customerId: string | null;
  /** The least that the provider can be told; 30 seconds in any case. */
  readonly minimumSeconds: number;
}

/** Raises the cap of a live call, as far as the balance goes by now. */
export interface HoldExtension {
  readonly kind: 'extend';
  readonly actor: Actor;
  readonly identity: CallIdentity;
  /** The one customer whose calls may be meant; null for any. */
  readonly only: string | null;
  /** No further than this; as far as possible when absent. */
  readonly toSeconds?: number;
}

/** Gives an unused hold back: the call never happened, or (`timed_out`) nothing was heard of it. */
export interface HoldRelease {
  readonly kind: 'release';
  readonly actor: Actor;
  readonly identity: CallIdentity;
  /** The one customer whose calls may be meant; null for any. */
  readonly only: string | null;
  readonly as: 'released' | 'timed_out';
}

export type RequestCommand = TopUp | Adjustment | AmountDeduction | PlanApplication | Reversal | GrantVoid;
export type CallCommand = CallReport | CallAssignment | CallDismissal | CallReassignment;
export type HoldCommand = CallAuthorization | HoldExtension | HoldRelease;
export type PaymentCommand = PaymentCredit | PaymentTakeBack;
export type Command = RequestCommand | CallCommand | HoldCommand | PaymentCommand | PlanPeriod | Maturing;
