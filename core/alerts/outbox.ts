import type { Database, Transaction } from '../database';
import { loadRates, readWallet } from '../ledger/load';
import { creditsToMoney, rateAt, secondsCovered } from '../money';
import { customerProfits } from '../records/reports';
import { levelsOf, statusOf } from './levels';
import { readGuard } from './margin-guard';
import type {
  AlertEvent,
  AlertNotice,
  BalanceNotice,
  DeliveryOutcome,
  MarginFigures,
  PostedMessage,
  SlackRoute,
} from './notice';
import { runway } from './runway';

/** How long a claimed alert is left to whoever claimed it, before another may try. */
const LEASE_SECONDS = 60;
const MOST_ATTEMPTS = 12;
const LONGEST_PAUSE_SECONDS = 15 * 60;

/** The waiting alerts of one wallet's oldest episode, claimed for delivery as one message. */
export interface Claim {
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
export async function claimAlerts(database: Database, partnerId: string): Promise<Claim | null> {
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
export async function readNotice(
  database: Database,
  claim: Claim,
): Promise<{ notice: AlertNotice; route: SlackRoute | null; previous: PostedMessage | null }> {
  return database.asPartner(claim.partnerId, async (transaction) => {
    const { partnerId, walletId } = claim;
    const { wallet } = await readWallet(transaction, partnerId, walletId);
    const rate = rateAt(
      (await loadRates(transaction, partnerId, { walletIds: [walletId] })).get(walletId) ?? [],
      Date.now(),
    );
    const owner = await readOwner(transaction, partnerId, walletId);
    const [previous] = await transaction.query<{ channel: string; ts: string }>(
      'select channel, ts from talktime.alert_messages where partner_id = $1 and wallet_id = $2 and episode = $3',
      [partnerId, walletId, claim.episode],
    );
    const told: Omit<BalanceNotice, 'event' | 'margin'> = {
      partnerId,
      wallet: wallet.customerId === null ? 'partner' : 'customer',
      customerId: wallet.customerId,
      name: owner.name,
      status:
        claim.event === 'recovered'
          ? 'ok'
          : statusOf(wallet.posted, levelsOf(wallet.lowCreditThreshold), wallet.status),
      posted: wallet.posted,
      lowCreditThreshold: wallet.lowCreditThreshold,
      minutesLeft: rate ? Math.floor((secondsCovered(wallet.posted, rate) / 60) * 100) / 100 : null,
      daysLeft: await runway(transaction, partnerId, wallet),
      currency: owner.currency,
      money: creditsToMoney(wallet.posted, owner.credit_value),
      at: claim.at,
    };
    const { event } = claim;
    const notice: AlertNotice =
      event === 'margin_low' || event === 'margin_recovered'
        ? { ...told, event, margin: await readMargin(transaction, partnerId, wallet.customerId) }
        : { ...told, event, margin: null };
    const route: SlackRoute | null =
      owner.slack_channel === null
        ? null
        : { kind: 'slack', teamId: owner.slack_team_id, channel: owner.slack_channel };
    return { notice, route, previous: previous ?? null };
  });
}

/** The figures of now: what they were when the alert arose is of no use to who reads it. */
async function readMargin(
  transaction: Transaction,
  partnerId: string,
  customerId: string | null,
): Promise<MarginFigures> {
  const { level, days } = (await readGuard(transaction, partnerId)) ?? { level: 0, days: 7 };
  const [profit] = await customerProfits(transaction, partnerId, days, Date.now(), customerId);
  return { level, days, price: profit?.price ?? 0n, cost: profit?.cost ?? 0n };
}

interface Owner {
  name: string;
  currency: string;
  credit_value: bigint;
  slack_team_id: string | null;
  slack_channel: string | null;
}

async function readOwner(transaction: Transaction, partnerId: string, walletId: number): Promise<Owner> {
  const [owner] = await transaction.query<Owner & Record<string, unknown>>(
    `select coalesce(c.name, p.name) as name, p.currency, p.credit_value, p.slack_team_id, p.slack_channel
     from talktime.partners p
     left join talktime.customers c on c.partner_id = p.partner_id and c.wallet_id = $2
     where p.partner_id = $1`,
    [partnerId, walletId],
  );
  return owner!;
}

/**
 * Writes down how a delivery ended. Answers in how many seconds to try again, or null when there is nothing more to do:
 * it was delivered, or is dead, with the reason beside it.
 */
export async function settleDelivery(
  database: Database,
  claim: Claim,
  outcome: DeliveryOutcome,
): Promise<number | null> {
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
