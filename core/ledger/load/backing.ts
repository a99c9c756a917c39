import type { Transaction } from '../../database';
import type { Microcredits } from '../../money';
import { burnsOf, grantKey, subjectKey, TAKE_BACKS, type Wanted } from '../fold';
import type { Backing, Burn, GrantState } from '../state';

/** Loads what a fold found missing, besides what was loaded before. Missing = absent in the database, too. */
export async function loadBacking(
  transaction: Transaction,
  partnerId: string,
  before: Backing,
  wanted: readonly Wanted[],
): Promise<Backing> {
  const [burns, unbacked, grants] = await Promise.all([
    loadBurns(
      transaction,
      partnerId,
      wanted.filter((each) => each.kind === 'burns'),
    ),
    loadUnbacked(
      transaction,
      partnerId,
      wanted.flatMap((each) => (each.kind === 'unbacked' ? each.walletId : [])),
    ),
    loadGrants(transaction, partnerId, [
      ...new Map(
        wanted.flatMap((each) => (each.kind === 'grant' ? [[grantKey(each.walletId, each.grant), each]] : [])),
      ).values(),
    ]),
  ]);
  return {
    burns: new Map([...before.burns, ...burns]),
    unbacked: new Map([...before.unbacked, ...unbacked]),
    grants: new Map([...before.grants, ...grants]),
  };
}

type BurnsWanted = Extract<Wanted, { kind: 'burns' }>;

/** What the postings of calls and operations, and of the take-backs of a payment, burned, with what became of it. */
async function loadBurns(transaction: Transaction, partnerId: string, wanted: readonly BurnsWanted[]) {
  const burns = new Map<string, Burn[]>(
    wanted.map(({ walletId, subject }) => [subjectKey(walletId, subject), [] as Burn[]]),
  );
  if (wanted.length === 0) return burns;
  const subjects = wanted.map((each) => each.subject);
  const rows = await transaction.query<{
    subject: string;
    wallet_id: number;
    sequence: bigint;
    amount: Microcredits;
    burned: string | null;
    changes: { grant: number | null; amount: string }[];
  }>(
    `select o.subject, t.debit_account as wallet_id, t.debit_sequence as sequence, t.amount, t.burned,
            coalesce((select jsonb_agg(jsonb_build_object('grant', c.grant_no, 'amount', c.amount::text) order by c.sequence, c.ordinal)
                      from talktime.burn_changes c
                      where c.partner_id = $1 and c.wallet_id = t.debit_account and c.of_sequence = t.debit_sequence), '[]') as changes
     from (
       select operation_id, call_id as subject from talktime.operations where partner_id = $1 and call_id = any($2::uuid[])
       union all
       select operation_id, operation_id from talktime.operations where partner_id = $1 and operation_id = any($2::uuid[]) and call_id is null
       union all
       select operation_id, reverses from talktime.operations where partner_id = $1 and reverses = any($2::uuid[]) and kind = any($4::text[])
     ) o
     join talktime.transfers t on t.partner_id = $1 and t.operation_id = o.operation_id
     where t.debit_sequence is not null and t.debit_account = any($3::int[]) and t.credit_account <> -5
     order by t.debit_account, t.debit_sequence`,
    [partnerId, subjects, [...new Set(wanted.map((each) => each.walletId))], [...TAKE_BACKS]],
  );
  for (const row of rows) {
    const key = subjectKey(row.wallet_id, row.subject);
    burns.get(key)?.push(...burnsOf(row));
  }
  return burns;
}

async function loadUnbacked(transaction: Transaction, partnerId: string, walletIds: readonly number[]) {
  const unbacked = new Map<number, Map<bigint, Microcredits>>(walletIds.map((walletId) => [walletId, new Map()]));
  if (walletIds.length === 0) return unbacked;
  const rows = await transaction.query<{ wallet_id: number; of_sequence: bigint; amount: Microcredits }>(
    `select wallet_id, of_sequence, amount
     from talktime.unbacked
     where partner_id = $1 and wallet_id = any($2::int[])
     order by wallet_id, of_sequence`,
    [partnerId, [...unbacked.keys()]],
  );
  for (const row of rows) unbacked.get(row.wallet_id)!.set(row.of_sequence, row.amount);
  return unbacked;
}

export interface GrantRow {
  wallet_id: number;
  grant_no: number;
  kind: GrantState['kind'];
  priority: number;
  amount: Microcredits;
  source: number;
  effective_at: Date;
  expires_at: Date | null;
  cost_basis: bigint | null;
  operation_id: string | null;
  voided_at: Date | null;
}

async function loadGrants(
  transaction: Transaction,
  partnerId: string,
  wanted: readonly { walletId: number; grant: number }[],
) {
  if (wanted.length === 0) return new Map<string, GrantState>();
  const rows = await transaction.query<GrantRow & Record<string, unknown>>(
    `select g.*
     from unnest($2::int[], $3::int[]) as wanted (wallet_id, grant_no)
     join talktime.grants g on g.partner_id = $1 and g.wallet_id = wanted.wallet_id and g.grant_no = wanted.grant_no`,
    [partnerId, wanted.map((each) => each.walletId), wanted.map((each) => each.grant)],
  );
  if (rows.length < wanted.length) throw new Error('A grant that a posting burned is not there. Run: talktime verify');
  return new Map(rows.map((row) => [grantKey(row.wallet_id, row.grant_no), toGrant(row)]));
}

export function toGrant(row: GrantRow): GrantState {
  return {
    walletId: row.wallet_id,
    grant: row.grant_no,
    kind: row.kind,
    priority: row.priority,
    amount: row.amount,
    source: row.source,
    effectiveAt: row.effective_at.getTime(),
    expiresAt: row.expires_at?.getTime() ?? null,
    costBasis: row.cost_basis,
    operationId: row.operation_id,
    voidedAt: row.voided_at?.getTime() ?? null,
  };
}
