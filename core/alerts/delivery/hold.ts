import type { Transaction } from '../../database';
import type { AlertEvent, Audience } from '../notice';
import { parseRoute, showsInPlace } from '../routes';
import { holdingOf, loadIntervals } from './load';
import { readStates } from './states';
import { heldUntil, isMargin } from './timing';

/**
 * Weighs anew until when a wallet's waiting messages are held back, after a snooze or a recharge began or ended. Digests
 * are about many wallets: none of them holds one back. The routing lock must be held.
 */
export async function holdAnew(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  now: Date,
): Promise<void> {
  const waiting = await transaction.query<{
    message_id: string;
    route: string;
    audience: Audience;
    event: AlertEvent;
    posted: boolean;
  }>(
    `select m.message_id, m.route, m.audience, b.event, m.shown > 0 as posted
     from talktime.alert_members b
     join talktime.alert_messages m using (partner_id, message_id)
     where b.partner_id = $1 and b.wallet_id = $2 and m.kind = 'episode' and m.version > m.shown and m.dead_at is null`,
    [partnerId, walletId],
  );
  if (waiting.length === 0) return;
  const [states, intervals] = await Promise.all([
    readStates(transaction, partnerId, [walletId]),
    loadIntervals(
      transaction,
      partnerId,
      [walletId],
      waiting.map(({ route }) => route),
    ),
  ]);
  for (const { message_id, route, audience, event, posted } of waiting) {
    const inPlace = showsInPlace(parseRoute(route));
    const holding = holdingOf(states.get(walletId), intervals(walletId, route, isMargin(event)), now);
    transaction.send('update talktime.alert_messages set held_until = $3 where partner_id = $1 and message_id = $2', [
      partnerId,
      message_id,
      heldUntil({ event, audience, inPlace, posted, now }, holding) ?? now,
    ]);
  }
}

/**
 * Makes the partner's messages of an episode show what people did about it, in place and without a sound. Answers those
 * messages, with their new versions.
 */
export async function showAnew(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  episode: number,
): Promise<{ messageId: string; version: number }[]> {
  const rows = await transaction.query<{ message_id: string; version: number }>(
    `update talktime.alert_messages m
     set version = m.version + 1
     from talktime.alert_members b
     where b.partner_id = $1 and b.wallet_id = $2 and b.episode = $3 and m.partner_id = $1 and m.message_id = b.message_id
       and m.audience = 'partner' and m.route not like 'email:%' and m.shown > 0 and m.dead_at is null
     returning m.message_id, m.version`,
    [partnerId, walletId, episode],
  );
  return rows.map(({ message_id: messageId, version }) => ({ messageId, version }));
}

/** Wakes the dispatchers when the transaction commits. */
export function wakeDispatchers(transaction: Transaction, partnerId: string): void {
  transaction.send(`select pg_notify('talktime_outbox', $1)`, [partnerId]);
}
