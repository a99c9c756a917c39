import { audit } from '../../access/audit';
import type { Transaction } from '../../database';
import type { Actor } from '../../ledger';
import type { SubscriptionState } from './subscription';

/** Ends a subscription. What its last period granted stays until that ends. */
export async function endSubscription(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  { subscriptionId, customerId }: SubscriptionState,
  because: NonNullable<SubscriptionState['endedBecause']>,
  /** Milliseconds. */
  at: number,
): Promise<void> {
  await transaction.query(
    `update talktime.subscriptions
     set status = 'canceled', ended_at = $3, ended_because = $4, next_terms = null
     where partner_id = $1 and subscription_id = $2`,
    [partnerId, subscriptionId, new Date(at).toISOString(), because],
  );
  await audit(transaction, partnerId, actor, 'subscription.ended', customerId, {
    subscription_id: subscriptionId,
    because,
  });
}
