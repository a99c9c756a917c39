/**
 * The words in which a random history is told. Nothing here is of core: operations and calls go by names of their own,
 * which `commands.ts` turns into the ids and commands of the ledger.
 */

/** Microcredits. */
export type Amount = bigint;

/** `partner`, or a customer's id. */
export type WalletName = string;
export const PARTNER = 'partner';

/** Customers that exist in every history, and one that never does. */
export const CUSTOMERS = ['acme', 'bell', 'core'] as const;
export const NOBODY = 'nobody';

export interface RoundingRule {
  readonly initial: number;
  readonly increment: number;
}

/** A level of rule 20: at which balance a status begins, told in a unit that moves. */
export interface AlertLevel {
  readonly status: 'low' | 'critical';
  readonly kind: 'credits' | 'percent' | 'minutes' | 'days';
  /** In millionths of its unit. */
  readonly value: bigint;
}

export interface Settings {
  readonly aiCredits: boolean;
  readonly grace: number;
  readonly overdraft: Amount;
  readonly threshold: Amount | null;
  /** null: those that the partner has for its customers. */
  readonly alertLevels: readonly AlertLevel[] | null;
  readonly notifications: boolean;
  readonly policy: 'debt' | 'partner';
  /** Credits a minute, in microcredits. */
  readonly rate: Amount | null;
  readonly rounding: RoundingRule;
  /** Seconds. */
  readonly maxCall: number;
  readonly maxConcurrent: number | null;
}

export interface PartnerSettings extends Pick<Settings, 'threshold' | 'notifications' | 'rate' | 'rounding'> {
  /** Of its own wallet. */
  readonly alertLevels: readonly AlertLevel[];
  /** Of customers that have none of their own. */
  readonly customerLevels: readonly AlertLevel[];
}

/** Rule 4: where customers' credits come from, and whether calls also take their cost. */
export interface Levels {
  readonly funding: 'independent' | 'allocated';
  readonly trackCost: boolean;
}

/** How everything stands before the first step. */
export interface Setup {
  readonly levels: Levels;
  /** Whether calls go on while a payment is disputed. */
  readonly disputePolicy: 'hold' | 'stop';
  readonly partner: PartnerSettings;
  readonly customers: Readonly<Record<string, Settings>>;
  readonly mappings: readonly MappingStep[];
}

export interface Facts {
  readonly outcome: 'connected' | 'unconnected' | 'provider_fault';
  readonly milliseconds: number;
  /** Millionths of a dollar. */
  readonly cost: Amount | null;
  readonly rank: 1 | 2 | 3;
  readonly order: number | null;
}

export interface Clues {
  readonly agent: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly direction: 'inbound' | 'outbound' | null;
  readonly metadata: string | null;
}

interface Request {
  readonly key: string;
  readonly host: boolean;
}

export interface TopUpStep extends Request {
  readonly kind: 'top_up';
  readonly wallet: WalletName;
  readonly amount: Amount;
  readonly grant: 'paid' | 'bonus';
  /** The usual one when null. */
  readonly priority: number | null;
  /** Milliseconds after the beginning of the history; null: never, or at once. */
  readonly expires: number | null;
  readonly starts: number | null;
}
export interface AmountStep extends Request {
  readonly kind: 'adjustment' | 'deduction';
  readonly wallet: WalletName;
  readonly amount: Amount;
}
export interface PlanStep extends Request {
  readonly kind: 'plan';
  readonly customer: string;
  readonly plan: string;
  readonly active: boolean;
  /** Minutes in millionths. */
  readonly terms: { readonly credits: Amount } | { readonly minutes: bigint };
}
/** `request <key>`, `payment <key>`, `call <call> <revision>`, or a name that never was. */
export type OperationName = string;
export const requestName = (key: string): OperationName => `request ${key}`;
export const paymentName = (key: string): OperationName => `payment ${key}`;
export const revisionName = (call: string, revision: number): OperationName => `call ${call} ${revision}`;

export interface ReversalStep extends Request {
  readonly kind: 'reversal';
  readonly target: OperationName;
  /** All that is left when null. */
  readonly amount: Amount | null;
}
export interface ReportStep {
  readonly kind: 'call';
  readonly host: boolean;
  readonly call: string;
  readonly facts: Facts;
  /** The provider's start time: so many steps before the call's first report, before every rate, or not told. */
  readonly started: number | 'early' | null;
  readonly clues: Clues;
  readonly customer: string | null;
}
export interface MoveStep {
  readonly kind: 'assign' | 'reassign';
  readonly host: boolean;
  readonly call: string;
  readonly customer: string;
}
export interface DismissStep {
  readonly kind: 'dismiss';
  readonly host: boolean;
  readonly call: string;
}
export interface AuthorizeStep {
  readonly kind: 'authorize';
  readonly host: boolean;
  readonly call: string;
  readonly clues: Clues;
  readonly customer: string | null;
  /** Seconds. */
  readonly minimum: number;
}
export interface ExtendStep {
  readonly kind: 'extend';
  readonly host: boolean;
  readonly call: string;
  readonly to: number | null;
}
export interface ReleaseStep {
  readonly kind: 'release';
  readonly host: boolean;
  readonly call: string;
}
export interface SettingsStep {
  readonly kind: 'settings';
  readonly customer: string;
  readonly change: Partial<Omit<Settings, 'rate'> & { rate: Amount } & Pick<PartnerSettings, 'customerLevels'>>;
}
export interface MappingStep {
  readonly kind: 'mapping';
  readonly mapping: 'agent' | 'phone_number' | 'metadata';
  readonly value: string;
  readonly customer: string;
}

export interface PaymentStep {
  readonly kind: 'payment';
  readonly host: boolean;
  readonly payment: string;
  readonly wallet: WalletName;
  readonly amount: Amount;
  /** 0 for none. */
  readonly bonus: Amount;
  readonly grant: 'paid' | 'plan';
  readonly expires: number | null;
}
/** What is so by now of a payment's money, in total. */
export interface TakeBackStep {
  readonly kind: 'take_back';
  readonly host: boolean;
  readonly payment: string;
  readonly paid: bigint;
  readonly refunded: bigint;
  readonly lost: bigint;
  readonly disputed: bigint;
  readonly open: number;
}

export type RequestStep = TopUpStep | AmountStep | PlanStep | ReversalStep;
export type CallStep = ReportStep | MoveStep | DismissStep;
export type HoldStep = AuthorizeStep | ExtendStep | ReleaseStep;
export type PaymentsStep = PaymentStep | TakeBackStep;
export type LedgerStep = RequestStep | CallStep | HoldStep | PaymentsStep;
export type Step = LedgerStep | SettingsStep | MappingStep;

export interface History {
  readonly setup: Setup;
  readonly steps: readonly Step[];
}

export type StatusName = 'ok' | 'low' | 'critical' | 'exhausted';

/** What a step is answered, as far as the rules decide it. Amounts in microcredits. */
export type Answer =
  | {
      readonly outcome: 'done';
      readonly operation: OperationName;
      readonly kind: string;
      readonly customer: string | null;
      readonly wallet: 'customer' | 'partner';
      readonly amount: Amount;
      readonly balance: Amount;
      readonly status: StatusName;
      readonly receipt: ReceiptFigures | null;
    }
  | {
      readonly outcome: 'hold';
      readonly kind: string;
      readonly customer: string;
      readonly wallet: 'customer' | 'partner';
      readonly balance: Amount;
      readonly status: StatusName;
      readonly state: string;
      readonly cap: number;
      readonly held: Amount;
      readonly floor: Amount;
      readonly rateVersion: number;
    }
  | { readonly outcome: 'suspense'; readonly reason: string }
  | { readonly outcome: 'ignored' };

export interface ReceiptFigures {
  readonly revision: number;
  readonly rateVersion: number;
  readonly billedSeconds: number;
  readonly price: Amount;
  readonly previousPrice: Amount;
  readonly payer: 'customer' | 'partner';
  readonly byCustomer: Amount;
  readonly byPartner: Amount;
  readonly flagged: Amount;
}

/** What happened to a step, in the model and in the ledger. */
export type Happened =
  | { readonly ok: true; readonly replayed: boolean; readonly answer: Answer }
  | { readonly ok: false; readonly code: string };
