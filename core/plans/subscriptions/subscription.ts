import type { Subscription } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import type { Database, Transaction } from '../../database';
import { termsFromJson, termsToWire, type SubscriptionTerms, type TermsJson } from './terms';

/** A recurring plan that a customer has. Moments in milliseconds. */
export interface SubscriptionState {
  /** The operation that began it. */
  readonly subscriptionId: string;
  readonly customerId: string;
  readonly walletId: number;
  readonly terms: SubscriptionTerms;
  /** From the next period on; null: the same. */
  readonly nextTerms: SubscriptionTerms | null;
  /** `card`: a period is paid for before it is granted. */
  readonly collects: 'nothing' | 'card';
  readonly status: Subscription['status'];
  /** What periods are counted from, and the number of the one that begins there. */
  readonly anchor: number;
  readonly anchorPeriod: number;
  /** The period that was granted last. */
  readonly period: number;
  readonly periodStart: number;
  readonly periodEnd: number;
  /** The operations that granted it. */
  readonly granted: readonly string[];
  readonly cancelAtPeriodEnd: boolean;
  /** When the renewal is due, or tried again. */
  readonly nextAttemptAt: number;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly endedBecause: Subscription['ended_because'];
}

interface Row {
  subscription_id: string;
  customer_id: string;
  wallet_id: number;
  terms: TermsJson;
  next_terms: TermsJson | null;
  collects: SubscriptionState['collects'];
  status: SubscriptionState['status'];
  anchor: Date;
  anchor_period: number;
  period: number;
  period_start: Date;
  period_end: Date;
  granted: string[];
  cancel_at_period_end: boolean;
  next_attempt_at: Date;
  attempts: number;
  last_error: string | null;
  created_at: Date;
  ended_at: Date | null;
  ended_because: SubscriptionState['endedBecause'];
}

const COLUMNS = `subscription_id, customer_id, wallet_id, terms, next_terms, collects, status, anchor, anchor_period, period,
  period_start, period_end, granted, cancel_at_period_end, next_attempt_at, attempts, last_error, created_at, ended_at, ended_because`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface SubscriptionPage {
  readonly customerId?: string;
  readonly status?: Subscription['status'];
  readonly limit?: number;
  readonly cursor?: string;
}

/** Subscriptions by id. */
export async function listSubscriptions(
  database: Database,
  partnerId: string,
  page: SubscriptionPage = {},
): Promise<{ items: Subscription[]; next_cursor: string | null }> {
  const limit = page.limit ?? 100;
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<Row & Record<string, unknown>>(
      `select ${COLUMNS}
       from talktime.subscriptions
       where partner_id = $1
         and ($2::text is null or customer_id = $2)
         and ($3::text is null or status = $3)
         and ($4::text is null or subscription_id::text > $4)
       order by subscription_id
       limit $5`,
      [partnerId, page.customerId ?? null, page.status ?? null, page.cursor ?? null, limit + 1],
    ),
  );
  const items = rows.slice(0, limit).map((row) => subscriptionToWire(toState(row)));
  return { items, next_cursor: rows.length > limit ? items.at(-1)!.id : null };
}

export async function getSubscription(
  database: Database,
  partnerId: string,
  subscriptionId: string,
): Promise<Subscription> {
  return database.asPartner(partnerId, async (transaction) => {
    if (!UUID.test(subscriptionId)) throw noSubscription(subscriptionId);
    const [row] = await transaction.query<Row & Record<string, unknown>>(
      `select ${COLUMNS} from talktime.subscriptions where partner_id = $1 and subscription_id = $2`,
      [partnerId, subscriptionId],
    );
    if (!row) throw noSubscription(subscriptionId);
    return subscriptionToWire(toState(row));
  });
}

/** Reads one, and keeps others from changing it until the transaction ends. Take the partner's lock first. */
export async function lockSubscription(
  transaction: Transaction,
  partnerId: string,
  subscriptionId: string,
): Promise<SubscriptionState> {
  if (!UUID.test(subscriptionId)) throw noSubscription(subscriptionId);
  const [row] = await transaction.query<Row & Record<string, unknown>>(
    `select ${COLUMNS} from talktime.subscriptions where partner_id = $1 and subscription_id = $2 for update`,
    [partnerId, subscriptionId],
  );
  if (!row) throw noSubscription(subscriptionId);
  return toState(row);
}

/** The subscription that a customer has at present; null when it has none. */
export async function currentSubscription(
  transaction: Transaction,
  partnerId: string,
  customerId: string,
): Promise<SubscriptionState | null> {
  const [row] = await transaction.query<Row & Record<string, unknown>>(
    `select ${COLUMNS} from talktime.subscriptions where partner_id = $1 and customer_id = $2 and ended_at is null`,
    [partnerId, customerId],
  );
  return row ? toState(row) : null;
}

/**
 * Those whose period is over and whose renewal is to be tried by now, the longest due first: those for which nothing is
 * collected, or those that a card pays for. One that ends with its period collects nothing any more.
 */
export async function subscriptionsDue(
  transaction: Transaction,
  partnerId: string,
  collects: SubscriptionState['collects'],
  limit = 100,
): Promise<SubscriptionState[]> {
  const rows = await transaction.query<Row & Record<string, unknown>>(
    `select ${COLUMNS}
     from talktime.subscriptions
     where partner_id = $1 and ended_at is null and (collects = 'card' and not cancel_at_period_end) = ($2 = 'card')
       and next_attempt_at <= talktime.clock() and period_end <= talktime.clock()
     order by next_attempt_at
     limit $3`,
    [partnerId, collects, limit],
  );
  return rows.map(toState);
}

export function subscriptionToWire(state: SubscriptionState): Subscription {
  const moment = (milliseconds: number) => new Date(milliseconds).toISOString();
  const ends = state.cancelAtPeriodEnd || state.endedAt !== null;
  return {
    id: state.subscriptionId,
    customer_id: state.customerId,
    plan: termsToWire(state.terms),
    next_plan: state.nextTerms && termsToWire(state.nextTerms),
    collects: state.collects,
    status: state.status,
    period: state.period,
    period_start: moment(state.periodStart),
    period_end: moment(state.periodEnd),
    cancel_at_period_end: state.cancelAtPeriodEnd,
    renews_at: ends ? null : moment(state.nextAttemptAt),
    last_error: state.lastError,
    created_at: moment(state.createdAt),
    ended_at: state.endedAt === null ? null : moment(state.endedAt),
    ended_because: state.endedBecause,
  };
}

function noSubscription(subscriptionId: string): TalktimeError {
  return new TalktimeError(
    'SUBSCRIPTION_NOT_FOUND',
    `There is no subscription "${subscriptionId}". The list of subscriptions shows the ids.`,
  );
}

function toState(row: Row): SubscriptionState {
  return {
    subscriptionId: row.subscription_id,
    customerId: row.customer_id,
    walletId: row.wallet_id,
    terms: termsFromJson(row.terms),
    nextTerms: row.next_terms && termsFromJson(row.next_terms),
    collects: row.collects,
    status: row.status,
    anchor: row.anchor.getTime(),
    anchorPeriod: row.anchor_period,
    period: row.period,
    periodStart: row.period_start.getTime(),
    periodEnd: row.period_end.getTime(),
    granted: row.granted,
    cancelAtPeriodEnd: row.cancel_at_period_end,
    nextAttemptAt: row.next_attempt_at.getTime(),
    attempts: row.attempts,
    lastError: row.last_error,
    createdAt: row.created_at.getTime(),
    endedAt: row.ended_at?.getTime() ?? null,
    endedBecause: row.ended_because,
  };
}
