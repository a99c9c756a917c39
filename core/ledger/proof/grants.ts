import type { Transaction } from '../../database';
import { creditsText, type Posting } from './canonical';
import type { Finding } from './findings';
import { Pages } from './pages';

/** A grant's row, and what the operation that made it answered of its terms. */
export interface GrantRecord {
  readonly wallet_id: number;
  readonly grant_no: number;
  readonly amount: bigint;
  readonly expired: bigint;
  readonly operation_id: string | null;
  readonly voided: boolean;
  readonly terms: string;
  /** null where its operation tells none. */
  readonly answered: string | null;
}

export interface ChangeRecord {
  readonly wallet_id: number;
  readonly of_sequence: bigint;
  readonly sequence: bigint;
  readonly ordinal: number;
  readonly grant_no: number | null;
  readonly amount: bigint;
}

/** What a wallet's row says of its grants, and what its queue of unbacked postings says. */
export interface StoredBacking {
  readonly lots: readonly { grant: number; left: number; starts?: number }[];
  readonly last_grant: number;
  /** How many of its first postings are older than grants. */
  readonly ungranted: bigint;
  readonly unbacked: bigint;
}

export function grantPages(transaction: Transaction, partnerId: string): Pages<GrantRecord> {
  return new Pages(transaction, GRANTS, partnerId, (row) => [row.wallet_id, row.grant_no], [-1, 0]);
}

export function changePages(transaction: Transaction, partnerId: string): Pages<ChangeRecord> {
  return new Pages(transaction, CHANGES, partnerId, (row) => [row.wallet_id, row.sequence, row.ordinal], [-1, 0, -1]);
}

type Find = (code: Finding['code'], expected: string, found: string, where?: Partial<Finding>) => void;

const EXPIRY = -5;

/**
 * A wallet's grants on the way through its postings: what each has left, and what of each posting none of them backs. In
 * the end that must be what the wallet says, and together it must be the balance.
 */
export class GrantWalk {
  readonly #left = new Map<number, bigint>();
  readonly #open = new Map<bigint, bigint>();
  readonly #expired = new Map<number, bigint>();
  readonly #grants: ReadonlyMap<number, GrantRecord>;
  readonly #made: ReadonlyMap<string, GrantRecord>;

  constructor(
    grants: readonly GrantRecord[],
    readonly stored: StoredBacking,
    readonly find: Find,
  ) {
    this.#grants = new Map(grants.map((grant) => [grant.grant_no, grant]));
    this.#made = new Map(grants.flatMap((grant) => (grant.operation_id ? [[grant.operation_id, grant]] : [])));
    for (const grant of grants)
      if (grant.answered !== null && grant.answered !== grant.terms)
        this.find('GRANT_TERMS_WRONG', grant.answered, grant.terms, { operationId: grant.operation_id! });
  }

  step(
    wallet: number,
    posting: Posting & { readonly kind: string; readonly key: string },
    changes: readonly ChangeRecord[],
  ): void {
    const at = { sequence: posting.sequence, operationId: posting.operation_id };
    if (posting.sequence <= this.stored.ungranted) {
      // From before there were grants: what it came to then is the first grant, or is backed by none.
      this.#left.clear();
      this.#open.clear();
      if (posting.balance > 0n) this.#left.set(1, posting.balance);
      if (posting.balance < 0n) this.#open.set(posting.sequence, -posting.balance);
      return;
    }
    if (posting.debit === wallet) this.#debit(posting, at);
    else this.#credit(posting, changes, at);
  }

  #debit(posting: Posting, at: Partial<Finding>): void {
    let rest = posting.amount;
    for (const [grant, amount] of burnedOf(posting.burned)) {
      this.#add(grant, -amount, at);
      if (posting.credit === EXPIRY) this.#expired.set(grant, (this.#expired.get(grant) ?? 0n) + amount);
      rest -= amount;
    }
    if (rest < 0n)
      this.find('BURN_WRONG', `${creditsText(posting.amount)} at most`, creditsText(posting.amount - rest), at);
    if (rest > 0n) this.#open.set(posting.sequence, rest);
  }

  #credit(
    posting: Posting & { readonly kind: string; readonly key: string },
    changes: readonly ChangeRecord[],
    at: Partial<Finding>,
  ): void {
    let rest = posting.amount;
    // First it gives back, and makes its grant of what is left; then what came in settles.
    for (const { grant_no: grant, amount, of_sequence: of } of changes) {
      if (amount > 0n) continue;
      rest += amount;
      if (grant === null) this.#reduce(of, -amount, at);
      else this.#add(grant, -amount, at);
    }
    if (rest < 0n)
      this.find('BURN_WRONG', `${creditsText(posting.amount)} at most`, creditsText(posting.amount - rest), at);
    if (rest > 0n) this.#make(posting, rest, at);
    for (const { grant_no: grant, amount, of_sequence: of } of changes) {
      if (amount < 0n) continue;
      this.#add(grant!, -amount, at);
      this.#reduce(of, amount, at);
    }
  }

  #make(
    posting: { readonly kind: string; readonly key: string; readonly operation_id: string },
    amount: bigint,
    at: Partial<Finding>,
  ) {
    const started = posting.kind === 'start' ? Number(posting.key.split('-').at(-1)) : undefined;
    const grant = started === undefined ? this.#made.get(posting.operation_id) : this.#grants.get(started);
    if (!grant) return this.find('GRANT_MISSING', `a grant of ${creditsText(amount)}`, 'none', at);
    if (grant.amount !== amount) this.find('GRANT_WRONG', creditsText(amount), creditsText(grant.amount), at);
    this.#add(grant.grant_no, amount, at);
  }

  #add(grant: number, amount: bigint, at: Partial<Finding>): void {
    const left = (this.#left.get(grant) ?? 0n) + amount;
    if (left < 0n) this.find('BURN_WRONG', `0 credits or more of grant ${grant}`, creditsText(left), at);
    if (left === 0n) this.#left.delete(grant);
    else this.#left.set(grant, left);
  }

  #reduce(of: bigint, amount: bigint, at: Partial<Finding>): void {
    const open = (this.#open.get(of) ?? 0n) - amount;
    if (open < 0n)
      this.find('BURN_WRONG', `${creditsText(open + amount)} of posting ${of} at most`, creditsText(amount), at);
    if (open === 0n) this.#open.delete(of);
    else this.#open.set(of, open);
  }

  end(): void {
    const { lots, unbacked, last_grant: last } = this.stored;
    const stored = new Map(lots.filter((lot) => lot.starts === undefined).map((lot) => [lot.grant, BigInt(lot.left)]));
    for (const grant of new Set([...stored.keys(), ...this.#left.keys()])) {
      const [expected, found] = [this.#left.get(grant) ?? 0n, stored.get(grant) ?? 0n];
      if (expected !== found)
        this.find('GRANT_WRONG', `${creditsText(expected)} left of grant ${grant}`, creditsText(found));
    }
    for (const grant of this.#grants.values()) {
      const expired = this.#expired.get(grant.grant_no) ?? 0n;
      if (grant.expired !== expired)
        this.find(
          'GRANT_WRONG',
          `${creditsText(expired)} expired of grant ${grant.grant_no}`,
          creditsText(grant.expired),
        );
    }
    if (this.#grants.size !== last) this.find('GRANT_MISSING', `${last} grants`, `${this.#grants.size}`);
    const open = [...this.#open.values()].reduce((sum, amount) => sum + amount, 0n);
    if (open !== unbacked) this.find('UNBACKED_WRONG', creditsText(open), creditsText(unbacked));
  }
}

/** What isn't of the form is passed over: the chain of hashes tells of it. */
function burnedOf(text: string | null): [grant: number, amount: bigint][] {
  const parts = (text ?? '').matchAll(/(?<=^|,)(\d{1,9}):(\d{1,16})(?=,|$)/g);
  return [...parts].map(([, grant, amount]) => [Number(grant), BigInt(amount!)]);
}

/** As the chain of hashes has them. */
export function changesText(changes: readonly ChangeRecord[]): string {
  return changes.map(({ of_sequence: of, grant_no: grant, amount }) => `${of}:${grant ?? ''}:${amount}`).join();
}

const MOMENT = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** A void ends a grant sooner than its operation said, so of those the end is not compared. */
const GRANTS = `
  select g.wallet_id, g.grant_no, g.amount, g.expired, g.operation_id, g.voided_at is not null as voided,
         concat_ws(' ', g.kind, g.priority, trim_scale(g.amount / 1000000.0), ${MOMENT('g.effective_at')},
                   case when g.voided_at is null then ${MOMENT('g.expires_at')} end, trim_scale(g.cost_basis / 1000000.0)) as terms,
         case when o.made is not null then
           concat_ws(' ', o.made ->> 'kind', o.made ->> 'priority', trim_scale((o.made ->> 'amount')::numeric), o.made ->> 'effective_at',
                     case when g.voided_at is null then o.made ->> 'expires_at' end, trim_scale((o.made ->> 'cost_basis')::numeric))
         end as answered
  from (
    select *
    from talktime.grants
    where partner_id = $1 and (wallet_id, grant_no) > ($2, $3)
    order by wallet_id, grant_no
    limit $4
  ) g
  left join lateral (
    select result -> 'grant' as made from talktime.operations where partner_id = $1 and operation_id = g.operation_id limit 1
  ) o on true
  order by g.wallet_id, g.grant_no`;

const CHANGES = `
  select wallet_id, of_sequence, sequence, ordinal, grant_no, amount
  from talktime.burn_changes
  where partner_id = $1 and (wallet_id, sequence, ordinal) > ($2, $3, $4)
  order by wallet_id, sequence, ordinal
  limit $5`;
