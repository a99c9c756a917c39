import type { Transaction } from '../../database';
import { creditsText, NO_HASH, postingHash, type OperationRecord, type Posting } from './canonical';
import type { Findings, Finding } from './findings';
import {
  changePages,
  changesText,
  grantPages,
  GrantWalk,
  type ChangeRecord,
  type GrantRecord,
  type StoredBacking,
} from './grants';
import { Pages } from './pages';
import { firstKeptHour, usagePages, UsageWalk, type UsageRecord } from './usage';

interface Wallet extends StoredBacking {
  wallet_id: number;
  posted: bigint;
  sequence: bigint;
  head: string | null;
  unchained: bigint;
  held: bigint;
  /** What its live holds reserve. */
  live: bigint;
  disputed: bigint;
  open_disputes: number;
  /** What disputes of its payments hold, and how many are open. */
  in_disputes: bigint;
  disputes: number;
}

interface SealedHead {
  wallet_id: number;
  sequence: bigint;
  head: string;
  seal: bigint;
}

type Row = Posting & { [Key in keyof OperationRecord]: OperationRecord[Key] } & { operation_found: boolean };

export interface WalletFigures {
  readonly wallets: number;
  readonly postings: number;
  /** Postings from before the hash chains. */
  readonly unchained: number;
  /** Sum of the stored balances. */
  readonly posted: bigint;
}

/**
 * Walks every wallet from its first posting to its last, beside what was sealed of it. Four streams in the order of
 * (wallet, sequence): the wallets, their debits, their credits and their sealed heads.
 */
export async function verifyWallets(
  transaction: Transaction,
  partnerId: string,
  findings: Findings,
): Promise<WalletFigures> {
  const bySequence = (row: Row) => [row.wallet, row.sequence];
  const start = [-1, 0];
  const sides = [
    new Pages<Row>(transaction, SIDES('debit'), partnerId, bySequence, start),
    new Pages<Row>(transaction, SIDES('credit'), partnerId, bySequence, start),
  ] as const;
  const sealed = new Pages<SealedHead>(transaction, SEALED, partnerId, (row) => [row.wallet_id, row.sequence], [-1, 0]);
  const wallets = new Pages<Wallet>(transaction, WALLETS, partnerId, (row) => [row.wallet_id], [-1]);
  const grants = grantPages(transaction, partnerId);
  const changes = changePages(transaction, partnerId);
  const usage = usagePages(transaction, partnerId);
  const keptSince = await firstKeptHour(transaction);
  const figures = { wallets: 0, postings: 0, unchained: 0, posted: 0n };

  const nextSide = async (): Promise<Pages<Row> | undefined> => {
    const [debit, credit] = [await sides[0].peek(), await sides[1].peek()];
    if (!debit || !credit) return debit ? sides[0] : credit ? sides[1] : undefined;
    const debitFirst =
      debit.wallet === credit.wallet ? debit.sequence <= credit.sequence : debit.wallet < credit.wallet;
    return debitFirst ? sides[0] : sides[1];
  };
  const skipWalletsBefore = async (walletId: number) => {
    for (let side = await nextSide(); side && (await side.peek())!.wallet < walletId; side = await nextSide()) {
      const { wallet, sequence, operation_id: operationId } = (await side.take())!;
      const found = `a posting of wallet ${wallet}`;
      findings.add({
        code: 'WALLET_MISSING',
        partnerId,
        walletId: wallet,
        sequence,
        operationId,
        expected: 'its wallet',
        found,
      });
    }
    // What there is of a wallet that is gone is told by its postings.
    while (((await grants.peek())?.wallet_id ?? walletId) < walletId) await grants.take();
    while (((await changes.peek())?.wallet_id ?? walletId) < walletId) await changes.take();
    while (((await usage.peek())?.wallet_id ?? walletId) < walletId) await usage.take();
    for (let head = await sealed.peek(); head && head.wallet_id < walletId; head = await sealed.peek()) {
      const { wallet_id, sequence, seal } = (await sealed.take())!;
      const expected = `${sequence} postings or more`;
      findings.add({
        code: 'SHORTER_THAN_SEALED',
        partnerId,
        walletId: wallet_id,
        sequence,
        seal,
        expected,
        found: 'no wallet',
      });
    }
  };

  for await (const wallet of wallets) {
    await skipWalletsBefore(wallet.wallet_id);
    const own: GrantRecord[] = [];
    while ((await grants.peek())?.wallet_id === wallet.wallet_id) own.push((await grants.take())!);
    const used: UsageRecord[] = [];
    while ((await usage.peek())?.wallet_id === wallet.wallet_id) used.push((await usage.take())!);
    const walk = new Walk(partnerId, wallet, own, { since: keptSince, hours: used }, findings);
    for (
      let side = await nextSide();
      side && (await side.peek())!.wallet === wallet.wallet_id;
      side = await nextSide()
    ) {
      const posting = (await side.take())!;
      for (
        let head = await sealed.peek();
        head && head.wallet_id === wallet.wallet_id && head.sequence <= posting.sequence;
        head = await sealed.peek()
      )
        walk.compareSealed((await sealed.take())!, posting);
      const caused: ChangeRecord[] = [];
      const isNext = (change: ChangeRecord) =>
        change.wallet_id === posting.wallet && change.sequence <= posting.sequence;
      for (let change = await changes.peek(); change && isNext(change); change = await changes.peek())
        caused.push((await changes.take())!);
      walk.step(posting, caused);
    }
    while ((await changes.peek())?.wallet_id === wallet.wallet_id) walk.stray((await changes.take())!);
    let last: SealedHead | undefined;
    while ((await sealed.peek())?.wallet_id === wallet.wallet_id) last = await sealed.take();
    walk.end(last);
    figures.wallets++;
    figures.postings += walk.postings;
    figures.unchained += walk.unchained;
    figures.posted += wallet.posted;
  }
  await skipWalletsBefore(Infinity);
  return figures;
}

/** A wallet on its way through its postings. A fault is told where it is; the walk goes on from what is stored. */
class Walk {
  postings = 0;
  unchained = 0;
  #sequence = 0n;
  #balance = 0n;
  #hash: string | null = null;
  #at = -Infinity;
  readonly #grants: GrantWalk;
  readonly #usage: UsageWalk;

  constructor(
    readonly partnerId: string,
    readonly wallet: Wallet,
    grants: readonly GrantRecord[],
    used: { readonly since: number; readonly hours: readonly UsageRecord[] },
    readonly findings: Findings,
  ) {
    this.#grants = new GrantWalk(grants, wallet, this.#find.bind(this));
    this.#usage = new UsageWalk(wallet.wallet_id, used.since, used.hours, this.#find.bind(this));
  }

  step(posting: Row, changes: readonly ChangeRecord[]): void {
    this.postings++;
    const at = { sequence: posting.sequence, operationId: posting.operation_id };
    const whole = this.#stepSequence(posting, at);
    const change = posting.debit === this.wallet.wallet_id ? -posting.amount : posting.amount;
    if (whole && this.#balance + change !== posting.balance)
      this.#find('BALANCE_WRONG', creditsText(this.#balance + change), creditsText(posting.balance), at);
    if (Number(posting.at) < this.#at) this.#find('MOMENT_WRONG', `${this.#at} or later`, posting.at, at);
    if (posting.debit === this.wallet.wallet_id) this.#testFloor(posting, at);
    this.#stepChain(posting, changes, whole, at);
    this.#grants.step(this.wallet.wallet_id, posting, changes);
    this.#usage.step(posting);
    this.#sequence = posting.sequence;
    this.#balance = posting.balance;
    this.#at = Math.max(this.#at, Number(posting.at));
  }

  /** Whether the posting follows on the one before it. */
  #stepSequence(posting: Row, at: Partial<Finding>): boolean {
    const expected = this.#sequence + 1n;
    if (posting.sequence === expected) return true;
    const code = posting.sequence < expected ? 'SEQUENCE_REPEATED' : 'SEQUENCE_GAP';
    this.#find(code, `posting ${expected}`, `posting ${posting.sequence}`, at);
    return false;
  }

  #testFloor({ floor, flagged, captured, amount, balance }: Row, at: Partial<Finding>): void {
    if (floor === null) this.#find('BELOW_FLOOR', 'the floor it was tested against', 'none', at);
    else if (flagged + captured < amount && balance + flagged < floor)
      this.#find('BELOW_FLOOR', `${creditsText(floor)} or more`, creditsText(balance + flagged), at);
  }

  /** A change of what backs postings, by a posting that is not there. */
  stray({ sequence }: ChangeRecord): void {
    this.#find('BURN_WRONG', `posting ${sequence}`, 'none', { sequence });
  }

  #stepChain(posting: Row, changes: readonly ChangeRecord[], whole: boolean, at: Partial<Finding>): void {
    if (!posting.operation_found) {
      this.#find('OPERATION_MISSING', `operation ${posting.operation_id}`, 'none', at);
    } else if (posting.hash === null) {
      if (posting.sequence <= this.wallet.unchained) this.unchained++;
      else this.#find('CHAIN_MISSING', 'a hash', 'none', at);
    } else if (whole) {
      const backing = posting.debit === this.wallet.wallet_id ? (posting.burned ?? '') : changesText(changes);
      const expected = postingHash(this.#hash ?? NO_HASH, this.partnerId, posting, posting, backing);
      if (expected !== posting.hash) this.#find('CHAIN_BROKEN', expected, posting.hash, at);
    }
    this.#hash = posting.hash;
  }

  /** A head that was sealed at this posting, or before it where no posting is. */
  compareSealed(sealed: SealedHead, posting: Row): void {
    const at = { sequence: sealed.sequence, seal: sealed.seal };
    if (sealed.sequence < posting.sequence) this.#find('SEALED_HEAD_DIFFERS', sealed.head, 'no posting', at);
    else if (sealed.head !== posting.hash)
      this.#find('SEALED_HEAD_DIFFERS', sealed.head, posting.hash ?? 'no hash', at);
  }

  /** Compares what the wallet says with where the walk arrived; `beyond` is the last head that was sealed past that. */
  end(beyond: SealedHead | undefined): void {
    const { sequence, posted, head, held, live } = this.wallet;
    const { disputed, in_disputes: inDisputes, open_disputes: open, disputes } = this.wallet;
    if (this.#sequence < sequence)
      this.#find('POSTINGS_MISSING', `${sequence} postings`, `${this.#sequence}`, { sequence: this.#sequence + 1n });
    if (this.#sequence > sequence) this.#find('STORED_SEQUENCE_WRONG', `${this.#sequence}`, `${sequence}`);
    if (this.#balance !== posted) this.#find('STORED_BALANCE_WRONG', creditsText(this.#balance), creditsText(posted));
    if (held !== live) this.#find('HELD_WRONG', creditsText(live), creditsText(held));
    if (disputed !== inDisputes) this.#find('DISPUTED_WRONG', creditsText(inDisputes), creditsText(disputed));
    if (open !== disputes) this.#find('DISPUTED_WRONG', `${disputes} open disputes`, `${open}`);
    this.#grants.end();
    this.#usage.end();
    if (this.#hash !== head) this.#find('HEAD_WRONG', this.#hash ?? 'none', head ?? 'none');
    if (beyond)
      this.#find('SHORTER_THAN_SEALED', `${beyond.sequence} postings or more`, `${this.#sequence}`, {
        sequence: beyond.sequence,
        seal: beyond.seal,
      });
  }

  #find(code: Finding['code'], expected: string, found: string, where: Partial<Finding> = {}): void {
    const { partnerId } = this;
    this.findings.add({ code, partnerId, walletId: this.wallet.wallet_id, ...where, expected, found });
  }
}

const MICROSECONDS = (moment: string) => `trim_scale(extract(epoch from ${moment}) * 1000000)::text`;

const SIDES = (side: 'debit' | 'credit') => `
  select t.${side}_account as wallet, t.${side}_sequence as sequence, t.${side}_balance as balance, encode(t.${side}_hash, 'hex') as hash,
         t.operation_id, t.line, t.debit_account as debit, t.credit_account as credit, t.amount, ${MICROSECONDS('t.at')} as at,
         t.floor, t.flagged, t.flag, t.captured, t.burned,
         o.operation_id is not null as operation_found, o.kind, o.key, encode(o.content_hash, 'hex') as content_hash, o.hash_version,
         o.actor, ${MICROSECONDS('o.at')} as operation_at, o.call_id, o.reverses, o.result
  from (
    select *
    from talktime.transfers
    where partner_id = $1 and ${side}_sequence is not null and (${side}_account, ${side}_sequence) > ($2, $3)
    order by ${side}_account, ${side}_sequence
    limit $4
  ) t
  left join lateral (
    select * from talktime.operations where partner_id = $1 and operation_id = t.operation_id limit 1
  ) o on true
  order by t.${side}_account, t.${side}_sequence`;

const WALLETS = `
  select wallet_id, posted, sequence, encode(head, 'hex') as head, unchained, held, coalesce(live.amount, 0)::bigint as live,
         disputed, open_disputes, coalesce(disputes.amount, 0)::bigint as in_disputes, coalesce(disputes.open, 0)::int as disputes,
         lots, last_grant, ungranted, coalesce(open.amount, 0)::bigint as unbacked
  from talktime.wallets
  left join (
    select wallet_id, sum(amount) as amount from talktime.holds where partner_id = $1 and state = 'live' group by wallet_id
  ) live using (wallet_id)
  left join (
    select wallet_id, sum(amount) as amount from talktime.unbacked where partner_id = $1 group by wallet_id
  ) open using (wallet_id)
  left join (
    select wallet_id, sum(disputed) as amount, sum(open_disputes) as open
    from talktime.payment_credits where partner_id = $1 and (disputed > 0 or open_disputes > 0) group by wallet_id
  ) disputes using (wallet_id)
  where partner_id = $1 and wallet_id > $2
  order by wallet_id
  limit $3`;

const SEALED = `
  select wallet_id, sequence, encode(head, 'hex') as head, seal
  from talktime.seal_heads
  where partner_id = $1 and (wallet_id, sequence) > ($2, $3)
  order by wallet_id, sequence
  limit $4`;
