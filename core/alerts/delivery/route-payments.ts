import type { Transaction } from '../../database';
import { loadParked } from './dead-routes';
import { loadPartnersRoutes } from './load';
import { partnersPlannedRoutes, type PlannedRoute } from './plan-routes';

/** How much news is routed at a time. */
const AT_ONCE = 300;

/** A payment's message and the news that it is to show. */
interface Due {
  readonly paymentId: string;
  readonly number: number;
}

/**
 * Brings the messages about payments up to the news of them: one for each payment on each of the partner's routes. How a
 * partner collects is told to nobody else. The routing lock must be held. Answers whether there is more to do.
 */
export async function routePayments(transaction: Transaction, partnerId: string): Promise<boolean> {
  const rows = await transaction.query<{ payment_id: string; number: number }>(
    `update talktime.payment_news
     set routed_at = clock_timestamp()
     where partner_id = $1 and (payment_id, number) in (
       select payment_id, number from talktime.payment_news
       where partner_id = $1 and routed_at is null
       order by at, payment_id, number
       limit $2)
     returning payment_id, number`,
    [partnerId, AT_ONCE],
  );
  if (rows.length === 0) return false;
  const latest = new Map<string, number>();
  for (const { payment_id, number } of rows) latest.set(payment_id, Math.max(number, latest.get(payment_id) ?? number));
  await placePayments(
    transaction,
    partnerId,
    [...latest].map(([paymentId, number]) => ({ paymentId, number })),
    await partnersRoutesNow(transaction, partnerId),
  );
  return rows.length === AT_ONCE;
}

/** Gives the payments of messages a message on other routes: those where alerts go now, unless said. The routing lock must be held. */
export async function movePayments(
  transaction: Transaction,
  partnerId: string,
  messageIds: readonly string[],
  routes?: readonly PlannedRoute[],
): Promise<boolean> {
  const rows = await transaction.query<{ payment_id: string; number: number }>(
    `select about ->> 'payment_id' as payment_id, version as number
     from talktime.alert_messages where partner_id = $1 and message_id = any($2::uuid[]) and kind = 'payment'`,
    [partnerId, messageIds],
  );
  const to = (routes ?? (await partnersRoutesNow(transaction, partnerId))).filter(({ route }) => route !== 'none');
  if (rows.length === 0 || to.length === 0) return false;
  await placePayments(
    transaction,
    partnerId,
    rows.map(({ payment_id: paymentId, number }) => ({ paymentId, number })),
    to,
  );
  return true;
}

async function partnersRoutesNow(transaction: Transaction, partnerId: string): Promise<PlannedRoute[]> {
  const [partner, parked] = await Promise.all([
    loadPartnersRoutes(transaction, partnerId),
    loadParked(transaction, partnerId),
  ]);
  return partnersPlannedRoutes(partner, parked);
}

/** What was given up is tried again now that there is news, unless its route is dead. */
async function placePayments(
  transaction: Transaction,
  partnerId: string,
  due: readonly Due[],
  routes: readonly PlannedRoute[],
): Promise<void> {
  await transaction.query(
    `insert into talktime.alert_messages as m
       (partner_id, message_id, route, audience, kind, about, version, dead_at, dead_because, last_error)
     select $1, gen_random_uuid(), r.route, 'partner', 'payment', jsonb_build_object('payment_id', p.payment_id), p.number,
            case when r.dead is not null then clock_timestamp() end, case when r.dead is not null then 'route' end, r.dead
     from unnest($2::text[], $3::int[]) as p (payment_id, number)
     cross join unnest($4::text[], $5::text[]) as r (route, dead)
     on conflict (partner_id, route, (about ->> 'payment_id')) where kind = 'payment'
     do update set
       version = greatest(m.version, excluded.version),
       attempts = case when m.dead_because in ('message', 'attempts') then 0 else m.attempts end,
       dead_at = case when m.dead_because = 'route' then m.dead_at end,
       dead_because = case when m.dead_because = 'route' then m.dead_because end`,
    [
      partnerId,
      due.map(({ paymentId }) => paymentId),
      due.map(({ number }) => number),
      routes.map(({ route }) => route),
      routes.map(({ dead }) => dead),
    ],
  );
}
