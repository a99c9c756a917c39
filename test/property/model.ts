import { ModelGrants, USUAL, usualTerms, type Terms } from './model-grants';
import * as rules from './rules';
import {
  CUSTOMERS,
  PARTNER,
  requestName,
  type AlertLevel,
  type Amount,
  type Answer,
  type Clues,
  type MappingStep,
  type OperationName,
  type PlanStep,
  type RequestStep,
  type Settings,
  type SettingsStep,
  type Setup,
  type StatusName,
  type Step,
  type WalletName,
} from './steps';
import { ModelCalls, type ModelCall } from './model-calls';
import { ModelHolds } from './model-holds';
import { ModelPayments } from './model-payments';

export interface ModelWallet {
  posted: Amount;
  /** Rule 20's memory: what the last posting left. Before the first there is nothing to tell, and none. */
  status: StatusName;
  postings: number;
  threshold: Amount | null;
  /** null: those that the partner has for its customers. */
  levels: readonly AlertLevel[] | null;
  /** What was last bought for it: by a top-up that is no bonus, or a plan; not by what came back. */
  lastBought: Amount | null;
  /** What live holds take of it. */
  held: Amount;
  /** What open disputes take of it, and how many there are. */
  disputed: Amount;
  openDisputes: number;
  /** When it was last posted to. */
  last: number;
  grants: ModelGrants;
}

/** What a change of a wallet does to what backs it: it burns for somebody, gives back what somebody burned, or makes a lot. */
export type Cause =
  | {
      readonly subject: string;
      readonly first?: number;
      /** The part that a hold had promised, since then. */
      readonly captured?: { readonly amount: Amount; readonly since: number };
    }
  | { readonly givesBack: string }
  | { readonly terms: Terms };

/** What a call's effect on a wallet does: more burns for it, less gives it back. */
export const causeOf = (call: string, amount: Amount): Cause =>
  amount < 0n ? { subject: `call ${call}` } : { givesBack: `call ${call}` };

interface Moved {
  readonly wallet: WalletName;
  readonly amount: Amount;
  /** The lot that it made, in the wallet that it raised. */
  readonly lot?: number;
  /** With allocated funding: out of the partner's wallet, or into it. */
  readonly allocated?: boolean;
}

export interface ModelOperation {
  /** What it asked for: its business content, as text. */
  readonly content: string;
  readonly answer: Answer;
  readonly call: string | null;
  /** What it moved and where, for its reversal; null when it can't be reversed. */
  readonly moved: Moved | null;
  reversed: Amount;
}

/** What the model expects of a step. Where the rules decide that it is refused but not with which of several codes, any of them. */
export type Expected =
  | { readonly ok: true; readonly replayed: boolean; readonly answer: Answer }
  | { readonly ok: null; readonly codes: readonly string[] }
  | { readonly ok: false; readonly codes: readonly string[] };

export const refused = (...codes: string[]): Expected => ({ ok: false, codes });
export const done = (answer: Answer, replayed = false): Expected => ({ ok: true, replayed, answer });
/** It changes nothing that the model has, and the rules say nothing about the answer: taken, or refused with one of these codes. */
export const notDecided = (...codes: string[]): Expected => ({ ok: null, codes });

/**
 * The ledger of one partner, as money-rules.md tells it: plain maps, one step at a time, no batches, no hashes, no
 * storage. It is the other opinion that core's is compared with.
 */
export class Model {
  readonly wallets = new Map<WalletName, ModelWallet>();
  readonly customers = new Map<string, Settings>();
  /** What the partner has for customers without levels of their own. */
  #customerLevels: readonly AlertLevel[];
  readonly versions = new Map<WalletName, rules.RateVersion[]>();
  readonly operations = new Map<OperationName, ModelOperation>();
  readonly mappings = new Map<string, string>();
  readonly calls = new Map<string, ModelCall>();
  readonly holds = new ModelHolds(this);
  readonly payments = new ModelPayments(this);
  readonly #calls = new ModelCalls(this);
  /** The ledger's clock. */
  now = 0;

  constructor(
    readonly setup: Setup,
    now: (wallet: WalletName) => number,
    readonly moment: (milliseconds: number | null) => number | null,
  ) {
    this.#customerLevels = setup.partner.customerLevels;
    const open = (name: WalletName, settings: Pick<Settings, 'threshold' | 'alertLevels' | 'rate' | 'rounding'>) => {
      this.wallets.set(name, {
        posted: 0n,
        status: 'ok',
        postings: 0,
        threshold: settings.threshold,
        levels: settings.alertLevels,
        lastBought: null,
        held: 0n,
        disputed: 0n,
        openDisputes: 0,
        last: 0,
        grants: new ModelGrants(),
      });
      this.versions.set(name, []);
      if (settings.rate !== null) this.#addVersion(name, settings.rate, settings.rounding, now(name));
    };
    open(PARTNER, setup.partner);
    for (const id of CUSTOMERS) {
      open(id, setup.customers[id]!);
      this.customers.set(id, setup.customers[id]!);
    }
    for (const mapping of setup.mappings) this.#map(mapping);
  }

  apply(step: Step, now: number, startedAt: number | null): Expected {
    if (step.kind !== 'settings' && step.kind !== 'mapping') this.pass(now);
    switch (step.kind) {
      case 'settings':
        return this.#change(step, now);
      case 'mapping':
        return this.#map(step);
      case 'call':
        return this.#calls.report(step, now, startedAt);
      case 'assign':
        return this.#calls.assign(step);
      case 'reassign':
        return this.#calls.reassign(step);
      case 'dismiss':
        return this.#calls.dismiss(step);
      case 'authorize':
        return this.holds.authorize(step);
      case 'extend':
        return this.holds.extend(step);
      case 'release':
        return this.holds.release(step);
      case 'payment':
        return this.payments.credit(step, now);
      case 'take_back':
        return this.payments.takeBack(step);
      default:
        return this.#request(step, now);
    }
  }

  /**
   * Rule 6: minus the overdraft and the price of the grace seconds. A partner has neither. Everything
   * about a call is at its own version of the rate (rule 3), and so is the grace.
   */
  floorOf(wallet: WalletName, version: rules.RateVersion | null | undefined): Amount {
    if (wallet === PARTNER) return 0n;
    const { overdraft, grace } = this.customers.get(wallet)!;
    return -(overdraft + (version ? rules.priceOf(grace * 1000, version) : 0n));
  }

  /** Rule 17: brings every wallet to this moment. */
  pass(now: number): void {
    this.now = now;
    for (const [name, wallet] of this.wallets) {
      for (let due = wallet.grants.due(now, wallet.posted, wallet.held); due; ) {
        const { lot, moment, amount } = due;
        const before = wallet.posted;
        wallet.last = Math.max(moment, wallet.last);
        this.#count(wallet);
        if (lot.starts === null) {
          wallet.grants.expire(lot, amount);
          wallet.posted -= amount;
        } else {
          lot.starts = null;
          wallet.posted += amount;
          if (lot.kind !== 'bonus') wallet.lastBought = amount;
          wallet.grants.settle(before < 0n ? -before : 0n, wallet.last);
        }
        this.settle(name);
        due = wallet.grants.due(now, wallet.posted, wallet.held);
      }
    }
  }

  move(name: WalletName, amount: Amount, cause: Cause): void {
    this.add(name, amount, cause);
    this.settle(name);
  }

  /** Changes a balance and what backs it. Answers how much of what came back has expired and went at once (rule 16). */
  add(name: WalletName, amount: Amount, cause: Cause): Amount {
    const wallet = this.wallets.get(name)!;
    if (amount === 0n) return 0n;
    this.#count(wallet);
    wallet.last = this.now;
    const debt = wallet.posted < 0n ? -wallet.posted : 0n;
    wallet.posted += amount;
    const { grants } = wallet;
    if ('subject' in cause) {
      const captured = cause.captured?.amount ?? 0n;
      grants.take(cause.subject, captured, cause.captured?.since ?? this.now);
      grants.take(cause.subject, -amount - captured, this.now, cause.first);
      return 0n;
    }
    if ('terms' in cause) {
      grants.create(cause.terms, amount, null);
      grants.settle(debt, this.now);
      return 0n;
    }
    const { unbacked, expired, rest } = grants.giveBack(cause.givesBack, amount, this.now);
    // Two parts of a payment share what the partner's wallet gets back: one may get back what the other was made of.
    if (rest > 0n && !cause.givesBack.startsWith('payment '))
      throw new Error(`${rest} too much for ${cause.givesBack}`);
    if (rest > 0n) grants.create(usualTerms('paid'), rest, null);
    grants.settle(debt - unbacked, this.now);
    let gone = 0n;
    for (const { lot, part } of expired) {
      grants.expire(lot, part);
      wallet.posted -= part;
      this.#count(wallet);
      gone += part;
    }
    return gone;
  }

  #count(wallet: ModelWallet): void {
    wallet.postings += 1;
    wallet.grants.posting = wallet.postings;
  }

  /** Rule 20, of a wallet that something was posted to. */
  settle(name: WalletName): void {
    const wallet = this.wallets.get(name)!;
    if (wallet.postings > 0) wallet.status = this.statusOf(name);
  }

  /** As it is told now: also of a wallet without a posting, which has no memory. */
  statusOf(name: WalletName): StatusName {
    const { posted, status, threshold, levels, lastBought } = this.wallets.get(name)!;
    const standing = {
      threshold,
      levels: levels ?? this.#customerLevels,
      lastBought,
      rate: this.versions.get(name)!.at(-1),
    };
    return rules.statusAfter(posted, standing, status);
  }

  /** A way back to how the wallets, the operations and a call are now. */
  remember(call: ModelCall | undefined): () => void {
    const holds = this.holds.remember();
    const calls = new Map(this.calls);
    const operations = new Set(this.operations.keys());
    if (call) calls.set(call.id, { ...call, seen: new Map(call.seen) });
    const wallets = [...this.wallets].map(([name, wallet]) => {
      return [name, { ...wallet, grants: wallet.grants.copy() }] as const;
    });
    return () => {
      holds();
      this.calls.clear();
      for (const [id, each] of calls) this.calls.set(id, each);
      for (const name of this.operations.keys()) if (!operations.has(name)) this.operations.delete(name);
      for (const [name, wallet] of wallets) this.wallets.set(name, wallet);
    };
  }

  /** Rule 14: a key is of one content for ever; only what was applied took it. */
  #request(step: RequestStep, now: number): Expected {
    const name = requestName(step.key);
    const prior = this.operations.get(name);
    if (prior) return prior.content === contentOf(step) ? done(prior.answer, true) : refused('IDEMPOTENCY_CONFLICT');
    return step.kind === 'reversal' ? this.#reverse(step, now) : this.#amount(step, now);
  }

  /** Rules 1, 4, 9 and 19: what is not a call. */
  #amount(step: Exclude<RequestStep, { kind: 'reversal' }>, now: number): Expected {
    const name = step.kind === 'plan' ? step.customer : step.wallet;
    const wallet = this.wallets.get(name);
    const codes: string[] = [];
    if (!wallet) codes.push('CUSTOMER_NOT_FOUND');
    const amount = step.kind === 'plan' ? this.#planAmount(step, now, codes) : signed(step, codes);
    if (name === PARTNER && amount > 0n && !step.host) codes.push('HOST_KEY_REQUIRED');
    const starts = step.kind === 'top_up' ? (this.moment(step.starts) ?? now) : now;
    const expires = step.kind === 'top_up' ? this.moment(step.expires) : null;
    if (expires !== null && expires <= Math.max(starts, now)) codes.push('GRANT_EXPIRED');
    const allocated = this.allocates && name !== PARTNER && step.kind !== 'deduction';
    if (allocated && starts > now) codes.push('REQUEST_INVALID');
    if (wallet && starts <= now) this.#limits(name, amount, now, codes);
    if (wallet && allocated) this.#limits(PARTNER, -amount, now, codes);
    if (!wallet || codes.length > 0) return refused(...codes);

    const subject = requestName(step.key);
    if (starts > now) {
      wallet.grants.create(this.#termsOf(step), amount, starts);
      const later = this.answerOf(subject, step.kind, name, name, 0n, null);
      this.record(step, later, null);
      return done(later);
    }
    this.add(name, amount, amount < 0n ? { subject } : { terms: this.#termsOf(step) });
    if (step.kind === 'plan' || (step.kind === 'top_up' && step.grant !== 'bonus')) wallet.lastBought = amount;
    if (allocated) this.add(PARTNER, -amount, amount > 0n ? { subject } : { terms: usualTerms('paid') });
    for (const each of allocated ? [name, PARTNER] : [name]) this.settle(each);
    const raised = amount > 0n ? wallet : allocated ? this.wallets.get(PARTNER)! : null;
    const answer = this.answerOf(subject, step.kind, name, name, amount, null);
    this.record(step, answer, { wallet: name, amount, allocated, ...(raised && { lot: raised.grants.lots.length }) });
    return done(answer);
  }

  #termsOf(step: RequestStep): Terms {
    if (step.kind === 'plan') return usualTerms('plan');
    if (step.kind !== 'top_up') return usualTerms('paid');
    return { kind: step.grant, priority: step.priority ?? USUAL[step.grant], expires: this.moment(step.expires) };
  }

  #planAmount(step: PlanStep, now: number, codes: string[]): Amount {
    if (!step.active) codes.push('PLAN_INACTIVE');
    if ('credits' in step.terms) return step.terms.credits;
    const version = rules.versionAt(this.versions.get(step.customer) ?? [], now);
    if (!version) {
      codes.push('RATE_REQUIRED');
      return 0n;
    }
    const amount = rules.rounded(step.terms.minutes * version.rate, 1_000_000n);
    // The rules name no code for a plan whose minutes are worth nothing; an amount above zero is what all others need.
    if (amount === 0n) codes.push('AMOUNT_NOT_POSITIVE', 'RATE_REQUIRED');
    if (amount >= rules.LIMIT) codes.push('NUMBER_RANGE', 'WALLET_LIMIT');
    return amount;
  }

  /** Rule 9: below the floor is refused. Rule 1: a wallet stays below the limit, on either side. */
  #limits(name: WalletName, amount: Amount, now: number, codes: string[]): void {
    const { posted, held, disputed } = this.wallets.get(name)!;
    const after = posted + amount;
    const version = rules.versionAt(this.versions.get(name)!, now);
    if (amount < 0n && after - held - disputed < this.floorOf(name, version)) codes.push('INSUFFICIENT_CREDITS');
    if (after >= rules.LIMIT || after <= -rules.LIMIT) codes.push('WALLET_LIMIT');
  }

  /** Corrections are linked to their original and never more than it in total. */
  #reverse(step: Extract<RequestStep, { kind: 'reversal' }>, now: number): Expected {
    const original = this.operations.get(step.target);
    if (!original) return refused('OPERATION_NOT_FOUND');
    if (original.call !== null) return this.#calls.reverse(step, original.call);
    if (!original.moved) return refused('NOT_REVERSIBLE');
    if (original.moved.allocated) return this.#reverseAllocated(step, original, original.moved, now);
    const { wallet, amount: moved, lot } = original.moved;
    const size = moved < 0n ? -moved : moved;
    // Rule 18: never more in total than it was, its own expiry included.
    const expired = lot === undefined ? 0n : this.wallets.get(wallet)!.grants.lots[lot - 1]!.expired;
    const left = size - original.reversed - expired - this.payments.takenOf(step.target);
    const part = step.amount ?? left;
    const codes: string[] = [];
    if (step.amount !== null && step.amount <= 0n) codes.push('AMOUNT_NOT_POSITIVE');
    if (left <= 0n) codes.push('NOT_REVERSIBLE', 'REVERSAL_TOO_LARGE');
    if (part > left) codes.push('REVERSAL_TOO_LARGE');
    const back = moved < 0n ? part : -part;
    if (wallet === PARTNER && back > 0n && !step.host) codes.push('HOST_KEY_REQUIRED');
    if (codes.length === 0) this.#limits(wallet, back, now, codes);
    if (codes.length > 0) return refused(...codes);

    const subject = requestName(step.key);
    const gone = this.add(wallet, back, back > 0n ? { givesBack: step.target } : { subject, first: lot });
    this.settle(wallet);
    original.reversed += part;
    const answer = this.answerOf(subject, 'reversal', wallet, wallet, back - gone, null);
    this.record(step, answer, null);
    return done(answer);
  }

  /** Rule 4: what went from wallet to wallet goes back: out of the one that has it, to the grants of the other. */
  #reverseAllocated(
    step: Extract<RequestStep, { kind: 'reversal' }>,
    original: ModelOperation,
    { wallet, amount, lot: own }: Moved,
    now: number,
  ): Expected {
    const [from, to] = amount > 0n ? [wallet, PARTNER] : [PARTNER, wallet];
    const size = amount < 0n ? -amount : amount;
    const gone = this.wallets.get(from)!.grants.lots[own! - 1]!.expired + this.payments.takenOf(step.target);
    const left = size - original.reversed - gone;
    const part = step.amount ?? left;
    const codes: string[] = [];
    if (step.amount !== null && step.amount <= 0n) codes.push('AMOUNT_NOT_POSITIVE');
    if (left <= 0n) codes.push('NOT_REVERSIBLE', 'REVERSAL_TOO_LARGE');
    if (part > left) codes.push('REVERSAL_TOO_LARGE');
    if (codes.length === 0) {
      this.#limits(from, -part, now, codes);
      this.#limits(to, part, now, codes);
    }
    if (codes.length > 0) return refused(...codes);
    const subject = requestName(step.key);
    this.add(from, -part, { subject, first: own });
    this.add(to, part, { givesBack: step.target });
    for (const each of [from, to]) this.settle(each);
    original.reversed += part;
    const answer = this.answerOf(subject, 'reversal', from, from, -part, null);
    this.record(step, answer, null);
    return done(answer);
  }

  get allocates(): boolean {
    return this.setup.levels.funding === 'allocated';
  }

  record(step: RequestStep, answer: Answer, moved: ModelOperation['moved']): void {
    this.operations.set(requestName(step.key), { content: contentOf(step), answer, call: null, moved, reversed: 0n });
  }

  answerOf(
    operation: OperationName,
    kind: string,
    about: WalletName,
    wallet: WalletName,
    amount: Amount,
    receipt: Extract<Answer, { outcome: 'done' }>['receipt'],
  ): Answer {
    const { posted } = this.wallets.get(wallet)!;
    const status = this.statusOf(wallet);
    return {
      outcome: 'done',
      operation,
      kind,
      customer: about === PARTNER ? null : about,
      wallet: wallet === PARTNER ? 'partner' : 'customer',
      amount,
      balance: posted,
      status,
      receipt,
    };
  }

  /** Whose a call is, by its clues: everybody that a mapping of theirs names. */
  customersBy(clues: Clues): string[] {
    const found = new Set<string>();
    for (const key of rules.mappingKeys(clues)) {
      const customer = this.mappings.get(key);
      if (customer !== undefined) found.add(customer);
    }
    return [...found];
  }

  /** Rule 3: a version is added, never changed. Rule 20: a level that moves is looked at again. */
  #change({ customer, change }: SettingsStep, now: number): Expected {
    const wallet = this.wallets.get(customer)!;
    const latest = this.versions.get(customer)!.at(-1);
    const rate = change.rate ?? latest?.rate;
    if (change.rounding && rate === undefined) return refused('RATE_REQUIRED');
    if (change.policy === 'partner' && this.versions.get(PARTNER)!.length === 0) return refused('RATE_REQUIRED');
    if (rate !== undefined) {
      const rounding = change.rounding ?? latest?.rounding ?? { initial: 1, increment: 1 };
      this.#addVersion(customer, rate, rounding, now);
    }
    const settings = this.customers.get(customer);
    if (settings) this.customers.set(customer, { ...settings, ...change });
    if (change.threshold !== undefined) wallet.threshold = change.threshold;
    if (change.alertLevels !== undefined) wallet.levels = change.alertLevels;
    this.settle(customer);
    if (change.customerLevels !== undefined) {
      this.#customerLevels = change.customerLevels;
      for (const [name, each] of this.wallets) if (each.levels === null) this.settle(name);
    }
    return notDecided();
  }

  #addVersion(name: WalletName, rate: Amount, rounding: Settings['rounding'], from: number): void {
    const versions = this.versions.get(name)!;
    const latest = versions.at(-1);
    const same =
      latest?.rate === rate &&
      latest.rounding.initial === rounding.initial &&
      latest.rounding.increment === rounding.increment;
    if (!same) versions.push({ version: versions.length + 1, rate, rounding, from });
  }

  #map({ mapping, value, customer }: MappingStep): Expected {
    const key = `${mapping} ${value}`;
    const holder = this.mappings.get(key) ?? customer;
    if (holder !== customer) return refused('MAPPING_TAKEN');
    this.mappings.set(key, customer);
    return notDecided();
  }
}

function signed(step: Exclude<RequestStep, { kind: 'reversal' | 'plan' }>, codes: string[]): Amount {
  if (step.kind === 'adjustment') {
    if (step.amount === 0n) codes.push('AMOUNT_NOT_POSITIVE', 'REQUEST_INVALID');
    return step.amount;
  }
  if (step.amount <= 0n) codes.push('AMOUNT_NOT_POSITIVE');
  return step.kind === 'deduction' ? -step.amount : step.amount;
}

/** What a request asks for: not who asks, not its note, not what a plan's terms happen to be. */
function contentOf(step: RequestStep): string {
  switch (step.kind) {
    case 'top_up':
      return [step.kind, step.wallet, step.amount, step.grant, priorityOf(step), step.expires, step.starts].join(' ');
    case 'plan':
      return `${step.kind} ${step.customer} ${step.plan}`;
    case 'reversal':
      return `${step.kind} ${step.target} ${step.amount ?? 'all'}`;
    default:
      return `${step.kind} ${step.wallet} ${step.amount}`;
  }
}

const priorityOf = (step: Extract<RequestStep, { kind: 'top_up' }>) => step.priority ?? USUAL[step.grant];
