import { randomUUID } from 'node:crypto';
import type { Transaction } from '../../database';
import { FIRST_MARGIN_EPISODE } from '../margin-guard';
import type { AlertEvent, Audience } from '../notice';
import { memberKey, type Happening, type MemberState, type MessageState, type Placement, type Standings } from './plan';
import type { Recipients } from './plan-routes';
import { readStates, type WalletAlertState } from './states';
import { DIGEST_MINUTE, MOST_IN_DIGEST, type Holding } from './timing';

/**
 * Takes the right to change which messages a partner's alerts are in, and at which version, until the transaction ends.
 * Answers the database's time once it is had.
 */
export async function lockRouting(transaction: Transaction, partnerId: string): Promise<Date> {
  await transaction.query(`select pg_advisory_xact_lock(hashtextextended('talktime alert routing ' || $1, 0))`, [
    partnerId,
  ]);
  return readClock(transaction);
}

export async function readClock(transaction: Transaction): Promise<Date> {
  const [row] = await transaction.query<{ now: Date }>('select clock_timestamp() as now');
  return row!.now;
}

/** Where the partner itself is told. */
export async function loadPartnersRoutes(transaction: Transaction, partnerId: string): Promise<Recipients['partner']> {
  const [partner] = await transaction.query<{ team_id: string | null; channel: string | null; emails: string[] }>(
    'select slack_team_id as team_id, slack_channel as channel, alert_emails as emails from talktime.partners where partner_id = $1',
    [partnerId],
  );
  return { teamId: partner?.team_id ?? null, channel: partner?.channel ?? null, emails: partner?.emails ?? [] };
}

/** Whom wallets' alerts are for, by wallet. */
export async function loadRecipients(
  transaction: Transaction,
  partnerId: string,
  walletIds: readonly number[],
): Promise<Map<number, Recipients>> {
  const [own, customers] = await Promise.all([
    loadPartnersRoutes(transaction, partnerId),
    transaction.query<{
      wallet_id: number;
      ai_credits_enabled: boolean;
      emails: string[];
      channels: { team_id: string | null; channel_id: string }[];
    }>(
      `select c.wallet_id, c.ai_credits_enabled, c.alert_emails as emails,
              coalesce((select jsonb_agg(jsonb_build_object('team_id', s.team_id, 'channel_id', s.channel_id) order by s.channel_id)
                        from talktime.slack_channels s
                        where s.partner_id = $1 and s.customer_id = c.customer_id), '[]') as channels
       from talktime.customers c
       where c.partner_id = $1 and c.wallet_id = any($2::int[])`,
      [partnerId, walletIds],
    ),
  ]);
  const byWallet = new Map(customers.map((row) => [row.wallet_id, row]));
  return new Map(
    walletIds.map((walletId) => {
      const row = byWallet.get(walletId);
      const customer = row && {
        aiCreditsEnabled: row.ai_credits_enabled,
        emails: row.emails,
        channels: row.channels.map(({ team_id, channel_id }) => ({ teamId: team_id, channel: channel_id })),
      };
      return [walletId, { partner: own, customer: customer ?? null }];
    }),
  );
}

/** What there is of the episodes and on the routes that placements touch. The routing lock must be held. */
export async function loadStandings(
  transaction: Transaction,
  partnerId: string,
  placements: readonly Placement[],
  now: Date,
): Promise<Standings> {
  const wallets = [...new Set(placements.map(({ happening }) => happening.walletId))];
  const routes = [...new Set(placements.map(({ route }) => route))];
  const [members, recent, gathering, states, intervals] = await Promise.all([
    loadMembers(transaction, partnerId, placements),
    loadRecent(transaction, partnerId, routes, now),
    loadGathering(transaction, partnerId, routes),
    readStates(transaction, partnerId, wallets),
    loadIntervals(transaction, partnerId, wallets, routes),
  ]);
  const messages = await loadMessages(transaction, partnerId, [
    ...[...members.values()].map(({ messageId }) => messageId),
    ...[...gathering.values()].map(({ messageId }) => messageId),
  ]);
  return {
    now,
    members,
    messages,
    recent,
    gathering,
    holding: (walletId, route, margin) => holdingOf(states.get(walletId), intervals(walletId, route, margin), now),
    newId: randomUUID,
  };
}

/** What holds a wallet's alerts back at a moment. */
export function holdingOf(state: WalletAlertState | undefined, intervalUntil: Date | null, now: Date): Holding {
  return {
    quietUntil: state?.quietUntil != null && state.quietUntil > now ? state.quietUntil : null,
    snooze: state?.snooze ?? null,
    intervalUntil,
  };
}

interface MemberRow {
  wallet_id: number;
  episode: number;
  route: string;
  message_id: string;
  event: AlertEvent;
  detail: string | null;
  at: Date;
  sequence: bigint;
  began_at: Date;
}

export function toMember(row: MemberRow): MemberState {
  const { wallet_id: walletId, episode, route, message_id: messageId, event, detail, at, sequence } = row;
  const latest: Happening = { id: messageId, walletId, episode, event, detail, at, sequence };
  return { walletId, episode, route, messageId, latest, beganAt: row.began_at };
}

async function loadMembers(
  transaction: Transaction,
  partnerId: string,
  placements: readonly Placement[],
): Promise<Map<string, MemberState>> {
  const rows = await transaction.query<MemberRow & Record<string, unknown>>(
    `select wallet_id, episode, route, message_id, event, detail, at, sequence, began_at
     from talktime.alert_members
     where partner_id = $1 and (wallet_id, episode) in (select * from unnest($2::int[], $3::int[]))`,
    [
      partnerId,
      placements.map(({ happening }) => happening.walletId),
      placements.map(({ happening }) => happening.episode),
    ],
  );
  return new Map(rows.map((row) => [memberKey(row.wallet_id, row.episode, row.route), toMember(row)]));
}

async function loadMessages(
  transaction: Transaction,
  partnerId: string,
  messageIds: readonly string[],
): Promise<Map<string, MessageState>> {
  const rows = await transaction.query<{
    message_id: string;
    route: string;
    audience: Audience;
    kind: MessageState['kind'];
    version: number;
    held_until: Date;
    dead: string | null;
    posted: boolean;
    shown_at: Date | null;
  }>(
    `select message_id, route, audience, kind, version, held_until, shown > 0 as posted, shown_at,
            case when dead_because = 'route' then last_error end as dead
     from talktime.alert_messages
     where partner_id = $1 and message_id = any($2::uuid[])`,
    [partnerId, messageIds],
  );
  return new Map(
    rows.map(({ message_id: messageId, held_until: heldUntil, shown_at: shownAt, ...row }) => [
      messageId,
      { messageId, heldUntil, shownAt, ...row },
    ]),
  );
}

/** What a rule holds back by itself does not count: it comes out later, alone. */
async function loadRecent(
  transaction: Transaction,
  partnerId: string,
  routes: readonly string[],
  now: Date,
): Promise<Map<string, number>> {
  const rows = await transaction.query<{ route: string; n: number }>(
    `select route, count(*)::int as n
     from (select b.route, b.wallet_id, b.episode
           from talktime.alert_members b
           join talktime.alert_messages m using (partner_id, message_id)
           where b.partner_id = $1 and b.route = any($2::text[]) and b.created_at > $3
             and (m.kind = 'digest' or m.held_until <= $4)
           union
           select b.route, b.wallet_id, b.episode
           from talktime.alert_messages m
           join talktime.alert_members b using (partner_id, message_id)
           where m.partner_id = $1 and m.route = any($2::text[]) and m.version > m.shown and m.shown = 0 and m.dead_at is null
             and m.kind = 'episode' and m.held_until <= $4) as opened
     group by route`,
    [partnerId, routes, new Date(now.getTime() - DIGEST_MINUTE), now],
  );
  return new Map(rows.map(({ route, n }) => [route, n]));
}

async function loadGathering(
  transaction: Transaction,
  partnerId: string,
  routes: readonly string[],
): Promise<Map<string, { messageId: string; members: number }>> {
  const rows = await transaction.query<{ route: string; message_id: string; members: number }>(
    `select distinct on (m.route) m.route, m.message_id, b.members
     from talktime.alert_messages m
     join lateral (select count(*)::int as members from talktime.alert_members b
                   where b.partner_id = $1 and b.message_id = m.message_id) b on true
     where m.partner_id = $1 and m.route = any($2::text[]) and m.kind = 'digest' and m.version > m.shown and m.shown = 0
       and m.dead_at is null and m.leased_until is null and b.members < $3
     order by m.route, m.created_at desc`,
    [partnerId, routes, MOST_IN_DIGEST],
  );
  return new Map(rows.map(({ route, message_id: messageId, members }) => [route, { messageId, members }]));
}

type Intervals = (walletId: number, route: string, margin: boolean) => Date | null;

/** Until when a wallet's next episode waits on a route: the partner's interval after the last one was last told there. */
export async function loadIntervals(
  transaction: Transaction,
  partnerId: string,
  wallets: readonly number[],
  routes: readonly string[],
): Promise<Intervals> {
  const rows = await transaction.query<{ wallet_id: number; route: string; margin: boolean; until: Date }>(
    `select b.wallet_id, b.route, b.episode >= $4 as margin, max(b.told_at) + make_interval(mins => p.alert_interval_minutes) as until
     from talktime.partners p
     join talktime.alert_members b using (partner_id)
     where p.partner_id = $1 and p.alert_interval_minutes > 0
       and b.wallet_id = any($2::int[]) and b.route = any($3::text[]) and b.told_at is not null
     group by b.wallet_id, b.route, margin, p.alert_interval_minutes`,
    [partnerId, wallets, routes, FIRST_MARGIN_EPISODE],
  );
  const keyOf = (walletId: number, route: string, margin: boolean) => `${walletId} ${margin} ${route}`;
  const until = new Map(rows.map((row) => [keyOf(row.wallet_id, row.route, row.margin), row.until]));
  return (walletId, route, margin) => until.get(keyOf(walletId, route, margin)) ?? null;
}
