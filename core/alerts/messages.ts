import { randomUUID } from 'node:crypto';
import { audit } from '../access/audit';
import type { AlertMessage } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import type { Actor } from '../ledger/commands';
import { wakeDispatchers } from './delivery/hold';
import { loadParked } from './delivery/dead-routes';
import { loadRecipients, loadStandings, lockRouting, toMember } from './delivery/load';
import { planMessages, type Placement } from './delivery/plan';
import { routesOf } from './delivery/plan-routes';
import { movePayments } from './delivery/route-payments';
import { writePlan } from './delivery/write';
import type { Audience } from './notice';
import { parseRoute, routeText } from './routes';

interface MessageRow {
  message_id: string;
  route: string;
  audience: Audience;
  kind: AlertMessage['kind'];
  waits: boolean;
  attempts: number;
  doubts: number;
  due_at: Date;
  dead_at: Date | null;
  last_error: string | null;
  created_at: Date;
  cursor_at: string;
  shown_at: Date | null;
  customer_ids: string[];
}

const COLUMNS = `m.message_id, m.route, m.audience, m.kind, m.version > m.shown as waits, m.attempts, m.doubts,
  greatest(m.next_attempt_at, m.held_until, m.leased_until) as due_at, m.dead_at, m.last_error, m.created_at, m.created_at::text as cursor_at, m.shown_at,
  array(select c.customer_id from talktime.alert_members b
        join talktime.customers c on c.partner_id = b.partner_id and c.wallet_id = b.wallet_id
        where b.partner_id = m.partner_id and b.message_id = m.message_id
        union
        select p.customer_id from talktime.payments p
        where m.kind = 'payment' and p.partner_id = m.partner_id and p.payment_id = m.about ->> 'payment_id' and p.customer_id is not null
        order by 1) as customer_ids`;

const STATES = {
  waiting: 'and m.version > m.shown and m.dead_at is null',
  delivered: 'and m.version = m.shown and m.dead_at is null',
  dead: 'and m.dead_at is not null',
} as const;

export interface AlertQuery {
  readonly state?: AlertMessage['state'];
  readonly customerId?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** The messages that tell of alerts, newest first, with what became of them. @throws REQUEST_INVALID for a cursor that is none */
export async function listAlerts(
  database: Database,
  partnerId: string,
  { state, customerId, limit, cursor }: AlertQuery,
): Promise<{ items: AlertMessage[]; next_cursor: string | null }> {
  const after = cursor === undefined ? null : readCursor(cursor);
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<MessageRow & Record<string, unknown>>(
      `select ${COLUMNS}
       from talktime.alert_messages m
       where m.partner_id = $1 ${state ? STATES[state] : ''}
         and ($2::text is null or exists (
           select from talktime.alert_members b
           join talktime.customers c on c.partner_id = b.partner_id and c.wallet_id = b.wallet_id
           where b.partner_id = $1 and b.message_id = m.message_id and c.customer_id = $2)
           or exists (select from talktime.payments p
                      where m.kind = 'payment' and p.partner_id = $1 and p.payment_id = m.about ->> 'payment_id' and p.customer_id = $2))
         and ($3::timestamptz is null or (m.created_at, m.message_id) < ($3, $4))
       order by m.created_at desc, m.message_id desc
       limit $5`,
      [partnerId, customerId ?? null, after?.at ?? null, after?.id ?? null, limit + 1],
    ),
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(toAlert),
    next_cursor: rows.length > limit && last ? writeCursor(last) : null,
  };
}

/**
 * Tries a message again that was given up, with all attempts before it; one that is not dead stays as it is. What had
 * nowhere to go goes where alerts go now.
 *
 * @throws ALERT_NOT_FOUND
 */
export async function retryAlert(
  database: Database,
  partnerId: string,
  actor: Actor,
  messageId: string,
): Promise<AlertMessage> {
  return database.asPartner(partnerId, async (transaction) => {
    const now = await lockRouting(transaction, partnerId);
    const [dead] = await transaction.query<{ route: string }>(
      `update talktime.alert_messages
       set dead_at = null, dead_because = null, attempts = 0, next_attempt_at = clock_timestamp(), held_until = clock_timestamp()
       where partner_id = $1 and message_id = $2 and dead_at is not null
       returning route`,
      [partnerId, messageId],
    );
    if (dead) {
      await audit(transaction, partnerId, actor, 'alert.retried', messageId, {});
      if (dead.route === 'none') await moveToRoutes(transaction, partnerId, messageId, now);
      wakeDispatchers(transaction, partnerId);
    }
    return readAlert(transaction, partnerId, messageId);
  });
}

/**
 * Sends a test message to a route: the partner's channel, unless said.
 *
 * @throws ALERT_ROUTE_UNKNOWN when alerts do not go there
 */
export async function sendTestAlert(
  database: Database,
  partnerId: string,
  actor: Actor,
  route?: string,
): Promise<AlertMessage> {
  return database.asPartner(partnerId, async (transaction) => {
    const routes = await routesInUse(transaction, partnerId);
    // Nobody asked for a test in a customer's channel.
    const first = [...routes].find(([, audience]) => audience === 'partner')?.[0];
    const wanted = route === undefined ? first : routeText(parseRoute(route));
    const audience = wanted === undefined ? undefined : routes.get(wanted);
    if (wanted === undefined || audience === undefined)
      throw new TalktimeError(
        'ALERT_ROUTE_UNKNOWN',
        route === undefined
          ? "No channel is set for alerts. Set the partner's slack_channel first."
          : `Alerts do not go to ${route}. Link the channel, or add the address to alert_emails, first.`,
      );
    const messageId = randomUUID();
    await transaction.query(
      `insert into talktime.alert_messages (partner_id, message_id, route, audience, kind, about) values ($1, $2, $3, $4, 'test', $5)`,
      [partnerId, messageId, wanted, audience, JSON.stringify({ by: actor.id })],
    );
    await audit(transaction, partnerId, actor, 'alert.tested', messageId, { audience });
    wakeDispatchers(transaction, partnerId);
    return readAlert(transaction, partnerId, messageId);
  });
}

async function readAlert(transaction: Transaction, partnerId: string, messageId: string): Promise<AlertMessage> {
  const [row] = await transaction.query<MessageRow & Record<string, unknown>>(
    `select ${COLUMNS} from talktime.alert_messages m where m.partner_id = $1 and m.message_id = $2`,
    [partnerId, messageId],
  );
  if (!row) throw new TalktimeError('ALERT_NOT_FOUND', 'There is no such alert. GET /v1/alerts lists them.');
  return toAlert(row);
}

/** Every route that alerts go to, the partner's first: its channel, its e-mails, then the customers'. */
async function routesInUse(transaction: Transaction, partnerId: string): Promise<Map<string, Audience>> {
  const rows = await transaction.query<{ route: string; audience: Audience }>(
    `select format('slack:%s:%s', slack_team_id, slack_channel) as route, 'partner' as audience, 1 as rank
     from talktime.partners where partner_id = $1 and slack_channel is not null
     union all
     select 'email:' || lower(address), 'partner', 2 from talktime.partners, unnest(alert_emails) address where partner_id = $1
     union all
     select format('slack:%s:%s', coalesce(s.team_id, p.slack_team_id), s.channel_id), 'customer', 3
     from talktime.slack_channels s join talktime.partners p using (partner_id) where partner_id = $1
     union all
     select 'email:' || lower(address), 'customer', 4 from talktime.customers, unnest(alert_emails) address where partner_id = $1
     order by rank, route`,
    [partnerId],
  );
  const routes = new Map<string, Audience>();
  for (const { route, audience } of rows) if (!routes.has(route)) routes.set(route, audience);
  return routes;
}

/** Gives the episodes of a message that had nowhere to go a message on each of the partner's routes of now. */
async function moveToRoutes(transaction: Transaction, partnerId: string, messageId: string, now: Date): Promise<void> {
  const rows = await transaction.query<Parameters<typeof toMember>[0] & Record<string, unknown>>(
    `select wallet_id, episode, route, message_id, event, detail, at, sequence, began_at
     from talktime.alert_members where partner_id = $1 and message_id = $2`,
    [partnerId, messageId],
  );
  const members = rows.map(toMember);
  const recipients = await loadRecipients(
    transaction,
    partnerId,
    members.map(({ walletId }) => walletId),
  );
  const parked = await loadParked(transaction, partnerId);
  const placements = members.flatMap(({ latest, walletId }) =>
    routesOf(latest.event, recipients.get(walletId)!, parked)
      .filter(({ audience, route }) => audience === 'partner' && route !== 'none')
      .map((route): Placement => ({ ...route, happening: { ...latest, id: randomUUID() } })),
  );
  const isMoved = await movePayments(transaction, partnerId, [messageId]);
  if (placements.length === 0 && !isMoved) return;
  if (placements.length > 0)
    writePlan(
      transaction,
      partnerId,
      planMessages(placements, await loadStandings(transaction, partnerId, placements, now)),
    );
  await transaction.query(
    'update talktime.alert_messages set shown = version where partner_id = $1 and message_id = $2',
    [partnerId, messageId],
  );
}

function toAlert(row: MessageRow): AlertMessage {
  const state = row.dead_at ? 'dead' : row.waits ? 'waiting' : 'delivered';
  return {
    id: row.message_id,
    route: row.route,
    audience: row.audience,
    kind: row.kind,
    state,
    customer_ids: row.customer_ids,
    attempts: row.attempts,
    doubts: row.doubts,
    last_error: row.last_error,
    next_attempt_at: state === 'waiting' ? row.due_at.toISOString() : null,
    created_at: row.created_at.toISOString(),
    delivered_at: row.shown_at?.toISOString() ?? null,
  };
}

function writeCursor({ cursor_at, message_id }: MessageRow): string {
  return Buffer.from(`${cursor_at} ${message_id}`).toString('base64url');
}

const CURSOR = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d(?::?\d\d)?) ([0-9a-f-]{36})$/;

function readCursor(cursor: string): { at: string; id: string } {
  const [, at, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (at !== undefined && id !== undefined) return { at, id };
  const message = 'is not the next_cursor of a page';
  throw new TalktimeError('REQUEST_INVALID', `cursor ${message}.`, [{ path: 'cursor', message }]);
}
