import type { Transaction } from '../database';
import type { GrantState, Writes } from './state';

const moment = (milliseconds: number | null) => (milliseconds === null ? null : new Date(milliseconds).toISOString());

/** Writes what a fold decided about grants, and about what backs postings. */
export function writeBacking(transaction: Transaction, partnerId: string, writes: Writes): void {
  upsertGrants(transaction, partnerId, [...writes.grants.values()]);
  countExpired(transaction, partnerId, [...writes.expired.values()]);
  insertChanges(transaction, partnerId, writes.burnChanges);
  setUnbacked(transaction, partnerId, [...writes.unbacked.values()]);
}

/** A grant's terms stand; only a void changes when it ends. */
function upsertGrants(transaction: Transaction, partnerId: string, rows: readonly GrantState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.grants
       (partner_id, wallet_id, grant_no, kind, priority, amount, source, effective_at, expires_at, cost_basis, operation_id, voided_at)
     select $1, *
     from unnest($2::int[], $3::int[], $4::text[], $5::smallint[], $6::bigint[], $7::int[], $8::timestamptz[], $9::timestamptz[],
                 $10::bigint[], $11::uuid[], $12::timestamptz[])
     on conflict (partner_id, wallet_id, grant_no) do update set expires_at = excluded.expires_at, voided_at = excluded.voided_at`,
    [
      partnerId,
      rows.map((row) => row.walletId),
      rows.map((row) => row.grant),
      rows.map((row) => row.kind),
      rows.map((row) => row.priority),
      rows.map((row) => row.amount),
      rows.map((row) => row.source),
      rows.map((row) => moment(row.effectiveAt)),
      rows.map((row) => moment(row.expiresAt)),
      rows.map((row) => row.costBasis),
      rows.map((row) => row.operationId),
      rows.map((row) => moment(row.voidedAt)),
    ],
  );
}

function countExpired(
  transaction: Transaction,
  partnerId: string,
  rows: readonly { walletId: number; grant: number; amount: bigint }[],
): void {
  if (rows.length === 0) return;
  transaction.send(
    `update talktime.grants g
     set expired = g.expired + new.amount
     from unnest($2::int[], $3::int[], $4::bigint[]) as new (wallet_id, grant_no, amount)
     where g.partner_id = $1 and g.wallet_id = any($2::int[]) and g.wallet_id = new.wallet_id and g.grant_no = new.grant_no`,
    [partnerId, rows.map((row) => row.walletId), rows.map((row) => row.grant), rows.map((row) => row.amount)],
  );
}

function insertChanges(transaction: Transaction, partnerId: string, rows: Writes['burnChanges']): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.burn_changes (partner_id, wallet_id, of_sequence, sequence, ordinal, grant_no, amount)
     select $1, * from unnest($2::int[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::bigint[])`,
    [
      partnerId,
      rows.map((row) => row.walletId),
      rows.map((row) => row.ofSequence),
      rows.map((row) => row.sequence),
      rows.map((row) => row.ordinal),
      rows.map((row) => row.grant),
      rows.map((row) => row.amount),
    ],
  );
}

type Unbacked = Writes['unbacked'] extends ReadonlyMap<string, infer Value> ? Value : never;

function setUnbacked(transaction: Transaction, partnerId: string, rows: readonly Unbacked[]): void {
  const [open, settled] = [rows.filter((row) => row.amount > 0n), rows.filter((row) => row.amount === 0n)];
  if (open.length > 0)
    transaction.send(
      `insert into talktime.unbacked (partner_id, wallet_id, of_sequence, amount)
       select $1, * from unnest($2::int[], $3::bigint[], $4::bigint[])
       on conflict (partner_id, wallet_id, of_sequence) do update set amount = excluded.amount`,
      [partnerId, open.map((row) => row.walletId), open.map((row) => row.sequence), open.map((row) => row.amount)],
    );
  if (settled.length > 0)
    transaction.send(
      `delete from talktime.unbacked u
       using unnest($2::int[], $3::bigint[]) as settled (wallet_id, of_sequence)
       where u.partner_id = $1 and u.wallet_id = any($2::int[]) and u.wallet_id = settled.wallet_id and u.of_sequence = settled.of_sequence`,
      [partnerId, settled.map((row) => row.walletId), settled.map((row) => row.sequence)],
    );
}
