import type { Transaction } from '../../database';
import type { Microcredits } from '../../money';
import { ACCOUNTS } from '../accounts';
import { TAKE_BACKS } from '../fold';
import type { PriorOperation, ReversibleOperation, StoredResult } from '../state';

export async function loadOperations(
  transaction: Transaction,
  partnerId: string,
  ids: string[],
): Promise<Map<string, PriorOperation>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction.query<{ operation_id: string; content_hash: Buffer; result: StoredResult }>(
    `select operation_id, content_hash, result
     from talktime.operations
     where partner_id = $1 and operation_id = any($2::uuid[])`,
    [partnerId, ids],
  );
  return new Map(
    rows.map((row) => [row.operation_id, { contentHash: row.content_hash.toString('hex'), result: row.result }]),
  );
}

export async function loadReversible(
  transaction: Transaction,
  partnerId: string,
  ids: Set<string>,
): Promise<Map<string, ReversibleOperation>> {
  if (ids.size === 0) return new Map();
  const rows = await transaction.query<{
    operation_id: string;
    kind: string;
    call_id: string | null;
    customer_id: string | null;
    transfers: { debit: number; credit: number; amount: string }[];
    reversed: string;
    grant: { wallet: number; grant: number; expired: string } | null;
  }>(
    `select o.operation_id, o.kind, o.call_id, o.result ->> 'customer_id' as customer_id,
            coalesce((select jsonb_agg(jsonb_build_object('debit', t.debit_account, 'credit', t.credit_account, 'amount', t.amount::text) order by t.line)
                      from talktime.transfers t
                      where t.partner_id = o.partner_id and t.operation_id = o.operation_id), '[]') as transfers,
            (select coalesce(sum(t.amount), 0)::text
             from talktime.operations r
             join talktime.transfers t on t.partner_id = r.partner_id and t.operation_id = r.operation_id
             where r.partner_id = o.partner_id and r.reverses = o.operation_id and r.kind <> all($3::text[])
               and t.credit_account <> ${ACCOUNTS.expiry}) as reversed,
            (select jsonb_build_object('wallet', g.wallet_id, 'grant', g.grant_no, 'expired', g.expired::text)
             from talktime.grants g
             where g.partner_id = o.partner_id and g.operation_id = o.operation_id) as grant
     from talktime.operations o
     where o.partner_id = $1 and o.operation_id = any($2::uuid[])`,
    [partnerId, [...ids], [...TAKE_BACKS]],
  );
  return new Map(
    rows.map((row) => [
      row.operation_id,
      {
        kind: row.kind,
        callId: row.call_id,
        customerId: row.customer_id,
        transfers: row.transfers.map(({ debit, credit, amount }) => ({
          debit,
          credit,
          amount: BigInt(amount) as Microcredits,
        })),
        reversed: BigInt(row.reversed) as Microcredits,
        grant: row.grant && {
          walletId: row.grant.wallet,
          grant: row.grant.grant,
          expired: BigInt(row.grant.expired) as Microcredits,
        },
      },
    ]),
  );
}
