import type Stripe from 'stripe';
import { audit } from '../../access/audit';
import type { Connection } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import { lockPartner, type Actor } from '../../ledger';
import type { PaymentContext } from '../context';
import { HOST_ACCOUNT, type Account } from '../stripe';
import { checkAccount } from './look';
import { readConnection, toConnection, type ConnectionRow } from './rows';
import { ACCESS_LOST } from './standing';

/**
 * Connects a Stripe account of the partner's own, made once, and sells on it from now on, as soon as Stripe lets it. Its
 * owner tells Stripe who they are on a page of Stripe's (createOnboardingLink).
 */
export async function connectAccount(
  context: PaymentContext,
  partnerId: string,
  actor: Actor,
  { country }: { readonly country?: string },
): Promise<Connection> {
  // What is known may be old: an account that was closed meanwhile is replaced.
  await checkAccount(context, partnerId);
  const { database } = context;
  const before = await database.asPartner(partnerId, (transaction) => readConnection(transaction, partnerId));
  const isUsable = before.stripe_account !== null && before.account_refusal !== ACCESS_LOST;
  const account = isUsable ? before.stripe_account : await makeAccount(context, partnerId, before, country);
  await database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    await transaction.query(
      'insert into directory.stripe_accounts (account, partner_id) values ($1, $2) on conflict do nothing',
      [account, partnerId],
    );
    const changed = await transaction.query(
      `update talktime.payment_settings
       set stripe_account = $2, disconnected_at = null, accounts_made = greatest(accounts_made, $3)
       where partner_id = $1 and (stripe_account is distinct from $2 or disconnected_at is not null)
       returning partner_id`,
      [partnerId, account, isUsable ? before.accounts_made : before.accounts_made + 1],
    );
    if (changed.length > 0) await audit(transaction, partnerId, actor, 'stripe.connected', account, {});
  });
  return toConnection((await checkAccount(context, partnerId))!);
}

/**
 * Makes an account whose owner is the merchant of record: it pays Stripe's fees, Stripe carries the risk and asks for what
 * it must know, and the owner has Stripe's whole dashboard, with its refunds and disputes. The recommended configuration for
 * direct charges: https://docs.stripe.com/connect/integration-recommendations
 */
async function makeAccount(
  { stripe }: PaymentContext,
  partnerId: string,
  { accounts_made: made }: ConnectionRow,
  country: string | undefined,
): Promise<Account> {
  const params: Stripe.AccountCreateParams = {
    controller: {
      fees: { payer: 'account' },
      losses: { payments: 'stripe' },
      requirement_collection: 'stripe',
      stripe_dashboard: { type: 'full' },
    },
    capabilities: { card_payments: { requested: true }, transfers: { requested: true } },
    metadata: { talktime_partner: partnerId },
    ...(country !== undefined && { country }),
  };
  // A key goes with its parameters, and somebody may try again with another country.
  const idempotencyKey = `connect:${partnerId}:${made + 1}${country === undefined ? '' : `:${country}`}`;
  const account = await stripe.ask(HOST_ACCOUNT, (client) => client.accounts.create(params, { idempotencyKey }));
  return account.id;
}

/** How the partner stands with its account: as Stripe says now, or, when it cannot be asked, as it said last. */
export async function getConnection(context: PaymentContext, partnerId: string): Promise<Connection> {
  const stored = () => context.database.asPartner(partnerId, (transaction) => readConnection(transaction, partnerId));
  const row = await checkAccount(context, partnerId).catch((error: unknown) => {
    if (error instanceof TalktimeError && error.code === 'STRIPE_UNREACHABLE') return stored();
    throw error;
  });
  return toConnection(row ?? (await stored()));
}

/** Sells nothing more on the partner's account. What is open already is settled; the account stays its owner's at Stripe. */
export async function disconnectAccount(
  { database }: Pick<PaymentContext, 'database'>,
  partnerId: string,
  actor: Actor,
): Promise<Connection> {
  return database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const [row] = await transaction.query<{ account: Account }>(
      `update talktime.payment_settings set disconnected_at = clock_timestamp()
       where partner_id = $1 and stripe_account is not null and disconnected_at is null
       returning stripe_account as account`,
      [partnerId],
    );
    if (row) await audit(transaction, partnerId, actor, 'stripe.disconnected', row.account, {});
    return toConnection(await readConnection(transaction, partnerId));
  });
}
