import { randomUUID } from 'node:crypto';
import type { Database, Transaction } from '../../database';
import type { Audience, PostedMessage } from '../notice';
import type { MessageState } from './plan';
import { routeAlerts } from './routing';

/** A message that is this process's to deliver, for a while. */
export interface Claim {
  readonly partnerId: string;
  readonly messageId: string;
  readonly leaseId: string;
  readonly route: string;
  readonly audience: Audience;
  readonly kind: MessageState['kind'];
  readonly about: unknown;
  /** What there is to show. */
  readonly version: number;
  /** What the message shows. */
  readonly shown: number;
  readonly attempts: number;
  readonly previous: PostedMessage | null;
  readonly createdAt: Date;
  /** Whether what is posted now may be there already. */
  readonly inDoubt: boolean;
  /** Whether this attempt is the first to know of that. */
  readonly newDoubt: boolean;
  /** Whether the message itself may be there twice. */
  readonly doubled: boolean;
}

/** `waiting`: nothing is due now, and something will be in so many seconds. `more`: there is more to route first. */
export type Claimed =
  | { readonly kind: 'claim'; readonly claim: Claim }
  | { readonly kind: 'waiting'; readonly seconds: number }
  | { readonly kind: 'more' }
  | { readonly kind: 'nothing' };

/** Milliseconds between two posts to a channel. Slack allows about one a second; what is claimed evenly arrives less evenly. */
const PACE = 1_100;

/** Whether delivering a message posts something that is there twice when it is done twice. Updates are not. */
const POSTS = `(m.ts is null or m.kind = 'payment' or m.route like 'email:%'
  or exists (select from talktime.alert_entries e
             where e.partner_id = m.partner_id and e.message_id = m.message_id and e.version > m.shown and e.version <= m.version))`;

const PACED = `(m.route like 'slack:%' or m.route like 'dm:%')`;

/**
 * Routes what the ledger wrote, and claims the message that has been due longest, of the routes that are not `busy`. Replicas share the work: a message is
 * claimed by one, and a post to a channel is claimed only when the last one there was long enough ago. A lease that ran
 * out before anything was written down leaves a doubt, when it was a post.
 */
export async function claimMessage(
  database: Database,
  partnerId: string,
  { busy, leaseSeconds }: { readonly busy: readonly string[]; readonly leaseSeconds: number },
): Promise<Claimed> {
  return database.asPartner(partnerId, async (transaction): Promise<Claimed> => {
    const [news] = await transaction.query<{ unrouted: boolean }>(
      `select exists (select from talktime.outbox where partner_id = $1 and routed_at is null)
           or exists (select from talktime.payment_news where partner_id = $1 and routed_at is null)
           or exists (select from talktime.alert_states where partner_id = $1 and snoozed_until <= clock_timestamp()) as unrouted`,
      [partnerId],
    );
    // In one transaction with the claim: an alert waits for one commit before it is on its way.
    if (news!.unrouted && (await routeAlerts(transaction, partnerId))) return { kind: 'more' };
    const claim = await takeDue(transaction, partnerId, busy, leaseSeconds);
    if (claim && (!claim.paced || (await reservePost(transaction, partnerId, claim.claim.route))))
      return { kind: 'claim', claim: claim.claim };
    if (claim) await giveBack(transaction, claim.claim);
    const seconds = await secondsUntilDue(transaction, partnerId, busy);
    return seconds === null ? { kind: 'nothing' } : { kind: 'waiting', seconds };
  });
}

interface ClaimRow {
  message_id: string;
  lease_id: string;
  route: string;
  audience: Audience;
  kind: MessageState['kind'];
  about: unknown;
  version: number;
  shown: number;
  attempts: number;
  channel: string | null;
  ts: string | null;
  created_at: Date;
  in_doubt: boolean;
  new_doubt: boolean;
  posted_in_doubt: boolean;
  paced: boolean;
}

async function takeDue(
  transaction: Transaction,
  partnerId: string,
  busy: readonly string[],
  leaseSeconds: number,
): Promise<{ claim: Claim; paced: boolean } | null> {
  const [row] = await transaction.query<ClaimRow & Record<string, unknown>>(
    `with due as (
       select m.message_id, ${POSTS} as posts, ${PACED} as paced, m.leased_until is not null and m.posts as new_doubt
       from talktime.alert_messages m
       left join talktime.alert_paces p on p.partner_id = m.partner_id and p.route = m.route
       where m.partner_id = $1 and m.version > m.shown and m.dead_at is null
         and m.next_attempt_at <= clock_timestamp() and m.held_until <= clock_timestamp()
         and (m.leased_until is null or m.leased_until <= clock_timestamp())
         and m.route <> all($2::text[])
         and (p.closed_until is null or p.closed_until <= clock_timestamp())
         and (p.next_post_at is null or p.next_post_at <= clock_timestamp() or not ${PACED} or not ${POSTS})
       order by greatest(m.next_attempt_at, m.held_until), m.created_at, m.message_id
       limit 1
       for update of m skip locked)
     update talktime.alert_messages m
     set attempts = m.attempts + 1, lease_id = $3, leased_until = clock_timestamp() + make_interval(secs => $4),
         posts = due.posts, in_doubt = m.in_doubt or due.new_doubt, doubts = m.doubts + due.new_doubt::int
     from due
     where m.partner_id = $1 and m.message_id = due.message_id
     returning m.message_id, m.lease_id, m.route, m.audience, m.kind, m.about, m.version, m.shown, m.attempts, m.channel, m.ts,
               m.created_at, m.in_doubt, due.new_doubt, m.posted_in_doubt, due.posts and due.paced as paced`,
    [partnerId, busy, randomUUID(), leaseSeconds],
  );
  return row ? { claim: toClaim(partnerId, row), paced: row.paced } : null;
}

function toClaim(partnerId: string, row: ClaimRow): Claim {
  return {
    partnerId,
    messageId: row.message_id,
    leaseId: row.lease_id,
    route: row.route,
    audience: row.audience,
    kind: row.kind,
    about: row.about,
    version: row.version,
    shown: row.shown,
    attempts: row.attempts,
    previous: row.channel !== null && row.ts !== null ? { channel: row.channel, ts: row.ts } : null,
    createdAt: row.created_at,
    inDoubt: row.in_doubt,
    newDoubt: row.new_doubt,
    doubled: row.posted_in_doubt,
  };
}

/** Takes the route's next turn to post. False when another replica took it in the meantime. */
async function reservePost(transaction: Transaction, partnerId: string, route: string): Promise<boolean> {
  const reserved = await transaction.query(
    `insert into talktime.alert_paces (partner_id, route, next_post_at)
     values ($1, $2, clock_timestamp() + make_interval(secs => $3::double precision / 1000))
     on conflict (partner_id, route) do update set next_post_at = excluded.next_post_at
     where alert_paces.next_post_at is null or alert_paces.next_post_at <= clock_timestamp()
     returning route`,
    [partnerId, route, PACE],
  );
  return reserved.length > 0;
}

async function giveBack(transaction: Transaction, { partnerId, messageId }: Claim): Promise<void> {
  await transaction.query(
    `update talktime.alert_messages set attempts = attempts - 1, leased_until = null, lease_id = null
     where partner_id = $1 and message_id = $2`,
    [partnerId, messageId],
  );
}

/** In how many seconds something will be due: a message, or the end of a snooze. null: nothing waits. */
async function secondsUntilDue(
  transaction: Transaction,
  partnerId: string,
  busy: readonly string[],
): Promise<number | null> {
  const [row] = await transaction.query<{ seconds: number | null }>(
    `select extract(epoch from min(due) - clock_timestamp())::double precision as seconds
     from (select greatest(m.next_attempt_at, m.held_until, m.leased_until, p.closed_until,
                           case when ${PACED} and ${POSTS} then p.next_post_at end) as due
           from talktime.alert_messages m
           left join talktime.alert_paces p on p.partner_id = m.partner_id and p.route = m.route
           where m.partner_id = $1 and m.version > m.shown and m.dead_at is null and m.route <> all($2::text[])
           union all
           select snoozed_until from talktime.alert_states where partner_id = $1 and snoozed_until is not null) as waiting`,
    [partnerId, busy],
  );
  return row!.seconds === null ? null : Math.max(0.02, row!.seconds);
}
