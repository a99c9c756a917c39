import type { Transaction } from '../../database';
import { earlierOfTheSame, meteredValue, USES, type Stretch } from './lines';

/** What was used in a time, to be metered, in microcredits; and what of that Stripe was not told yet. */
export interface Use {
  readonly used: bigint;
  readonly waiting: bigint;
}

/**
 * What a stretch's postings come to at Stripe, by the beginnings of steps of time (in seconds) from `from` on. What is
 * cancelled counts for nothing where it was, and so does what cancelled it.
 */
export async function useBy(
  transaction: Transaction,
  partnerId: string,
  stretch: Stretch,
  { from, to, step }: { readonly from: number; readonly to: number; readonly step: number },
): Promise<Map<number, Use>> {
  const use = new Map<number, Use>();
  const add = (at: number, value: bigint, isSent: boolean) => {
    const start = from + Math.floor((at - from) / step) * step;
    const { used, waiting } = use.get(start) ?? { used: 0n, waiting: 0n };
    use.set(start, { used: used + value, waiting: isSent ? waiting : waiting + value });
  };
  const scope = [
    partnerId,
    stretch.walletId,
    stretch.from,
    stretch.to,
    new Date(from * 1000),
    new Date(to * 1000),
    USES,
  ];
  const charged = await transaction.query<{ at: number; is_sent: boolean; value: bigint }>(
    `select $8::bigint::float8 + floor((extract(epoch from at) - $8) / $9) * $9 as at, debit_sequence <= $10 as is_sent, sum(amount)::bigint as value
     from talktime.transfers
     where partner_id = $1 and debit_account = $2 and debit_sequence > $3 and debit_sequence <= coalesce($4::bigint, ${NO_END})
       and at >= $5 and at < $6 and credit_account = any($7)
     group by 1, 2`,
    [...scope, from, step, stretch.sent],
  );
  for (const { at, is_sent: isSent, value } of charged) add(at, value, isSent);

  const cancellations = await transaction.query<{ sequence: bigint; at: Date; value: bigint }>(
    `select c.sequence, t.at, t.amount as value
     from talktime.meter_cancellations c
     join talktime.transfers t on t.partner_id = $1 and t.debit_account = $2 and t.debit_sequence = c.of_sequence
     where c.partner_id = $1 and c.wallet_id = $2 and c.state = 'done' and c.of_sequence > $3
       and c.of_sequence <= coalesce($4::bigint, ${NO_END})`,
    [partnerId, stretch.walletId, stretch.from, stretch.to],
  );
  const cancelling = new Set(cancellations.map(({ sequence }) => sequence));
  for (const { at, value } of cancellations) {
    const seconds = at.getTime() / 1000;
    if (seconds >= from && seconds < to) add(seconds, -value, true);
  }

  const takenBack = await transaction.query<{
    sequence: bigint;
    operation_id: string;
    line: number;
    at: Date;
    value: bigint;
  }>(
    `select credit_sequence as sequence, operation_id, line, at, -amount as value
     from talktime.transfers
     where partner_id = $1 and credit_account = $2 and credit_sequence > $3 and credit_sequence <= coalesce($4::bigint, ${NO_END})
       and at >= $5 and at < $6 and debit_account = any($7)
     order by credit_sequence`,
    scope,
  );
  for (const row of takenBack) {
    if (cancelling.has(row.sequence)) continue;
    const line = { ...row, operationId: row.operation_id, at: row.at.getTime() };
    const earlier = await earlierOfTheSame(transaction, partnerId, stretch, line);
    add(line.at / 1000, meteredValue(line, earlier), line.sequence <= stretch.sent);
  }
  return use;
}

/** Beyond every sequence. */
const NO_END = '9223372036854775807';
