import type { Actor } from '../ledger';
import type { Partner } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';

/** Which of a partner's two ways to fund its customers, and whether it tracks what calls cost (money-rules 4). */
export interface Funding {
  readonly funding: Partner['funding'];
  readonly track_cost: boolean;
}

/**
 * Changes a partner's funding: the host's doing, and only while no customer holds credits, owes any, or has some coming. The
 * partner's lock must be held.
 */
export async function changeFunding(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  before: Funding,
  patch: Partial<Funding>,
): Promise<void> {
  const after = { funding: patch.funding ?? before.funding, track_cost: patch.track_cost ?? before.track_cost };
  if (after.funding === 'allocated' && after.track_cost)
    throw new TalktimeError(
      'COST_NOT_TRACKED',
      "With allocated funding the partner pays by its customers' credits, and costs are not tracked. Send track_cost false.",
    );
  if (after.funding !== before.funding) {
    if (!actor.host)
      throw new TalktimeError('HOST_KEY_REQUIRED', "Only the host changes a partner's funding. Use a host key.");
    const [held] = await transaction.query<{ customer_id: string }>(
      `select c.customer_id
       from talktime.customers c
       join talktime.wallets w using (partner_id, wallet_id)
       where c.partner_id = $1 and (w.posted <> 0 or w.held <> 0 or w.lots <> '[]')
       order by c.customer_id
       limit 1`,
      [partnerId],
    );
    if (held)
      throw new TalktimeError(
        'FUNDING_IN_USE',
        `"${held.customer_id}" holds credits, or owes some. Bring the balance of every customer to zero first.`,
      );
  }
  if (after.funding === before.funding && after.track_cost === before.track_cost) return;
  await transaction.query('update talktime.partners set funding = $2, track_cost = $3 where partner_id = $1', [
    partnerId,
    after.funding,
    after.track_cost,
  ]);
}
