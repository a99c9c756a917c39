import type { z } from 'zod';
import { type Grant, type Operation, type voidGrant as voidGrantSchema } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database } from '../database';
import { toJsonNumber, type Microcredits } from '../money';
import type { Actor, WalletRef } from './commands';
import { readWallet } from './load';
import type { Ledger } from './lane';
import { grantId, type Lot } from './lots';
import { operationOf } from './requests';
import { walletIdOf } from './statement';

export interface GrantsPage {
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
}

interface Row {
  grant_no: number;
  kind: Grant['kind'];
  priority: number;
  amount: Microcredits;
  effective_at: Date;
  expires_at: Date | null;
  cost_basis: bigint | null;
  operation_id: string | null;
  voided_at: Date | null;
}

/** A wallet's grants, newest first, with what is left of each at this moment. */
export async function listGrants(
  database: Database,
  partnerId: string,
  who: WalletRef,
  page: GrantsPage,
): Promise<{ items: Grant[]; next_cursor: string | null }> {
  return database.asPartner(partnerId, async (transaction) => {
    const walletId = await walletIdOf(transaction, partnerId, who);
    const { wallet, now } = await readWallet(transaction, partnerId, walletId);
    const rows = await transaction.query<Row & Record<string, unknown>>(
      `select grant_no, kind, priority, amount, effective_at, expires_at, cost_basis, operation_id, voided_at
       from talktime.grants
       where partner_id = $1 and wallet_id = $2 and grant_no < $3
       order by grant_no desc
       limit $4`,
      [partnerId, walletId, readCursor(page.cursor), page.limit + 1],
    );
    const items = rows.slice(0, page.limit).map((row) =>
      toGrant(
        walletId,
        row,
        wallet.lots.find((lot) => lot.grant === row.grant_no),
        now,
      ),
    );
    return { items, next_cursor: rows.length > page.limit ? String(rows[page.limit - 1]!.grant_no) : null };
  });
}

function toGrant(walletId: number, row: Row, lot: Lot | undefined, now: number): Grant {
  return {
    grant_id: grantId(walletId, row.grant_no),
    kind: row.kind,
    priority: row.priority,
    amount: toJsonNumber(row.amount),
    remaining: toJsonNumber(lot?.left ?? 0n),
    state: stateOf(row, lot, now),
    effective_at: row.effective_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    cost_basis: row.cost_basis === null ? null : toJsonNumber(row.cost_basis),
    operation_id: row.operation_id,
  };
}

function stateOf(row: Row, lot: Lot | undefined, now: number): Grant['state'] {
  if (row.voided_at !== null) return 'voided';
  if (lot) return lot.startsAt === null ? 'active' : 'pending';
  return row.expires_at !== null && row.expires_at.getTime() <= now ? 'expired' : 'used';
}

/** Takes back what is left of a grant. A grant of the partner's own wallet, too: that raises nothing. */
export async function voidGrant(
  ledger: Ledger,
  partnerId: string,
  actor: Actor,
  id: string,
  body: z.output<typeof voidGrantSchema>,
): Promise<Operation> {
  const match = /^g(\d{1,9})-(\d{1,9})$/.exec(id);
  if (!match)
    throw new TalktimeError('GRANT_NOT_FOUND', `There is no grant "${id}". The list of grants shows the ids.`);
  const [walletId, grant] = [Number(match[1]), Number(match[2])];
  return operationOf(
    await ledger.submit(partnerId, {
      kind: 'void',
      actor,
      key: body.idempotency_key,
      note: body.note,
      walletId,
      grant,
    }),
  );
}

/**
 * Books what has started or expired by now in all of a partner's wallets. Answers in how many there was something. A wallet
 * whose subscription is about to be renewed is left to that, so that nobody is told of the moment between two periods.
 */
export async function bookDue(database: Database, ledger: Ledger, partnerId: string): Promise<number> {
  const due = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ wallet_id: number }>(
      `select wallet_id
       from talktime.wallets w
       where partner_id = $1 and due_at <= talktime.clock()
         and not exists (
           select from talktime.subscriptions s
           where s.partner_id = $1 and s.wallet_id = w.wallet_id and s.status = 'active' and s.collects = 'nothing'
             and not s.cancel_at_period_end and s.period_end <= talktime.clock())
       order by due_at
       limit 1000`,
      [partnerId],
    ),
  );
  await Promise.all(due.map(({ wallet_id: walletId }) => ledger.submit(partnerId, { kind: 'mature', walletId })));
  return due.length;
}

const BEYOND_ALL = 2 ** 31 - 1;

function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return BEYOND_ALL;
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw new TalktimeError('REQUEST_INVALID', 'The cursor is not one that a page before gave. Start again without it.', [
    { path: 'cursor', message: 'unknown' },
  ]);
}
