import type Stripe from 'stripe';
import { audit } from '../../access/audit';
import type { Transaction } from '../../database';
import { lockPartner } from '../../ledger';
import { BY_STRIPE, type PaymentContext } from '../context';
import { HOST_ACCOUNT, isAccessLost, type Account, type StripeAccess } from '../stripe';
import { readConnection, type ConnectionRow } from './rows';
import { accountStandingOf, type AccountStanding } from './standing';

/** Something was heard of an account: whose is it, and how does it stand by now? */
export async function lookAtAccount(context: PaymentContext, account: Account): Promise<string> {
  if (account === HOST_ACCOUNT) return 'nothing of ours';
  const [owner] = await context.database.asDirectory((transaction) =>
    transaction.query<{ partner_id: string }>('select partner_id from directory.stripe_accounts where account = $1', [
      account,
    ]),
  );
  if (!owner) return 'an account that is not known here';
  const row = await checkAccount(context, owner.partner_id, account);
  if (!row) return 'an account that is not sold on any more';
  return row.charges_enabled ? 'charges enabled' : 'charges disabled';
}

/**
 * Brings what is kept of a partner's account to what Stripe says by now. It may be called by anybody, at any time: of
 * several looks the one that began last counts. `only`: if it still is this account. Answers null without one.
 */
export async function checkAccount(
  { database, stripe }: Pick<PaymentContext, 'database' | 'stripe'>,
  partnerId: string,
  only: Account | null = null,
): Promise<ConnectionRow | null> {
  const [look] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ account: Account; number: bigint }>(
      `update talktime.payment_settings set account_looks = account_looks + 1
       where partner_id = $1 and stripe_account is not null and ($2::text is null or stripe_account = $2)
       returning stripe_account as account, account_looks as number`,
      [partnerId, only],
    ),
  );
  if (!look) return null;
  const standing = accountStandingOf(await readAccount(stripe, look.account));
  return database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const before = await readConnection(transaction, partnerId);
    const isNews = await noteStanding(transaction, partnerId, look, standing);
    if (isNews && before.charges_enabled !== standing.chargesEnabled)
      await audit(
        transaction,
        partnerId,
        BY_STRIPE,
        standing.chargesEnabled ? 'stripe.charges_enabled' : 'stripe.charges_disabled',
        look.account,
        { reason: standing.refusal },
      );
    return readConnection(transaction, partnerId);
  });
}

/** The account as Stripe has it; null without access to it. Any other refusal says nothing about the account. */
function readAccount(stripe: StripeAccess, account: Account): Promise<Stripe.Account | null> {
  return stripe.ask(HOST_ACCOUNT, async (client) => {
    try {
      return await client.accounts.retrieve(account);
    } catch (error) {
      if (isAccessLost(error)) return null;
      throw error;
    }
  });
}

/** False when a newer look was faster, or it is another account by now. */
async function noteStanding(
  transaction: Transaction,
  partnerId: string,
  look: { readonly account: Account; readonly number: bigint },
  standing: AccountStanding,
): Promise<boolean> {
  const rows = await transaction.query(
    `update talktime.payment_settings
     set charges_enabled = $4, payouts_enabled = $5, details_submitted = $6, account_due = $7, account_refusal = $8,
         account_acted = $3, account_looked_at = clock_timestamp()
     where partner_id = $1 and stripe_account = $2 and account_acted < $3
     returning partner_id`,
    [
      partnerId,
      look.account,
      look.number,
      standing.chargesEnabled,
      standing.payoutsEnabled,
      standing.detailsSubmitted,
      standing.due,
      standing.refusal,
    ],
  );
  return rows.length > 0;
}
