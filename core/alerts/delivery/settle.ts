import type { Database, Transaction } from '../../database';
import type { DeliveryOutcome } from '../notice';
import type { Claim } from './claim';
import { parkRoute, reviveOne } from './dead-routes';
import { lockRouting } from './load';
import { pauseAfter } from './timing';

export const MOST_ATTEMPTS = 12;

/** What became of a message. `doubt`: whether it was posted is not known. */
export interface Settled {
  readonly kind: 'delivered' | 'retried' | 'dead';
  readonly doubt: boolean;
}

/** Writes down how a delivery ended. What came to be shown in the meantime stays due. */
export async function settleDelivery(database: Database, claim: Claim, outcome: DeliveryOutcome): Promise<Settled> {
  return database.asPartner(claim.partnerId, async (transaction): Promise<Settled> => {
    switch (outcome.kind) {
      case 'delivered':
        await delivered(transaction, claim, outcome.message);
        return { kind: 'delivered', doubt: false };
      case 'gone':
        await setRow(transaction, claim, 'channel = null, ts = null, attempts = attempts - 1, in_doubt = false', []);
        return { kind: 'retried', doubt: false };
      case 'retry':
        return retry(transaction, claim, outcome);
      case 'dead':
        if (outcome.routeIsDead) {
          // The lock comes first, as wherever messages change: so two never wait for each other.
          const now = await lockRouting(transaction, claim.partnerId);
          await setRow(transaction, claim, 'in_doubt = false', []);
          await parkRoute(transaction, claim.partnerId, claim.route, claim.audience, outcome.reason, now);
        } else await giveUp(transaction, claim, 'message', outcome.reason);
        return { kind: 'dead', doubt: false };
    }
  });
}

async function delivered(
  transaction: Transaction,
  claim: Claim,
  { channel, ts }: { readonly channel: string; readonly ts: string },
): Promise<void> {
  await setRow(
    transaction,
    claim,
    `shown = greatest(shown, $4), shown_at = clock_timestamp(), attempts = 0, next_attempt_at = clock_timestamp(), last_error = null,
     posted_in_doubt = $5, in_doubt = false, channel = $6, ts = $7, dead_at = null, dead_because = null`,
    [claim.version, claim.previous === null ? claim.inDoubt : claim.doubled, channel, ts],
  );
  transaction.send(
    'update talktime.alert_members set told_at = clock_timestamp() where partner_id = $1 and message_id = $2',
    [claim.partnerId, claim.messageId],
  );
  // A dead route that was tried all the same, and works again.
  const [dead] = await transaction.query('select 1 from talktime.alert_routes where partner_id = $1 and route = $2', [
    claim.partnerId,
    claim.route,
  ]);
  if (dead) await reviveOne(transaction, claim.partnerId, claim.route);
}

async function retry(
  transaction: Transaction,
  claim: Claim,
  { reason, retryAfterSeconds, perhapsPosted = false }: Extract<DeliveryOutcome, { kind: 'retry' }>,
): Promise<Settled> {
  if (retryAfterSeconds !== undefined) {
    transaction.send(
      `insert into talktime.alert_paces (partner_id, route, closed_until) values ($1, $2, clock_timestamp() + make_interval(secs => $3))
       on conflict (partner_id, route) do update set closed_until = greatest(alert_paces.closed_until, excluded.closed_until)`,
      [claim.partnerId, claim.route, retryAfterSeconds],
    );
  } else if (claim.attempts >= MOST_ATTEMPTS) {
    await giveUp(transaction, claim, 'attempts', reason, perhapsPosted);
    return { kind: 'dead', doubt: perhapsPosted };
  }
  // To be asked to wait is no failure, and does not count among the attempts.
  await setRow(
    transaction,
    claim,
    `next_attempt_at = clock_timestamp() + make_interval(secs => $4), last_error = $5, in_doubt = in_doubt or $6,
     doubts = doubts + $6::int, attempts = attempts - $7`,
    [retryAfterSeconds ?? pauseAfter(claim.attempts), reason, perhapsPosted, retryAfterSeconds === undefined ? 0 : 1],
  );
  return { kind: 'retried', doubt: perhapsPosted };
}

/** Given up, unless there is something newer to show by now, which may fare better. */
async function giveUp(
  transaction: Transaction,
  claim: Claim,
  because: 'message' | 'attempts',
  reason: string,
  perhapsPosted = false,
): Promise<void> {
  await setRow(
    transaction,
    claim,
    `last_error = $5, in_doubt = in_doubt or $7, doubts = doubts + $7::int,
     dead_at = case when version = $4 then clock_timestamp() end, dead_because = case when version = $4 then $6 end,
     attempts = case when version = $4 then attempts else 0 end`,
    [claim.version, reason, because, perhapsPosted],
  );
}

/** Changes the message and ends the lease, unless somebody else has it by now. */
async function setRow(
  transaction: Transaction,
  { partnerId, messageId, leaseId }: Claim,
  changes: string,
  values: readonly unknown[],
): Promise<void> {
  await transaction.query(
    `update talktime.alert_messages set ${changes}, leased_until = null, lease_id = null
     where partner_id = $1 and message_id = $2 and lease_id = $3`,
    [partnerId, messageId, leaseId, ...values],
  );
}
