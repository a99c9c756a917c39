import { audit } from '../../access/audit';
import { TalktimeError } from '../../contract/errors';
import type { Transaction } from '../../database';
import type { Actor } from '../../ledger';
import { periodStart } from '../../money';
import { currentSubscription, lockSubscription, type SubscriptionState } from './subscription';
import { termsToJson, type SubscriptionTerms } from './terms';

export interface SubscriptionStart {
  readonly customerId: string;
  readonly terms: SubscriptionTerms;
  readonly collects: SubscriptionState['collects'];
  /** The operation that granted the first period: the subscription's id, so that it starts once. */
  readonly operationId: string;
  /** When the first period begins, in milliseconds; the later ones are counted from it. */
  readonly startsAt: number;
}

/**
 * Starts a subscription whose first period was granted in this transaction (its grant ends at `periodStart(startsAt, …, 1)`).
 * Done before: answers what is there.
 * @throws SUBSCRIPTION_EXISTS when the customer has another one; roll the transaction back then.
 */
export async function startSubscription(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  { customerId, terms, collects, operationId, startsAt }: SubscriptionStart,
): Promise<SubscriptionState> {
  const endsAt = periodStart(startsAt, terms.recurring, 1);
  const rows = await transaction.query(
    `insert into talktime.subscriptions
       (partner_id, subscription_id, customer_id, wallet_id, plan_id, terms, collects, status,
        anchor, anchor_period, period, period_start, period_end, granted, next_attempt_at, created_at)
     select $1, $2, customer_id, wallet_id, $4, $5, $6, 'active', $7::timestamptz, 1, 1, $7, $8::timestamptz, array[$2::uuid], $8, $7
     from talktime.customers
     where partner_id = $1 and customer_id = $3
     on conflict do nothing
     returning subscription_id`,
    [
      partnerId,
      operationId,
      customerId,
      terms.planId,
      JSON.stringify(termsToJson(terms)),
      collects,
      new Date(startsAt).toISOString(),
      new Date(endsAt).toISOString(),
    ],
  );
  if (rows.length === 0) await requireNoOther(transaction, partnerId, customerId, operationId);
  else
    await audit(transaction, partnerId, actor, 'subscription.started', customerId, {
      subscription_id: operationId,
      plan_id: terms.planId,
    });
  return lockSubscription(transaction, partnerId, operationId);
}

/** A customer has one subscription at a time. */
export async function requireNoOther(
  transaction: Transaction,
  partnerId: string,
  customerId: string,
  subscriptionId: string | null,
): Promise<void> {
  const current = await currentSubscription(transaction, partnerId, customerId);
  if (!current || current.subscriptionId === subscriptionId) return;
  throw new TalktimeError(
    'SUBSCRIPTION_EXISTS',
    `"${customerId}" has the recurring plan "${current.terms.name}" already (subscription ${current.subscriptionId}). Change that one to the other plan, which takes effect with its next period: POST /v1/subscriptions/${current.subscriptionId}/change. Nothing was granted.`,
  );
}
