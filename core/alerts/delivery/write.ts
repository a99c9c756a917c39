import type { Transaction } from '../../database';
import type { Entry, MemberState, MessageState, Plan } from './plan';

/** Writes what was planned. The routing lock must be held. */
export function writePlan(transaction: Transaction, partnerId: string, plan: Plan): void {
  insertMessages(transaction, partnerId, plan.created);
  updateMessages(transaction, partnerId, plan.changed);
  upsertMembers(transaction, partnerId, plan.members);
  insertEntries(transaction, partnerId, plan.entries);
}

function insertMessages(transaction: Transaction, partnerId: string, rows: readonly MessageState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.alert_messages (partner_id, message_id, route, audience, kind, version, held_until, dead_at, dead_because, last_error)
     select $1, message_id, route, audience, kind, version, held_until,
            case when dead is not null then clock_timestamp() end, case when dead is not null then 'route' end, dead
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::timestamptz[], $8::text[])
       as new (message_id, route, audience, kind, version, held_until, dead)`,
    [
      partnerId,
      rows.map((row) => row.messageId),
      rows.map((row) => row.route),
      rows.map((row) => row.audience),
      rows.map((row) => row.kind),
      rows.map((row) => row.version),
      rows.map((row) => row.heldUntil),
      rows.map((row) => row.dead),
    ],
  );
}

/** There is news to show: what was given up is tried again, unless its route is dead. */
function updateMessages(transaction: Transaction, partnerId: string, rows: readonly MessageState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `update talktime.alert_messages m
     set version = new.version, held_until = new.held_until,
         attempts = case when m.dead_because in ('message', 'attempts') then 0 else m.attempts end,
         dead_at = case when m.dead_because = 'route' then m.dead_at end,
         dead_because = case when m.dead_because = 'route' then m.dead_because end
     from unnest($2::uuid[], $3::int[], $4::timestamptz[]) as new (message_id, version, held_until)
     where m.partner_id = $1 and m.message_id = new.message_id`,
    [partnerId, rows.map((row) => row.messageId), rows.map((row) => row.version), rows.map((row) => row.heldUntil)],
  );
}

function upsertMembers(transaction: Transaction, partnerId: string, rows: readonly MemberState[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.alert_members (partner_id, wallet_id, episode, route, message_id, event, detail, at, sequence, began_at)
     select $1, * from unnest($2::int[], $3::int[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[], $9::bigint[], $10::timestamptz[])
     on conflict (partner_id, wallet_id, episode, route) do update
     set event = excluded.event, detail = excluded.detail, at = excluded.at, sequence = excluded.sequence`,
    [
      partnerId,
      rows.map((row) => row.walletId),
      rows.map((row) => row.episode),
      rows.map((row) => row.route),
      rows.map((row) => row.messageId),
      rows.map((row) => row.latest.event),
      rows.map((row) => row.latest.detail),
      rows.map((row) => row.latest.at),
      rows.map((row) => row.latest.sequence),
      rows.map((row) => row.beganAt),
    ],
  );
}

function insertEntries(transaction: Transaction, partnerId: string, rows: readonly Entry[]): void {
  if (rows.length === 0) return;
  transaction.send(
    `insert into talktime.alert_entries (partner_id, message_id, entry_id, version, wallet_id, episode, event, detail, at, sequence, broadcast)
     select $1, * from unnest($2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::int[], $7::text[], $8::text[], $9::timestamptz[], $10::bigint[], $11::boolean[])`,
    [
      partnerId,
      rows.map((row) => row.messageId),
      rows.map((row) => row.id),
      rows.map((row) => row.version),
      rows.map((row) => row.walletId),
      rows.map((row) => row.episode),
      rows.map((row) => row.event),
      rows.map((row) => row.detail),
      rows.map((row) => row.at),
      rows.map((row) => row.sequence),
      rows.map((row) => row.broadcast),
    ],
  );
}
