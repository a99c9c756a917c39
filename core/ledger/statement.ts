import type { Receipt, Statement, StatementLine } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { toJsonNumber, type Microcredits } from '../money';
import { ACCOUNTS, PARTNER_WALLET } from './accounts';
import { standingAt } from './as-of';
import type { WalletRef } from './commands';
import { eventKey, TIME } from './fold';
import { operationId } from './identity';
import { readWallet } from './load';

export interface StatementPage {
  /** 1 to 200. */
  readonly limit: number;
  /** From the page before. */
  readonly cursor?: string;
  /** As it stood at this moment. */
  readonly at?: Date;
}

interface Row {
  sequence: bigint;
  balance: Microcredits;
  amount: Microcredits;
  counter_account: number;
  at: Date;
  operation_id: string;
  kind: StatementLine['kind'];
  actor: string;
  note: string | null;
  receipt: Receipt | null;
  call_provider: string | null;
  call_id: string | null;
  receipt_url: string | null;
}

/**
 * A wallet's history, newest first: Type, Amount, Balance, Note, Date, and the operation, call, actor and receipt behind
 * each line. A page is read along the wallet's sequence, so the last page costs what the first does.
 */
export async function getStatement(
  database: Database,
  partnerId: string,
  who: WalletRef,
  page: StatementPage,
): Promise<Statement> {
  return database.asPartner(partnerId, async (transaction) => {
    const walletId = await walletIdOf(transaction, partnerId, who);
    const cursor = page.cursor === undefined ? null : readCursor(page.cursor);
    const end = page.at && (await standingAt(transaction, partnerId, walletId, page.at)).sequence + 1n;
    const before = cursor === null || (end !== undefined && end < cursor) ? (end ?? null) : cursor;
    const rows = await transaction.query<Row>(STATEMENT, [partnerId, walletId, before, page.limit + 1]);
    const due = (await dueLines(transaction, partnerId, walletId)).filter(
      (line) => before === null || line.sequence < before,
    );
    const all = [...due, ...rows.map(toLine)];
    const lines = all.slice(0, page.limit);
    return {
      customer_id: who === 'partner' ? null : who.customerId,
      lines,
      next_cursor: all.length > page.limit ? String(lines.at(-1)!.sequence) : null,
    };
  });
}

/** Beyond every sequence. Not `$3 is null or …`, which a kept plan walks from the newest posting whatever the cursor is. */
const NO_END = '9223372036854775807';

const STATEMENT = `
  with entries as (
    (select debit_sequence as sequence, debit_balance as balance, -amount as amount, credit_account as counter_account, at, operation_id
     from talktime.transfers
     where partner_id = $1 and debit_account = $2 and debit_sequence is not null and debit_sequence < coalesce($3::bigint, ${NO_END})
     order by debit_sequence desc
     limit $4)
    union all
    (select credit_sequence, credit_balance, amount, debit_account, at, operation_id
     from talktime.transfers
     where partner_id = $1 and credit_account = $2 and credit_sequence is not null and credit_sequence < coalesce($3::bigint, ${NO_END})
     order by credit_sequence desc
     limit $4)
  )
  select e.sequence, e.balance, e.amount, e.counter_account, e.at, e.operation_id,
         o.kind, o.actor, n.note, o.result -> 'receipt' as receipt, c.provider as call_provider, c.provider_call_id as call_id, p.receipt_url
  from entries e
  join talktime.operations o on o.partner_id = $1 and o.operation_id = e.operation_id
  left join talktime.operation_notes n on n.partner_id = $1 and n.operation_id = e.operation_id
  left join talktime.calls c on c.partner_id = $1 and c.call_id = o.call_id
  left join talktime.payments p on o.kind = 'payment' and p.partner_id = $1 and p.operation_id = o.operation_id
  order by e.sequence desc
  limit $4`;

const USAGE: ReadonlySet<number> = new Set([ACCOUNTS.revenue, ACCOUNTS.overage, ACCOUNTS.cost]);

function toLine(row: Row): StatementLine {
  const usage = USAGE.has(row.counter_account);
  return {
    sequence: Number(row.sequence),
    type: row.amount > 0n ? 'Added' : usage ? 'Used' : 'Deducted',
    amount: toJsonNumber(row.amount),
    balance: toJsonNumber(row.balance),
    note: row.note ?? '',
    date: row.at.toISOString(),
    operation_id: row.operation_id,
    kind: row.kind,
    call: row.call_provider === null ? null : { provider: row.call_provider, call_id: row.call_id! },
    actor: row.actor,
    receipt: row.receipt,
    receipt_url: row.receipt_url,
  };
}

/** What has started or expired and nobody has booked yet, as the lines that it will be, newest first (money-rules 17). */
async function dueLines(transaction: Transaction, partnerId: string, walletId: number): Promise<StatementLine[]> {
  const { wallet, events } = await readWallet(transaction, partnerId, walletId);
  const lines = events.map(({ event: { kind, lot, amount, at }, balance }, index): StatementLine => {
    const key = eventKey(walletId, kind, lot.grant, lot.parts);
    return {
      sequence: Number(wallet.sequence) + index + 1,
      type: kind === 'start' ? 'Added' : 'Deducted',
      amount: toJsonNumber(kind === 'start' ? amount : -amount),
      balance: toJsonNumber(balance),
      note: '',
      date: new Date(at).toISOString(),
      operation_id: operationId(partnerId, 'time', key),
      kind,
      call: null,
      actor: TIME,
      receipt: null,
      receipt_url: null,
    };
  });
  return lines.reverse();
}

function readCursor(cursor: string): bigint {
  if (/^\d{1,18}$/.test(cursor)) return BigInt(cursor);
  throw new TalktimeError('REQUEST_INVALID', 'The cursor is not one that a page before gave. Start again without it.', [
    { path: 'cursor', message: 'unknown' },
  ]);
}

/** The number of the wallet that is meant. */
export async function walletIdOf(transaction: Transaction, partnerId: string, who: WalletRef): Promise<number> {
  if (who === 'partner') return PARTNER_WALLET;
  const [row] = await transaction.query<{ wallet_id: number }>(
    'select wallet_id from talktime.customers where partner_id = $1 and customer_id = $2',
    [partnerId, who.customerId],
  );
  if (!row)
    throw new TalktimeError(
      'CUSTOMER_NOT_FOUND',
      `There is no customer "${who.customerId}". Check the id, or create the customer first.`,
    );
  return row.wallet_id;
}
