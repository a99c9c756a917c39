import { larger, LARGEST_AMOUNT, micro, smaller, ZERO, type Microcredits } from '../money';
import type { Account } from './accounts';

export type GrantKind = 'paid' | 'bonus' | 'plan';

/** The lower, the sooner it burns (money-rules 15). */
export const USUAL_PRIORITY: Record<GrantKind, number> = { bonus: 10, plan: 20, paid: 30 };

/** A grant as its wallet carries it: as long as it has credits left, or has yet to start. Moments in milliseconds. */
export interface Lot {
  /** Counts the wallet's grants from 1. */
  readonly grant: number;
  readonly kind: GrantKind;
  readonly priority: number;
  /** The account that its credits came from, or will come from. */
  readonly source: Account;
  /** null: never. */
  readonly expiresAt: number | null;
  /** When it starts, of one that hasn't: its credits are not posted yet. */
  readonly startsAt: number | null;
  readonly left: Microcredits;
  /** In how many parts it has expired: what a hold needs stays until then (money-rules 17). */
  readonly parts: number;
}

/** How a grant is called outside: by its wallet and number. */
export const grantId = (walletId: number, grant: number) => `g${walletId}-${grant}`;

/** What a posting took of a grant. */
export interface Burned {
  readonly grant: number;
  readonly amount: Microcredits;
}

export interface Burning {
  /** Grants that had expired at this moment burn last: only a hold kept them. */
  readonly at: number;
  /** A grant to take from before all others, and then from paid ones: for take-backs (money-rules 18). */
  readonly first?: number;
  /** The one grant to take from. */
  readonly only?: number;
}

/** By priority, then soonest expiry, then age (money-rules 15). */
export function inBurnOrder(lots: readonly Lot[]): Lot[] {
  return [...lots].sort(
    (a, b) => a.priority - b.priority || (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity) || a.grant - b.grant,
  );
}

/** Takes up to `amount` from lots, which are in burn order; `rest` is what none of them backs. */
export function burn(
  lots: readonly Lot[],
  amount: Microcredits,
  { at, first, only }: Burning,
): { lots: readonly Lot[]; burned: Burned[]; rest: Microcredits } {
  const [whole] = lots;
  // As nearly always: one lot, and enough in it.
  if (lots.length === 1 && whole!.startsAt === null && whole!.left > amount && only === undefined) {
    const left = micro(whole!.left - amount);
    return { lots: [{ ...whole!, left }], burned: [{ grant: whole!.grant, amount }], rest: ZERO };
  }
  const rank = (lot: Lot) => {
    if (lot.grant === first) return 0;
    if (lot.expiresAt !== null && lot.expiresAt <= at) return 3;
    return first !== undefined && lot.kind !== 'paid' ? 2 : 1;
  };
  const candidates = lots
    .filter((lot) => lot.startsAt === null && (only === undefined || lot.grant === only))
    .sort((a, b) => rank(a) - rank(b));
  const taken = new Map<number, Microcredits>();
  let rest = amount;
  for (const lot of candidates) {
    if (rest === 0n) break;
    const part = smaller(lot.left, rest);
    taken.set(lot.grant, part);
    rest = micro(rest - part);
  }
  return {
    lots: lots
      .map((lot) => ({ ...lot, left: micro(lot.left - (taken.get(lot.grant) ?? 0n)) }))
      .filter((lot) => lot.left > 0n),
    burned: [...taken].map(([grant, part]) => ({ grant, amount: part })),
    rest,
  };
}

/** Puts credits into a lot: back into the one that is there, else as one more. */
export function put(lots: readonly Lot[], lot: Lot): readonly Lot[] {
  const there = lots.find((each) => each.grant === lot.grant);
  if (!there) return inBurnOrder([...lots, lot]);
  return lots.map((each) => (each === there ? { ...each, left: micro(each.left + lot.left) } : each));
}

/** When a lot starts, or one that has started expires. */
const momentOf = ({ startsAt, expiresAt }: Lot) => startsAt ?? expiresAt;

/** When the next lot starts or expires; null when none does. */
export function dueAt(lots: readonly Lot[]): number | null {
  let due: number | null = null;
  for (const lot of lots) {
    const moment = momentOf(lot);
    if (moment !== null && (due === null || moment < due)) due = moment;
  }
  return due;
}

/** Something that time brings. `amount` is what it adds to the balance, or takes from it. */
export interface Event {
  readonly kind: 'start' | 'expiry';
  readonly lot: Lot;
  readonly amount: Microcredits;
  /** Milliseconds. */
  readonly at: number;
}

/** What of a wallet time and its holds decide about. */
export interface Aging {
  readonly posted: Microcredits;
  readonly held: Microcredits;
  readonly lots: readonly Lot[];
  readonly lastPostedAt: number | null;
}

/**
 * The next that is due by `now`: a lot starts, or expires. Expiry takes only what no hold needs (money-rules 17); a lot
 * that would lift the wallet beyond its limit waits. Dated at its moment, and never before the wallet's last posting.
 */
export function nextEvent({ posted, held, lots, lastPostedAt }: Aging, now: number): Event | null {
  let next: Event | null = null;
  for (const lot of lots) {
    const moment = momentOf(lot);
    if (moment === null || moment > now) continue;
    const starts = lot.startsAt !== null;
    const amount = starts ? lot.left : smaller(lot.left, larger(micro(posted - held), ZERO));
    if (amount === 0n || (starts && posted + amount >= LARGEST_AMOUNT)) continue;
    if (next === null || moment < momentOf(next.lot)! || (moment === momentOf(next.lot) && lot.grant < next.lot.grant))
      next = { kind: starts ? 'start' : 'expiry', lot, amount, at: Math.max(moment, lastPostedAt ?? 0) };
  }
  return next;
}

/** A wallet as it is at `now`, and the events that nobody has booked yet: so that readers need not wait for a writer. */
export function matured<Wallet extends Aging>(
  wallet: Wallet,
  now: number,
): { wallet: Wallet; events: { event: Event; balance: Microcredits }[] } {
  const events: { event: Event; balance: Microcredits }[] = [];
  let aged = wallet;
  for (let event = nextEvent(aged, now); event; event = nextEvent(aged, now)) {
    aged = { ...aged, ...after(aged, event), lastPostedAt: event.at };
    events.push({ event, balance: aged.posted });
  }
  return { wallet: aged, events };
}

function after({ posted, lots }: Aging, { kind, lot, amount }: Event): Pick<Aging, 'posted' | 'lots'> {
  if (kind === 'expiry')
    return { posted: micro(posted - amount), lots: burn(lots, amount, { at: 0, only: lot.grant }).lots };
  // Its credits first settle what no grant backs, which is how far the balance is below zero.
  const left = micro(amount - smaller(amount, larger(micro(-posted), ZERO)));
  const others = lots.filter((each) => each.grant !== lot.grant);
  return {
    posted: micro(posted + amount),
    lots: left > 0n ? put(others, { ...lot, startsAt: null, left }) : others,
  };
}

/** As a wallet's row has it: names that say nothing are left out. */
interface LotJson {
  grant: number;
  kind: GrantKind;
  priority: number;
  source: number;
  /** Microcredits: an amount is below 2^53. */
  left: number;
  expires?: number;
  starts?: number;
  parts?: number;
}

export function lotsToJson(lots: readonly Lot[]): string {
  return JSON.stringify(
    lots.map(
      ({ grant, kind, priority, source, left, expiresAt, startsAt, parts }): LotJson => ({
        grant,
        kind,
        priority,
        source,
        left: Number(left),
        ...(expiresAt !== null && { expires: expiresAt }),
        ...(startsAt !== null && { starts: startsAt }),
        ...(parts > 0 && { parts }),
      }),
    ),
  );
}

export function lotsFromJson(json: readonly LotJson[]): Lot[] {
  return json.map(({ grant, kind, priority, source, left, expires, starts, parts }) => ({
    grant,
    kind,
    priority,
    source,
    left: micro(BigInt(left)),
    expiresAt: expires ?? null,
    startsAt: starts ?? null,
    parts: parts ?? 0,
  }));
}
