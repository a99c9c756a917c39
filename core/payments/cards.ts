import type { Transaction } from '../database';
import type { SeenCard } from './observe';
import type { Account } from './stripe';

/** Keeps the card that paid for a wallet, for payments that nobody is there to confirm. Answers whether it is another one. */
export async function keepCard(
  transaction: Transaction,
  partnerId: string,
  account: Account,
  walletId: number,
  card: SeenCard,
): Promise<boolean> {
  const rows = await transaction.query<{ payment_method: string }>(
    `update talktime.stripe_customers
     set payment_method = $4, card_fingerprint = $5, card_brand = $6, card_last4 = $7, card_expires = $8, updated_at = clock_timestamp()
     where partner_id = $1 and account = $2 and wallet_id = $3 and payment_method is distinct from $4
     returning payment_method`,
    [partnerId, account, walletId, card.paymentMethod, card.fingerprint, card.brand, card.last4, card.expires],
  );
  return rows.length > 0;
}
