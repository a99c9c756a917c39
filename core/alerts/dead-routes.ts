import { audit } from '../access/audit';
import type { DeadAlertRoute } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database } from '../database';
import type { Actor } from '../ledger/commands';
import { reviveOne } from './delivery/dead-routes';
import { wakeDispatchers } from './delivery/hold';
import { lockRouting } from './delivery/load';
import type { Audience } from './notice';

/** The routes that are not tried, with the reason and how much waits for them: for a banner where the partner looks. */
export async function deadRoutes(database: Database, partnerId: string): Promise<DeadAlertRoute[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ route: string; audience: Audience; dead_at: Date; reason: string; waiting: number }>(
      `select r.route, r.audience, r.dead_at, r.reason,
              (select count(*)::int from talktime.alert_messages m
               where m.partner_id = $1 and m.route = r.route and m.dead_because = 'route') as waiting
       from talktime.alert_routes r where r.partner_id = $1 order by r.dead_at, r.route`,
      [partnerId],
    ),
  );
  return rows.map(({ dead_at, ...row }) => ({ ...row, dead_at: dead_at.toISOString() }));
}

/**
 * Tries a route again. What was given up because of it, and is not over yet, is delivered.
 *
 * @throws ALERT_ROUTE_UNKNOWN when it is not dead
 */
export async function reviveRoute(database: Database, partnerId: string, actor: Actor, route: string): Promise<void> {
  await database.asPartner(partnerId, async (transaction) => {
    await lockRouting(transaction, partnerId);
    if (!(await reviveOne(transaction, partnerId, route)))
      throw new TalktimeError(
        'ALERT_ROUTE_UNKNOWN',
        `The route ${route} is not among those that are dead. GET /v1/alerts/routes shows them.`,
      );
    await audit(transaction, partnerId, actor, 'alert_route.revived', route.startsWith('email:') ? 'email' : route, {});
    wakeDispatchers(transaction, partnerId);
  });
}
