import { afterTopUp } from '../../alerts/levels';
import { TalktimeError } from '../../contract/errors';
import { formatDecimal, larger, LARGEST_AMOUNT, micro, ZERO, type Microcredits } from '../../money';
import { ACCOUNTS, isWallet, type Account } from '../accounts';
import { deriveId } from '../identity';
import { USUAL_PRIORITY, type Burned } from '../lots';
import type {
  AlertRow,
  BurnChange,
  GrantState,
  OperationRow,
  StoredResult,
  TransferRow,
  WalletSide,
  WalletState,
} from '../state';
import { evaluateAlert } from './alert';
import { BackingDraft, type Cause, type GrantTerms } from './backing';
import { canonicalJson, nextHead, operationText } from './chain';
import type { Draft } from './draft';
import { beyond } from './funds';

/** A transfer to be posted. */
export interface Line {
  readonly debit: Account;
  readonly credit: Account;
  readonly amount: Microcredits;
  /** There when the debit side is a wallet. */
  readonly test?: LineTest;
  /** Credits that give back what the operation's call, or the operation that it reverses, burned (money-rules 16). */
  readonly givesBack?: boolean;
  /** The terms of the grant that credits make which give nothing back; paid credits that never expire when left out. */
  readonly terms?: GrantTerms;
  /** The grant that starts with these credits. */
  readonly starts?: number;
}

/** What a debit was tested against, and the part of it that stands below that. */
export interface LineTest {
  readonly floor: Microcredits;
  readonly flagged: Microcredits;
  readonly flag?: 'debt' | 'refund' | 'dispute' | 'correction';
  /** The part that a hold had promised, since `heldSince`: it may burn what was live then. */
  readonly captured?: Microcredits;
  readonly heldSince?: number;
  /** Which grants it takes from, when not in the usual order. */
  readonly burning?: { readonly first: number } | { readonly only: number };
}

/** A grant that starts later: it posts nothing now. */
export interface LaterGrant {
  readonly walletId: number;
  readonly amount: Microcredits;
  readonly source: Account;
  readonly terms: GrantTerms;
  /** Milliseconds. */
  readonly startsAt: number;
}

/** What a result may say of what its operation has done. */
export interface After {
  readonly wallet: (walletId: number) => WalletState;
  /** What the operation did to a wallet's balance, signed. */
  readonly moved: (walletId: number) => Microcredits;
  readonly made: GrantState | null;
  readonly at: number;
}

/** An operation about to be posted: its row, but for what the posting itself decides. */
export interface Posting extends Omit<OperationRow, 'at' | 'result' | 'resultJson'> {
  readonly lines: readonly Line[];
  readonly later?: LaterGrant;
  /** When it is dated, if no wallet has a later posting; now when left out. Milliseconds. */
  readonly at?: number;
  /** A wallet that the next posting moves, too: what there is to tell of it, is told then. */
  readonly untold?: number;
  readonly result: (after: After) => StoredResult;
}

/** A transfer without the hashes of its sides, and what each does to what backs its wallet: which the hashes cover, too. */
type Unchained = Omit<TransferRow, 'debitSide' | 'creditSide'> &
  Record<'debitSide' | 'creditSide', Omit<WalletSide, 'hash'> | null> & { readonly changes: string };

export interface Prepared {
  readonly operation: OperationRow;
  readonly transfers: readonly TransferRow[];
  readonly wallets: ReadonlyMap<number, WalletState>;
  readonly backing: BackingDraft;
  readonly alerts: readonly AlertRow[];
  /** The grant that it made. */
  readonly made: GrantState | null;
}

/** The kinds of operations by which credits are bought, at once or later. */
const BUYING: ReadonlySet<OperationRow['kind']> = new Set(['top_up', 'plan', 'payment', 'start']);

/** The kinds by which a payment is taken back, step by step: what they burn they burn for the operation that they reverse. */
export const TAKE_BACKS: ReadonlySet<string> = new Set<OperationRow['kind']>(['refund', 'dispute']);

const PAID: GrantTerms = { kind: 'paid', priority: USUAL_PRIORITY.paid, expiresAt: null, costBasis: null };

/** Works out what an operation does, and changes nothing: it may still be refused. */
export function preparePosting(draft: Draft, posting: Posting): Prepared {
  const { lines, later, at: dated, untold, result, ...row } = posting;
  const ids = [...new Set(lines.flatMap((line) => [line.debit, line.credit]).filter(isWallet))];
  const at = ids.reduce((latest, id) => Math.max(latest, draft.wallet(id).lastPostedAt ?? 0), dated ?? draft.now);
  const work = new Work(draft, row, at);
  for (const line of lines) work.transfer(line);
  if (later) work.createLater(later);
  const alerts = work.evaluateAlerts(untold);
  const before = (id: number) => draft.wallet(id).posted;
  const stored = result({
    wallet: work.wallet,
    moved: (id) => micro(work.wallet(id).posted - before(id)),
    made: work.made,
    at,
  });
  const operation = { ...row, at, result: stored, resultJson: canonicalJson(stored) };
  const transfers = work.chain(operationText(operation));
  return { operation, transfers, wallets: work.wallets, backing: work.backing, alerts, made: work.made };
}

class Work {
  readonly wallets = new Map<number, WalletState>();
  readonly backing: BackingDraft;
  readonly #moved: Unchained[] = [];
  made: GrantState | null = null;

  constructor(
    readonly draft: Draft,
    readonly row: Pick<OperationRow, 'operationId' | 'kind' | 'callId' | 'reverses'>,
    readonly at: number,
  ) {
    this.backing = new BackingDraft(draft.state, draft.backing);
  }

  readonly wallet = (walletId: number): WalletState => this.wallets.get(walletId) ?? this.draft.wallet(walletId);

  transfer(line: Line): void {
    const { debit, credit, amount, test } = line;
    if (amount <= 0n) throw new RangeError('A transfer moves an amount above zero');
    if (isWallet(debit) && !test) throw new Error('A wallet is debited only after a test against its floor');
    const flagged = test?.flagged ?? ZERO;
    const debited = isWallet(debit) ? this.#debit(line) : null;
    const credited = isWallet(credit) ? this.#credit(line) : null;
    this.#moved.push({
      operationId: this.row.operationId,
      line: this.#moved.length,
      debit,
      credit,
      amount,
      debitSide: debited?.side ?? null,
      creditSide: credited?.side ?? null,
      at: this.at,
      floor: test?.floor ?? null,
      flagged,
      captured: test?.captured ?? ZERO,
      flag: flagged > 0n ? (test?.flag ?? 'debt') : null,
      burned: debited?.burned ?? null,
      changes: credited?.changes ?? '',
    });
    for (const expired of credited?.expired ?? []) this.#expire(credit, expired);
  }

  #debit({ debit, credit, amount, test }: Line) {
    const cause = this.#cause(debit, amount);
    const captured = test!.captured ?? ZERO;
    // What expires isn't spent: nothing can give it back.
    const { callId, kind, reverses, operationId } = this.row;
    const subject = credit === ACCOUNTS.expiry ? null : (callId ?? (TAKE_BACKS.has(kind) ? reverses! : operationId));
    const { wallet, burned } = this.backing.take(cause, subject, [
      { amount: captured, at: test!.heldSince ?? this.at },
      { amount: micro(amount - captured), at: this.at, ...test!.burning },
    ]);
    if (credit === ACCOUNTS.expiry) for (const each of burned) this.backing.expire(debit, each.grant, each.amount);
    return { side: this.#move(wallet, micro(-amount)), burned: burnedText(burned) };
  }

  #credit(line: Line) {
    const { debit, credit, amount } = line;
    const cause = this.#cause(credit, amount);
    const known = this.backing.changes.length;
    const debt = larger(micro(-cause.wallet.posted), ZERO);
    let { wallet } = cause;
    let [off, left, expired] = [ZERO, amount, [] as readonly Burned[]];
    if (line.givesBack)
      ({ wallet, off, left, expired } = this.backing.giveBack(cause, this.row.callId ?? this.row.reverses!));
    if (line.starts !== undefined) {
      wallet = {
        ...wallet,
        lots: wallet.lots.map((lot) => (lot.grant === line.starts ? { ...lot, startsAt: null } : lot)),
      };
    } else if (left > 0n) {
      const created = this.backing.create({ ...cause, wallet, amount: left }, debit, line.terms ?? PAID);
      wallet = created.wallet;
      this.made = created.grant;
    }
    wallet = this.#withTopUp(wallet, line);
    wallet = this.backing.settle(wallet, micro(debt - off), cause.sequence, this.at);
    const changes = this.backing.changes.slice(known).map(changeText).join();
    return { side: this.#move(wallet, amount), changes, expired };
  }

  /** Credits that were bought are what levels in percent are of; a bonus, or what comes back, is not. */
  #withTopUp(wallet: WalletState, { amount, terms = PAID, starts }: Line): WalletState {
    if (!BUYING.has(this.row.kind)) return wallet;
    const kind = starts === undefined ? terms.kind : wallet.lots.find((lot) => lot.grant === starts)!.kind;
    if (kind === 'bonus') return wallet;
    return { ...wallet, lastTopUp: amount, levels: afterTopUp(wallet.levels, amount) };
  }

  /** What came back to a grant that has expired since goes at once (money-rules 16). */
  #expire(walletId: number, { grant, amount }: Burned): void {
    const flagged = beyond(this.wallet(walletId).posted, amount);
    const test = { floor: ZERO, flagged, flag: 'correction' as const, burning: { only: grant } };
    this.transfer({ debit: walletId, credit: ACCOUNTS.expiry, amount, test });
  }

  createLater({ walletId, amount, source, terms, startsAt }: LaterGrant): void {
    const created = this.backing.create(this.#cause(walletId, amount), source, terms, startsAt);
    this.made = created.grant;
    this.wallets.set(walletId, created.wallet);
  }

  #cause(walletId: number, amount: Microcredits): Cause {
    const wallet = this.wallet(walletId);
    return { wallet, sequence: wallet.sequence + 1n, amount, operationId: this.row.operationId, at: this.at };
  }

  #move(wallet: WalletState, amount: Microcredits): Omit<WalletSide, 'hash'> {
    const posted = micro(wallet.posted + amount);
    if (posted >= LARGEST_AMOUNT || posted <= -LARGEST_AMOUNT) {
      throw new TalktimeError(
        'WALLET_LIMIT',
        `The balance would be ${formatDecimal(posted)} credits; a wallet stays within 8,000,000,000. Split the amount over wallets.`,
      );
    }
    const sequence = wallet.sequence + 1n;
    this.wallets.set(wallet.walletId, { ...wallet, posted, sequence, lastPostedAt: this.at });
    return { sequence, balance: posted };
  }

  /** Brings the wallets' alerts up to date. Answers what there is to tell. */
  evaluateAlerts(untold: number | undefined): AlertRow[] {
    const moved = [...this.wallets.keys()].filter((walletId) => walletId !== untold).sort((a, b) => a - b);
    return moved.flatMap((walletId) => {
      const { wallet, alert } = evaluateAlert(this.wallet(walletId));
      this.wallets.set(walletId, wallet);
      const outboxId = alert && deriveId(this.row.operationId, `alert ${walletId}`);
      return alert ? [{ ...alert, outboxId: outboxId!, walletId, sequence: wallet.sequence, at: this.at }] : [];
    });
  }

  /** Links the postings into the chains of their wallets: the last step, because the hashes cover the result, too. */
  chain(operation: string): TransferRow[] {
    const link = (account: Account, side: Unchained['debitSide'], transfer: Unchained, backing: string) => {
      if (!side) return null;
      const wallet = this.wallet(account);
      // The wallet still has the head from before this operation, or the one of its line before.
      const head = nextHead(wallet.head, this.draft.state.partnerId, account, side, transfer, operation, backing);
      this.wallets.set(account, { ...wallet, head });
      return { ...side, hash: head };
    };
    return this.#moved.map(({ changes, ...transfer }) => ({
      ...transfer,
      debitSide: link(transfer.debit, transfer.debitSide, { ...transfer, changes }, transfer.burned ?? ''),
      creditSide: link(transfer.credit, transfer.creditSide, { ...transfer, changes }, changes),
    }));
  }
}

function burnedText(burned: readonly Burned[]): string | null {
  return burned.length === 0 ? null : burned.map(({ grant, amount }) => `${grant}:${amount}`).join();
}

const changeText = ({ ofSequence, grant, amount }: BurnChange) => `${ofSequence}:${grant ?? ''}:${amount}`;
