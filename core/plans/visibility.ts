import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';

/** The plans that a customer may see at most, by Restrict Credit Plan Visibility; `only` is null when nothing is restricted. */
export async function planVisibility(
  transaction: Transaction,
  partnerId: string,
  customerId: string,
): Promise<{ readonly only: readonly string[] | null; readonly walletId: number }> {
  const [row] = await transaction.query<{ wallet_id: number; restricted: boolean; ids: string[] }>(
    `select wallet_id, restrict_credit_plan_visibility as restricted, visible_credit_plan_ids as ids
     from talktime.customers where partner_id = $1 and customer_id = $2`,
    [partnerId, customerId],
  );
  if (!row)
    throw new TalktimeError(
      'CUSTOMER_NOT_FOUND',
      `There is no customer "${customerId}". Check the id, or create the customer first.`,
    );
  return { only: row.restricted ? row.ids : null, walletId: row.wallet_id };
}
