/**
 * Recomputes a partner from the rows of the database alone, from entry zero, and says everything that doesn't follow from
 * them. Shares no code with core: it must not be able to repeat core's mistakes.
 */
import { auditGrants } from './auditor-grants';
import { auditPayments } from './auditor-payments';

export type Query = <Row extends object>(sql: string, values?: unknown[]) => Promise<Row[]>;

interface OperationRow {
  operation_id: string;
  kind: string;
  key: string;
  at: string;
  call_id: string | null;
  reverses: string | null;
  result: {
    operation_id: string;
    kind: string;
    wallet: string;
    amount: string;
    balance_after: string;
    at: string;
    grant?: { effective_at: string };
    payment?: object;
  };
}
interface TransferRow {
  operation_id: string;
  line: number;
  debit_account: number;
  credit_account: number;
  amount: string;
  debit_sequence: string | null;
  debit_balance: string | null;
  credit_sequence: string | null;
  credit_balance: string | null;
  at: string;
  floor: string | null;
  flagged: string;
  flag: string | null;
  captured: string;
}
export interface CallRow {
  call_id: string;
  provider_call_id: string;
  state: string;
  customer_id: string | null;
  payer: 'customer' | 'partner' | null;
  revision: number;
  price: string;
  overage: string;
  overage_paid: string;
  cost_paid: string;
  reversed: string;
  facts: FactsOfRow;
  wallet_id: number | null;
  rate: string | null;
  initial_seconds: number;
  increment_seconds: number;
  cap_seconds: number | null;
}
interface FactsOfRow {
  outcome: string;
  rawMilliseconds: number;
  rank: number;
  order: number | null;
}
interface WalletRow {
  wallet_id: number;
  posted: string;
  held: string;
  sequence: string;
  last_posted_at: string | null;
  status: string;
  threshold: string | null;
  /** Values in millionths. */
  levels: { status: string; kind: string; value: number }[];
  last_top_up: string | null;
  /** What was last bought for it by a top-up, a plan, or a grant that started; bonuses apart. */
  last_bought: string | null;
  rate: string | null;
  initial_seconds: number;
  increment_seconds: number;
}
interface UsageRow {
  wallet_id: number;
  hour: string;
  used: string;
}

interface Entry {
  readonly operation: string;
  readonly sequence: bigint;
  readonly change: bigint;
  readonly balance: bigint;
  readonly at: string;
  readonly floor: bigint | null;
  readonly flagged: bigint;
  readonly flag: string | null;
  readonly expires: boolean;
  /** What a hold had promised of it. */
  readonly captured: bigint;
}

const EXPIRY = -5;
const HOLD_STEPS: ReadonlySet<string> = new Set(['authorize', 'extend', 'release']);
const COUNTER_ACCOUNTS = new Set([-1, -2, -3, -4, -5, -6, -7]);
const MOMENT = `to_char(%s at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const moment = (column: string) => MOMENT.replace('%s', column);

/** Everything that is wrong with a partner; nothing when all is well. */
export async function audit(query: Query, partnerId: string): Promise<string[]> {
  const operations = await query<OperationRow>(
    `select operation_id, kind, key, ${moment('at')} as at, call_id, reverses, result
       from talktime.operations where partner_id = $1`,
    [partnerId],
  );
  const transfers = await query<TransferRow>(
    `select *, ${moment('at')} as at from talktime.transfers where partner_id = $1 order by operation_id, line`,
    [partnerId],
  );
  const wallets = await query<WalletRow>(
    `select w.wallet_id, w.posted, w.held, w.sequence, ${moment('w.last_posted_at')} as last_posted_at, w.status,
              case when w.wallet_id = 0 then p.low_credit_threshold else c.low_credit_threshold end as threshold,
              case when w.wallet_id = 0 then p.alert_levels else coalesce(c.alert_levels, p.customer_alert_levels) end as levels,
              w.last_top_up, bought.amount as last_bought, r.credits_per_minute as rate, r.initial_seconds, r.increment_seconds
       from talktime.wallets w
       join talktime.partners p using (partner_id)
       left join talktime.customers c using (partner_id, wallet_id)
       left join lateral (
         select * from talktime.rates where partner_id = w.partner_id and wallet_id = w.wallet_id order by version desc limit 1
       ) r on true
       left join lateral (
         select t.amount
         from talktime.transfers t
         join talktime.operations o using (partner_id, operation_id)
         left join talktime.grants g
           on g.partner_id = t.partner_id and g.wallet_id = w.wallet_id and g.kind <> 'bonus'
              and (g.operation_id = o.operation_id or o.key = format('start:g%s-%s', g.wallet_id, g.grant_no))
         where t.partner_id = w.partner_id and t.credit_account = w.wallet_id and o.kind in ('top_up', 'plan', 'payment', 'start')
           and g.grant_no is not null
         order by t.credit_sequence desc
         limit 1
       ) bought on true
       where w.partner_id = $1`,
    [partnerId],
  );
  const usage = await query<UsageRow>(
    `select wallet_id, ${moment('hour')} as hour, used from talktime.wallet_usage where partner_id = $1 and used <> 0`,
    [partnerId],
  );
  const calls = await query<CallRow>(
    `select c.*, u.wallet_id, case when h.state in ('live', 'captured') then h.cap_seconds end as cap_seconds, r.credits_per_minute as rate, r.initial_seconds, r.increment_seconds
       from talktime.calls c
       left join talktime.customers u on u.partner_id = c.partner_id and u.customer_id = c.customer_id
       left join talktime.rates r on r.partner_id = c.partner_id and r.version = c.payer_rate
         and r.wallet_id = case when c.payer = 'partner' then 0 else u.wallet_id end
       left join talktime.holds h on h.partner_id = c.partner_id and h.call_id = c.call_id
       where c.partner_id = $1`,
    [partnerId],
  );
  const holds = await query<{ wallet_id: number; amount: string; state: string }>(
    'select wallet_id, amount, state from talktime.holds where partner_id = $1',
    [partnerId],
  );
  const facts = await query<{ call_id: string; facts: FactsOfRow; disposition: string }>(
    'select call_id, facts, disposition from talktime.call_facts where partner_id = $1',
    [partnerId],
  );
  const grants = await auditGrants(query, partnerId);
  const payments = await auditPayments(query, partnerId);
  const kinds = new Map(operations.map((operation) => [operation.operation_id, kindOf(operation)]));
  return [
    ...grants,
    ...payments,
    ...wallets.flatMap((wallet) => auditWallet(wallet, entriesOf(wallet.wallet_id, transfers), kinds, holds)),
    ...auditConservation(wallets, transfers),
    ...auditUsage(usage, transfers),
    ...operations.flatMap((operation) => auditOperation(operation, operations, transfers)),
    ...calls.flatMap((call) => auditCall(call, operations, transfers)),
    ...calls.flatMap((call) =>
      auditFacts(
        call,
        facts.filter((row) => row.call_id === call.call_id),
      ),
    ),
  ];
}

/** A bonus is a top-up by its kind, and of a payment. */
const kindOf = ({ kind, result }: OperationRow) => (result.payment && kind === 'top_up' ? 'payment' : kind);

function entriesOf(wallet: number, transfers: readonly TransferRow[]): Entry[] {
  const entries = transfers.flatMap((row): Entry[] => {
    const { operation_id: operation, at } = row;
    const amount = BigInt(row.amount);
    const entry = (
      sequence: string,
      balance: string,
      change: bigint,
      floor: string | null,
      flagged: string,
    ): Entry => ({
      operation,
      at,
      sequence: BigInt(sequence),
      balance: BigInt(balance),
      change,
      floor: floor === null ? null : BigInt(floor),
      flagged: BigInt(flagged),
      expires: row.credit_account === EXPIRY,
      flag: row.flag,
      captured: BigInt(row.captured),
    });
    const sides: Entry[] = [];
    if (row.debit_account === wallet)
      sides.push(entry(row.debit_sequence!, row.debit_balance!, -amount, row.floor, row.flagged));
    if (row.credit_account === wallet) sides.push(entry(row.credit_sequence!, row.credit_balance!, amount, null, '0'));
    return sides;
  });
  return entries.sort((a, b) => (a.sequence < b.sequence ? -1 : 1));
}

/** Its balances chain without a gap, nothing stands below a floor but what is flagged, and its row says the same. */
function auditWallet(
  wallet: WalletRow,
  entries: readonly Entry[],
  kinds: ReadonlyMap<string, string>,
  holds: readonly { wallet_id: number; amount: string; state: string }[],
): string[] {
  const wrong: string[] = [];
  const name = `wallet ${wallet.wallet_id}`;
  let balance = 0n;
  let at = '';
  for (const [index, entry] of entries.entries()) {
    const here = `${name} #${entry.sequence}`;
    if (entry.sequence !== BigInt(index + 1)) wrong.push(`${here}: a gap before it`);
    if (entry.at < at) wrong.push(`${here}: older than the one before`);
    const floor = entry.floor;
    if (entry.change < 0n && floor === null) wrong.push(`${here}: no floor`);
    if (entry.change < 0n && floor !== null) {
      const room = balance > floor ? balance - floor : 0n;
      const beyond = -entry.change > room ? -entry.change - room : 0n;
      // What others held at that moment, the rows do not tell: then more may be flagged, and what was promised is not.
      const known = holds.length === 0;
      const least = beyond > entry.captured ? beyond - entry.captured : 0n;
      if (known ? entry.flagged !== beyond : entry.flagged < least)
        wrong.push(`${here}: flagged ${entry.flagged}, beyond the floor are ${beyond}`);
      const kind = kinds.get(entry.operation)!;
      const name = entry.expires ? 'correction' : flagOf(kind, wallet.wallet_id);
      if (beyond > 0n && name === null) wrong.push(`${here}: a ${kind} below the floor`);
      if (entry.flagged > 0n && name !== 'any' && entry.flag !== name)
        wrong.push(`${here}: a ${kind} flagged ${entry.flag}`);
    }
    balance += entry.change;
    at = entry.at;
    if (entry.balance !== balance) wrong.push(`${here}: says ${entry.balance}, comes to ${balance}`);
  }
  if (BigInt(wallet.posted) !== balance) wrong.push(`${name}: says ${wallet.posted}, comes to ${balance}`);
  if (BigInt(wallet.sequence) !== BigInt(entries.length)) wrong.push(`${name}: sequence ${wallet.sequence}`);
  if ((wallet.last_posted_at ?? '') !== at) wrong.push(`${name}: last posted ${wallet.last_posted_at}, not ${at}`);
  const live = holds.filter((hold) => hold.wallet_id === wallet.wallet_id && hold.state === 'live');
  const held = live.reduce((sum, hold) => sum + BigInt(hold.amount), 0n);
  if (BigInt(wallet.held) !== held) wrong.push(`${name}: ${wallet.held} held, its live holds come to ${held}`);
  return entries.length === 0 ? wrong : [...wrong, ...auditStatus(name, balance, wallet)];
}

/** As what a debit of this kind may stand below its floor; null: it may not. The partner's wallet owes what goes out of it. */
function flagOf(kind: string, wallet: number): string | null {
  if (kind === 'call' || kind === 'reassign' || kind === 'payment') return 'debt';
  if (kind !== 'refund' && kind !== 'dispute') return null;
  return wallet === 0 ? 'any' : kind;
}

/**
 * A status that its balance allows: the worst level that it is down to or below, or a worse one that it is not yet a tenth,
 * and a credit, above: hysteresis leaves a choice.
 */
function auditStatus(name: string, posted: bigint, wallet: WalletRow): string[] {
  const credit = 1_000_000n;
  const order = ['ok', 'low', 'critical', 'exhausted'];
  const levels = [{ status: 'exhausted', at: 0n }, ...levelsOf(wallet)];
  if (wallet.last_top_up !== wallet.last_bought)
    return [`${name}: last bought ${wallet.last_bought}, and says ${wallet.last_top_up}`];
  const reached = levels.filter(({ at }) => posted <= at).map(({ status }) => order.indexOf(status));
  const least = Math.max(0, ...reached);
  const kept = levels.filter(({ at }) => posted * 10n <= at * 11n || posted <= at + credit);
  const possible = [order[least]!, ...kept.map(({ status }) => status).filter((each) => order.indexOf(each) >= least)];
  return possible.includes(wallet.status)
    ? []
    : [`${name}: ${wallet.status} at ${posted}, levels ${levels.map(({ status, at }) => `${status} ${at}`).join()}`];
}

/** The balances that its levels come to. No history here lasts a day, so none in days applies. */
function levelsOf({ levels, threshold, last_bought: bought, rate, ...rounding }: WalletRow) {
  const found = threshold === null ? [] : [{ status: 'low', at: BigInt(threshold) }];
  for (const { status, kind, value } of levels) {
    const millionths = BigInt(value);
    let at = 0n;
    if (kind === 'credits') at = millionths;
    if (kind === 'percent' && bought !== null) at = (BigInt(bought) * millionths * 2n + 100_000_000n) / 200_000_000n;
    if (kind === 'minutes' && rate !== null)
      at = priceOfSeconds(
        Math.ceil((value * 60) / 1_000_000),
        rate,
        rounding.initial_seconds,
        rounding.increment_seconds,
      );
    if (at > 0n) found.push({ status, at });
  }
  return found;
}

/** What is said of each hour is what was taken for calls and amounts in it, less what came back. */
function auditUsage(usage: readonly UsageRow[], transfers: readonly TransferRow[]): string[] {
  const hours = new Map<string, bigint>();
  const used = [-1, -6, -7];
  for (const { debit_account: debit, credit_account: credit, amount, at } of transfers) {
    const hour = `${at.slice(0, 13)}:00:00.000Z`;
    const add = (wallet: number, change: bigint) => {
      if (wallet >= 0) hours.set(`${wallet} ${hour}`, (hours.get(`${wallet} ${hour}`) ?? 0n) + change);
    };
    if (used.includes(credit)) add(debit, BigInt(amount));
    if (used.includes(debit)) add(credit, -BigInt(amount));
  }
  const said = new Map(usage.map(({ wallet_id: wallet, hour, used: amount }) => [`${wallet} ${hour}`, BigInt(amount)]));
  return [...new Set([...hours.keys(), ...said.keys()])].flatMap((key) => {
    const [comes, says] = [hours.get(key) ?? 0n, said.get(key) ?? 0n];
    return comes === says ? [] : [`use of ${key}: says ${says}, comes to ${comes}`];
  });
}

/** What all wallets hold is what came in from outside: debits are credits. */
function auditConservation(wallets: readonly WalletRow[], transfers: readonly TransferRow[]): string[] {
  const wrong: string[] = [];
  let outside = 0n;
  for (const { debit_account: debit, credit_account: credit, amount, operation_id: id } of transfers) {
    for (const account of [debit, credit])
      if (account < 0 && !COUNTER_ACCOUNTS.has(account)) wrong.push(`${id}: no account ${account}`);
    if (debit < 0) outside -= BigInt(amount);
    if (credit < 0) outside += BigInt(amount);
  }
  const inside = wallets.reduce((sum, wallet) => sum + BigInt(wallet.posted), 0n);
  return inside + outside === 0n ? wrong : [...wrong, `wallets hold ${inside}, the outside gave ${-outside}`];
}

function auditOperation(
  operation: OperationRow,
  all: readonly OperationRow[],
  transfers: readonly TransferRow[],
): string[] {
  const wrong: string[] = [];
  const { operation_id: id, kind, result } = operation;
  const own = transfers.filter((row) => row.operation_id === id);
  if (result.operation_id !== id || result.kind !== kind || result.at !== operation.at)
    wrong.push(`${kind} ${id}: its result is another's`);
  if (own.some((row) => row.at !== operation.at)) wrong.push(`${kind} ${id}: a transfer at another moment`);
  const isCall = kind === 'call' || kind === 'reassign';
  const sameKey = all.filter(
    (each) => each.key === operation.key && (each.kind === 'call' || each.kind === 'reassign') === isCall,
  );
  if (sameKey.length !== 1) wrong.push(`${kind} ${id}: its key ${operation.key} is not its own`);
  // A grant that starts later moves nothing yet.
  const later = (result.grant?.effective_at ?? '') > operation.at;
  const several = isCall || kind === 'reversal' || kind === 'refund' || kind === 'dispute';
  if (!several && own.length !== (later || HOLD_STEPS.has(kind) ? 0 : 1))
    wrong.push(`${kind} ${id}: ${own.length} transfers`);
  const reversals = all
    .filter((each) => each.reverses === id && each.kind !== 'refund' && each.kind !== 'dispute')
    .map((each) => each.operation_id);
  if (reversals.length > 0 && !isCall) {
    const back = transfers.filter((row) => reversals.includes(row.operation_id) && row.credit_account !== EXPIRY);
    const total = (rows: readonly TransferRow[]) => rows.reduce((sum, row) => sum + BigInt(row.amount), 0n);
    if (total(back) > total(own)) wrong.push(`${kind} ${id}: more of it was reversed than it was`);
  }
  return wrong;
}

/** Its price follows from its facts and its rate, and is what its transfers took, net. */
function auditCall(call: CallRow, operations: readonly OperationRow[], transfers: readonly TransferRow[]): string[] {
  const name = `call ${call.provider_call_id}`;
  const revisions = operations.filter(
    (row) => row.call_id === call.call_id && row.kind !== 'reversal' && !HOLD_STEPS.has(row.kind),
  );
  const ids = new Set(revisions.map((row) => row.operation_id));
  for (const row of operations) if (row.reverses !== null && ids.has(row.reverses)) ids.add(row.operation_id);
  if (revisions.length !== call.revision) return [`${name}: ${revisions.length} operations, revision ${call.revision}`];
  if (call.revision === 0) return BigInt(call.price) === 0n ? [] : [`${name}: a price without a posting`];

  const wrong: string[] = [];
  const expected = recomputedPrice(call);
  const left = BigInt(call.price);
  if (left + BigInt(call.reversed) !== expected)
    wrong.push(`${name}: costs ${left}, and ${call.reversed} reversed; its facts come to ${expected}`);
  const shares = new Map<number, bigint>();
  if (call.payer === 'partner') shares.set(0, left + BigInt(call.cost_paid));
  else {
    shares.set(call.wallet_id!, left - BigInt(call.overage));
    shares.set(0, BigInt(call.overage_paid) + BigInt(call.cost_paid));
  }
  const taken = new Map<number, bigint>();
  for (const row of transfers) {
    if (!ids.has(row.operation_id) || row.credit_account === EXPIRY) continue;
    const amount = BigInt(row.amount);
    if (row.debit_account >= 0) taken.set(row.debit_account, (taken.get(row.debit_account) ?? 0n) + amount);
    if (row.credit_account >= 0) taken.set(row.credit_account, (taken.get(row.credit_account) ?? 0n) - amount);
  }
  for (const wallet of new Set([...shares.keys(), ...taken.keys()])) {
    const [due, net] = [shares.get(wallet) ?? 0n, taken.get(wallet) ?? 0n];
    if (due !== net) wrong.push(`${name}: wallet ${wallet} owes ${due} of it and gave ${net}`);
  }
  return wrong;
}

function recomputedPrice({ facts, rate, cap_seconds: cap, ...rounding }: CallRow): bigint {
  const { initial_seconds: initial, increment_seconds: increment } = rounding;
  const over = cap === null ? 0 : facts.rawMilliseconds - cap * 1000;
  const capped = cap !== null && (over > 60_000 || (over > 0 && over <= 3_000));
  const told = capped ? cap : Math.ceil(facts.rawMilliseconds / 1000);
  const seconds = facts.outcome === 'connected' ? told : 0;
  return priceOfSeconds(seconds, rate!, initial, increment);
}

function priceOfSeconds(seconds: number, rate: string, initial: number, increment: number): bigint {
  if (seconds === 0) return 0n;
  let billed = initial;
  while (billed < seconds) billed += increment;
  const sixtieths = BigInt(billed) * BigInt(rate);
  return (sixtieths * 2n + 60n) / 120n;
}

/** The facts that stand are not beaten by any that were told while the call was open. */
function auditFacts(call: CallRow, told: readonly { facts: FactsOfRow; disposition: string }[]): string[] {
  const standing = call.facts;
  const better = told.filter(({ facts, disposition }) => {
    if (disposition === 'closed') return false;
    if (facts.rank !== standing.rank) return facts.rank > standing.rank;
    return facts.order !== null && standing.order !== null && facts.order > standing.order;
  });
  return better.length === 0
    ? []
    : [
        `call ${call.provider_call_id}: ${JSON.stringify(standing)} stands, though told ${JSON.stringify(better[0]!.facts)}`,
      ];
}
