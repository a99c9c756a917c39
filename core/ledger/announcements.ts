import type { WebhookEventType } from '../contract';
import type { Transaction } from '../database';
import type { Outcome } from './fold';
import { deriveId } from './identity';
import type { AlertRow, Writes } from './state';

/** Something that happened, for whoever asked to be told by an outgoing webhook. */
export interface Announcement {
  readonly eventId: string;
  readonly type: WebhookEventType;
  readonly customerId: string | null;
  /** The operation, the call or the wallet that it is about. */
  readonly subject: string;
  /** Milliseconds. */
  readonly at: number;
}

const ALERT_TYPES: Partial<Record<AlertRow['event'], WebhookEventType>> = {
  low: 'balance.low',
  critical: 'balance.critical',
  exhausted: 'balance.exhausted',
  recovered: 'balance.recovered',
  margin_low: 'margin.low',
  margin_recovered: 'margin.recovered',
};

/** What a batch has to tell: what was done now, not what was replayed. Pure. */
export function announcementsOf(
  partnerId: string,
  outcomes: readonly Outcome[],
  writes: Writes,
  now: number,
): Announcement[] {
  const customerOf = (walletId: number) => writes.wallets.get(walletId)?.customerId ?? null;
  return [
    ...outcomes.flatMap((outcome) => announcementOf(partnerId, outcome, now) ?? []),
    ...alertAnnouncements(writes.alerts, customerOf),
  ];
}

/** The part of alerts that webhooks tell, too: each crossing by itself, where a message is updated in place. */
export function alertAnnouncements(
  alerts: readonly AlertRow[],
  customerOf: (walletId: number) => string | null,
): Announcement[] {
  return alerts.flatMap(({ outboxId, walletId, event, at }) => {
    const type = ALERT_TYPES[event];
    return type ? [{ eventId: outboxId, type, customerId: customerOf(walletId), subject: String(walletId), at }] : [];
  });
}

function announcementOf(partnerId: string, outcome: Outcome, at: number): Announcement | null {
  if (!outcome.ok || outcome.replayed) return null;
  const { result } = outcome;
  const told = (type: WebhookEventType, customerId: string | null, subject: string): Announcement => ({
    eventId: deriveId(partnerId, `event ${type} ${subject}`),
    type,
    customerId,
    subject,
    at,
  });
  if ('outcome' in result && result.outcome === 'suspense') return told('call.suspended', null, result.call_id);
  if (!('operation_id' in result)) return null;
  const { kind, customer_id: customerId, operation_id: operationId } = result;
  if (kind === 'top_up' || kind === 'payment') return told('credits.topped_up', customerId, operationId);
  if (kind === 'plan') return told('plan.applied', customerId, operationId);
  if (kind === 'call' && 'outcome' in result) return told('call.deducted', customerId, operationId);
  return null;
}

/**
 * Writes a delivery for each webhook that asked for it, in the transaction of what it tells; the dispatcher is woken at
 * commit.
 */
export function insertAnnouncements(
  transaction: Transaction,
  partnerId: string,
  announcements: readonly Announcement[],
): void {
  if (announcements.length === 0) return;
  const column = <Value>(value: (announcement: Announcement) => Value) => announcements.map(value);
  transaction.send(
    `insert into talktime.webhook_deliveries (partner_id, webhook_id, event_id, type, customer_id, subject, at)
     select $1, w.webhook_id, e.event_id, e.type, e.customer_id, e.subject, e.at
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) as e (event_id, type, customer_id, subject, at)
     join talktime.webhooks w
       on w.partner_id = $1 and e.type = any(w.events) and (w.customer_id is null or w.customer_id = e.customer_id)
     on conflict do nothing`,
    [
      partnerId,
      column(({ eventId }) => eventId),
      column(({ type }) => type),
      column(({ customerId }) => customerId),
      column(({ subject }) => subject),
      column(({ at }) => new Date(at).toISOString()),
    ],
  );
  transaction.send(`select pg_notify('talktime_outbox', $1)`, [partnerId]);
}
