import type { Transaction } from '../../database';
import { creditsNumber, creditsText } from './canonical';
import type { Findings } from './findings';
import { Pages } from './pages';

interface Operation {
  operation_id: string;
  kind: string;
  at: Date;
  call_id: string | null;
  call_found: boolean;
  /** false: it credited a payment, or took it back, and nothing says what became of that. */
  payment_found: boolean;
  /** The wallet that the result speaks of. */
  wallet_id: number | null;
  result: { operation_id?: string; kind?: string; amount?: number; balance_after?: number; at?: string };
}

interface Transfer {
  operation_id: string;
  line: number;
  debit: number;
  credit: number;
  amount: bigint;
  debit_sequence: bigint | null;
  debit_balance: bigint | null;
  credit_sequence: bigint | null;
  credit_balance: bigint | null;
  /** Whether exactly the sides that are wallets have a place in a sequence, a balance and, it may be, a hash. */
  sides_fit: boolean;
  at: Date;
}

export interface OperationFigures {
  readonly operations: number;
  readonly transfers: number;
  /** What the counter accounts have received and given, in total. */
  readonly counters: bigint;
}

/** Compares each operation with the transfers that it posted. */
export async function verifyOperations(
  transaction: Transaction,
  partnerId: string,
  findings: Findings,
): Promise<OperationFigures> {
  const operations = new Pages<Operation>(transaction, OPERATIONS, partnerId, (row) => [row.operation_id], [FIRST_ID]);
  const figures = { operations: 0, transfers: 0, counters: 0n };
  for (let from: string = FIRST_ID; ; ) {
    const page = await operations.takePage();
    const to = page.at(-1)?.operation_id ?? LAST_ID;
    const rows = await transaction.query<Transfer>(TRANSFERS, [partnerId, from, to]);
    const transfers = byOperation(rows);
    for (const transfer of rows) {
      if (transfer.debit < 0) figures.counters -= transfer.amount;
      if (transfer.credit < 0) figures.counters += transfer.amount;
      verifySides(partnerId, transfer, findings);
    }
    for (const operation of page)
      verifyOperation(partnerId, operation, transfers.get(operation.operation_id) ?? [], findings);
    figures.operations += page.length;
    figures.transfers += rows.length;
    if (page.length === 0) return figures;
    from = to;
  }
}

function verifySides(partnerId: string, transfer: Transfer, findings: Findings): void {
  const { operation_id: operationId, debit, credit, amount } = transfer;
  const found = `${creditsText(amount)} from account ${debit} to ${credit}`;
  if (debit < 0 && credit < 0)
    findings.add({ code: 'WALLETLESS_TRANSFER', partnerId, operationId, expected: 'a wallet on one side', found });
  if (!transfer.sides_fit)
    findings.add({ code: 'SIDE_WRONG', partnerId, operationId, expected: 'a sequence for wallets alone', found });
}

function byOperation(rows: readonly Transfer[]): Map<string, Transfer[]> {
  const groups = new Map<string, Transfer[]>();
  for (const row of rows) {
    const group = groups.get(row.operation_id);
    if (group) group.push(row);
    else groups.set(row.operation_id, [row]);
  }
  return groups;
}

function verifyOperation(
  partnerId: string,
  operation: Operation,
  transfers: readonly Transfer[],
  findings: Findings,
): void {
  const { operation_id: operationId, result } = operation;
  const wrong = (what: string, expected: string | number, found: string | number | undefined) =>
    findings.add({
      code: 'RESULT_WRONG',
      partnerId,
      operationId,
      expected: `${what} ${expected}`,
      found: String(found),
    });

  if (result.operation_id !== operationId) wrong('operation', operationId, result.operation_id);
  if (result.kind !== operation.kind) wrong('kind', operation.kind, result.kind);
  if (result.at !== operation.at.toISOString()) wrong('at', operation.at.toISOString(), result.at);
  if (operation.wallet_id === null) {
    wrong('a customer', 'that is there', 'none');
  } else {
    const amount = creditsNumber(amountOf(operation.wallet_id, operation, transfers));
    if (result.amount !== amount) wrong('amount', amount, result.amount);
    const balance = balanceAfter(operation.wallet_id, transfers);
    if (balance !== null && result.balance_after !== creditsNumber(balance))
      wrong('balance_after', creditsNumber(balance), result.balance_after);
  }
  if (operation.call_id !== null && !operation.call_found)
    findings.add({
      code: 'CALL_MISSING',
      partnerId,
      operationId,
      callId: operation.call_id,
      expected: 'its call',
      found: 'none',
    });
  if (!operation.payment_found)
    findings.add({
      code: 'PAYMENT_WRONG',
      partnerId,
      operationId,
      expected: 'what became of its payment',
      found: 'none',
    });
  for (const { at } of transfers)
    if (at.getTime() !== operation.at.getTime())
      findings.add({
        code: 'MOMENT_WRONG',
        partnerId,
        operationId,
        expected: operation.at.toISOString(),
        found: at.toISOString(),
      });
}

const REVENUE = -1;

/** What the transfers did to a wallet. Moving a call says only what the new payer pays: the old one gets its own back. */
function amountOf(wallet: number, { kind }: Operation, transfers: readonly Transfer[]): bigint {
  let amount = 0n;
  for (const transfer of transfers) {
    if (transfer.debit === wallet && (kind !== 'reassign' || transfer.credit === REVENUE)) amount -= transfer.amount;
    if (transfer.credit === wallet && kind !== 'reassign') amount += transfer.amount;
  }
  return amount;
}

/** The wallet's balance after the last of its postings; null when there are none. */
function balanceAfter(wallet: number, transfers: readonly Transfer[]): bigint | null {
  let last: { sequence: bigint; balance: bigint } | null = null;
  for (const each of transfers) {
    for (const [account, sequence, balance] of [
      [each.debit, each.debit_sequence, each.debit_balance],
      [each.credit, each.credit_sequence, each.credit_balance],
    ] as const)
      if (account === wallet && sequence !== null && balance !== null && (!last || sequence > last.sequence))
        last = { sequence, balance };
  }
  return last?.balance ?? null;
}

/** Reversals move back along what they reverse, and never more than that in total. Those of calls are the call's matter, take-backs of payments the payment's. */
export async function verifyReversals(transaction: Transaction, partnerId: string, findings: Findings): Promise<void> {
  const rows = new Pages<{ operation_id: string; expected: bigint; found: bigint }>(
    transaction,
    REVERSALS,
    partnerId,
    (row) => [row.operation_id],
    [FIRST_ID],
  );
  for await (const { operation_id: operationId, expected, found } of rows) {
    if (found > expected)
      findings.add({
        code: 'REVERSED_TOO_MUCH',
        partnerId,
        operationId,
        expected: `${creditsText(expected)} at most`,
        found: creditsText(found),
      });
  }
}

/** A call's price is what revenue has of it and what the partner carries; what that cost the partner is the overage account's. */
export async function verifyCalls(transaction: Transaction, partnerId: string, findings: Findings): Promise<number> {
  const rows = new Pages<{
    call_id: string;
    price: bigint;
    overage: bigint;
    overage_paid: bigint;
    cost_paid: bigint;
    cost: bigint;
    revenue: bigint;
    carried: bigint;
  }>(transaction, CALLS, partnerId, (row) => [row.call_id], [FIRST_ID]);
  let calls = 0;
  for await (const call of rows) {
    calls++;
    const wrong = (what: string, expected: bigint, found: bigint) =>
      findings.add({
        code: 'CALL_WRONG',
        partnerId,
        callId: call.call_id,
        expected: `${what} ${creditsText(expected)}`,
        found: creditsText(found),
      });
    if (call.price - call.overage !== call.revenue)
      wrong('price less overage', call.revenue, call.price - call.overage);
    if (call.cost_paid !== call.cost) wrong('cost paid', call.cost, call.cost_paid);
    if (call.overage_paid !== call.carried) wrong('overage paid', call.carried, call.overage_paid);
  }
  return calls;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const OPERATIONS = `
  select o.operation_id, o.kind, o.at, o.call_id, c.call_id is not null as call_found, o.result,
         not o.result ? 'payment' or exists (
           select from talktime.payment_credits where partner_id = $1 and operation_id in (o.operation_id, o.reverses)
         ) as payment_found,
         case when o.result ->> 'wallet' = 'partner' then 0 else customer.wallet_id end as wallet_id
  from (
    select *
    from talktime.operations
    where partner_id = $1 and operation_id > $2
    order by operation_id
    limit $3
  ) o
  left join lateral (
    select call_id from talktime.calls where partner_id = $1 and call_id = o.call_id
    union all
    select call_id from talktime.holds where partner_id = $1 and call_id = o.call_id
    limit 1
  ) c on true
  left join lateral (
    select wallet_id from talktime.customers where partner_id = $1 and customer_id = o.result ->> 'customer_id' limit 1
  ) customer on true
  order by o.operation_id`;

const SIDE_FITS = (side: 'debit' | 'credit') =>
  `case when ${side}_account >= 0 then num_nulls(${side}_sequence, ${side}_balance) = 0
        else num_nonnulls(${side}_sequence, ${side}_balance, ${side}_hash) = 0 end`;

const TRANSFERS = `
  select operation_id, line, debit_account as debit, credit_account as credit, amount,
         debit_sequence, debit_balance, credit_sequence, credit_balance, at,
         ${SIDE_FITS('debit')} and ${SIDE_FITS('credit')} as sides_fit
  from talktime.transfers
  where partner_id = $1 and operation_id > $2 and operation_id <= $3
  order by operation_id, line`;

/** Along the first line of the original: how much it moved, and how much its reversals moved back. */
const REVERSALS = `
  select original.operation_id, coalesce(first.amount, 0)::bigint as expected, coalesce(back.amount, 0)::bigint as found
  from (
    select distinct reverses as operation_id
    from talktime.operations
    where partner_id = $1 and reverses > $2 and call_id is null
    order by reverses
    limit $3
  ) original
  left join talktime.transfers first on first.partner_id = $1 and first.operation_id = original.operation_id and first.line = 0
  left join lateral (
    select sum(t.amount) as amount
    from talktime.operations r
    join talktime.transfers t on t.partner_id = r.partner_id and t.operation_id = r.operation_id
    where r.partner_id = $1 and r.reverses = original.operation_id and r.kind not in ('refund', 'dispute')
      and t.debit_account = first.credit_account and t.credit_account = first.debit_account
  ) back on true
  order by original.operation_id`;

const CALLS = `
  select c.call_id, c.price, c.overage, c.overage_paid, c.cost_paid, coalesce(posted.cost, 0)::bigint as cost, coalesce(posted.revenue, 0)::bigint as revenue, coalesce(posted.carried, 0)::bigint as carried
  from (
    select * from talktime.calls where partner_id = $1 and call_id > $2 order by call_id limit $3
  ) c
  left join lateral (
    select sum(case when t.credit_account = -1 then t.amount when t.debit_account = -1 then -t.amount end) as revenue,
           sum(case when t.credit_account = -6 then t.amount when t.debit_account = -6 then -t.amount end) as cost,
           sum(case when t.credit_account = -7 then t.amount when t.debit_account = -7 then -t.amount end) as carried
    from talktime.operations o
    cross join lateral (
      select * from talktime.transfers where partner_id = $1 and operation_id = o.operation_id offset 0
    ) t
    where o.partner_id = $1 and o.call_id = c.call_id
  ) posted on true
  order by c.call_id`;
