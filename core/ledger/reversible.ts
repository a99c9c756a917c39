import type { Operation } from '../contract';
import type { Database } from '../database';
import type { Microcredits } from '../money';
import { ACCOUNTS } from './accounts';
import { TAKE_BACKS } from './fold';
import { walletIdOf } from './statement';

/** An operation of a customer of which something is left to reverse. */
export interface ReversibleLine {
  readonly operationId: string;
  readonly kind: Operation['kind'];
  /** What it did to the wallet, signed; of a call, what the call costs now. */
  readonly amount: Microcredits;
  /** How much of it can be reversed at most. */
  readonly left: Microcredits;
  readonly note: string;
  readonly at: Date;
  readonly call: { readonly provider: string; readonly rawSeconds: number } | null;
}

interface Row {
  operation_id: string;
  kind: Operation['kind'];
  amount: Microcredits;
  at: Date;
  note: string | null;
  call_id: string | null;
  provider: string | null;
  raw_milliseconds: number | null;
  price: Microcredits | null;
  gone: Microcredits;
}

/** The newest postings of a wallet that are looked through. */
const LOOKED_THROUGH = 500;

/**
 * The newest operations of a customer's wallet of which something is left to reverse: top-ups, payments, adjustments,
 * deductions, plans, and calls that are charged to it. A call counts once, by its newest posting: any of them stands for the whole
 * call (money-rules 11).
 */
export async function listReversible(
  database: Database,
  partnerId: string,
  customerId: string,
  limit: number,
): Promise<ReversibleLine[]> {
  const rows = await database.asPartner(partnerId, async (transaction) =>
    transaction.query<Row & Record<string, unknown>>(REVERSIBLE, [
      partnerId,
      await walletIdOf(transaction, partnerId, { customerId }),
      customerId,
      LOOKED_THROUGH,
      [...TAKE_BACKS],
    ]),
  );
  const seen = new Set<string>();
  const lines: ReversibleLine[] = [];
  for (const row of rows) {
    const subject = row.call_id ?? row.operation_id;
    if (lines.length === limit || seen.has(subject)) continue;
    seen.add(subject);
    const line = toLine(row);
    if (line.left > 0n) lines.push(line);
  }
  return lines;
}

const REVERSIBLE = `
  with entries as (
    select sequence, amount, at, operation_id
    from (
      (select debit_sequence as sequence, -amount as amount, at, operation_id
       from talktime.transfers
       where partner_id = $1 and debit_account = $2 and debit_sequence is not null
       order by debit_sequence desc limit $4)
      union all
      (select credit_sequence, amount, at, operation_id
       from talktime.transfers
       where partner_id = $1 and credit_account = $2 and credit_sequence is not null
       order by credit_sequence desc limit $4)
    ) sides
    order by sequence desc limit $4
  )
  select e.operation_id, o.kind, e.amount, e.at, n.note, o.call_id, c.provider, c.price,
         (c.facts ->> 'rawMilliseconds')::float8 as raw_milliseconds,
         (select coalesce(sum(t.amount), 0)::bigint
          from talktime.operations r
          join talktime.transfers t on t.partner_id = r.partner_id and t.operation_id = r.operation_id
          where r.partner_id = $1 and r.reverses = e.operation_id and r.kind <> all($5::text[])
            and t.credit_account <> ${ACCOUNTS.expiry})
         + coalesce((select p.refund_taken + p.dispute_taken from talktime.payment_credits p
                     where p.partner_id = $1 and p.operation_id = e.operation_id), 0)
         + coalesce((select g.expired from talktime.grants g
                     where g.partner_id = $1 and g.operation_id = e.operation_id), 0) as gone
  from entries e
  join talktime.operations o on o.partner_id = $1 and o.operation_id = e.operation_id
  left join talktime.calls c on c.partner_id = $1 and c.call_id = o.call_id
  left join talktime.operation_notes n on n.partner_id = $1 and n.operation_id = e.operation_id
  where (o.call_id is null and o.kind in ('top_up', 'payment', 'adjustment', 'deduction', 'plan'))
     or (o.kind in ('call', 'reassign') and c.state = 'charged' and c.customer_id = $3)
  order by e.sequence desc`;

function toLine(row: Row): ReversibleLine {
  const { operation_id: operationId, kind, at } = row;
  const common = { operationId, kind, at, note: row.note ?? '' };
  if (row.call_id === null) {
    const size = row.amount < 0n ? -row.amount : row.amount;
    return { ...common, amount: row.amount, left: (size - row.gone) as Microcredits, call: null };
  }
  const price = row.price ?? (0n as Microcredits);
  return {
    ...common,
    amount: -price as Microcredits,
    left: price,
    call: { provider: row.provider ?? '', rawSeconds: (row.raw_milliseconds ?? 0) / 1000 },
  };
}
