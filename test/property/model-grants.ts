import * as rules from './rules';
import type { Amount } from './steps';

/** One lot of credits (rule 15). Moments in milliseconds. */
export interface ModelLot {
  readonly number: number;
  readonly kind: 'paid' | 'bonus' | 'plan';
  readonly priority: number;
  readonly expires: number | null;
  starts: number | null;
  left: Amount;
  /** What has expired of it so far. */
  expired: Amount;
}

export type Terms = Pick<ModelLot, 'kind' | 'priority' | 'expires'>;

export const USUAL: Readonly<Record<ModelLot['kind'], number>> = { bonus: 10, plan: 20, paid: 30 };
export const usualTerms = (kind: ModelLot['kind']): Terms => ({ kind, priority: USUAL[kind], expires: null });

/** What was burned for a call or an operation: of a lot, or (null) of none. In the order in which it happened. */
interface Burned {
  readonly lot: number | null;
  /** Which posting of the wallet it was of: what no lot backs is settled by age. */
  readonly posting: number;
  amount: Amount;
}

/** What backs one wallet: rules 15 to 18. Plain lists, and every lot that ever was. */
export class ModelGrants {
  readonly lots: ModelLot[] = [];
  readonly burned = new Map<string, Burned[]>();
  posting = 0;

  copy(): ModelGrants {
    const copy = new ModelGrants();
    copy.lots.push(...this.lots.map((lot) => ({ ...lot })));
    for (const [subject, list] of this.burned)
      copy.burned.set(
        subject,
        list.map((each) => ({ ...each })),
      );
    copy.posting = this.posting;
    return copy;
  }

  create(terms: Terms, amount: Amount, starts: number | null): ModelLot {
    const lot: ModelLot = { number: this.lots.length + 1, ...terms, starts, left: amount, expired: 0n };
    this.lots.push(lot);
    return lot;
  }

  /** By priority, then soonest expiry, then age; what had expired at `at` last, because only a hold kept it. */
  take(subject: string, amount: Amount, at: number, first?: number): void {
    const rank = (lot: ModelLot) => {
      if (lot.number === first) return 0;
      if (isExpired(lot, at)) return 3;
      return first !== undefined && lot.kind !== 'paid' ? 2 : 1;
    };
    const ordered = inOrder(this.lots.filter(isUsable)).sort((a, b) => rank(a) - rank(b));
    const list = this.burned.get(subject) ?? [];
    this.burned.set(subject, list);
    let rest = amount;
    for (const lot of ordered) {
      const part = lot.left < rest ? lot.left : rest;
      if (part === 0n) continue;
      lot.left -= part;
      rest -= part;
      this.#note(list, lot.number, part);
    }
    if (rest > 0n) this.#note(list, null, rest);
  }

  /** A posting tells what it burned of a lot once. */
  #note(list: Burned[], lot: number | null, amount: Amount): void {
    const known = list.find((each) => each.posting === this.posting && each.lot === lot);
    if (known) known.amount += amount;
    else list.push({ lot, posting: this.posting, amount });
  }

  /** Rule 16: what nothing backed first, then last burned first. Answers what goes at once, because its lot has expired, and what is more than was burned. */
  giveBack(
    subject: string,
    amount: Amount,
    at: number,
  ): { unbacked: Amount; expired: { lot: ModelLot; part: Amount }[]; rest: Amount } {
    const list = this.burned.get(subject) ?? [];
    const expired: { lot: ModelLot; part: Amount }[] = [];
    let rest = amount;
    let unbacked = 0n;
    const backwards = [...list].reverse();
    for (const each of [
      ...backwards.filter((one) => one.lot === null),
      ...backwards.filter((one) => one.lot !== null),
    ]) {
      const part = each.amount < rest ? each.amount : rest;
      if (part === 0n) continue;
      each.amount -= part;
      rest -= part;
      if (each.lot === null) {
        unbacked += part;
        continue;
      }
      const lot = this.lots[each.lot - 1]!;
      lot.left += part;
      if (!isExpired(lot, at)) continue;
      const known = expired.find((one) => one.lot === lot);
      if (known) known.part += part;
      else expired.push({ lot, part });
    }
    return { unbacked, expired, rest };
  }

  /** Rule 15: credits that arrived settle what nothing backs, oldest first, out of what is live. */
  settle(due: Amount, at: number): void {
    const open = [...this.burned.values()].flatMap((list) =>
      list.filter((each) => each.lot === null && each.amount > 0n).map((each) => ({ list, each })),
    );
    open.sort((a, b) => a.each.posting - b.each.posting);
    let rest = due;
    for (const { list, each } of open) {
      for (const lot of inOrder(this.lots.filter((one) => isUsable(one) && !isExpired(one, at)))) {
        const part = [lot.left, each.amount, rest].reduce((least, size) => (size < least ? size : least));
        if (part === 0n) continue;
        lot.left -= part;
        each.amount -= part;
        rest -= part;
        list.push({ lot: lot.number, posting: each.posting, amount: part });
      }
    }
  }

  expire(lot: ModelLot, amount: Amount): void {
    lot.left -= amount;
    lot.expired += amount;
  }

  /** Rule 17: what is due next by `now`. A hold keeps what it needs. */
  due(now: number, posted: Amount, held: Amount): { lot: ModelLot; moment: number; amount: Amount } | null {
    const free = posted - held;
    const due = this.lots.flatMap((lot) => {
      const moment = lot.starts ?? lot.expires;
      if (moment === null || moment > now || lot.left === 0n) return [];
      if (lot.starts !== null) return posted + lot.left >= rules.LIMIT ? [] : [{ lot, moment, amount: lot.left }];
      const amount = free < lot.left ? free : lot.left;
      return amount > 0n ? [{ lot, moment, amount }] : [];
    });
    due.sort((a, b) => a.moment - b.moment || a.lot.number - b.lot.number);
    return due[0] ?? null;
  }

  /** What each lot has left. */
  lefts(): [number, Amount][] {
    return this.lots.filter((lot) => lot.left > 0n).map((lot) => [lot.number, lot.left]);
  }
}

const isUsable = (lot: ModelLot) => lot.starts === null && lot.left > 0n;
const isExpired = (lot: ModelLot, at: number) => lot.expires !== null && lot.expires <= at;

function inOrder(lots: readonly ModelLot[]): ModelLot[] {
  const late = (lot: ModelLot) => lot.expires ?? Infinity;
  return [...lots].sort((a, b) => a.priority - b.priority || compare(late(a), late(b)) || a.number - b.number);
}

const compare = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);
