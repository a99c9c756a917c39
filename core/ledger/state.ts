import type { AlertEvent, Status } from '../alerts';
import type { CallCharge, CallClues, CallFacts, CallIdentity } from '../calls/facts';
import type { Authorization, DeductionResult, Operation } from '../contract';
import type { Microcredits, Rate } from '../money';
import type { Account } from './accounts';

/** A balance and its alert, as the fold sees and changes it. */
export interface WalletState {
  readonly walletId: number;
  /** null for the partner's own wallet. */
  readonly customerId: string | null;
  readonly posted: Microcredits;
  readonly held: Microcredits;
  readonly sequence: bigint;
  /** The hash of the newest posting, hexadecimal; null before the first (money-rules 24). */
  readonly head: string | null;
  /** Milliseconds; null before the first posting. */
  readonly lastPostedAt: number | null;
  readonly status: Status;
  readonly told: Status;
  readonly episode: number;
  readonly lowCreditThreshold: Microcredits | null;
  readonly notificationsEnabled: boolean;
}

/** The settings of a customer that decide about money. */
export interface CustomerState {
  readonly customerId: string;
  readonly walletId: number;
  readonly aiCreditsEnabled: boolean;
  readonly graceSeconds: number;
  readonly overdraft: Microcredits;
  readonly shortfallPolicy: 'debt' | 'partner';
  readonly maxCallSeconds: number;
  /** null: no limit. */
  readonly maxConcurrentCalls: number | null;
  readonly maxSpendPerDay: Microcredits | null;
  readonly maxSpendPerMonth: Microcredits | null;
}

/** Credits reserved for a call, and what was frozen when it was authorised (money-rules 7). */
export interface HoldState {
  readonly callId: string;
  readonly identity: CallIdentity;
  readonly state: 'live' | 'captured' | 'released' | 'timed_out';
  readonly customerId: string;
  readonly payer: 'customer' | 'partner';
  readonly walletId: number;
  /** The rate version of the payer's wallet. */
  readonly payerRate: number;
  readonly floor: Microcredits;
  readonly amount: Microcredits;
  readonly capSeconds: number;
  readonly extensions: number;
  /** Milliseconds. */
  readonly authorizedAt: number;
  readonly endedAt: number | null;
}

/** What a customer's calls took so far, for its limits. Loaded for customers that have one. */
export interface Spending {
  readonly today: Microcredits;
  readonly thisMonth: Microcredits;
}

export type SuspenseReason = 'no_customer' | 'several_customers' | 'rate_required' | 'implausible';

export interface CallState extends CallCharge {
  readonly callId: string;
  readonly identity: CallIdentity;
  readonly state: 'charged' | 'suspense' | 'closed';
  /** A SuspenseReason in suspense; why it was closed when closed. */
  readonly reason: string | null;
  readonly customerId: string | null;
  readonly payer: 'customer' | 'partner' | null;
  /** The version of the payer's rate that priced it; corrections keep it. */
  readonly payerRate: number | null;
  readonly revision: number;
  readonly reversed: Microcredits;
  /** What was reported beyond a plausible end, and waits for a human; not charged. */
  readonly inReview: Microcredits;
  readonly facts: CallFacts;
  readonly startedAt: number;
  readonly receivedAt: number;
  readonly clues: CallClues;
}

type WithoutReplayed<T> = T extends unknown ? Omit<T, 'replayed'> : never;

/** What a command is answered, but for whether it was done before. */
export type Result = WithoutReplayed<Operation> | WithoutReplayed<DeductionResult> | WithoutReplayed<Authorization>;

/** The result of an operation: kept with it, and answered again for its replays. */
export type StoredResult = Extract<Result, { operation_id: string }>;

export interface PriorOperation {
  readonly contentHash: string;
  readonly result: StoredResult;
}

/** An operation that somebody wants to reverse. */
export interface ReversibleOperation {
  readonly kind: string;
  readonly callId: string | null;
  readonly customerId: string | null;
  readonly transfers: readonly { readonly debit: Account; readonly credit: Account; readonly amount: Microcredits }[];
  /** How much of it was reversed already. */
  readonly reversed: Microcredits;
}

export interface SeenFacts {
  readonly operationId: string | null;
}

/** Everything a batch may touch, loaded under the partner's lock. Absent = does not exist. */
export interface LedgerState {
  readonly partnerId: string;
  readonly currency: string;
  readonly wallets: ReadonlyMap<number, WalletState>;
  readonly customers: ReadonlyMap<string, CustomerState>;
  /** Rate versions of a wallet, oldest first. */
  readonly rates: ReadonlyMap<number, readonly Rate[]>;
  readonly operations: ReadonlyMap<string, PriorOperation>;
  readonly reversible: ReadonlyMap<string, ReversibleOperation>;
  readonly calls: ReadonlyMap<string, CallState>;
  /** Facts already seen, by `factsKey`. */
  readonly facts: ReadonlyMap<string, SeenFacts>;
  /** The hold of a call, by call id. */
  readonly holds: ReadonlyMap<string, HoldState>;
  /** Live holds of a customer that authorises. */
  readonly liveHolds: ReadonlyMap<string, { readonly count: number; readonly amount: Microcredits }>;
  readonly spending: ReadonlyMap<string, Spending>;
  /** Customer ids by `mappingKey`. */
  readonly mappings: ReadonlyMap<string, string>;
}

export const factsKey = (callId: string, hash: string) => `${callId} ${hash}`;
export const mappingKey = (kind: string, value: string) => `${kind} ${value}`;

export interface OperationRow {
  readonly operationId: string;
  readonly kind: Operation['kind'];
  readonly key: string;
  readonly contentHash: string;
  readonly actor: string;
  readonly at: number;
  readonly callId: string | null;
  readonly reverses: string | null;
  readonly note: string | null;
  readonly result: StoredResult;
  /** The result in canonical JSON: what is stored, and what the postings' hashes cover. */
  readonly resultJson: string;
}

/** One side of a transfer that is a wallet: its place in the wallet's sequence, and the balance and the chain's hash after it. */
export interface WalletSide {
  readonly sequence: bigint;
  readonly balance: Microcredits;
  /** Hexadecimal. */
  readonly hash: string;
}

export interface TransferRow {
  readonly operationId: string;
  readonly line: number;
  readonly debit: Account;
  readonly credit: Account;
  readonly amount: Microcredits;
  readonly debitSide: WalletSide | null;
  readonly creditSide: WalletSide | null;
  readonly at: number;
  readonly floor: Microcredits | null;
  readonly flagged: Microcredits;
  /** The part that a hold had promised. */
  readonly captured: Microcredits;
  readonly flag: 'debt' | 'refund' | 'dispute' | 'correction' | null;
}

export type Disposition = 'posted' | 'unchanged' | 'outranked' | 'review' | 'suspense' | 'closed';

export interface FactsRow {
  readonly callId: string;
  readonly hash: string;
  readonly facts: CallFacts;
  readonly disposition: Disposition;
  readonly operationId: string | null;
  readonly at: number;
}

/** Something to tell, from the posting with this sequence of the wallet. */
export interface AlertRow {
  readonly outboxId: string;
  readonly walletId: number;
  readonly episode: number;
  readonly event: AlertEvent;
  readonly sequence: bigint;
  readonly at: number;
}

/** A decision that posts nothing by itself, or not all of it. */
export interface AuditRow {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly change: Readonly<Record<string, string>>;
}

/** What a fold decided, ready to be written in one transaction. */
export interface Writes {
  readonly operations: OperationRow[];
  readonly transfers: TransferRow[];
  readonly wallets: Map<number, WalletState>;
  readonly calls: Map<string, CallState>;
  readonly holds: Map<string, HoldState>;
  readonly facts: FactsRow[];
  /** Facts that lost to fewer seconds afterwards, for a human to look at. */
  readonly toReview: { callId: string; hash: string }[];
  readonly alerts: AlertRow[];
  readonly audits: AuditRow[];
}
