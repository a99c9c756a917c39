import { randomUUID } from 'node:crypto';
import { factsToJson } from '../calls/facts';
import { column, type RowType, type Transaction } from '../database';
import { HASH_VERSION } from './identity';
import { dueAt, lotsToJson } from './lots';
import type {
  AlertRow,
  AuditRow,
  CallState,
  FactsRow,
  HoldState,
  OperationRow,
  PaymentPart,
  TransferRow,
  WalletState,
  Writes,
} from './state';
import { usageOf, type HourOfUse } from './usage';
import { writeBacking } from './write-backing';

/** Writes what a fold decided: one set-based statement a table, sent together. The partner's lock must be held. */
export function writeAll(transaction: Transaction, partnerId: string, writes: Writes): void {
  insertOperations(transaction, partnerId, writes.operations);
  insertNotes(transaction, partnerId, writes.operations);
  insertTransfers(transaction, partnerId, writes.transfers);
  writeBacking(transaction, partnerId, writes);
  updateWallets(transaction, partnerId, [...writes.wallets.values()]);
  addUsage(transaction, partnerId, usageOf(writes.transfers));
  upsertCalls(transaction, partnerId, [...writes.calls.values()]);
  upsertHolds(transaction, partnerId, [...writes.holds.values()]);
  upsertPayments(transaction, partnerId, [...writes.payments.values()]);
  upsertFacts(transaction, partnerId, writes.facts);
  markForReview(transaction, partnerId, writes.toReview);
  insertAlerts(transaction, partnerId, writes.alerts);
  insertAudits(transaction, partnerId, writes.audits);
}

const list = <Row, Value>(rows: readonly Row[], value: (row: Row) => Value): Value[] => rows.map(value);
const moment = (milliseconds: number) => new Date(milliseconds).toISOString();

const OPERATIONS: RowType<OperationRow> = {
  name: 'operation_row',
  columns: [
    column.uuid((row) => row.operationId),
    column.text((row) => row.kind),
    column.text((row) => row.key),
    column.bytea((row) => row.contentHash),
    column.text((row) => row.actor),
    column.timestamptz((row) => row.at),
    column.uuid((row) => row.callId),
    column.uuid((row) => row.reverses),
    column.jsonb((row) => row.resultJson),
  ],
};

function insertOperations(transaction: Transaction, partnerId: string, rows: readonly OperationRow[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.operations (partner_id, hash_version, operation_id, kind, key, content_hash, actor, at, call_id, reverses, result)
     select $1, $2, * from unnest($3::talktime.operation_row[])`,
    [partnerId, HASH_VERSION, transaction.rows(OPERATIONS, rows)],
  );
}

function insertNotes(transaction: Transaction, partnerId: string, operations: readonly OperationRow[]): void {
  const rows = operations.filter((row) => row.note !== null && row.note !== '');
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.operation_notes (partner_id, operation_id, note)
     select $1, * from unnest($2::uuid[], $3::text[])`,
    [partnerId, list(rows, (row) => row.operationId), list(rows, (row) => row.note)],
  );
}

const TRANSFERS: RowType<TransferRow> = {
  name: 'transfer_row',
  columns: [
    column.uuid((row) => row.operationId),
    column.int2((row) => row.line),
    column.int4((row) => row.debit),
    column.int4((row) => row.credit),
    column.int8((row) => row.amount),
    column.int8((row) => row.debitSide?.sequence),
    column.int8((row) => row.debitSide?.balance),
    column.bytea((row) => row.debitSide?.hash),
    column.int8((row) => row.creditSide?.sequence),
    column.int8((row) => row.creditSide?.balance),
    column.bytea((row) => row.creditSide?.hash),
    column.timestamptz((row) => row.at),
    column.int8((row) => row.floor),
    column.int8((row) => row.flagged),
    column.text((row) => row.flag),
    column.int8((row) => row.captured),
    column.text((row) => row.burned),
  ],
};

function insertTransfers(transaction: Transaction, partnerId: string, rows: readonly TransferRow[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.transfers
       (partner_id, operation_id, line, debit_account, credit_account, amount,
        debit_sequence, debit_balance, debit_hash, credit_sequence, credit_balance, credit_hash, at, floor, flagged, flag, captured, burned)
     select $1, * from unnest($2::talktime.transfer_row[])`,
    [partnerId, transaction.rows(TRANSFERS, rows)],
  );
}

const WALLETS: RowType<WalletState> = {
  name: 'disputed_wallet_row',
  columns: [
    column.int4((row) => row.walletId),
    column.int8((row) => row.posted),
    column.int8((row) => row.held),
    column.int8((row) => row.sequence),
    column.bytea((row) => row.head),
    column.timestamptz((row) => row.lastPostedAt),
    column.text((row) => row.status),
    column.text((row) => row.told),
    column.int4((row) => row.episode),
    column.jsonb((row) => lotsToJson(row.lots)),
    column.int4((row) => row.lastGrant),
    column.timestamptz((row) => dueAt(row.lots)),
    column.int8((row) => row.lastTopUp),
    column.int8((row) => row.disputed),
    column.int4((row) => row.openDisputes),
  ],
};

export function updateWallets(transaction: Transaction, partnerId: string, rows: readonly WalletState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `update talktime.wallets w
     set posted = new.posted, held = new.held, sequence = new.sequence, head = new.head, last_posted_at = new.last_posted_at,
         status = new.status, told = new.told, episode = new.episode, lots = new.lots, last_grant = new.last_grant, due_at = new.due_at,
         last_top_up = new.last_top_up, disputed = new.disputed, open_disputes = new.open_disputes
     from unnest($2::talktime.disputed_wallet_row[]) new
     where w.partner_id = $1 and w.wallet_id = any($3::int[]) and w.wallet_id = new.wallet_id`,
    [partnerId, transaction.rows(WALLETS, rows), list(rows, (row) => row.walletId)],
  );
}

const USAGE: RowType<HourOfUse> = {
  name: 'usage_row',
  columns: [column.int4((row) => row.walletId), column.timestamptz((row) => row.hour), column.int8((row) => row.used)],
};

function addUsage(transaction: Transaction, partnerId: string, rows: readonly HourOfUse[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.wallet_usage as known (partner_id, wallet_id, hour, used)
     select $1, * from unnest($2::talktime.usage_row[])
     on conflict (partner_id, wallet_id, hour) do update set used = known.used + excluded.used`,
    [partnerId, transaction.rows(USAGE, rows)],
  );
}

const IDENTITY: RowType<Pick<CallState, 'callId' | 'identity'>>['columns'] = [
  column.uuid((row) => row.callId),
  column.text((row) => row.identity.provider),
  column.text((row) => row.identity.account),
  column.text((row) => row.identity.callId),
  column.text((row) => row.identity.leg),
];

const CALLS: RowType<CallState> = {
  name: 'linked_call_row',
  columns: [
    ...IDENTITY,
    column.text((row) => row.state),
    column.text((row) => row.reason),
    column.text((row) => row.customerId),
    column.text((row) => row.payer),
    column.int4((row) => row.payerRate),
    column.int4((row) => row.revision),
    column.int8((row) => row.price),
    column.int8((row) => row.overage),
    column.int8((row) => row.overagePaid),
    column.int4((row) => row.overageRate),
    column.int8((row) => row.costPaid),
    column.int8((row) => row.reversed),
    column.int8((row) => row.inReview),
    column.jsonb((row) => JSON.stringify(factsToJson(row.facts))),
    column.timestamptz((row) => row.startedAt),
    column.timestamptz((row) => row.receivedAt),
    column.text((row) => row.clues.agentId),
    column.text((row) => row.clues.fromNumber),
    column.text((row) => row.clues.toNumber),
    column.text((row) => row.clues.direction),
    column.text((row) => row.clues.metadataCustomerId),
    column.text((row) => row.carrierCallId),
    column.uuid((row) => row.linkedTo),
    column.int4((row) => row.billedSeconds),
    column.int8((row) => row.cost),
  ],
};

function upsertCalls(transaction: Transaction, partnerId: string, rows: readonly CallState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.calls
       (partner_id, updated_at, call_id, provider, account, provider_call_id, leg, state, reason, customer_id, payer, payer_rate, revision,
        price, overage, overage_paid, overage_rate, cost_paid, reversed, in_review, facts, started_at, received_at,
        agent_id, from_number, to_number, direction, metadata_customer_id, carrier_call_id, linked_to, billed_seconds, cost)
     select $1, clock_timestamp(), * from unnest($2::talktime.linked_call_row[])
     on conflict (partner_id, call_id) do update
     set state = excluded.state, reason = excluded.reason, customer_id = excluded.customer_id, payer = excluded.payer,
         payer_rate = excluded.payer_rate, revision = excluded.revision, price = excluded.price, overage = excluded.overage,
         overage_paid = excluded.overage_paid, overage_rate = excluded.overage_rate, cost_paid = excluded.cost_paid,
         reversed = excluded.reversed, in_review = excluded.in_review, facts = excluded.facts, updated_at = excluded.updated_at,
         agent_id = excluded.agent_id, from_number = excluded.from_number, to_number = excluded.to_number,
         direction = excluded.direction, metadata_customer_id = excluded.metadata_customer_id,
         carrier_call_id = excluded.carrier_call_id, linked_to = excluded.linked_to, billed_seconds = excluded.billed_seconds, cost = excluded.cost`,
    [partnerId, transaction.rows(CALLS, rows)],
  );
}

const HOLDS: RowType<HoldState> = {
  name: 'hold_row',
  columns: [
    ...IDENTITY,
    column.text((row) => row.state),
    column.text((row) => row.customerId),
    column.text((row) => row.payer),
    column.int4((row) => row.walletId),
    column.int4((row) => row.payerRate),
    column.int8((row) => row.floor),
    column.int8((row) => row.amount),
    column.int4((row) => row.capSeconds),
    column.int4((row) => row.extensions),
    column.timestamptz((row) => row.authorizedAt),
    column.timestamptz((row) => row.endedAt),
  ],
};

function upsertHolds(transaction: Transaction, partnerId: string, rows: readonly HoldState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.holds
       (partner_id, call_id, provider, account, provider_call_id, leg, state, customer_id, payer, wallet_id, payer_rate,
        floor, amount, cap_seconds, extensions, authorized_at, ended_at)
     select $1, * from unnest($2::talktime.hold_row[])
     on conflict (partner_id, call_id) do update
     set state = excluded.state, amount = excluded.amount, cap_seconds = excluded.cap_seconds, extensions = excluded.extensions,
         ended_at = excluded.ended_at`,
    [partnerId, transaction.rows(HOLDS, rows)],
  );
}

const PAYMENTS: RowType<PaymentPart> = {
  name: 'payment_credits_row',
  columns: [
    column.text((row) => row.payment),
    column.text((row) => row.part),
    column.int4((row) => row.walletId),
    column.uuid((row) => row.operationId),
    column.int8((row) => row.credits),
    column.int8((row) => row.refundTaken),
    column.int8((row) => row.disputeTaken),
    column.int8((row) => row.disputed),
    column.int4((row) => row.openDisputes),
    column.int8((row) => row.returned),
    column.int4((row) => row.revision),
  ],
};

function upsertPayments(transaction: Transaction, partnerId: string, rows: readonly PaymentPart[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.payment_credits
       (partner_id, payment, part, wallet_id, operation_id, credits, refund_taken, dispute_taken, disputed, open_disputes, returned, revision)
     select $1, * from unnest($2::talktime.payment_credits_row[])
     on conflict (partner_id, payment, part) do update
     set refund_taken = excluded.refund_taken, dispute_taken = excluded.dispute_taken, disputed = excluded.disputed,
         open_disputes = excluded.open_disputes, returned = excluded.returned, revision = excluded.revision`,
    [partnerId, transaction.rows(PAYMENTS, rows)],
  );
}

const FACTS: RowType<FactsRow> = {
  name: 'facts_row',
  columns: [
    column.uuid((row) => row.callId),
    column.bytea((row) => row.hash),
    column.jsonb((row) => JSON.stringify(factsToJson(row.facts))),
    column.text((row) => row.disposition),
    column.uuid((row) => row.operationId),
    column.timestamptz((row) => row.at),
  ],
};

/** Facts are recorded once; ones that lay in suspense are updated when their call is charged. The last of a batch counts. */
function upsertFacts(transaction: Transaction, partnerId: string, all: readonly FactsRow[]): void {
  if (all.length === 0) return;
  const rows = [...new Map(all.map((row) => [`${row.callId} ${row.hash}`, row])).values()];
  transaction.send(
    `insert into talktime.call_facts (partner_id, call_id, facts_hash, facts, disposition, operation_id, received_at)
     select $1, * from unnest($2::talktime.facts_row[])
     on conflict (partner_id, call_id, facts_hash) do update set disposition = excluded.disposition, operation_id = excluded.operation_id`,
    [partnerId, transaction.rows(FACTS, rows)],
  );
}

function markForReview(transaction: Transaction, partnerId: string, rows: Writes['toReview']): void {
  if (rows.length === 0) return;
  transaction.send(
    `update talktime.call_facts f
     set disposition = 'review'
     from unnest($2::uuid[], $3::bytea[]) as lost (call_id, facts_hash)
     where f.partner_id = $1 and f.call_id = any($2::uuid[]) and f.call_id = lost.call_id and f.facts_hash = lost.facts_hash`,
    [partnerId, list(rows, (row) => row.callId), list(rows, (row) => Buffer.from(row.hash, 'hex'))],
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
      list(rows, (row) => row.outboxId),
      list(rows, (row) => row.walletId),
      list(rows, (row) => row.episode),
      list(rows, (row) => row.event),
      list(rows, (row) => row.sequence),
      list(rows, (row) => moment(row.at)),
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
      list(rows, (row) => row.actor),
      list(rows, (row) => row.action),
      list(rows, (row) => row.subject),
      list(rows, (row) => JSON.stringify(row.change)),
    ],
  );
}
