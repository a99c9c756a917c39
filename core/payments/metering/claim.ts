import { randomUUID } from 'node:crypto';
import type { Database } from '../../database';
import type { Account } from '../stripe';
import type { Stretch } from './lines';

/** A stretch that a process works on, for some minutes. */
export interface ClaimedStretch extends Stretch {
  readonly claim: string;
  readonly customerId: string;
  readonly customerName: string;
  /** Milliseconds: since then Stripe may have what is told of the next posting, without our knowing; null: it has not. */
  readonly askingSince: number | null;
}

const LEASE_SECONDS = 120;
const LONGEST_PAUSE_SECONDS = 3600;

/** Takes a stretch of which there is something to tell; null when there is none. */
export async function claimStretch(database: Database, partnerId: string): Promise<ClaimedStretch | null> {
  const claim = randomUUID();
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{
      wallet_id: number;
      stretch: number;
      account: Account;
      from_sequence: bigint;
      to_sequence: bigint | null;
      sent_sequence: bigint;
      asking_since: Date | null;
      customer_id: string;
      name: string;
    }>(
      `with due as materialized (
         select s.wallet_id, s.stretch, s.asking_since
         from talktime.metered_stretches s
         join talktime.wallets w using (partner_id, wallet_id)
         where s.partner_id = $1 and s.next_try_at <= clock_timestamp() and (s.claimed_until is null or s.claimed_until < clock_timestamp())
           and s.sent_sequence < coalesce(s.to_sequence, w.sequence)
         order by s.next_try_at, s.wallet_id, s.stretch
         limit 1
         for update of s skip locked)
       update talktime.metered_stretches s
       set claim = $2, claimed_until = clock_timestamp() + make_interval(secs => $3),
           asking_since = coalesce(s.asking_since, clock_timestamp())
       from due
       join talktime.customers c on c.partner_id = $1 and c.wallet_id = due.wallet_id
       where s.partner_id = $1 and s.wallet_id = due.wallet_id and s.stretch = due.stretch
       returning s.wallet_id, s.stretch, s.account, s.from_sequence, s.to_sequence, s.sent_sequence, due.asking_since, c.customer_id, c.name`,
      [partnerId, claim, LEASE_SECONDS],
    ),
  );
  if (!row) return null;
  return {
    claim,
    walletId: row.wallet_id,
    stretch: row.stretch,
    account: row.account,
    from: row.from_sequence,
    to: row.to_sequence,
    sent: row.sent_sequence,
    askingSince: row.asking_since?.getTime() ?? null,
    customerId: row.customer_id,
    customerName: row.name,
  };
}

/** Notes that Stripe has all up to a posting. False: another process works on the stretch by now. */
export async function noteSent(
  database: Database,
  partnerId: string,
  { walletId, stretch, claim }: ClaimedStretch,
  sequence: bigint,
  cancelled: bigint | null,
): Promise<boolean> {
  return database.asPartner(partnerId, async (transaction) => {
    const rows = await transaction.query(
      `update talktime.metered_stretches
       set sent_sequence = $5, asking_since = clock_timestamp(), claimed_until = clock_timestamp() + make_interval(secs => $6),
           tries = 0, last_error = null
       where partner_id = $1 and wallet_id = $2 and stretch = $3 and claim = $4 and sent_sequence < $5
       returning wallet_id`,
      [partnerId, walletId, stretch, claim, sequence, LEASE_SECONDS],
    );
    if (rows.length > 0 && cancelled !== null)
      await transaction.query(
        `update talktime.meter_cancellations set state = 'done' where partner_id = $1 and wallet_id = $2 and sequence = $3`,
        [partnerId, walletId, cancelled],
      );
    return rows.length > 0;
  });
}

/** Lets go of a stretch, of which all is told, or which failed for now. `isUnknown`: Stripe may have been told more. */
export async function releaseStretch(
  database: Database,
  partnerId: string,
  { walletId, stretch, claim }: ClaimedStretch,
  failed: { readonly reason: string; readonly isUnknown: boolean } | null,
): Promise<void> {
  await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      `update talktime.metered_stretches
       set claim = null, claimed_until = null, asking_since = case when $5 then asking_since end, last_error = left($6, 300),
           tries = case when $6::text is null then 0 else tries + 1 end,
           next_try_at = clock_timestamp()
             + case when $6::text is null then interval '0' else make_interval(secs => least($7, 15 * 2 ^ least(tries, 12))) end
       where partner_id = $1 and wallet_id = $2 and stretch = $3 and claim = $4`,
      [partnerId, walletId, stretch, claim, failed?.isUnknown ?? false, failed?.reason ?? null, LONGEST_PAUSE_SECONDS],
    ),
  );
}
