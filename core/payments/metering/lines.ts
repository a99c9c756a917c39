import type { Transaction } from '../../database';
import { ACCOUNTS } from '../../ledger/accounts';
import type { Account } from '../stripe';

/** A posting of a metered wallet. */
export interface UseLine {
  readonly sequence: bigint;
  readonly operationId: string;
  readonly line: number;
  /** Milliseconds. */
  readonly at: number;
  /** Microcredits that were used; below 0 when use was taken back, 0 when it is no use: a top-up, say. */
  readonly value: bigint;
}

export interface Stretch {
  readonly walletId: number;
  readonly stretch: number;
  readonly account: Account;
  readonly from: bigint;
  readonly to: bigint | null;
  readonly sent: bigint;
}

/** What counts as use: what forecasts count, too (core/ledger/usage.ts). */
export const USES: readonly number[] = [ACCOUNTS.revenue, ACCOUNTS.cost, ACCOUNTS.overage];

interface LineRow extends Record<string, unknown> {
  readonly sequence: bigint;
  readonly operation_id: string;
  readonly line: number;
  readonly at: Date;
  readonly value: bigint;
}

/** The next postings of a wallet after `after`, in its order. */
export async function nextLines(
  transaction: Transaction,
  partnerId: string,
  { walletId, to }: Pick<Stretch, 'walletId' | 'to'>,
  after: bigint,
  limit: number,
): Promise<UseLine[]> {
  const rows = await transaction.query<LineRow>(
    `(select debit_sequence as sequence, operation_id, line, at, case when credit_account = any($6) then amount else 0 end as value
      from talktime.transfers
      where partner_id = $1 and debit_account = $2 and debit_sequence > $3 and debit_sequence <= coalesce($4::bigint, ${NO_END})
      order by debit_sequence
      limit $5)
     union all
     (select credit_sequence, operation_id, line, at, case when debit_account = any($6) then -amount else 0 end
      from talktime.transfers
      where partner_id = $1 and credit_account = $2 and credit_sequence > $3 and credit_sequence <= coalesce($4::bigint, ${NO_END})
      order by credit_sequence
      limit $5)
     order by sequence
     limit $5`,
    [partnerId, walletId, after, to, limit, USES],
  );
  return rows.map(toLine);
}

/** Beyond every sequence. */
const NO_END = '9223372036854775807';

/**
 * What a wallet was charged, and given back, for the same call or operation as the posting, before it: since the stretch
 * began.
 */
export async function earlierOfTheSame(
  transaction: Transaction,
  partnerId: string,
  { walletId, from }: Pick<Stretch, 'walletId' | 'from'>,
  { operationId, sequence }: UseLine,
): Promise<UseLine[]> {
  const rows = await transaction.query<LineRow>(
    `with this as (
       select call_id, reverses from talktime.operations where partner_id = $1 and operation_id = $3),
     subject as (
       select o.operation_id from talktime.operations o, this where o.partner_id = $1 and o.call_id = this.call_id
       union
       select this.reverses from this where this.reverses is not null
       union
       select o.operation_id from talktime.operations o, this where o.partner_id = $1 and o.reverses = this.reverses)
     select case when t.debit_account = $2 then t.debit_sequence else t.credit_sequence end as sequence, t.operation_id, t.line, t.at,
            case when t.debit_account = $2 then t.amount else -t.amount end as value
     from talktime.transfers t
     join subject using (operation_id)
     where t.partner_id = $1
       and ((t.debit_account = $2 and t.credit_account = any($6) and t.debit_sequence > $4 and t.debit_sequence < $5)
         or (t.credit_account = $2 and t.debit_account = any($6) and t.credit_sequence > $4 and t.credit_sequence < $5))
     order by sequence`,
    [partnerId, walletId, operationId, from, sequence, USES],
  );
  return rows.map(toLine);
}

function toLine(row: LineRow): UseLine {
  return {
    sequence: row.sequence,
    operationId: row.operation_id,
    line: row.line,
    at: row.at.getTime(),
    value: row.value,
  };
}

/**
 * What of a posting is metered. What is taken back of a call or an amount is metered as far as that was: what was used
 * before the wallet was metered was paid for otherwise, and comes back in the balance alone.
 */
export function meteredValue(line: UseLine, earlier: readonly UseLine[]): bigint {
  const net = earlier.reduce((sum, { value }) => (value > 0n || sum > -value ? sum + value : 0n), 0n);
  return line.value >= 0n || net > -line.value ? line.value : -net;
}
