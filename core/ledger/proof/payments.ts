import type { Transaction } from '../../database';
import { creditsNumber, creditsText } from './canonical';
import type { Findings } from './findings';
import { Pages } from './pages';

interface Part {
  payment: string;
  part: string;
  wallet_id: number;
  operation_id: string;
  credits: bigint;
  refund_taken: bigint;
  dispute_taken: bigint;
  disputed: bigint;
  open_disputes: number;
  returned: bigint;
  revision: number;
  /** The wallet that its operation credited, and with how much; null without the operation. */
  credited_wallet: number | null;
  credited: bigint | null;
  key: string | null;
  /** What its take-backs come to. */
  refunds: bigint;
  disputes: bigint;
  to_partner: bigint;
  /** How many there are. */
  steps: number;
  /** What the last of its operations answered. */
  told: Record<string, unknown> | null;
}

/**
 * A payment's part is what its operation credited; what was taken of it is what its take-backs did; and all of it, with what
 * is held, is what the last of them answered, which the chain of hashes covers where it moved something.
 */
export async function verifyPayments(transaction: Transaction, partnerId: string, findings: Findings): Promise<void> {
  const rows = new Pages<Part>(transaction, PARTS, partnerId, (row) => [row.payment, row.part], ['', '']);
  for await (const row of rows) verifyPart(partnerId, row, findings);
}

function verifyPart(partnerId: string, row: Part, findings: Findings): void {
  const name = row.part === 'paid' ? row.payment : `${row.payment}:${row.part}`;
  const wrong = (what: string, expected: unknown, found: unknown) =>
    findings.add({
      code: 'PAYMENT_WRONG',
      partnerId,
      operationId: row.operation_id,
      expected: `${what} of the payment ${name}: ${String(expected)}`,
      found: String(found),
    });
  const compare = (what: string, expected: bigint, found: bigint) => {
    if (expected !== found) wrong(what, creditsText(expected), creditsText(found));
  };
  if (row.key !== name) wrong('operation', name, row.key);
  if (row.credited_wallet !== row.wallet_id) wrong('wallet', row.credited_wallet, row.wallet_id);
  compare('credits', row.credited ?? 0n, row.credits);
  compare('refunds', row.refunds, row.refund_taken);
  compare('lost disputes', row.disputes, row.dispute_taken);
  compare('returned', row.to_partner, row.returned);
  if (row.steps !== row.revision) wrong('take-backs', row.steps, row.revision);
  const told = {
    payment: row.payment,
    part: row.part,
    credits: creditsNumber(row.credits),
    refund_taken: creditsNumber(row.refund_taken),
    dispute_taken: creditsNumber(row.dispute_taken),
    disputed: creditsNumber(row.disputed),
    open_disputes: row.open_disputes,
    returned: creditsNumber(row.returned),
    revision: row.revision,
  };
  for (const [field, value] of Object.entries(told))
    if (row.told?.[field] !== value) wrong(field, row.told?.[field], value);
}

/** The newest take-back answers what has become of the part; without one, the operation that credited it. */
const PARTS = `
  select p.*, made.key, credited.wallet_id as credited_wallet, credited.amount as credited,
         coalesce(back.refunds, 0)::bigint as refunds, coalesce(back.disputes, 0)::bigint as disputes,
         coalesce(back.to_partner, 0)::bigint as to_partner, steps.count as steps, coalesce(last.told, made.told) as told
  from (
    select * from talktime.payment_credits where partner_id = $1 and (payment, part) > ($2, $3) order by payment, part limit $4
  ) p
  left join lateral (
    select key, result -> 'payment' as told from talktime.operations where partner_id = $1 and operation_id = p.operation_id
  ) made on true
  left join lateral (
    select credit_account as wallet_id, amount from talktime.transfers where partner_id = $1 and operation_id = p.operation_id and line = 0
  ) credited on true
  left join lateral (
    select sum(case when o.kind = 'refund' then t.taken end) as refunds, sum(case when o.kind = 'dispute' then t.taken end) as disputes,
           sum(t.to_partner) as to_partner
    from talktime.operations o
    cross join lateral (
      select case when debit_account = p.wallet_id then amount when credit_account = p.wallet_id then -amount else 0 end as taken,
             case when p.wallet_id = 0 then 0 when credit_account = 0 then amount when debit_account = 0 then -amount else 0 end as to_partner
      from talktime.transfers where partner_id = $1 and operation_id = o.operation_id and credit_account <> -5 offset 0
    ) t
    where o.partner_id = $1 and o.reverses = p.operation_id and o.kind in ('refund', 'dispute')
  ) back on true
  left join lateral (
    select count(*)::int as count from talktime.operations o
    where o.partner_id = $1 and o.reverses = p.operation_id and o.kind in ('refund', 'dispute')
  ) steps on true
  left join lateral (
    select o.result -> 'payment' as told
    from talktime.operations o
    where o.partner_id = $1 and o.reverses = p.operation_id and o.kind in ('refund', 'dispute')
    order by (o.result #>> '{payment,revision}')::int desc nulls last
    limit 1
  ) last on true
  order by p.payment, p.part`;
