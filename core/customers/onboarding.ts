import type { z } from 'zod';
import type { Onboarding, onboarding } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database } from '../database';
import { applyWithin, contentHash, operationOf, topUpCommand, type Actor } from '../ledger';
import { insertCustomer, lockCustomers, readCustomer } from './customers';

/**
 * A new customer in one step: created with its settings and mappings, and given its first credits, all or nothing. Asked
 * again under the same key, it answers what was done then, with the customer as it is now.
 * @throws IDEMPOTENCY_CONFLICT when the key was used for another customer or other terms
 */
export async function onboard(
  database: Database,
  partnerId: string,
  actor: Actor,
  { idempotency_key: key, initial_credits: credits, ...input }: z.output<typeof onboarding>,
): Promise<Onboarding> {
  const hash = contentHash({ kind: 'onboarding', content: JSON.stringify({ ...input, credits }) });
  return database.asPartner(partnerId, async (transaction) => {
    const now = await lockCustomers(transaction, partnerId);
    const [before] = await transaction.query<{ customer_id: string; content_hash: Buffer }>(
      'select customer_id, content_hash from talktime.onboardings where partner_id = $1 and idempotency_key = $2',
      [partnerId, key],
    );
    if (before && before.content_hash.toString('hex') !== hash)
      throw new TalktimeError(
        'IDEMPOTENCY_CONFLICT',
        `The key "${key}" was used to onboard "${before.customer_id}", with other terms. Nothing was changed: use a key of its own for each customer, and change an existing one with PATCH /v1/customers.`,
      );
    const customerId = before?.customer_id ?? (await insertCustomer(transaction, partnerId, actor, input, now)).id;
    if (!before)
      await transaction.query(
        'insert into talktime.onboardings (partner_id, idempotency_key, content_hash, customer_id) values ($1, $2, $3, $4)',
        [partnerId, key, Buffer.from(hash, 'hex'), customerId],
      );
    const topUp =
      credits &&
      (await applyWithin(
        transaction,
        partnerId,
        topUpCommand(actor, {
          note: 'Initial credits',
          ...credits,
          customer_id: customerId,
          idempotency_key: `onboarding ${key}`,
        }),
      ));
    return {
      customer: await readCustomer(transaction, partnerId, customerId),
      initial_credits: topUp ? operationOf(topUp) : null,
      replayed: before !== undefined,
    };
  });
}
