import { micro, smaller, ZERO, type Microcredits } from '../../money';
import { burn, put, type Burned, type Burning, type GrantKind, type Lot } from '../lots';
import type { Burn, BurnChange, GrantState, LedgerState, WalletState } from '../state';

/** What a fold needs and nobody loaded, because hardly any batch does: it is loaded then, and the fold begins anew. */
export type Wanted =
  | { readonly kind: 'burns'; readonly walletId: number; readonly subject: string }
  | { readonly kind: 'unbacked'; readonly walletId: number }
  | { readonly kind: 'grant'; readonly walletId: number; readonly grant: number };

export class Missing extends Error {
  override readonly name = 'Missing';

  constructor(readonly wanted: Wanted) {
    super(`Not loaded: ${JSON.stringify(wanted)}`);
  }
}

/** The terms of a grant that a posting makes. */
export interface GrantTerms {
  readonly kind: GrantKind;
  readonly priority: number;
  /** Milliseconds; null: never. */
  readonly expiresAt: number | null;
  /** Millionths of the partner's currency. */
  readonly costBasis: bigint | null;
}

/** A posting on one side of a wallet, as far as it is known when it is backed. */
export interface Cause {
  readonly wallet: WalletState;
  readonly sequence: bigint;
  readonly amount: Microcredits;
  readonly operationId: string;
  /** Milliseconds. */
  readonly at: number;
}

export const subjectKey = (walletId: number, subject: string) => `${walletId} ${subject}`;
export const grantKey = (walletId: number, grant: number) => `${walletId} ${grant}`;
const postingKey = (walletId: number, sequence: bigint) => `${walletId} ${sequence}`;

/**
 * What backs the postings: which grants they burned, and what no grant backs (money-rules 15, 16). What has changed lies in
 * a layer over what was loaded; a posting works in a layer of its own, which is merged when all of it is sure.
 *
 * A wallet in debt has no credits left in its grants, and one with credits left has nothing unbacked; so what is unbacked
 * is always how far the balance is below zero.
 */
export class BackingDraft {
  /** Grants that were made, or voided. */
  readonly grants = new Map<string, GrantState>();
  /** What expired of grants, besides what had before. */
  readonly expired = new Map<string, { walletId: number; grant: number; amount: Microcredits }>();
  readonly changes: BurnChange[] = [];
  /** Open amounts by posting; 0 when it was settled. */
  readonly unbacked = new Map<string, { walletId: number; sequence: bigint; amount: Microcredits }>();
  readonly #burns = new Map<string, Burn[]>();
  /** Whose a posting is, of those that are known. */
  readonly #subjects = new Map<string, string>();

  constructor(
    readonly state: LedgerState,
    readonly under?: BackingDraft,
  ) {
    if (under) return;
    for (const [key, burns] of state.backing.burns)
      for (const { sequence } of burns) this.#subjects.set(postingKey(walletOfKey(key), sequence), key);
  }

  merge(layer: BackingDraft): void {
    for (const [key, grant] of layer.grants) this.grants.set(key, grant);
    for (const { walletId, grant, amount } of layer.expired.values()) this.expire(walletId, grant, amount);
    for (const [key, open] of layer.unbacked) this.unbacked.set(key, open);
    for (const [key, burns] of layer.#burns) this.#burns.set(key, burns);
    for (const [key, subject] of layer.#subjects) this.#subjects.set(key, subject);
    this.changes.push(...layer.changes);
  }

  grant(walletId: number, grant: number): GrantState {
    const key = grantKey(walletId, grant);
    const known = this.grants.get(key) ?? this.under?.grants.get(key) ?? this.state.backing.grants.get(key);
    if (!known) throw new Missing({ kind: 'grant', walletId, grant });
    return known;
  }

  putGrant(grant: GrantState): void {
    this.grants.set(grantKey(grant.walletId, grant.grant), grant);
  }

  /** Counts credits as expired of a grant. */
  expire(walletId: number, grant: number, amount: Microcredits): void {
    const key = grantKey(walletId, grant);
    this.expired.set(key, { walletId, grant, amount: micro((this.expired.get(key)?.amount ?? 0n) + amount) });
  }

  /** What a call or an operation has burned of a wallet by now. */
  burns(walletId: number, subject: string): readonly Burn[] {
    const known = this.#known(subjectKey(walletId, subject));
    if (!known) throw new Missing({ kind: 'burns', walletId, subject });
    return known;
  }

  /** Whether there were postings of a call or an operation before this batch. */
  #isStored(subject: string): boolean {
    return (this.state.calls.get(subject)?.revision ?? 0) > 0 || this.state.reversible.has(subject);
  }

  #known(key: string): readonly Burn[] | undefined {
    return this.#burns.get(key) ?? (this.under && this.under.#known(key)) ?? this.state.backing.burns.get(key);
  }

  /** A debit burns grants; what none of them backs waits for credits. Answers the wallet, and what the posting records. */
  take(cause: Cause, subject: string | null, burnings: readonly (Burning & { amount: Microcredits })[]) {
    const { wallet, sequence } = cause;
    let lots = wallet.lots;
    let rest = ZERO;
    const burned: Burned[] = [];
    for (const { amount, ...how } of burnings) {
      if (amount === 0n) continue;
      const part = burn(lots, amount, how);
      lots = part.lots;
      rest = micro(rest + part.rest);
      for (const each of part.burned) add(burned, each);
    }
    if (rest > 0n) this.#setUnbacked(wallet.walletId, sequence, rest);
    if (subject !== null) this.#record(wallet.walletId, subject, sequence, burned, rest);
    return { wallet: { ...wallet, lots }, burned };
  }

  /**
   * Gives back what a call or an operation burned: first what no grant backed, then what was burned last. Answers the
   * wallet, what went to no grant of it, and the grants that have expired since, each with what came back to it.
   */
  giveBack(cause: Cause, subject: string) {
    const { sequence, at } = cause;
    let { wallet } = cause;
    const { walletId } = wallet;
    const burns = [...this.burns(walletId, subject)];
    const expired: Burned[] = [];
    let left = cause.amount;
    let off = ZERO;
    const reduce = (index: number, settle: (part: Microcredits, entry: Burn) => void) => {
      const entry = burns[index]!;
      const part = smaller(entry.amount, left);
      if (part === 0n) return;
      left = micro(left - part);
      burns[index] = { ...entry, amount: micro(entry.amount - part) };
      this.#change(walletId, entry.sequence, sequence, entry.grant, micro(-part));
      settle(part, entry);
    };
    for (let index = burns.length - 1; index >= 0; index--) {
      if (burns[index]!.grant !== null) continue;
      reduce(index, (part, entry) => {
        off = micro(off + part);
        this.#setUnbacked(walletId, entry.sequence, micro(entry.amount - part));
      });
    }
    for (let index = burns.length - 1; index >= 0; index--) {
      if (burns[index]!.grant === null) continue;
      reduce(index, (part, entry) => {
        const lot = this.#lotOf(wallet, entry.grant!);
        wallet = { ...wallet, lots: put(wallet.lots, { ...lot, left: part }) };
        if (lot.expiresAt !== null && lot.expiresAt <= at) add(expired, { grant: lot.grant, amount: part });
      });
    }
    this.#burns.set(
      subjectKey(walletId, subject),
      burns.filter((entry) => entry.amount > 0n),
    );
    return { wallet, off, left, expired };
  }

  /** Credits that belong to no grant yet make one. */
  create(
    { wallet, amount, operationId, at }: Cause,
    source: number,
    terms: GrantTerms,
    startsAt: number | null = null,
  ) {
    const grant = wallet.lastGrant + 1;
    const { kind, priority, expiresAt, costBasis } = terms;
    const { walletId } = wallet;
    const common = { grant, kind, priority, source, expiresAt };
    const effectiveAt = startsAt ?? at;
    const made = { walletId, ...common, amount, effectiveAt, costBasis, operationId, voidedAt: null, expired: ZERO };
    this.putGrant(made);
    const lots = put(wallet.lots, { ...common, startsAt, left: amount, parts: 0 });
    return { wallet: { ...wallet, lots, lastGrant: grant }, grant: made };
  }

  /** Credits that arrived settle what no grant backs, oldest first (money-rules 15). What has expired settles nothing. */
  settle(before: WalletState, due: Microcredits, sequence: bigint, at: number): WalletState {
    const { walletId } = before;
    let wallet = before;
    let open = due;
    if (open <= 0n) return wallet;
    const usable = wallet.lots.filter((lot) => lot.startsAt === null && (lot.expiresAt === null || lot.expiresAt > at));
    if (usable.length === 0) return wallet;
    for (const { sequence: of, amount } of this.#openPostings(walletId)) {
      if (open === 0n || !wallet.lots.some((lot) => usable.some((each) => each.grant === lot.grant))) break;
      const expired = wallet.lots.filter((lot) => !usable.some((each) => each.grant === lot.grant));
      const live = wallet.lots.filter((lot) => usable.some((each) => each.grant === lot.grant));
      const wanted = smaller(amount, open);
      const { lots, burned, rest } = burn(live, wanted, { at });
      wallet = { ...wallet, lots: expired.reduce(put, lots) };
      open = micro(open - wanted + rest);
      this.#setUnbacked(walletId, of, micro(amount - wanted + rest));
      for (const each of burned) {
        this.#change(walletId, of, sequence, each.grant, each.amount);
        this.#settled(walletId, of, each);
      }
    }
    return wallet;
  }

  /** A grant's lot, also when nothing was left in it. */
  #lotOf(wallet: WalletState, grant: number): Lot {
    const there = wallet.lots.find((lot) => lot.grant === grant);
    if (there) return there;
    const { kind, priority, source, expiresAt } = this.grant(wallet.walletId, grant);
    return { grant, kind, priority, source, expiresAt, startsAt: null, left: ZERO, parts: 0 };
  }

  #record(walletId: number, subject: string, sequence: bigint, burned: readonly Burned[], rest: Microcredits): void {
    const key = subjectKey(walletId, subject);
    const known = this.#known(key);
    const now = burned.map((each): Burn => ({ sequence, ...each }));
    if (rest > 0n) now.push({ sequence, grant: null, amount: rest });
    // What isn't loaded of a subject stays so: who asks for it will find it missing.
    if (known || !this.#isStored(subject)) this.#burns.set(key, [...(known ?? []), ...now]);
    this.#subjects.set(postingKey(walletId, sequence), key);
  }

  /** A settled posting's subject, if it is known here, has burned that grant now. */
  #settled(walletId: number, sequence: bigint, { grant, amount }: Burned): void {
    const posting = postingKey(walletId, sequence);
    const key = this.#subjects.get(posting) ?? (this.under && this.under.#subjects.get(posting));
    const known = key === undefined ? undefined : this.#known(key);
    if (!known) return;
    const burns = known.map((entry) =>
      entry.sequence === sequence && entry.grant === null ? { ...entry, amount: micro(entry.amount - amount) } : entry,
    );
    this.#burns.set(key!, [...burns.filter((entry) => entry.amount > 0n), { sequence, grant, amount }]);
  }

  #change(walletId: number, ofSequence: bigint, sequence: bigint, grant: number | null, amount: Microcredits): void {
    this.changes.push({ walletId, ofSequence, sequence, ordinal: this.changes.length, grant, amount });
  }

  #setUnbacked(walletId: number, sequence: bigint, amount: Microcredits): void {
    this.unbacked.set(postingKey(walletId, sequence), { walletId, sequence, amount });
  }

  /** What no grant backs, oldest first. */
  #openPostings(walletId: number): { sequence: bigint; amount: Microcredits }[] {
    const loaded = this.state.backing.unbacked.get(walletId);
    if (!loaded && this.state.wallets.get(walletId)!.posted < 0n) throw new Missing({ kind: 'unbacked', walletId });
    const open = new Map(loaded);
    for (const layer of [this.under, this])
      for (const each of layer?.unbacked.values() ?? [])
        if (each.walletId === walletId) open.set(each.sequence, each.amount);
    return [...open]
      .filter(([, amount]) => amount > 0n)
      .map(([sequence, amount]) => ({ sequence, amount }))
      .sort((a, b) => (a.sequence < b.sequence ? -1 : 1));
  }
}

const walletOfKey = (key: string) => Number(key.slice(0, key.indexOf(' ')));

function add(list: Burned[], { grant, amount }: Burned): void {
  const index = list.findIndex((each) => each.grant === grant);
  if (index < 0) list.push({ grant, amount });
  else list[index] = { grant, amount: micro(list[index]!.amount + amount) };
}
