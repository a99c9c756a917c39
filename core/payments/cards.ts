import { audit } from '../access/audit';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { lockPartner, type Actor } from '../ledger';
import type { PaymentContext } from './context';
import type { SeenCard } from './observe';
import { walletNumber } from './payer';
import { noteCard, switchOff } from './recharge/card-changes';
import { accountFor, readPaymentSettings } from './settings';
import type { Account } from './stripe';

/** A saved card, as far as it is anybody's business. */
export interface Card {
  /** Stripe's id of it, which never leaves the service. */
  readonly paymentMethod: string;
  readonly fingerprint: string | null;
  readonly brand: string | null;
  readonly last4: string | null;
  /** 2027-04 */
  readonly expires: string | null;
}

/**
 * Keeps the card that paid for a wallet, for payments that nobody is there to confirm. Answers whether it is another one:
 * what was suspended because of the one before goes on then. The partner's lock must be held.
 */
export async function keepCard(
  transaction: Transaction,
  partnerId: string,
  account: Account,
  walletId: number,
  card: SeenCard,
): Promise<boolean> {
  const rows = await transaction.query<{ payment_method: string }>(
    `update talktime.stripe_customers
     set payment_method = $4, card_fingerprint = $5, card_brand = $6, card_last4 = $7, card_expires = $8,
         card_at = $9, updated_at = clock_timestamp()
     where partner_id = $1 and account = $2 and wallet_id = $3 and payment_method is distinct from $4
       and (card_at is null or card_at <= $9)
     returning payment_method`,
    [
      partnerId,
      account,
      walletId,
      card.paymentMethod,
      card.fingerprint,
      card.brand,
      card.last4,
      card.expires,
      new Date(card.at),
    ],
  );
  if (rows.length === 0) return false;
  await noteCard(transaction, partnerId, walletId, card.fingerprint);
  return true;
}

/** The card that is saved for a wallet on an account. */
export async function readCard(
  transaction: Transaction,
  partnerId: string,
  account: Account,
  walletId: number,
): Promise<Card | null> {
  const [row] = await transaction.query<{
    payment_method: string | null;
    card_fingerprint: string | null;
    card_brand: string | null;
    card_last4: string | null;
    card_expires: string | null;
  }>(
    `select payment_method, card_fingerprint, card_brand, card_last4, card_expires
     from talktime.stripe_customers
     where partner_id = $1 and account = $2 and wallet_id = $3`,
    [partnerId, account, walletId],
  );
  if (!row || row.payment_method === null) return null;
  return {
    paymentMethod: row.payment_method,
    fingerprint: row.card_fingerprint,
    brand: row.card_brand,
    last4: row.card_last4,
    expires: row.card_expires,
  };
}

/** The card that is saved for a customer, or (null) for the partner itself. */
export async function getCard(database: Database, partnerId: string, customerId: string | null): Promise<Card | null> {
  return database.asPartner(partnerId, async (transaction) => {
    const [walletId, settings] = await Promise.all([
      walletNumber(transaction, partnerId, customerId),
      readPaymentSettings(transaction, partnerId),
    ]);
    const account = accountFor(settings, customerId);
    return account === null ? null : readCard(transaction, partnerId, account, walletId);
  });
}

/**
 * Forgets a saved card, here and at Stripe, on whichever account it is kept: also one that takes no payments at present, or
 * that nothing is sold on any more. Nothing is charged by itself from then on: automatic top-ups are switched off.
 * @throws TalktimeError STRIPE_UNREACHABLE: nothing was changed here; try again
 */
export async function removeCard(
  context: PaymentContext,
  partnerId: string,
  actor: Actor,
  customerId: string | null,
): Promise<void> {
  const [walletId, accounts] = await context.database.asPartner(partnerId, async (transaction) => {
    const wallet = await walletNumber(transaction, partnerId, customerId);
    const rows = await transaction.query<{ account: Account }>(
      `select account from talktime.stripe_customers
       where partner_id = $1 and wallet_id = $2 and payment_method is not null
       order by account`,
      [partnerId, wallet],
    );
    return [wallet, rows.map(({ account }) => account)];
  });
  for (const account of accounts) await removeFrom(context, partnerId, actor, customerId, account, walletId);
}

async function removeFrom(
  { database, stripe }: PaymentContext,
  partnerId: string,
  actor: Actor,
  customerId: string | null,
  account: Account,
  walletId: number,
): Promise<void> {
  const card = await database.asPartner(partnerId, (transaction) =>
    readCard(transaction, partnerId, account, walletId),
  );
  if (card === null) return;
  await stripe
    .ask(account, (client, at) => client.paymentMethods.detach(card.paymentMethod, {}, at))
    .catch((error: unknown) => {
      // It may be gone at Stripe: then it cannot be charged either.
      if (!(error instanceof TalktimeError) || error.code !== 'STRIPE_REFUSED') throw error;
    });
  await database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const removed = await transaction.query(
      `update talktime.stripe_customers
       set payment_method = null, card_fingerprint = null, card_brand = null, card_last4 = null, card_expires = null,
           card_at = date_trunc('second', clock_timestamp()), updated_at = clock_timestamp()
       where partner_id = $1 and account = $2 and wallet_id = $3 and payment_method = $4
       returning wallet_id`,
      [partnerId, account, walletId, card.paymentMethod],
    );
    if (removed.length === 0) return;
    await switchOff(transaction, partnerId, walletId);
    await audit(transaction, partnerId, actor, 'card.removed', customerId ?? partnerId, { last4: card.last4 });
  });
}
