import { randomUUID } from 'node:crypto';
import { factsToJson } from '../calls/facts';
import type { Transaction } from '../database';
import { HASH_VERSION } from './identity';
import { dueAt, lotsToJson } from './lots';
import type {
  AlertRow,
  AuditRow,
  CallState,
  FactsRow,
  HoldState,
  OperationRow,
  TransferRow,
  WalletState,
  Writes,
} from './state';
import { writeBacking } from './write-backing';

/** Writes what a fold decided: one set-based statement a table, sent together. The partner's lock must be held. */
export function writeAll(transaction: Transaction, partnerId: string, writes: Writes): void {
  insertOperations(transaction, partnerId, writes.operations);
  insertNotes(transaction, partnerId, writes.operations);
  insertTransfers(transaction, partnerId, writes.transfers);
  writeBacking(transaction, partnerId, writes);
  updateWallets(transaction, partnerId, [...writes.wallets.values()]);
  upsertCalls(transaction, partnerId, [...writes.calls.values()]);
  upsertHolds(transaction, partnerId, [...writes.holds.values()]);
  upsertFacts(transaction, partnerId, writes.facts);
  markForReview(transaction, partnerId, writes.toReview);
  insertAlerts(transaction, partnerId, writes.alerts);
  insertAudits(transaction, partnerId, writes.audits);
}

const column = <Row, Value>(rows: readonly Row[], value: (row: Row) => Value): Value[] => rows.map(value);
const bytes = (hexadecimal: string | null | undefined) => (hexadecimal ? Buffer.from(hexadecimal, 'hex') : null);
const moment = (milliseconds: number) => new Date(milliseconds).toISOString();

function insertOperations(transaction: Transaction, partnerId: string, rows: readonly OperationRow[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.operations (partner_id, hash_version, operation_id, kind, key, content_hash, actor, at, call_id, reverses, result)
     select $1, $2, * from unnest($3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::timestamptz[], $9::uuid[], $10::uuid[], $11::jsonb[])`,
    [
      partnerId,
      HASH_VERSION,
      column(rows, (row) => row.operationId),
      column(rows, (row) => row.kind),
      column(rows, (row) => row.key),
      column(rows, (row) => Buffer.from(row.contentHash, 'hex')),
      column(rows, (row) => row.actor),
      column(rows, (row) => moment(row.at)),
      column(rows, (row) => row.callId),
      column(rows, (row) => row.reverses),
      column(rows, (row) => row.resultJson),
    ],
  );
}

function insertNotes(transaction: Transaction, partnerId: string, operations: readonly OperationRow[]): void {
  const rows = operations.filter((row) => row.note !== null && row.note !== '');
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.operation_notes (partner_id, operation_id, note)
     select $1, * from unnest($2::uuid[], $3::text[])`,
    [partnerId, column(rows, (row) => row.operationId), column(rows, (row) => row.note)],
  );
}

function insertTransfers(transaction: Transaction, partnerId: string, rows: readonly TransferRow[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.transfers
       (partner_id, operation_id, line, debit_account, credit_account, amount,
        debit_sequence, debit_balance, debit_hash, credit_sequence, credit_balance, credit_hash, at, floor, flagged, flag, captured, burned)
     select $1, * from unnest($2::uuid[], $3::smallint[], $4::int[], $5::int[], $6::bigint[],
                              $7::bigint[], $8::bigint[], $9::bytea[], $10::bigint[], $11::bigint[], $12::bytea[],
                              $13::timestamptz[], $14::bigint[], $15::bigint[], $16::text[], $17::bigint[], $18::text[])`,
    [
      partnerId,
      column(rows, (row) => row.operationId),
      column(rows, (row) => row.line),
      column(rows, (row) => row.debit),
      column(rows, (row) => row.credit),
      column(rows, (row) => row.amount),
      column(rows, (row) => row.debitSide?.sequence ?? null),
      column(rows, (row) => row.debitSide?.balance ?? null),
      column(rows, (row) => bytes(row.debitSide?.hash)),
      column(rows, (row) => row.creditSide?.sequence ?? null),
      column(rows, (row) => row.creditSide?.balance ?? null),
      column(rows, (row) => bytes(row.creditSide?.hash)),
      column(rows, (row) => moment(row.at)),
      column(rows, (row) => row.floor),
      column(rows, (row) => row.flagged),
      column(rows, (row) => row.flag),
      column(rows, (row) => row.captured),
      column(rows, (row) => row.burned),
    ],
  );
}

export function updateWallets(transaction: Transaction, partnerId: string, rows: readonly WalletState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `update talktime.wallets w
     set posted = new.posted, held = new.held, sequence = new.sequence, head = new.head, last_posted_at = new.last_posted_at,
         status = new.status, told = new.told, episode = new.episode, lots = new.lots, last_grant = new.last_grant, due_at = new.due_at
     from unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::timestamptz[], $8::text[], $9::text[], $10::int[],
                 $11::jsonb[], $12::int[], $13::timestamptz[])
       as new (wallet_id, posted, held, sequence, head, last_posted_at, status, told, episode, lots, last_grant, due_at)
     where w.partner_id = $1 and w.wallet_id = any($2::int[]) and w.wallet_id = new.wallet_id`,
    [
      partnerId,
      column(rows, (row) => row.walletId),
      column(rows, (row) => row.posted),
      column(rows, (row) => row.held),
      column(rows, (row) => row.sequence),
      column(rows, (row) => bytes(row.head)),
      column(rows, (row) => row.lastPostedAt && moment(row.lastPostedAt)),
      column(rows, (row) => row.status),
      column(rows, (row) => row.told),
      column(rows, (row) => row.episode),
      column(rows, (row) => lotsToJson(row.lots)),
      column(rows, (row) => row.lastGrant),
      column(rows, (row) => dueMoment(row)),
    ],
  );
}

function dueMoment({ lots }: WalletState): string | null {
  const due = dueAt(lots);
  return due === null ? null : moment(due);
}

function upsertCalls(transaction: Transaction, partnerId: string, rows: readonly CallState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.calls
       (partner_id, call_id, provider, account, provider_call_id, leg, state, reason, customer_id, payer, payer_rate, revision,
        price, overage, overage_paid, overage_rate, reversed, in_review, facts, started_at, received_at,
        agent_id, from_number, to_number, direction, metadata_customer_id, cost_paid, updated_at)
     select $1, *, clock_timestamp()
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::int[], $12::int[],
                 $13::bigint[], $14::bigint[], $15::bigint[], $16::int[], $17::bigint[], $18::bigint[], $19::jsonb[], $20::timestamptz[],
                 $21::timestamptz[], $22::text[], $23::text[], $24::text[], $25::text[], $26::text[], $27::bigint[])
     on conflict (partner_id, call_id) do update
     set state = excluded.state, reason = excluded.reason, customer_id = excluded.customer_id, payer = excluded.payer,
         payer_rate = excluded.payer_rate, revision = excluded.revision, price = excluded.price, overage = excluded.overage,
         overage_paid = excluded.overage_paid, overage_rate = excluded.overage_rate, reversed = excluded.reversed, cost_paid = excluded.cost_paid, in_review = excluded.in_review, facts = excluded.facts, updated_at = excluded.updated_at,
         agent_id = excluded.agent_id, from_number = excluded.from_number, to_number = excluded.to_number,
         direction = excluded.direction, metadata_customer_id = excluded.metadata_customer_id`,
    [
      partnerId,
      column(rows, (row) => row.callId),
      column(rows, (row) => row.identity.provider),
      column(rows, (row) => row.identity.account),
      column(rows, (row) => row.identity.callId),
      column(rows, (row) => row.identity.leg),
      column(rows, (row) => row.state),
      column(rows, (row) => row.reason),
      column(rows, (row) => row.customerId),
      column(rows, (row) => row.payer),
      column(rows, (row) => row.payerRate),
      column(rows, (row) => row.revision),
      column(rows, (row) => row.price),
      column(rows, (row) => row.overage),
      column(rows, (row) => row.overagePaid),
      column(rows, (row) => row.overageRate),
      column(rows, (row) => row.reversed),
      column(rows, (row) => row.inReview),
      column(rows, (row) => JSON.stringify(factsToJson(row.facts))),
      column(rows, (row) => moment(row.startedAt)),
      column(rows, (row) => moment(row.receivedAt)),
      column(rows, (row) => row.clues.agentId),
      column(rows, (row) => row.clues.fromNumber),
      column(rows, (row) => row.clues.toNumber),
      column(rows, (row) => row.clues.direction),
      column(rows, (row) => row.clues.metadataCustomerId),
      column(rows, (row) => row.costPaid),
    ],
  );
}

function upsertHolds(transaction: Transaction, partnerId: string, rows: readonly HoldState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.holds
       (partner_id, call_id, provider, account, provider_call_id, leg, state, customer_id, payer, wallet_id, payer_rate,
        floor, amount, cap_seconds, extensions, authorized_at, ended_at)
     select $1, *
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::int[],
                 $12::bigint[], $13::bigint[], $14::int[], $15::int[], $16::timestamptz[], $17::timestamptz[])
     on conflict (partner_id, call_id) do update
     set state = excluded.state, amount = excluded.amount, cap_seconds = excluded.cap_seconds, extensions = excluded.extensions,
         ended_at = excluded.ended_at`,
    [
      partnerId,
      column(rows, (row) => row.callId),
      column(rows, (row) => row.identity.provider),
      column(rows, (row) => row.identity.account),
      column(rows, (row) => row.identity.callId),
      column(rows, (row) => row.identity.leg),
      column(rows, (row) => row.state),
      column(rows, (row) => row.customerId),
      column(rows, (row) => row.payer),
      column(rows, (row) => row.walletId),
      column(rows, (row) => row.payerRate),
      column(rows, (row) => row.floor),
      column(rows, (row) => row.amount),
      column(rows, (row) => row.capSeconds),
      column(rows, (row) => row.extensions),
      column(rows, (row) => moment(row.authorizedAt)),
      column(rows, (row) => row.endedAt && moment(row.endedAt)),
    ],
  );
}

/** Facts are recorded once; ones that lay in suspense are updated when their call is charged. The last of a batch counts. */
function upsertFacts(transaction: Transaction, partnerId: string, all: readonly FactsRow[]): void {
  if (all.length === 0) return;
  const rows = [...new Map(all.map((row) => [`${row.callId} ${row.hash}`, row])).values()];
  transaction.send(
    `insert into talktime.call_facts (partner_id, call_id, facts_hash, facts, disposition, operation_id, received_at)
     select $1, * from unnest($2::uuid[], $3::bytea[], $4::jsonb[], $5::text[], $6::uuid[], $7::timestamptz[])
     on conflict (partner_id, call_id, facts_hash) do update set disposition = excluded.disposition, operation_id = excluded.operation_id`,
    [
      partnerId,
      column(rows, (row) => row.callId),
      column(rows, (row) => Buffer.from(row.hash, 'hex')),
      column(rows, (row) => JSON.stringify(factsToJson(row.facts))),
      column(rows, (row) => row.disposition),
      column(rows, (row) => row.operationId),
      column(rows, (row) => moment(row.at)),
    ],
  );
}

function markForReview(transaction: Transaction, partnerId: string, rows: Writes['toReview']): void {
  if (rows.length === 0) return;
  transaction.send(
    `update talktime.call_facts f
     set disposition = 'review'
     from unnest($2::uuid[], $3::bytea[]) as lost (call_id, facts_hash)
     where f.partner_id = $1 and f.call_id = any($2::uuid[]) and f.call_id = lost.call_id and f.facts_hash = lost.facts_hash`,
    [partnerId, column(rows, (row) => row.callId), column(rows, (row) => Buffer.from(row.hash, 'hex'))],
  );
}

/** The outbox: what there is to tell, in the transaction of what caused it; the dispatcher is woken at commit. */
export function insertAlerts(transaction: Transaction, partnerId: string, rows: readonly AlertRow[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.outbox (partner_id, outbox_id, wallet_id, episode, event, sequence, created_at, next_attempt_at)
     select $1, outbox_id, wallet_id, episode, event, sequence, at, at
     from unnest($2::uuid[], $3::int[], $4::int[], $5::text[], $6::bigint[], $7::timestamptz[]) as new (outbox_id, wallet_id, episode, event, sequence, at)`,
    [
      partnerId,
      column(rows, (row) => row.outboxId),
      column(rows, (row) => row.walletId),
      column(rows, (row) => row.episode),
      column(rows, (row) => row.event),
      column(rows, (row) => row.sequence),
      column(rows, (row) => moment(row.at)),
    ],
  );
  transaction.send(`select pg_notify('talktime_outbox', $1)`, [partnerId]);
}

function insertAudits(transaction: Transaction, partnerId: string, rows: readonly AuditRow[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.audit_log (partner_id, audit_id, actor, action, subject, change)
     select $1, * from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[])`,
    [
      partnerId,
      rows.map(() => randomUUID()),
      column(rows, (row) => row.actor),
      column(rows, (row) => row.action),
      column(rows, (row) => row.subject),
      column(rows, (row) => JSON.stringify(row.change)),
    ],
  );
}
