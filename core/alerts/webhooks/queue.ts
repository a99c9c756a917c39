import type { Sealer } from '../../access/seal';
import type { Database } from '../../database';
import type { Queue } from '../dispatcher';
import type { WebhookAddresses } from './addresses';
import { composePayload, type Subject } from './payload';
import { post, type Posted } from './send';
import { signedHeaders } from './signature';
import { sealContext } from './webhooks';

/** Longer than an attempt takes: after it another replica may try. */
const LEASE_SECONDS = 60;
/** Sent side by side; the order in which events arrive is not promised. */
const AT_ONCE = 16;

/** The pauses after failed attempts, in seconds, as standardwebhooks.com recommends: given up after a little more than a day. */
const PAUSES = [5, 60, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600];

export interface WebhookQueueOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly addresses: WebhookAddresses;
}

interface Claimed extends Subject {
  readonly webhook_id: string;
  readonly url: string;
  readonly sealed_secret: Buffer;
  readonly payload: string | null;
  readonly attempts: number;
}

type Ready = Claimed & { readonly payload: string };

/** Posts what is due to the webhooks that asked for it, at least once, with the same id every time. */
export function webhookQueue(options: WebhookQueueOptions): Queue {
  return {
    async take(partnerId) {
      const claimed = await claimDue(options.database, partnerId);
      if (claimed.length === 0) {
        const seconds = await secondsUntilDue(options.database, partnerId);
        return seconds === null ? { kind: 'nothing' } : { kind: 'later', seconds };
      }
      return {
        kind: 'work',
        async run() {
          await Promise.all(claimed.map((delivery) => deliver(options, partnerId, delivery)));
          return {};
        },
      };
    },
  };
}

/** Takes what is due, for a while, with its payload: made now when this is the first attempt. */
async function claimDue(database: Database, partnerId: string): Promise<Ready[]> {
  return database.asPartner(partnerId, async (transaction) => {
    const rows = await transaction.query<Claimed & Record<string, unknown>>(
      `update talktime.webhook_deliveries d
       set attempts = d.attempts + 1, next_attempt_at = clock_timestamp() + make_interval(secs => $2)
       from talktime.webhooks w
       where d.partner_id = $1 and w.partner_id = $1 and w.webhook_id = d.webhook_id
         and (d.webhook_id, d.event_id) in (
           select webhook_id, event_id
           from talktime.webhook_deliveries
           where partner_id = $1 and delivered_at is null and dead_at is null and next_attempt_at <= clock_timestamp()
           order by next_attempt_at
           limit $3
           for update skip locked)
       returning d.webhook_id, d.event_id, d.type, d.customer_id, d.subject, d.at, d.payload, d.attempts, w.url, w.sealed_secret`,
      [partnerId, LEASE_SECONDS, AT_ONCE],
    );
    const claimed: Ready[] = [];
    for (const row of rows) {
      const payload = row.payload ?? JSON.stringify(await composePayload(transaction, partnerId, row));
      if (row.payload === null)
        transaction.send(
          'update talktime.webhook_deliveries set payload = $4 where partner_id = $1 and webhook_id = $2 and event_id = $3',
          [partnerId, row.webhook_id, row.event_id, payload],
        );
      claimed.push({ ...row, payload });
    }
    return claimed;
  });
}

/** In how many seconds something will be due; null when nothing waits. */
async function secondsUntilDue(database: Database, partnerId: string): Promise<number | null> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ seconds: number | null }>(
      `select extract(epoch from min(next_attempt_at) - clock_timestamp())::double precision as seconds
       from talktime.webhook_deliveries where partner_id = $1 and delivered_at is null and dead_at is null`,
      [partnerId],
    ),
  );
  return row!.seconds === null ? null : Math.max(0.02, row!.seconds);
}

/** One attempt. */
async function deliver(
  { database, sealer, addresses }: WebhookQueueOptions,
  partnerId: string,
  { webhook_id, event_id, url, sealed_secret, payload: body, attempts }: Ready,
): Promise<void> {
  const secret = sealer.open(sealed_secret, sealContext(webhook_id));
  const failure = await post(url, signedHeaders(secret, event_id, Date.now(), body), body, addresses).then(
    failureOf,
    (error: Error) => ({ reason: error.message, retryAfterSeconds: null }),
  );
  const pause = failure && pauseAfter(attempts, failure.retryAfterSeconds);
  const [sql, values] =
    failure === null
      ? ['delivered_at = clock_timestamp(), last_error = null', []]
      : pause === null
        ? ['dead_at = clock_timestamp(), last_error = $4', [failure.reason]]
        : ['next_attempt_at = clock_timestamp() + make_interval(secs => $5), last_error = $4', [failure.reason, pause]];
  await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      `update talktime.webhook_deliveries set ${sql} where partner_id = $1 and webhook_id = $2 and event_id = $3`,
      [partnerId, webhook_id, event_id, ...values],
    ),
  );
}

function failureOf({ status, retryAfterSeconds }: Posted): { reason: string; retryAfterSeconds: number | null } | null {
  return status >= 200 && status <= 299 ? null : { reason: `HTTP ${status} was answered`, retryAfterSeconds };
}

/** null after the last attempt. */
function pauseAfter(attempts: number, asked: number | null): number | null {
  const pause = PAUSES[attempts - 1];
  return pause === undefined ? null : Math.max(pause, Math.min(asked ?? 0, 3600));
}

/** How long what was delivered, or given up, is kept for a look and another try. */
const KEPT_DAYS = 30;

/** Forgets old deliveries, some thousands at a time. */
export async function forgetDeliveries(database: Database, partnerId: string): Promise<void> {
  await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      `delete from talktime.webhook_deliveries
       where partner_id = $1 and (webhook_id, event_id) in (
         select webhook_id, event_id from talktime.webhook_deliveries
         where partner_id = $1 and coalesce(delivered_at, dead_at) < clock_timestamp() - make_interval(days => $2)
         limit 10000)`,
      [partnerId, KEPT_DAYS],
    ),
  );
}
