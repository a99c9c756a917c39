import type { AlertEvent, SetLevel, Status } from '../alerts';
import type { CallCharge, CallClues, CallFacts, CallIdentity } from '../calls/facts';
import type { Authorization, DeductionResult, Operation, PaymentOperation, PlanApplied } from '../contract';
import type { Microcredits, Rate } from '../money';
import type { Account } from './accounts';
import type { GrantKind, Lot } from './lots';

/** A balance and its alert, as the fold sees and changes it. */
export interface WalletState {
  readonly walletId: number;
  /** null for the partner's own wallet. */
  readonly customerId: string | null;
  readonly posted: Microcredits;
  readonly held: Microcredits;
  /** What open disputes of payments hold. */
  readonly disputed: Microcredits;
  /** How many disputes of its payments are open. */
  readonly openDisputes: number;
  readonly sequence: bigint;
  /** The hash of the newest posting, hexadecimal; null before the first (money-rules 24). */
  readonly head: string | null;
  /** Milliseconds; null before the first posting. */
  readonly lastPostedAt: number | null;
  /** The grants that have credits left or have yet to start, in burn order. */
  readonly lots: readonly Lot[];
  /** The number of its newest grant; 0 before the first. */
  readonly lastGrant: number;
  readonly status: Status;
  readonly told: Status;
  readonly episode: number;
  readonly lowCreditThreshold: Microcredits | null;
  /** What it is low and critical at: the threshold, and its own levels or its partner's, as they come to now. */
  readonly levels: readonly SetLevel[];
  /** The credits that last came in by a top-up or a plan, bonuses apart. */
  readonly lastTopUp: Microcredits | null;
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

/** What of a partner decides about money (money-rules 1, 4). */
export interface PartnerState {
  readonly currency: string;
  /** Millionths of the currency for one credit. */
  readonly creditValue: bigint;
  readonly funding: 'independent' | 'allocated';
  /** Whether a call also takes its cost from the partner's wallet. */
  readonly trackCost: boolean;
  /** While a payment is disputed: only its credits are held, or no call of the wallet is authorised. */
  readonly disputePolicy: 'hold' | 'stop';
  /** Whether somebody asked to be told by outgoing webhooks. */
  readonly announces: boolean;
  /** What one unit of another currency is worth, by its code, oldest version first. Loaded when costs are tracked. */
  readonly exchangeRates: ReadonlyMap<string, readonly ExchangeRate[]>;
}

export interface ExchangeRate {
  /** Millionths of the partner's currency. */
  readonly rate: bigint;
  /** Milliseconds. */
  readonly effectiveFrom: number;
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

export type SuspenseReason =
  | 'no_customer'
  | 'several_customers'
  | 'rate_required'
  | 'implausible'
  /** The signature does not cover the length, which is beyond what is taken on trust. */
  | 'unconfirmed'
  /** The same physical call, by its other provider, is another customer's, or was settled by somebody. */
  | 'linked_elsewhere';

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
  /** The carrier's id of the physical call, which links two providers' reports of it (fold/links.ts). */
  readonly carrierCallId: string | null;
  /** Of a carrier's call: the agent's call that is billed instead. */
  readonly linkedTo: string | null;
  /** What the price is for. */
  readonly billedSeconds: number;
  /** What it cost, with what is linked to it, in millionths of the partner's currency; null when nobody knows. */
  readonly cost: bigint | null;
}

type WithoutReplayed<T> = T extends unknown ? Omit<T, 'replayed'> : never;

/** What a command is answered, but for whether it was done before. */
export type Result =
  | WithoutReplayed<Operation>
  | WithoutReplayed<PlanApplied>
  | WithoutReplayed<PaymentOperation>
  | WithoutReplayed<DeductionResult>
  | WithoutReplayed<Authorization>;

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
  /** How much of it was reversed already; take-backs of a payment are told by its PaymentPart. */
  readonly reversed: Microcredits;
  /** The grant that it made, and what has expired of that. */
  readonly grant: { readonly walletId: number; readonly grant: number; readonly expired: Microcredits } | null;
}

/** What became of a payment's credits, or of the bonus that came with them: each has an operation and a grant of its own. */
export interface PaymentPart {
  readonly payment: string;
  readonly part: 'paid' | 'bonus';
  readonly walletId: number;
  /** The operation that credited it. */
  readonly operationId: string;
  readonly credits: Microcredits;
  /** What refunds have taken of it by now, and lost disputes. */
  readonly refundTaken: Microcredits;
  readonly disputeTaken: Microcredits;
  /** What is held of it for open disputes. */
  readonly disputed: Microcredits;
  /** Counted with the paid part alone. */
  readonly openDisputes: number;
  /** With the paid part: what of both came back to the partner's wallet that they were taken of (money-rules 4). */
  readonly returned: Microcredits;
  /** How many operations took back, gave back or held. */
  readonly revision: number;
}

/** A grant's terms (money-rules 15). Moments in milliseconds. */
export interface GrantState {
  readonly walletId: number;
  /** Counts the wallet's grants from 1. */
  readonly grant: number;
  readonly kind: GrantKind;
  readonly priority: number;
  readonly amount: Microcredits;
  /** The account that it came from. */
  readonly source: Account;
  readonly effectiveAt: number;
  readonly expiresAt: number | null;
  /** Millionths of the partner's currency; null when nobody said. */
  readonly costBasis: bigint | null;
  readonly operationId: string | null;
  readonly voidedAt: number | null;
}

/** What a posting burned of a grant, or (null) what no grant backs of it, as it stands by now. */
export interface Burn {
  readonly sequence: bigint;
  readonly grant: number | null;
  readonly amount: Microcredits;
}

/** A later change of that, by the posting with `sequence`: below 0 given back, above 0 settled by a grant that came in. */
export interface BurnChange {
  readonly walletId: number;
  readonly ofSequence: bigint;
  readonly sequence: bigint;
  readonly ordinal: number;
  readonly grant: number | null;
  readonly amount: Microcredits;
}

/** What backs postings from before: loaded only when a fold asks for it (fold/backing.ts). */
export interface Backing {
  /** Burns of a call or an operation, by `subjectKey`, as they were recorded. */
  readonly burns: ReadonlyMap<string, readonly Burn[]>;
  /** By wallet and posting: what no grant backs, oldest first. */
  readonly unbacked: ReadonlyMap<number, ReadonlyMap<bigint, Microcredits>>;
  /** By `grantKey`. */
  readonly grants: ReadonlyMap<string, GrantState>;
}

export const NO_BACKING: Backing = { burns: new Map(), unbacked: new Map(), grants: new Map() };

export interface SeenFacts {
  readonly operationId: string | null;
}

/** Everything a batch may touch, loaded under the partner's lock. Absent = does not exist. */
export interface LedgerState {
  readonly partnerId: string;
  readonly partner: PartnerState;
  readonly wallets: ReadonlyMap<number, WalletState>;
  readonly customers: ReadonlyMap<string, CustomerState>;
  /** Rate versions of a wallet, oldest first. */
  readonly rates: ReadonlyMap<number, readonly Rate[]>;
  readonly operations: ReadonlyMap<string, PriorOperation>;
  readonly reversible: ReadonlyMap<string, ReversibleOperation>;
  /** Parts of payments that somebody takes back or reverses, by the operation that credited them. */
  readonly payments: ReadonlyMap<string, PaymentPart>;
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
  readonly backing: Backing;
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
  /** What the debit burned, "grant:microcredits" by commas; null when it burned nothing or debited no wallet. */
  readonly burned: string | null;
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
  /** By the operation that credited them. */
  readonly payments: Map<string, PaymentPart>;
  /** Grants that were made, or voided, by `grantKey`. */
  readonly grants: ReadonlyMap<string, GrantState>;
  /** What expired of grants, by `grantKey`. */
  readonly expired: ReadonlyMap<
    string,
    { readonly walletId: number; readonly grant: number; readonly amount: Microcredits }
  >;
  readonly burnChanges: readonly BurnChange[];
  /** What no grant backs of postings; 0 when that is settled. */
  readonly unbacked: ReadonlyMap<
    string,
    { readonly walletId: number; readonly sequence: bigint; readonly amount: Microcredits }
  >;
  readonly facts: FactsRow[];
  /** Facts that lost to fewer seconds afterwards, for a human to look at. */
  readonly toReview: { callId: string; hash: string }[];
  readonly alerts: AlertRow[];
  readonly audits: AuditRow[];
}
