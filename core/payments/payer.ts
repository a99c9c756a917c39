import { hash } from 'node:crypto';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { PARTNER_WALLET } from '../ledger';
import type { Account, StripeAccess } from './stripe';

/** Whose wallet it is. */
export interface Payer {
  readonly walletId: number;
  readonly customerId: string | null;
  readonly name: string;
}

/** Stripe repeats an answer of 500 to a key for a day: so long nobody could pay. A customer too many at Stripe harms nobody. */
const KEY_MILLISECONDS = 10 * 60 * 1000;

/**
 * The customer at Stripe who pays for a wallet; made when there is none yet. Two at once end with the same one: the
 * idempotency key is the wallet's, for some minutes.
 * @param gone the one that Stripe does not know any more: another takes its place, and its card is forgotten
 */
export async function ensureStripeCustomer(
  context: { readonly database: Database; readonly stripe: StripeAccess },
  partnerId: string,
  account: Account,
  { walletId, customerId, name }: Payer,
  gone: string | null = null,
): Promise<string> {
  const known = await context.database.asPartner(partnerId, (transaction) =>
    transaction.query<{ stripe_customer: string }>(
      'select stripe_customer from talktime.stripe_customers where partner_id = $1 and account = $2 and wallet_id = $3',
      [partnerId, account, walletId],
    ),
  );
  if (known[0] && known[0].stripe_customer !== gone) return known[0].stripe_customer;
  const made = await context.stripe.ask(account, (client, at) =>
    client.customers.create(
      {
        name,
        metadata: { talktime_partner: partnerId, ...(customerId !== null && { talktime_customer: customerId }) },
      },
      // A key goes with its parameters, and a name may change.
      {
        ...at,
        idempotencyKey: `customer:${partnerId}:${walletId}:${hash('sha256', name, 'hex').slice(0, 16)}:${Math.floor(Date.now() / KEY_MILLISECONDS)}${gone === null ? '' : `:${gone}`}`,
      },
    ),
  );
  const [row] = await context.database.asPartner(partnerId, (transaction) =>
    transaction.query<{ stripe_customer: string }>(
      `insert into talktime.stripe_customers (partner_id, account, wallet_id, stripe_customer) values ($1, $2, $3, $4)
       on conflict (partner_id, account, wallet_id) do update
       set stripe_customer = excluded.stripe_customer, payment_method = null, card_fingerprint = null, card_brand = null,
           card_last4 = null, card_expires = null, updated_at = clock_timestamp()
       where stripe_customers.stripe_customer = $5
       returning stripe_customer`,
      [partnerId, account, walletId, made.id, gone],
    ),
  );
  return row?.stripe_customer ?? ensureStripeCustomer(context, partnerId, account, { walletId, customerId, name }); // another was faster
}

/** Whose wallet it is, by its number. */
export async function findPayer(transaction: Transaction, partnerId: string, walletId: number): Promise<Payer> {
  const [row] = await transaction.query<{ customer_id: string | null; name: string }>(
    walletId === PARTNER_WALLET
      ? 'select null as customer_id, name from talktime.partners where partner_id = $1 and $2::int = 0'
      : 'select customer_id, name from talktime.customers where partner_id = $1 and wallet_id = $2',
    [partnerId, walletId],
  );
  if (!row) throw new TalktimeError('CUSTOMER_NOT_FOUND', 'There is no customer with this wallet.');
  return { walletId, customerId: row.customer_id, name: row.name };
}

/** The wallet of a customer, or of the partner itself. */
export async function walletNumber(
  transaction: Transaction,
  partnerId: string,
  customerId: string | null,
): Promise<number> {
  if (customerId === null) return PARTNER_WALLET;
  const [row] = await transaction.query<{ wallet_id: number }>(
    'select wallet_id from talktime.customers where partner_id = $1 and customer_id = $2',
    [partnerId, customerId],
  );
  if (row) return row.wallet_id;
  throw new TalktimeError(
    'CUSTOMER_NOT_FOUND',
    `There is no customer "${customerId}". Check the id, or create the customer first.`,
  );
}
