import { levelsOf, statusOf, type Status } from '../../alerts/levels';
import { transition } from '../../alerts/transition';
import type { CallFacts } from '../../calls/facts';
import { TalktimeError } from '../../contract/errors';
import { formatDecimal, larger, LARGEST_AMOUNT, micro, type Microcredits } from '../../money';
import { isWallet, PARTNER_WALLET, type Account } from '../accounts';
import type { Actor, WalletRef } from '../commands';
import { deriveId } from '../identity';
import {
  factsKey,
  type CallState,
  type CustomerState,
  type Disposition,
  type HoldState,
  type LedgerState,
  type OperationRow,
  type PriorOperation,
  type ReversibleOperation,
  type SeenFacts,
  type StoredResult,
  type TransferRow,
  type WalletSide,
  type WalletState,
  type Writes,
} from '../state';
import { canonicalJson, nextHead, operationText } from './chain';

/** A transfer to be posted. `test` is there when the debit side is a wallet: what it was tested against, and the part that stands below it. */
export interface Line {
  readonly debit: Account;
  readonly credit: Account;
  readonly amount: Microcredits;
  readonly test?: LineTest;
}

export interface LineTest {
  readonly floor: Microcredits;
  readonly flagged: Microcredits;
  /** The part that a hold had promised. */
  readonly captured?: Microcredits;
}

/** A transfer without the hashes of its sides. */
type Unchained = Omit<TransferRow, 'debitSide' | 'creditSide'> &
  Record<'debitSide' | 'creditSide', Omit<WalletSide, 'hash'> | null>;

/** An operation about to be posted: its row, but for what the posting itself decides. */
export interface Posting extends Omit<OperationRow, 'at' | 'result' | 'resultJson'> {
  readonly lines: readonly Line[];
  /** The result, from the wallets as they are after the posting. */
  readonly result: (after: { wallet: (walletId: number) => WalletState; at: number }) => StoredResult;
}

/**
 * The state that a fold works on, and what it has decided so far. Commands read it freely and change it only through
 * `post` and the few setters below, after every check has passed: a command that throws has changed nothing.
 */
export class Draft {
  readonly writes: Writes = {
    operations: [],
    transfers: [],
    wallets: new Map(),
    calls: new Map(),
    holds: new Map(),
    facts: [],
    toReview: [],
    alerts: [],
    audits: [],
  };
  readonly #operations = new Map<string, PriorOperation>();
  readonly #reversible = new Map<string, ReversibleOperation>();
  readonly #facts = new Map<string, SeenFacts>();
  readonly #liveHolds = new Map<string, { readonly count: number; readonly amount: Microcredits }>();

  constructor(
    readonly state: LedgerState,
    /** Milliseconds, read after the locks were taken. */
    readonly now: number,
  ) {}

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

  putCall(call: CallState): void {
    this.writes.calls.set(call.callId, call);
  }

  hold(callId: string): HoldState | undefined {
    return this.writes.holds.get(callId) ?? this.state.holds.get(callId);
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
  }

  /** How many live holds a customer that authorises has, and of how much. */
  liveHolds(customerId: string): { readonly count: number; readonly amount: Microcredits } {
    return this.#liveHolds.get(customerId) ?? this.state.liveHolds.get(customerId) ?? { count: 0, amount: micro(0n) };
  }

  operation(operationId: string): PriorOperation | undefined {
    return this.#operations.get(operationId) ?? this.state.operations.get(operationId);
  }

  reversible(operationId: string): ReversibleOperation | undefined {
    return this.#reversible.get(operationId) ?? this.state.reversible.get(operationId);
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
    const { lines, result, ...row } = posting;
    const touched = new Map<number, WalletState>();
    const current = (walletId: number) => touched.get(walletId) ?? this.wallet(walletId);
    const ids = [...new Set(lines.flatMap((line) => [line.debit, line.credit]).filter(isWallet))];
    const at = ids.reduce((latest, id) => Math.max(latest, this.wallet(id).lastPostedAt ?? 0), this.now);

    const move = (account: Account, amount: bigint) => {
      if (!isWallet(account)) return null;
      const wallet = current(account);
      const posted = micro(wallet.posted + amount);
      if (posted >= LARGEST_AMOUNT || posted <= -LARGEST_AMOUNT) {
        throw new TalktimeError(
          'WALLET_LIMIT',
          `The balance would be ${formatDecimal(posted)} credits; a wallet stays within 8,000,000,000. Split the amount over wallets.`,
        );
      }
      touched.set(account, { ...wallet, posted, sequence: wallet.sequence + 1n, lastPostedAt: at });
      return { sequence: wallet.sequence + 1n, balance: posted };
    };
    const moved = lines.map((line, index): Unchained => {
      if (line.amount <= 0n) throw new RangeError('A transfer moves an amount above zero');
      if (isWallet(line.debit) && !line.test)
        throw new Error('A wallet is debited only after a test against its floor');
      const flagged = line.test?.flagged ?? micro(0n);
      return {
        operationId: row.operationId,
        line: index,
        debit: line.debit,
        credit: line.credit,
        amount: line.amount,
        debitSide: move(line.debit, -line.amount),
        creditSide: move(line.credit, line.amount),
        at,
        floor: line.test?.floor ?? null,
        flagged,
        captured: line.test?.captured ?? micro(0n),
        flag: flagged > 0n ? 'debt' : null,
      };
    });
    const alerts = [...touched.keys()]
      .sort((a, b) => a - b)
      .flatMap((walletId) => {
        const { wallet, alert } = evaluateAlert(current(walletId));
        touched.set(walletId, wallet);
        return alert
          ? [
              {
                ...alert,
                outboxId: deriveId(row.operationId, `alert ${walletId}`),
                walletId,
                sequence: wallet.sequence,
                at,
              },
            ]
          : [];
      });

    const stored = result({ wallet: current, at });
    const operation = { ...row, at, result: stored, resultJson: canonicalJson(stored) };
    const transfers = this.#chain(moved, operationText(operation), touched);
    for (const [walletId, wallet] of touched) this.writes.wallets.set(walletId, wallet);
    this.writes.operations.push(operation);
    this.writes.transfers.push(...transfers);
    this.writes.alerts.push(...alerts);
    this.#operations.set(row.operationId, { contentHash: row.contentHash, result: stored });
    this.#reversible.set(row.operationId, {
      kind: row.kind,
      callId: row.callId,
      customerId: stored.customer_id,
      transfers,
      reversed: micro(0n),
    });
    return stored;
  }

  /** Links the postings into the chains of their wallets: the last step, because the hashes cover the result, too. */
  #chain(moved: readonly Unchained[], operation: string, touched: Map<number, WalletState>): TransferRow[] {
    const link = (account: Account, side: Unchained['debitSide'], transfer: Unchained): WalletSide | null => {
      if (!side) return null;
      const wallet = touched.get(account)!;
      // `touched` still has the head from before this operation, or the one of its line before.
      const head = nextHead(wallet.head, this.state.partnerId, account, side, transfer, operation);
      touched.set(account, { ...wallet, head });
      return { ...side, hash: head };
    };
    return moved.map((transfer) => ({
      ...transfer,
      debitSide: link(transfer.debit, transfer.debitSide, transfer),
      creditSide: link(transfer.credit, transfer.creditSide, transfer),
    }));
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

/** A wallet's status as it is answered: also that of a wallet without a posting, which has no alert but no credits either. */
export function statusShown(wallet: WalletState): Status {
  return statusOf(wallet.posted, levelsOf(wallet.lowCreditThreshold), wallet.status);
}

/** Brings a wallet's alert up to date with its balance. */
export function evaluateAlert(wallet: WalletState) {
  const before = { status: wallet.status, told: wallet.told, episode: wallet.episode };
  const { alert, event } = transition(before, {
    posted: wallet.posted,
    levels: levelsOf(wallet.lowCreditThreshold),
    notificationsEnabled: wallet.notificationsEnabled,
    everPosted: wallet.sequence > 0n,
  });
  return { wallet: { ...wallet, ...alert }, alert: event && { event, episode: before.episode } };
}

/** Refuses what raises the partner's own wallet without the host's authority: a partner cannot mint (money-rules 4). */
export function requireHost(actor: Actor, walletId: number, raised: bigint, what: string): void {
  if (walletId !== PARTNER_WALLET || raised <= 0n || actor.host) return;
  throw new TalktimeError(
    'HOST_KEY_REQUIRED',
    `${what} raises the partner's own wallet, which only the host may do. Ask who runs Talktime for you, or use a host key.`,
  );
}

/** The part of a debit that finds no room, and is flagged. */
export function beyond(room: Microcredits, amount: Microcredits): Microcredits {
  const covered = larger(room, micro(0n));
  return amount > covered ? micro(amount - covered) : micro(0n);
}
