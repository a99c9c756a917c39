import { randomUUID } from 'node:crypto';
import type { Transaction } from '../../database';
import type { Audience } from '../notice';
import { parseRoute, routeText } from '../routes';
import { loadStandings, toMember } from './load';
import { planMessages, type Placement } from './plan';
import type { Parked } from './plan-routes';
import { movePayments } from './route-payments';
import { writePlan } from './write';

/** The routes that are not tried, and where the partner's go instead. The routing lock must be held. */
export async function loadParked(transaction: Transaction, partnerId: string): Promise<Parked> {
  await reviveMended(transaction, partnerId);
  const [rows, fallback] = await Promise.all([
    transaction.query<{ route: string; reason: string }>(
      'select route, reason from talktime.alert_routes where partner_id = $1',
      [partnerId],
    ),
    findFallback(transaction, partnerId),
  ]);
  return { dead: new Map(rows.map(({ route, reason }) => [route, reason])), fallback };
}

/**
 * Takes a route off: what waits there is given up with the reason. The partner's goes on as a direct message, and so does
 * the news of it, once a route. The routing lock must be held.
 */
export async function parkRoute(
  transaction: Transaction,
  partnerId: string,
  route: string,
  audience: Audience,
  reason: string,
  now: Date,
): Promise<void> {
  const parked = await transaction.query(
    `insert into talktime.alert_routes (partner_id, route, audience, dead_at, reason) values ($1, $2, $3, $4, $5)
     on conflict (partner_id, route) do nothing returning route`,
    [partnerId, route, audience, now, reason],
  );
  const given = await transaction.query<{ message_id: string }>(
    `update talktime.alert_messages set dead_at = $3, dead_because = 'route', last_error = $4
     where partner_id = $1 and route = $2 and version > shown and dead_at is null
     returning message_id`,
    [partnerId, route, now, reason],
  );
  const { dead, fallback } = await loadParked(transaction, partnerId);
  const standIn = fallback !== null && fallback !== route && !dead.has(fallback) ? fallback : null;
  if (audience === 'partner' && standIn !== null && parseRoute(route).kind === 'slack')
    await moveTo(
      transaction,
      partnerId,
      standIn,
      given.map((row) => row.message_id),
      now,
    );
  if (parked.length === 0 || parseRoute(route).kind === 'dm') return;
  const newsTo = standIn ?? (await partnersOwnChannel(transaction, partnerId, dead));
  if (newsTo === null) return;
  await transaction.query(
    `insert into talktime.alert_messages (partner_id, message_id, route, audience, kind, about)
     values ($1, $2, $3, 'partner', 'route_dead', $4)`,
    [partnerId, randomUUID(), newsTo, JSON.stringify({ route, audience, reason, at: now.toISOString() })],
  );
}

/**
 * Tries a route again from now on. What was given up because of it goes out where its episode is still open, or is news
 * of no episode; the rest is over and can be asked for one by one. Answers whether it had been dead.
 */
export async function reviveOne(transaction: Transaction, partnerId: string, route: string): Promise<boolean> {
  const revived = await transaction.query(
    'delete from talktime.alert_routes where partner_id = $1 and route = $2 returning route',
    [partnerId, route],
  );
  if (revived.length === 0) return false;
  await transaction.query(
    `update talktime.alert_messages m
     set dead_at = null, dead_because = null, attempts = 0, next_attempt_at = clock_timestamp()
     where m.partner_id = $1 and m.route = $2 and m.dead_because = 'route'
       and (m.kind not in ('episode', 'digest')
            or exists (select from talktime.alert_members b
                       join talktime.wallets w using (partner_id, wallet_id)
                       where b.partner_id = $1 and b.message_id = m.message_id and w.episode = b.episode and w.told <> 'ok'))`,
    [partnerId, route],
  );
  return true;
}

/** Gives the episodes of messages, as they stand, a message on another route. */
async function moveTo(
  transaction: Transaction,
  partnerId: string,
  route: string,
  messageIds: readonly string[],
  now: Date,
): Promise<void> {
  const rows = await transaction.query<Parameters<typeof toMember>[0] & Record<string, unknown>>(
    `select wallet_id, episode, route, message_id, event, detail, at, sequence, began_at
     from talktime.alert_members where partner_id = $1 and message_id = any($2::uuid[])
     order by at, wallet_id`,
    [partnerId, messageIds],
  );
  const placements = rows.map(toMember).map(
    ({ latest }): Placement => ({
      happening: { ...latest, id: randomUUID() },
      route,
      audience: 'partner',
      dead: null,
    }),
  );
  await movePayments(transaction, partnerId, messageIds, [{ route, audience: 'partner', dead: null }]);
  if (placements.length === 0) return;
  writePlan(
    transaction,
    partnerId,
    planMessages(placements, await loadStandings(transaction, partnerId, placements, now)),
  );
}

/** A route is tried again by itself once the app was installed anew, or the channel linked anew, since it died. */
async function reviveMended(transaction: Transaction, partnerId: string): Promise<void> {
  const dead = await transaction.query<{ route: string; dead_at: Date }>(
    'select route, dead_at from talktime.alert_routes where partner_id = $1',
    [partnerId],
  );
  for (const { route: text, dead_at } of dead) {
    const route = parseRoute(text);
    if (route.kind !== 'slack' && route.kind !== 'dm') continue;
    const mended = await transaction.query(
      `select 1 from talktime.slack_installations
       where partner_id = $1 and workspace_id = $2 and gone_at is null and installed_at > $4
       union all
       select 1 from talktime.slack_channels where partner_id = $1 and channel_id = $3 and linked_at > $4`,
      [partnerId, route.teamId, route.kind === 'slack' ? route.channel : null, dead_at],
    );
    if (mended.length > 0) await reviveOne(transaction, partnerId, text);
  }
}

/** Whoever installed the app where the partner's alerts go, else an owner by role, in that workspace first. */
async function findFallback(transaction: Transaction, partnerId: string): Promise<string | null> {
  const [row] = await transaction.query<{ team_id: string; user_id: string }>(
    `select found.team_id, found.user_id
     from talktime.partners p
     cross join lateral (
       select workspace_id as team_id, installer_id as user_id, 1 as rank, installed_at as at
       from talktime.slack_installations
       where partner_id = $1 and gone_at is null
       union all
       select team_id, user_id, 2, created_at
       from talktime.slack_roles r
       where partner_id = $1 and role = 'owner'
         and not exists (select from talktime.slack_installations i
                         where i.partner_id = $1 and i.workspace_id = r.team_id and i.gone_at is not null)) as found
     where p.partner_id = $1
     order by found.rank, found.team_id = p.slack_team_id desc nulls last, found.at, found.user_id
     limit 1`,
    [partnerId],
  );
  return row ? routeText({ kind: 'dm', teamId: row.team_id, userId: row.user_id }) : null;
}

async function partnersOwnChannel(
  transaction: Transaction,
  partnerId: string,
  dead: ReadonlyMap<string, string>,
): Promise<string | null> {
  const [row] = await transaction.query<{ team_id: string | null; channel: string | null }>(
    'select slack_team_id as team_id, slack_channel as channel from talktime.partners where partner_id = $1',
    [partnerId],
  );
  if (!row?.channel) return null;
  const route = routeText({ kind: 'slack', teamId: row.team_id, channel: row.channel });
  return dead.has(route) ? null : route;
}
