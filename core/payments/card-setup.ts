import { randomUUID } from 'node:crypto';
import type Stripe from 'stripe';
import type { z } from 'zod';
import { audit } from '../access/audit';
import type { cardSetup } from '../contract';
import { TalktimeError } from '../contract/errors';
import { readMoney } from '../customers';
import { lockPartner, type Actor } from '../ledger';
import { keepCard } from './cards';
import { OPEN_SECONDS } from './checkout';
import type { PaymentContext } from './context';
import { ensureStripeCustomer, findPayer, walletNumber } from './payer';
import { readPaymentSettings, sellerOf } from './settings';
import type { Account } from './stripe';
import { isPartnerId } from './rows';

/**
 * Opens a page of Stripe's on which somebody saves a card, for payments that nobody is there to confirm. Nothing is paid.
 * Each time it is another page; the card that was saved last counts.
 */
export async function openCardSetup(
  context: PaymentContext,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof cardSetup>,
): Promise<{ readonly url: string; readonly expires_at: string }> {
  const customerId = body.customer_id ?? null;
  const { payer, account, currency } = await context.database.asPartner(partnerId, async (transaction) => {
    const walletId = await walletNumber(transaction, partnerId, customerId);
    const settings = await readPaymentSettings(transaction, partnerId);
    const [found, money] = [await findPayer(transaction, partnerId, walletId), await readMoney(transaction, partnerId)];
    const seller = sellerOf(settings, customerId);
    await audit(transaction, partnerId, actor, 'card_setup.opened', customerId ?? partnerId, {});
    return { payer: found, account: seller, currency: money.currency };
  });
  const customer = await ensureStripeCustomer(context, partnerId, account, payer);
  const metadata = { talktime_partner: partnerId, talktime_wallet: String(payer.walletId) };
  const comesBack = successAddress(context, partnerId, body.success_url);
  const session = await context.stripe.ask(account, (client, at) =>
    client.checkout.sessions.create(
      {
        mode: 'setup',
        customer,
        currency: currency.toLowerCase(),
        metadata,
        setup_intent_data: { metadata, description: 'For automatic top-ups' },
        expires_at: Math.floor(Date.now() / 1000) + OPEN_SECONDS,
        success_url: comesBack,
        ...(body.cancel_url !== undefined && { cancel_url: body.cancel_url }),
      },
      { ...at, idempotencyKey: `setup:${randomUUID()}` }, // of the package's own second try
    ),
  );
  return { url: session.url!, expires_at: new Date(session.expires_at * 1000).toISOString() };
}

function successAddress({ publicUrl }: PaymentContext, partnerId: string, asked: string | undefined): string {
  if (asked !== undefined) return asked;
  if (publicUrl !== undefined) return `${publicUrl}/pay/card-saved/${partnerId}?session={CHECKOUT_SESSION_ID}`;
  throw new TalktimeError(
    'REQUEST_INVALID',
    'The service does not know where it is reached from outside (PUBLIC_URL), so say where the owner of the card comes back to: success_url.',
    [{ path: 'success_url', message: 'required' }],
  );
}

/**
 * Keeps the card that was saved by a SetupIntent, as Stripe has it now. It is believed only where the customer at Stripe is
 * the one of the wallet that its metadata name, and has the card still: what is told again later brings no removed card
 * back.
 */
export async function keepSetUpCard(
  context: PaymentContext,
  account: Account,
  setupIntentId: string,
): Promise<'kept' | 'known already' | 'nothing of ours'> {
  const intent = await context.stripe.ask(account, (client, at) =>
    client.setupIntents.retrieve(setupIntentId, { expand: ['payment_method'] }, at),
  );
  const { talktime_partner: partnerId, talktime_wallet: wallet } = intent.metadata ?? {};
  const method = typeof intent.payment_method === 'object' ? intent.payment_method : null;
  const customer = idOf(intent.customer);
  if (partnerId === undefined || !isPartnerId(partnerId) || !/^\d{1,9}$/.test(wallet ?? '') || customer === null)
    return 'nothing of ours';
  if (intent.status !== 'succeeded' || !method?.card || idOf(method.customer) !== customer) return 'nothing of ours';
  const walletId = Number(wallet);
  return context.database.asPartner(partnerId, async (transaction) => {
    if (!(await lockPartner(transaction, partnerId))) return 'nothing of ours';
    const ours = await transaction.query(
      `select from talktime.stripe_customers
       where partner_id = $1 and account = $2 and wallet_id = $3 and stripe_customer = $4`,
      [partnerId, account, walletId, customer],
    );
    if (ours.length === 0) return 'nothing of ours';
    const { brand, last4, fingerprint, exp_year: year, exp_month: month } = method.card!;
    const kept = await keepCard(transaction, partnerId, account, walletId, {
      paymentMethod: method.id,
      fingerprint: fingerprint ?? null,
      brand,
      last4,
      expires: `${year}-${String(month).padStart(2, '0')}`,
      at: method.created * 1000,
    });
    return kept ? 'kept' : 'known already';
  });
}

/** Its owner came back from Stripe: whether Stripe's webhook or they are here first makes no difference. */
export async function keepCardOfSession(
  context: PaymentContext,
  partnerId: string,
  sessionId: string,
): Promise<boolean> {
  if (!isPartnerId(partnerId) || !/^cs_[A-Za-z0-9_]{1,200}$/.test(sessionId)) return false;
  for (const account of await accountsOf(context, partnerId)) {
    const session = await findSession(context, account, sessionId);
    if (session?.metadata?.talktime_partner !== partnerId) continue;
    const intent = idOf(session.setup_intent);
    return intent !== null && (await keepSetUpCard(context, account, intent)) !== 'nothing of ours';
  }
  return false;
}

/** The accounts on which somebody pays for a wallet of the partner. */
async function accountsOf({ database }: PaymentContext, partnerId: string): Promise<Account[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ account: Account }>(
      'select distinct account from talktime.stripe_customers where partner_id = $1',
      [partnerId],
    ),
  );
  return rows.map(({ account }) => account);
}

async function findSession(
  { stripe }: PaymentContext,
  account: Account,
  sessionId: string,
): Promise<Stripe.Checkout.Session | null> {
  try {
    return await stripe.ask(account, (client, at) => client.checkout.sessions.retrieve(sessionId, {}, at));
  } catch (error) {
    if (error instanceof TalktimeError && error.code === 'STRIPE_REFUSED') return null; // not on this account
    throw error;
  }
}

function idOf(reference: string | { id: string } | null | undefined): string | null {
  return reference == null ? null : typeof reference === 'string' ? reference : reference.id;
}
