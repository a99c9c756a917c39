import type { Database, Transaction } from '../database';
import type { Queue } from './dispatcher';
import type {
  AlertChannel,
  AlertEvent,
  AlertNotice,
  BalanceNotice,
  DeliveryOutcome,
  PostedMessage,
  SlackRoute,
} from './notice';
import { readMargin, readStanding } from './standing';

/** How long a claimed alert is left to whoever claimed it, before another may try. */
const LEASE_SECONDS = 60;
const MOST_ATTEMPTS = 12;
const LONGEST_PAUSE_SECONDS = 15 * 60;

/** The alerts, to be shown by a channel: those of one partner one after another, in their order. */
export function alertQueue(database: Database, channel: AlertChannel): Queue {
  return {
    async deliverNext(partnerId) {
      const claim = await claimAlerts(database, partnerId);
      if (!claim) return null;
      const { notice, route, previous } = await readNotice(database, claim);
      const outcome = await channel
        .deliver(notice, route, previous)
        .catch((error: Error): DeliveryOutcome => ({ kind: 'retry', reason: error.message }));
      const retryIn = await settleDelivery(database, claim, outcome);
      if (outcome.kind === 'delivered') return { retryIn };
      const failure = `An alert of wallet ${claim.walletId} was not delivered (${outcome.kind}): ${outcome.reason}`;
      return { retryIn, failure: new Error(failure) };
    },
  };
}

/** The waiting alerts of one wallet's oldest episode, claimed for delivery as one message. */
interface Claim {
  readonly partnerId: string;
  readonly walletId: number;
  readonly episode: number;
  readonly outboxIds: readonly string[];
  /** The latest of them: what the message says. */
  readonly event: AlertEvent;
  readonly at: Date;
  readonly attempts: number;
}

/**
 * Claims the waiting alerts of one wallet, for a while. Several replicas may ask at once: a wallet is claimed by one, and
 * while it is, or waits for another attempt, later alerts of it wait too, so that they arrive in their order.
 */
async function claimAlerts(database: Database, partnerId: string): Promise<Claim | null> {
  return database.asPartner(partnerId, async (transaction) => {
    const [due] = await transaction.query<{ wallet_id: number; episode: number }>(
      `select wallet_id, min(episode) as episode
       from talktime.outbox
       where partner_id = $1 and delivered_at is null and dead_at is null
       group by wallet_id
       having max(next_attempt_at) <= clock_timestamp()
       order by min(created_at), wallet_id
       limit 1`,
      [partnerId],
    );
    if (!due) return null;
    const [{ mine }] = (await transaction.query<{ mine: boolean }>(
      `select pg_try_advisory_xact_lock(hashtextextended('talktime alert ' || $1 || ' ' || $2, 0)) as mine`,
      [partnerId, due.wallet_id],
    )) as [{ mine: boolean }];
    if (!mine) return null;
    const rows = await transaction.query<{
      outbox_id: string;
      event: AlertEvent;
      created_at: Date;
      attempts: number;
      sequence: bigint;
    }>(
      `update talktime.outbox o
       set attempts = attempts + 1, next_attempt_at = clock_timestamp() + make_interval(secs => $4)
       where partner_id = $1 and wallet_id = $2 and episode = $3 and delivered_at is null and dead_at is null
         and not exists (select from talktime.outbox other
                         where other.partner_id = $1 and other.wallet_id = $2 and other.delivered_at is null and other.dead_at is null
                           and other.next_attempt_at > clock_timestamp())
       returning outbox_id, event, created_at, attempts, sequence`,
      [partnerId, due.wallet_id, due.episode, LEASE_SECONDS],
    );
    const latest = rows.reduce<(typeof rows)[number] | undefined>(
      (last, row) => (!last || inOrder(last, row) ? row : last),
      undefined,
    );
    return latest
      ? {
          partnerId,
          walletId: due.wallet_id,
          episode: due.episode,
          outboxIds: rows.map((row) => row.outbox_id),
          event: latest.event,
          at: latest.created_at,
          attempts: Math.max(...rows.map((row) => row.attempts)),
        }
      : null;
  });
}

/** Alerts of one posting come before those of the next; a settings change shares the sequence of the posting before it. */
function inOrder(a: { sequence: bigint; created_at: Date }, b: { sequence: bigint; created_at: Date }): boolean {
  return a.sequence < b.sequence || (a.sequence === b.sequence && a.created_at <= b.created_at);
}

/** What to say and where, from the state of this moment; and the message of this episode, if there is one already. */
async function readNotice(
  database: Database,
  claim: Claim,
): Promise<{ notice: AlertNotice; route: SlackRoute | null; previous: PostedMessage | null }> {
  return database.asPartner(claim.partnerId, async (transaction) => {
    const { partnerId, walletId } = claim;
    const standing = await readStanding(transaction, partnerId, walletId);
    const [previous] = await transaction.query<{ channel: string; ts: string }>(
      'select channel, ts from talktime.alert_messages where partner_id = $1 and wallet_id = $2 and episode = $3',
      [partnerId, walletId, claim.episode],
    );
    const told: Omit<BalanceNotice, 'event' | 'margin'> = {
      ...standing,
      partnerId,
      status: claim.event === 'recovered' ? 'ok' : standing.status,
      at: claim.at,
    };
    const { event } = claim;
    const notice: AlertNotice =
      event === 'margin_low' || event === 'margin_recovered'
        ? { ...told, event, margin: await readMargin(transaction, partnerId, standing.customerId) }
        : { ...told, event, margin: null };
    const route = await readRoute(transaction, partnerId);
    return { notice, route, previous: previous ?? null };
  });
}

async function readRoute(transaction: Transaction, partnerId: string): Promise<SlackRoute | null> {
  const [partner] = await transaction.query<{ slack_team_id: string | null; slack_channel: string | null }>(
    'select slack_team_id, slack_channel from talktime.partners where partner_id = $1',
    [partnerId],
  );
  if (!partner?.slack_channel) return null;
  return { kind: 'slack', teamId: partner.slack_team_id, channel: partner.slack_channel };
}

/**
 * Writes down how a delivery ended. Answers in how many seconds to try again, or null when there is nothing more to do:
 * it was delivered, or is dead, with the reason beside it.
 */
async function settleDelivery(database: Database, claim: Claim, outcome: DeliveryOutcome): Promise<number | null> {
  return database.asPartner(claim.partnerId, async (transaction) => {
    const ids = [claim.partnerId, claim.outboxIds];
    if (outcome.kind === 'delivered') {
      await transaction.query(
        `update talktime.outbox set delivered_at = clock_timestamp(), last_error = null where partner_id = $1 and outbox_id = any($2::uuid[])`,
        ids,
      );
      await transaction.query(
        `insert into talktime.alert_messages (partner_id, wallet_id, episode, channel, ts, updated_at)
         values ($1, $2, $3, $4, $5, clock_timestamp())
         on conflict (partner_id, wallet_id, episode) do update set channel = excluded.channel, ts = excluded.ts, updated_at = excluded.updated_at`,
        [claim.partnerId, claim.walletId, claim.episode, outcome.message.channel, outcome.message.ts],
      );
      return null;
    }
    if (outcome.kind === 'dead' || claim.attempts >= MOST_ATTEMPTS) {
      await transaction.query(
        `update talktime.outbox set dead_at = clock_timestamp(), last_error = $3 where partner_id = $1 and outbox_id = any($2::uuid[])`,
        [...ids, outcome.reason],
      );
      return null;
    }
    const pause = outcome.retryAfterSeconds ?? pauseAfter(claim.attempts);
    await transaction.query(
      `update talktime.outbox set next_attempt_at = clock_timestamp() + make_interval(secs => $3), last_error = $4
       where partner_id = $1 and outbox_id = any($2::uuid[])`,
      [...ids, pause, outcome.reason],
    );
    return pause;
  });
}

/** 1, 2, 4 … seconds, 15 minutes at most. */
export function pauseAfter(attempts: number): number {
  return Math.min(2 ** (attempts - 1), LONGEST_PAUSE_SECONDS);
}
