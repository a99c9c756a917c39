import { randomUUID } from 'node:crypto';
import type { Transaction } from '../../database';
import { severity } from '../levels';
import type { AlertEvent } from '../notice';
import { loadParked } from './dead-routes';
import { holdAnew, showAnew } from './hold';
import { loadRecipients, loadStandings, lockRouting } from './load';
import { routePayments } from './route-payments';
import { planMessages, type Happening, type Placement } from './plan';
import { routesOf } from './plan-routes';
import { clearSnoozes, readStates } from './states';
import { severityOf } from './timing';
import { writePlan } from './write';

/** How many events are routed at a time. */
const AT_ONCE = 300;

/**
 * Brings a partner's messages up to date with what the ledger wrote, in its order, and with snoozes that have ended. One
 * process does it at a time. Answers whether there is more to do.
 */
export async function routeAlerts(transaction: Transaction, partnerId: string): Promise<boolean> {
  const now = await lockRouting(transaction, partnerId);
  await endSnoozes(transaction, partnerId, now);
  const hasMorePayments = await routePayments(transaction, partnerId);
  const happenings = await takeUnrouted(transaction, partnerId);
  if (happenings.length === 0) return hasMorePayments;
  await endOverridden(transaction, partnerId, happenings, now);
  const wallets = [...new Set(happenings.map(({ walletId }) => walletId))];
  const [recipients, parked] = await Promise.all([
    loadRecipients(transaction, partnerId, wallets),
    loadParked(transaction, partnerId),
  ]);
  const placements = happenings.flatMap((happening): Placement[] =>
    routesOf(happening.event, recipients.get(happening.walletId)!, parked).map((route) => ({ ...route, happening })),
  );
  writePlan(
    transaction,
    partnerId,
    planMessages(placements, await loadStandings(transaction, partnerId, placements, now)),
  );
  transaction.send(
    'update talktime.outbox set routed_at = clock_timestamp() where partner_id = $1 and outbox_id = any($2::uuid[])',
    [partnerId, happenings.map(({ id }) => id)],
  );
  return hasMorePayments || happenings.length === AT_ONCE;
}

/** Writers of one partner take its lock one after another, so what comes later is dated later. */
async function takeUnrouted(transaction: Transaction, partnerId: string): Promise<Happening[]> {
  const rows = await transaction.query<{
    outbox_id: string;
    wallet_id: number;
    episode: number;
    event: AlertEvent;
    detail: string | null;
    created_at: Date;
    sequence: bigint;
  }>(
    `select outbox_id, wallet_id, episode, event, detail, created_at, sequence
     from talktime.outbox
     where partner_id = $1 and routed_at is null
     order by created_at, sequence, outbox_id
     limit $2`,
    [partnerId, AT_ONCE],
  );
  return rows.map((row) => ({
    id: row.outbox_id,
    walletId: row.wallet_id,
    episode: row.episode,
    event: row.event,
    detail: row.detail,
    at: row.created_at,
    sequence: row.sequence,
  }));
}

/** A worse status than the one that was snoozed ends the snooze: the people who set it did not know of it. */
async function endOverridden(
  transaction: Transaction,
  partnerId: string,
  happenings: readonly Happening[],
  now: Date,
): Promise<void> {
  const states = await readStates(transaction, partnerId, [...new Set(happenings.map(({ walletId }) => walletId))]);
  const overridden = happenings.flatMap(({ walletId, event }) => {
    const snooze = states.get(walletId)?.snooze;
    return snooze && severityOf(event) > severity(snooze.status) ? [walletId] : [];
  });
  if (overridden.length === 0) return;
  clearSnoozes(transaction, partnerId, overridden);
  for (const walletId of new Set(overridden)) await holdAnew(transaction, partnerId, walletId, now);
}

/**
 * Snoozes that have come to their end. Where the balance is still low, the thread of its message says so once more, in the
 * channel; what was never told is due by itself.
 */
async function endSnoozes(transaction: Transaction, partnerId: string, now: Date): Promise<void> {
  const ended = await transaction.query<{ wallet_id: number; episode: number; is_low: boolean; sequence: bigint }>(
    `select s.wallet_id, w.episode, w.told <> 'ok' as is_low, w.sequence
     from talktime.alert_states s
     join talktime.wallets w using (partner_id, wallet_id)
     where s.partner_id = $1 and s.snoozed_until <= $2`,
    [partnerId, now],
  );
  if (ended.length === 0) return;
  clearSnoozes(
    transaction,
    partnerId,
    ended.map((row) => row.wallet_id),
  );
  for (const { wallet_id: walletId, episode, is_low, sequence } of ended) {
    const messages = is_low ? await showAnew(transaction, partnerId, walletId, episode) : [];
    for (const { messageId, version } of messages)
      transaction.send(
        `insert into talktime.alert_entries (partner_id, message_id, entry_id, version, wallet_id, episode, event, at, sequence, broadcast)
         values ($1, $2, $3, $4, $5, $6, 'snooze_ended', $7, $8, true)`,
        [partnerId, messageId, randomUUID(), version, walletId, episode, now, sequence],
      );
    await holdAnew(transaction, partnerId, walletId, now);
  }
}
