import type { CallFacts } from '../../calls/facts';
import { TalktimeError } from '../../contract/errors';
import { micro, ZERO, type Microcredits } from '../../money';
import { PARTNER_WALLET } from '../accounts';
import type { WalletRef } from '../commands';
import { nextEvent, type Lot } from '../lots';
import {
  factsKey,
  type CallState,
  type CustomerState,
  type GrantState,
  type Disposition,
  type HoldState,
  type LedgerState,
  type PaymentPart,
  type PriorOperation,
  type ReversibleOperation,
  type SeenFacts,
  type StoredResult,
  type WalletState,
  type Writes,
} from '../state';
import { BackingDraft, grantKey } from './backing';
import { eventPosting } from './events';
import { idByCarrier } from './identities';
import { preparePosting, type Posting } from './posting';

/**
 * The state that a fold works on, and what it has decided so far. Commands read it freely and change it only through
 * `post` and the few setters below, after every check has passed: a command that throws has changed nothing.
 */
export class Draft {
  readonly backing: BackingDraft;
  readonly writes: Writes;
  readonly #operations = new Map<string, PriorOperation>();
  readonly #reversible = new Map<string, ReversibleOperation>();
  readonly #facts = new Map<string, SeenFacts>();
  readonly #liveHolds = new Map<string, { readonly count: number; readonly amount: Microcredits }>();

  constructor(
    readonly state: LedgerState,
    /** Milliseconds, read after the locks were taken. */
    readonly now: number,
  ) {
    this.backing = new BackingDraft(state);
    this.writes = {
      operations: [],
      transfers: [],
      wallets: new Map(),
      calls: new Map(),
      holds: new Map(),
      payments: new Map(),
      grants: this.backing.grants,
      expired: this.backing.expired,
      burnChanges: this.backing.changes,
      unbacked: this.backing.unbacked,
      facts: [],
      toReview: [],
      alerts: [],
      audits: [],
    };
  }

  wallet(walletId: number): WalletState {
    const wallet = this.writes.wallets.get(walletId) ?? this.state.wallets.get(walletId);
    if (!wallet) throw new Error(`Wallet ${walletId} was not loaded`);
    return wallet;
  }

  walletOf(ref: WalletRef): WalletState {
    return this.wallet(ref === 'partner' ? PARTNER_WALLET : this.customer(ref.customerId).walletId);
  }

  customer(customerId: string): CustomerState {
    const customer = this.state.customers.get(customerId);
    if (!customer) {
      throw new TalktimeError(
        'CUSTOMER_NOT_FOUND',
        `There is no customer "${customerId}". Check the id, or create the customer first.`,
      );
    }
    return customer;
  }

  call(callId: string): CallState | undefined {
    return this.writes.calls.get(callId) ?? this.state.calls.get(callId);
  }

  /** The calls, an agent's and a carrier's own, that a carrier knows by this id. */
  callsOfCarrier(carrierCallId: string): CallState[] {
    const ids = new Set([...this.state.calls.keys(), ...this.writes.calls.keys()]);
    return [...ids].map((id) => this.call(id)!).filter((call) => call.carrierCallId === carrierCallId);
  }

  putCall(call: CallState): void {
    this.writes.calls.set(call.callId, call);
  }

  hold(callId: string): HoldState | undefined {
    return this.writes.holds.get(callId) ?? this.state.holds.get(callId);
  }

  /** The hold of a call: by its own id, or by the carrier's, when the gate was asked before the provider had given it one. */
  holdOf(call: Pick<CallState, 'callId' | 'identity' | 'carrierCallId'>): HoldState | undefined {
    const own = this.hold(call.callId);
    const byCarrier = idByCarrier(this.state.partnerId, call);
    return own ?? (byCarrier === null ? undefined : this.hold(byCarrier));
  }

  /** Sets a call's hold, and with it what its wallet holds. */
  putHold(hold: HoldState): void {
    const before = this.hold(hold.callId);
    const change = heldBy(hold) - (before ? heldBy(before) : 0n);
    const wallet = this.wallet(hold.walletId);
    if (change !== 0n) this.writes.wallets.set(hold.walletId, { ...wallet, held: micro(wallet.held + change) });
    const live = this.liveHolds(hold.customerId);
    const count = live.count + (hold.state === 'live' ? 1 : 0) - (before?.state === 'live' ? 1 : 0);
    this.#liveHolds.set(hold.customerId, { count, amount: micro(live.amount + change) });
    this.writes.holds.set(hold.callId, hold);
    // What expired while only this hold needed it goes now.
    if (change < 0n) this.mature(hold.walletId);
  }

  /** How many live holds a customer that authorises has, and of how much. */
  liveHolds(customerId: string): { readonly count: number; readonly amount: Microcredits } {
    return this.#liveHolds.get(customerId) ?? this.state.liveHolds.get(customerId) ?? { count: 0, amount: micro(0n) };
  }

  /** What became of what an operation credited, when that was a payment's. */
  part(operationId: string): PaymentPart | undefined {
    return this.writes.payments.get(operationId) ?? this.state.payments.get(operationId);
  }

  /** Sets what became of a payment's part, and with it what its wallet holds for disputes. */
  putPart(part: PaymentPart): void {
    const before = this.part(part.operationId);
    const wallet = this.wallet(part.walletId);
    const disputed = micro(wallet.disputed + part.disputed - (before?.disputed ?? 0n));
    const openDisputes = wallet.openDisputes + part.openDisputes - (before?.openDisputes ?? 0);
    if (disputed !== wallet.disputed || openDisputes !== wallet.openDisputes)
      this.writes.wallets.set(part.walletId, { ...wallet, disputed, openDisputes });
    this.writes.payments.set(part.operationId, part);
  }

  hasGrant(walletId: number, grant: number): boolean {
    const wallet = this.writes.wallets.get(walletId) ?? this.state.wallets.get(walletId);
    return wallet !== undefined && grant <= wallet.lastGrant;
  }

  /** Ends a grant: its wallet has no lot of it any more. */
  closeGrant(grant: GrantState): void {
    const wallet = this.wallet(grant.walletId);
    const lots = wallet.lots.filter((lot) => lot.grant !== grant.grant);
    this.writes.wallets.set(grant.walletId, { ...wallet, lots });
    this.backing.putGrant(grant);
  }

  operation(operationId: string): PriorOperation | undefined {
    return this.#operations.get(operationId) ?? this.state.operations.get(operationId);
  }

  reversible(operationId: string): ReversibleOperation | undefined {
    return this.#reversible.get(operationId) ?? this.state.reversible.get(operationId);
  }

  /** How much has expired of the grant that an operation made. */
  expiredOf({ grant }: ReversibleOperation): Microcredits {
    if (!grant) return ZERO;
    return micro(grant.expired + (this.backing.expired.get(grantKey(grant.walletId, grant.grant))?.amount ?? 0n));
  }

  /** How much of what would be given back of a call or an operation has expired since, and would go at once (money-rules 16). */
  expiringOf(walletId: number, subject: string, amount: Microcredits): Microcredits {
    const layer = new BackingDraft(this.state, this.backing);
    const wallet = this.wallet(walletId);
    const cause = { wallet, sequence: wallet.sequence + 1n, amount, operationId: '', at: this.now };
    return micro(layer.giveBack(cause, subject).expired.reduce((sum, each) => sum + each.amount, 0n));
  }

  seenFacts(callId: string, hash: string): SeenFacts | undefined {
    return this.#facts.get(factsKey(callId, hash)) ?? this.state.facts.get(factsKey(callId, hash));
  }

  putFacts(callId: string, hash: string, facts: CallFacts, disposition: Disposition, operationId: string | null): void {
    this.#facts.set(factsKey(callId, hash), { operationId });
    this.writes.facts.push({ callId, hash, facts, disposition, operationId, at: this.now });
  }

  /** Posts an operation: its transfers, the balances after them, and what there is to tell. All or nothing. */
  post(posting: Posting): StoredResult {
    const posted = preparePosting(this, posting);
    const { operation, made } = posted;
    this.backing.merge(posted.backing);
    for (const [walletId, wallet] of posted.wallets) this.writes.wallets.set(walletId, wallet);
    this.writes.operations.push(operation);
    this.writes.transfers.push(...posted.transfers);
    this.writes.alerts.push(...posted.alerts);
    this.#operations.set(operation.operationId, { contentHash: operation.contentHash, result: operation.result });
    this.#reversible.set(operation.operationId, {
      kind: operation.kind,
      callId: operation.callId,
      customerId: operation.result.customer_id,
      transfers: posted.transfers,
      reversed: ZERO,
      grant: made && { walletId: made.walletId, grant: made.grant, expired: ZERO },
    });
    return operation.result;
  }

  /** Books what has started or expired in a wallet by now (money-rules 17). */
  mature(walletId: number): void {
    for (;;) {
      const event = nextEvent(this.wallet(walletId), this.now);
      if (!event) return;
      this.post(eventPosting(this.state.partnerId, this.wallet(walletId), event));
      if (event.kind === 'start') continue;
      const wallet = this.wallet(walletId);
      const lots = wallet.lots.map((lot) => (lot.grant === event.lot.grant ? { ...lot, parts: lot.parts + 1 } : lot));
      this.writes.wallets.set(walletId, { ...wallet, lots });
    }
  }

  /** The wallets that still have credits of a grant that has expired, because holds need them (money-rules 17). */
  keepingExpired(): number[] {
    const isExpired = ({ startsAt, expiresAt }: Lot) =>
      startsAt === null && expiresAt !== null && expiresAt <= this.now;
    return [...this.state.wallets.keys()].filter((id) => this.wallet(id).lots.some(isExpired)).sort((a, b) => a - b);
  }

  /** Counts an amount as reversed of an operation. */
  addReversed(operationId: string, amount: Microcredits): void {
    const operation = this.reversible(operationId);
    if (operation) this.#reversible.set(operationId, { ...operation, reversed: micro(operation.reversed + amount) });
  }
}

/** What a hold takes of its wallet's available balance. */
function heldBy(hold: HoldState): bigint {
  return hold.state === 'live' ? hold.amount : 0n;
}
