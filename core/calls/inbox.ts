import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Delivered, DeliveredDetail, deliveryState, EndpointSettings, Provider } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database } from '../database';
import { deriveId } from '../ledger';
import { withoutTranscripts } from './transcripts';

export type InboxState = z.output<typeof deliveryState>;

/** A recorded delivery, as it is worked on. */
export interface InboxEntry {
  readonly inboxId: string;
  readonly endpointId: string;
  readonly provider: Provider;
  readonly body: Buffer;
  /** Whether `body` is JSON of ours; else the bytes as they came. */
  readonly decoded: boolean;
}

export interface InboxRow extends Record<string, unknown> {
  inbox_id: string;
  endpoint_id: string;
  provider: Provider;
  received_at: Date;
  deliveries: number;
  state: InboxState;
  message: string | null;
  provider_call_id: string | null;
  attempts: number;
  processed_at: Date | null;
}

/** When one that was recorded and not worked on (a crash) is taken up by the sweep. */
const TAKEN_UP_AFTER_SECONDS = 30;
const RETRY_SECONDS = 15;
const LONGEST_RETRY_SECONDS = 3600;

/** Days that deliveries are kept. One that waits for somebody is kept longest. */
const KEPT_DAYS = { ignored: 3, settled: 30, waiting: 90 } as const;

/**
 * Records a verified delivery: its body as `value` (without transcripts unless asked for), or the bytes when they could
 * not be decoded. The same body again is the same entry.
 */
export async function recordDelivery(
  database: Database,
  partnerId: string,
  delivery: {
    readonly endpointId: string;
    readonly provider: Provider;
    readonly rawBody: Buffer;
    /** undefined: could not be decoded. */
    readonly value: unknown;
    readonly settings: EndpointSettings;
    /** The provider's id of the call that it is about, when it is about one. */
    readonly callId: string | null;
  },
): Promise<InboxEntry> {
  const { endpointId, provider, rawBody, value, settings } = delivery;
  const inboxId = deriveId(partnerId, `inbox ${endpointId} ${createHash('sha256').update(rawBody).digest('hex')}`);
  const isDecoded = value !== undefined;
  const body = isDecoded ? Buffer.from(JSON.stringify(whatIsKept(value, settings))) : rawBody;
  await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      `insert into talktime.inbox (partner_id, inbox_id, endpoint_id, provider, body, decoded, state, next_attempt_at, provider_call_id)
       values ($1, $2, $3, $4, $5, $6, 'received', clock_timestamp() + make_interval(secs => $7), $8)
       on conflict (partner_id, inbox_id) do update set deliveries = inbox.deliveries + 1`,
      [partnerId, inboxId, endpointId, provider, body, isDecoded, TAKEN_UP_AFTER_SECONDS, delivery.callId],
    ),
  );
  return { inboxId, endpointId, provider, body, decoded: isDecoded };
}

/** Without transcripts, unless they are asked for; and with whatever the endpoint's own field paths read. */
function whatIsKept(value: unknown, { keep_transcripts, fields }: EndpointSettings): unknown {
  if (keep_transcripts) return value;
  const read = Object.values(fields ?? {}).map((each) => (typeof each === 'string' ? each : each.field));
  return withoutTranscripts(value, new Set(read.flatMap((path) => path.split('.'))));
}

/** What became of an entry. */
export async function settleDelivery(
  database: Database,
  partnerId: string,
  inboxId: string,
  outcome: {
    readonly state: Exclude<InboxState, 'received'>;
    readonly message: string | null;
    readonly callId: string | null;
  },
): Promise<void> {
  await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      `update talktime.inbox
       set state = $3, message = left($4, 500), provider_call_id = $5, attempts = attempts + 1, next_attempt_at = null,
           processed_at = clock_timestamp()
       where partner_id = $1 and inbox_id = $2`,
      [partnerId, inboxId, outcome.state, outcome.message, outcome.callId],
    ),
  );
}

/** It could not be worked on now (the database, an overload): the sweep tries again, ever more rarely. */
export async function postponeDelivery(
  database: Database,
  partnerId: string,
  inboxId: string,
  reason: string,
): Promise<void> {
  await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      `update talktime.inbox
       set state = 'received', message = left($3, 500), attempts = attempts + 1, processed_at = null,
           next_attempt_at = clock_timestamp() + make_interval(secs => least($4::int * 2 ^ least(attempts, 20), $5::int))
       where partner_id = $1 and inbox_id = $2`,
      [partnerId, inboxId, reason, RETRY_SECONDS, LONGEST_RETRY_SECONDS],
    ),
  );
}

/** Entries that were recorded and not worked on yet; with `dueOnly`, those whose time has come. */
export async function waitingDeliveries(
  database: Database,
  partnerId: string,
  limit: number,
  dueOnly: boolean,
): Promise<readonly InboxEntry[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<InboxRow & { body: Buffer; decoded: boolean }>(
      `select inbox_id, endpoint_id, provider, body, decoded
       from talktime.inbox
       where partner_id = $1 and state = 'received' and (next_attempt_at <= clock_timestamp() or not $3)
       order by next_attempt_at limit $2`,
      [partnerId, limit, dueOnly],
    ),
  );
  return rows.map(toEntry);
}

export async function readDelivery(
  database: Database,
  partnerId: string,
  inboxId: string,
): Promise<{ row: InboxRow; entry: InboxEntry }> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<InboxRow & { body: Buffer; decoded: boolean }>(
      `select inbox_id, endpoint_id, provider, received_at, deliveries, state, message, provider_call_id, attempts, processed_at, body, decoded
       from talktime.inbox where partner_id = $1 and inbox_id = $2`,
      [partnerId, inboxId],
    ),
  );
  if (!row)
    throw new TalktimeError(
      'DELIVERY_NOT_FOUND',
      'There is no such delivery in the inbox. It may have been kept long enough; the list shows those that are there.',
    );
  return { row, entry: toEntry(row) };
}

export interface InboxPage {
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
  readonly state?: InboxState;
  /** The provider's id of a call. */
  readonly callId?: string;
}

/** Deliveries, newest first. */
export async function listDeliveries(
  database: Database,
  partnerId: string,
  page: InboxPage,
): Promise<{ items: Delivered[]; next_cursor: string | null }> {
  const [before, beforeId] = page.cursor === undefined ? ['infinity', LAST_ID] : readCursor(page.cursor);
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<InboxRow>(
      `select inbox_id, endpoint_id, provider, received_at, deliveries, state, message, provider_call_id, attempts, processed_at
       from talktime.inbox
       where partner_id = $1 and state = any($2::text[]) and provider_call_id is not distinct from coalesce($6, provider_call_id)
         and (date_trunc('milliseconds', received_at), inbox_id) < ($3::timestamptz, $4::uuid)
       order by date_trunc('milliseconds', received_at) desc, inbox_id desc
       limit $5`,
      [partnerId, page.state ? [page.state] : ALL_STATES, before, beforeId, page.limit + 1, page.callId ?? null],
    ),
  );
  const items = rows.slice(0, page.limit).map(toDelivered);
  const last = items.at(-1);
  return { items, next_cursor: rows.length > page.limit && last ? `${last.received_at}_${last.id}` : null };
}

const ALL_STATES: readonly InboxState[] = ['received', 'booked', 'suspense', 'ignored', 'unreadable', 'refused'];
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Removes what has been kept long enough. Answers how many. */
export async function forgetDeliveries(database: Database, partnerId: string): Promise<number> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ removed: bigint }>(
      `with removed as (
         delete from talktime.inbox
         where partner_id = $1
           and received_at < clock_timestamp() - make_interval(days => case
             when state = 'ignored' then $2::int
             when state in ('booked', 'suspense') then $3::int
             else $4::int end)
         returning 1)
       select count(*) as removed from removed`,
      [partnerId, KEPT_DAYS.ignored, KEPT_DAYS.settled, KEPT_DAYS.waiting],
    ),
  );
  return Number(rows[0]!.removed);
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

const toEntry = (
  row: Pick<InboxRow, 'inbox_id' | 'endpoint_id' | 'provider'> & { body: Buffer; decoded: boolean },
) => ({
  inboxId: row.inbox_id,
  endpointId: row.endpoint_id,
  provider: row.provider,
  body: row.body,
  decoded: row.decoded,
});

export function toDelivered(row: InboxRow): Delivered {
  return {
    id: row.inbox_id,
    provider: row.provider,
    endpoint_id: row.endpoint_id,
    state: row.state,
    message: row.message,
    provider_call_id: row.provider_call_id,
    deliveries: row.deliveries,
    attempts: row.attempts,
    received_at: row.received_at.toISOString(),
    processed_at: row.processed_at?.toISOString() ?? null,
  };
}

/** A delivery with its body, as it is kept. */
export async function showDelivery(database: Database, partnerId: string, inboxId: string): Promise<DeliveredDetail> {
  const { row, entry } = await readDelivery(database, partnerId, inboxId);
  return { ...toDelivered(row), body: entry.body.toString('utf8') };
}
