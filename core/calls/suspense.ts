import type { DeductionResult, SuspendedCall } from '../contract';
import { TalktimeError } from '../contract/errors';
import { addMapping } from '../customers/mappings';
import type { Database, Transaction } from '../database';
import { deductionOf, type Actor } from '../ledger';
import type { Talktime } from './deduct';
import { mappingsOf, type CallClues, type FactsJson, type MappingKind } from './facts';

export interface SuspensePage {
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
}

interface SuspenseRow {
  call_id: string;
  provider: string;
  account: string;
  provider_call_id: string;
  reason: SuspendedCall['reason'];
  facts: FactsJson;
  agent_id: string | null;
  from_number: string | null;
  to_number: string | null;
  received_at: Date;
}

const COLUMNS =
  'call_id, provider, account, provider_call_id, reason, facts, agent_id, from_number, to_number, received_at';

/** Calls that match no customer, or can't be priced, oldest first: waiting for somebody. Nothing is dropped. */
export async function listSuspense(
  database: Database,
  partnerId: string,
  page: SuspensePage,
): Promise<{ items: SuspendedCall[]; next_cursor: string | null }> {
  const [afterTime, afterId] = page.cursor === undefined ? [null, null] : readCursor(page.cursor);
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<SuspenseRow & Record<string, unknown>>(
      `select ${COLUMNS}
       from talktime.calls
       where partner_id = $1 and state = 'suspense'
         and ($2::timestamptz is null or (received_at, call_id) > ($2, $3::uuid))
       order by received_at, call_id
       limit $4`,
      [partnerId, afterTime, afterId, page.limit + 1],
    ),
  );
  const items = rows.slice(0, page.limit).map(toSuspendedCall);
  const last = items.at(-1);
  return { items, next_cursor: rows.length > page.limit && last ? `${last.received_at}_${last.call_id}` : null };
}

/**
 * A call as suspense shows it, also when it has left it since.
 * @throws TalktimeError CALL_NOT_FOUND
 */
export async function getSuspendedCall(
  transaction: Transaction,
  partnerId: string,
  callId: string,
): Promise<SuspendedCall> {
  const [row] = await transaction.query<SuspenseRow & Record<string, unknown>>(
    `select ${COLUMNS} from talktime.calls where partner_id = $1 and call_id = $2`,
    [partnerId, callId],
  );
  if (!row)
    throw new TalktimeError(
      'CALL_NOT_FOUND',
      `There is no call ${callId}. The list of calls in suspense shows the ids.`,
    );
  return toSuspendedCall(row);
}

/**
 * Charges a call in suspense to a customer, at the rate of its date. With `map`, that clue of it is the customer's from
 * now on: mapped first, so that a call that comes meanwhile does not wait, too.
 */
export async function assignCall(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  callId: string,
  customerId: string,
  map?: MappingKind,
): Promise<DeductionResult> {
  if (map !== undefined) {
    const value = await talktime.database.asPartner(partnerId, (transaction) =>
      clueOf(transaction, partnerId, callId, map),
    );
    await addMapping(talktime.database, partnerId, actor, { kind: map, value, customer_id: customerId });
  }
  return deductionOf(await talktime.ledger.submit(partnerId, { kind: 'assign', actor, callId, customerId }));
}

/**
 * What of a call could be mapped to its customer: by each kind at most one value.
 * @throws TalktimeError CALL_NOT_FOUND
 */
export async function mappableClues(
  transaction: Transaction,
  partnerId: string,
  callId: string,
): Promise<{ kind: MappingKind; value: string }[]> {
  const clues = mappingsOf(await readClues(transaction, partnerId, callId));
  return clues.filter(({ kind }, _, all) => all.filter((other) => other.kind === kind).length === 1);
}

async function readClues(transaction: Transaction, partnerId: string, callId: string): Promise<CallClues> {
  const [row] = await transaction.query<{
    agent_id: string | null;
    from_number: string | null;
    to_number: string | null;
    direction: CallClues['direction'];
    metadata_customer_id: string | null;
  }>(
    `select agent_id, from_number, to_number, direction, metadata_customer_id
     from talktime.calls where partner_id = $1 and call_id = $2`,
    [partnerId, callId],
  );
  if (!row)
    throw new TalktimeError(
      'CALL_NOT_FOUND',
      `There is no call ${callId}. The list of calls in suspense shows the ids.`,
    );
  return {
    agentId: row.agent_id,
    fromNumber: row.from_number,
    toNumber: row.to_number,
    direction: row.direction,
    metadataCustomerId: row.metadata_customer_id,
  };
}

/**
 * The value of a call's clue that a mapping of this kind would have.
 * @throws TalktimeError CALL_NOT_FOUND; REQUEST_INVALID when the call tells none, or does not tell which
 */
export async function clueOf(
  transaction: Transaction,
  partnerId: string,
  callId: string,
  kind: MappingKind,
): Promise<string> {
  const clues = await readClues(transaction, partnerId, callId);
  const found = mappingsOf(clues).filter((mapping) => mapping.kind === kind);
  if (found.length === 1) return found[0]!.value;
  throw new TalktimeError(
    'REQUEST_INVALID',
    found.length === 0
      ? `The call tells no ${kind.replace('_', ' ')}, so there is nothing to map. Leave "map" out.`
      : 'The call does not tell which of its numbers is on our side. Leave "map" out, and add the mapping by itself.',
    [{ path: 'map', message: 'cannot be mapped' }],
  );
}

/** Closes a call in suspense without charging it. */
export async function dismissCall(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  callId: string,
  reason: string,
): Promise<void> {
  await talktime.ledger.submit(partnerId, { kind: 'dismiss', actor, callId, reason });
}

/** Moves a charged call to the right customer: reversed and charged in one operation. */
export async function reassignCall(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  callId: string,
  customerId: string,
): Promise<DeductionResult> {
  return deductionOf(await talktime.ledger.submit(partnerId, { kind: 'reassign', actor, callId, customerId }));
}

function readCursor(cursor: string): [string, string] {
  const [, at, id] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)_([0-9a-f-]{36})$/.exec(cursor) ?? [];
  if (at === undefined || id === undefined) {
    throw new TalktimeError(
      'REQUEST_INVALID',
      'The cursor is not one that a page before gave. Start again without it.',
      [{ path: 'cursor', message: 'unknown' }],
    );
  }
  return [at, id];
}

function toSuspendedCall(row: SuspenseRow): SuspendedCall {
  return {
    call_id: row.call_id,
    provider: row.provider,
    account: row.account,
    provider_call_id: row.provider_call_id,
    reason: row.reason,
    raw_seconds: row.facts.rawMilliseconds / 1000,
    agent_id: row.agent_id,
    from_number: row.from_number,
    to_number: row.to_number,
    received_at: row.received_at.toISOString(),
  };
}
