import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { audit } from '../../access/audit';
import type { Sealer } from '../../access/seal';
import type { Webhook, webhookCreate, WebhookCreated, WebhookDelivery, WebhookEventType } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import type { Database } from '../../database';
import { lockPartner, type Actor } from '../../ledger';
import { requireAllowed, type WebhookAddresses } from './addresses';
import { newSecret } from './signature';

const MOST_WEBHOOKS = 100;

interface Context {
  readonly database: Database;
  readonly sealer: Sealer;
}

interface WebhookRow {
  webhook_id: string;
  url: string;
  events: WebhookEventType[];
  customer_id: string | null;
  description: string;
  created_at: Date;
  waiting: number;
  failed: number;
}

const COLUMNS = `w.webhook_id, w.url, w.events, w.customer_id, w.description, w.created_at,
  (select count(*)::int from talktime.webhook_deliveries d
   where d.partner_id = w.partner_id and d.webhook_id = w.webhook_id and d.delivered_at is null and d.dead_at is null) as waiting,
  (select count(*)::int from talktime.webhook_deliveries d
   where d.partner_id = w.partner_id and d.webhook_id = w.webhook_id and d.dead_at is not null) as failed`;

/** What a webhook's secret is sealed for. */
export const sealContext = (webhookId: string) => `webhook ${webhookId}`;

/**
 * Makes a webhook: from now on, what it asks for is posted to it. Its secret is in this answer and never shown again.
 * @throws WEBHOOK_ADDRESS_REFUSED, WEBHOOK_LIMIT, CUSTOMER_NOT_FOUND
 */
export async function createWebhook(
  { database, sealer }: Context,
  partnerId: string,
  actor: Actor,
  input: z.output<typeof webhookCreate>,
  addresses: WebhookAddresses,
): Promise<WebhookCreated> {
  await requireAllowed(input.url, addresses);
  const webhookId = `wh_${randomBytes(16).toString('hex')}`;
  const secret = newSecret();
  return database.asPartner(partnerId, async (transaction) => {
    // Under the lock: what is committed from here on is told.
    await lockPartner(transaction, partnerId);
    const [{ n }] = (await transaction.query<{ n: number }>(
      'select count(*)::int as n from talktime.webhooks where partner_id = $1',
      [partnerId],
    )) as [{ n: number }];
    if (n >= MOST_WEBHOOKS)
      throw new TalktimeError(
        'WEBHOOK_LIMIT',
        `There are ${MOST_WEBHOOKS} webhooks. Delete those that nothing listens to: GET /v1/webhooks shows them.`,
      );
    if (input.customer_id !== undefined) {
      const known = await transaction.query(
        'select 1 from talktime.customers where partner_id = $1 and customer_id = $2',
        [partnerId, input.customer_id],
      );
      if (known.length === 0)
        throw new TalktimeError('CUSTOMER_NOT_FOUND', `There is no customer "${input.customer_id}". Check the id.`);
    }
    const [row] = await transaction.query<{ created_at: Date }>(
      `insert into talktime.webhooks (partner_id, webhook_id, url, events, customer_id, description, sealed_secret)
       values ($1, $2, $3, $4, $5, $6, $7)
       returning created_at`,
      [
        partnerId,
        webhookId,
        input.url,
        input.events,
        input.customer_id ?? null,
        input.description,
        sealer.seal(secret, sealContext(webhookId)),
      ],
    );
    await transaction.query('update talktime.partners set announces = true where partner_id = $1', [partnerId]);
    await audit(transaction, partnerId, actor, 'webhook.created', webhookId, { events: input.events.join(' ') });
    return {
      id: webhookId,
      url: input.url,
      events: input.events,
      customer_id: input.customer_id ?? null,
      description: input.description,
      created_at: row!.created_at.toISOString(),
      waiting: 0,
      failed: 0,
      secret,
    };
  });
}

/** All webhooks, oldest first. */
export async function listWebhooks(database: Database, partnerId: string): Promise<Webhook[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<WebhookRow & Record<string, unknown>>(
      `select ${COLUMNS} from talktime.webhooks w where w.partner_id = $1 order by w.created_at, w.webhook_id`,
      [partnerId],
    ),
  );
  return rows.map(toWebhook);
}

/** @throws WEBHOOK_NOT_FOUND */
export async function getWebhook(database: Database, partnerId: string, webhookId: string): Promise<Webhook> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<WebhookRow & Record<string, unknown>>(
      `select ${COLUMNS} from talktime.webhooks w where w.partner_id = $1 and w.webhook_id = $2`,
      [partnerId, webhookId],
    ),
  );
  if (!row) throw webhookNotFound(webhookId);
  return toWebhook(row);
}

/** Forgets a webhook, and what was still to be told to it. @throws WEBHOOK_NOT_FOUND */
export async function deleteWebhook(
  database: Database,
  partnerId: string,
  actor: Actor,
  webhookId: string,
): Promise<void> {
  await database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const gone = await transaction.query(
      'delete from talktime.webhooks where partner_id = $1 and webhook_id = $2 returning 1',
      [partnerId, webhookId],
    );
    if (gone.length === 0) throw webhookNotFound(webhookId);
    await transaction.query(
      'update talktime.partners p set announces = exists (select from talktime.webhooks w where w.partner_id = $1) where p.partner_id = $1',
      [partnerId],
    );
    await audit(transaction, partnerId, actor, 'webhook.deleted', webhookId, {});
  });
}

interface DeliveryRow {
  event_id: string;
  type: WebhookEventType;
  customer_id: string | null;
  at: Date;
  attempts: number;
  next_attempt_at: Date;
  delivered_at: Date | null;
  dead_at: Date | null;
  last_error: string | null;
}

const DELIVERY_COLUMNS =
  'event_id, type, customer_id, at, attempts, next_attempt_at, delivered_at, dead_at, last_error';

/** What was told to a webhook or is to be, newest first, at most `limit`. Delivered ones are kept for 30 days. @throws WEBHOOK_NOT_FOUND */
export async function listDeliveries(
  database: Database,
  partnerId: string,
  webhookId: string,
  { limit, state }: { readonly limit: number; readonly state?: WebhookDelivery['state'] },
): Promise<WebhookDelivery[]> {
  await getWebhook(database, partnerId, webhookId);
  const condition = {
    waiting: 'and delivered_at is null and dead_at is null',
    delivered: 'and delivered_at is not null',
    failed: 'and dead_at is not null',
  };
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<DeliveryRow & Record<string, unknown>>(
      `select ${DELIVERY_COLUMNS}
       from talktime.webhook_deliveries
       where partner_id = $1 and webhook_id = $2 ${state ? condition[state] : ''}
       order by at desc, event_id
       limit $3`,
      [partnerId, webhookId, limit],
    ),
  );
  return rows.map(toDelivery);
}

/** Tells an event again, delivered or given up: the same id and the same body. @throws WEBHOOK_NOT_FOUND, DELIVERY_NOT_FOUND */
export async function redeliver(
  database: Database,
  partnerId: string,
  actor: Actor,
  webhookId: string,
  eventId: string,
): Promise<WebhookDelivery> {
  await getWebhook(database, partnerId, webhookId);
  return database.asPartner(partnerId, async (transaction) => {
    const [row] = await transaction.query<DeliveryRow & Record<string, unknown>>(
      `update talktime.webhook_deliveries
       set attempts = 0, next_attempt_at = clock_timestamp(), delivered_at = null, dead_at = null, last_error = null
       where partner_id = $1 and webhook_id = $2 and event_id = $3
       returning ${DELIVERY_COLUMNS}`,
      [partnerId, webhookId, eventId],
    );
    if (!row)
      throw new TalktimeError(
        'DELIVERY_NOT_FOUND',
        'There is no such event of this webhook. Delivered ones are kept for 30 days.',
      );
    await audit(transaction, partnerId, actor, 'webhook.redelivered', webhookId, { event: eventId });
    transaction.send(`select pg_notify('talktime_outbox', $1)`, [partnerId]);
    return toDelivery(row);
  });
}

function toWebhook({ webhook_id, created_at, ...row }: WebhookRow): Webhook {
  return { id: webhook_id, created_at: created_at.toISOString(), ...row };
}

function toDelivery({ delivered_at, dead_at, at, next_attempt_at, ...row }: DeliveryRow): WebhookDelivery {
  const state = delivered_at ? 'delivered' : dead_at ? 'failed' : 'waiting';
  return {
    ...row,
    at: at.toISOString(),
    state,
    next_attempt_at: state === 'waiting' ? next_attempt_at.toISOString() : null,
  };
}

function webhookNotFound(webhookId: string): TalktimeError {
  return new TalktimeError('WEBHOOK_NOT_FOUND', `There is no webhook "${webhookId}". GET /v1/webhooks shows them.`);
}
