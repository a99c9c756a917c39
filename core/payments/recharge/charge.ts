import Stripe from 'stripe';
import { TalktimeError } from '../../contract/errors';
import type { Transaction } from '../../database';
import { metadataOf } from '../checkout';
import type { PaymentContext } from '../context';
import type { PaymentRow } from '../rows';
import { isAboutAccess } from '../stripe';
import { findRecharge } from './rows';

/** What came of asking Stripe to charge a card whose owner is not there. */
export type Charged =
  | { readonly intent: string }
  /** Stripe has nothing of it, and will not be asked again. */
  | { readonly refused: { readonly code: string; readonly message: string } };

/**
 * For so long the same charge is asked for again, with the same key, when it is not known what came of it. Later the
 * balance is another, and whoever waits has done something about it: then Stripe is only asked whether it has it.
 */
const ASKED_AGAIN_FOR = 60 * 60 * 1000;

/** Whether a payment is one that this service charges by itself, and whether Stripe has it is not known. */
export function isUncharged(row: PaymentRow): boolean {
  return row.kind !== 'checkout' && row.payment_intent === null && row.state === 'created';
}

/**
 * Charges the saved card of a payment's row. It may be called again after anything: the idempotency key is the row's, and
 * what is sent comes from the row alone. A declined card is no error: Stripe has a PaymentIntent that says so.
 * @throws TalktimeError STRIPE_UNREACHABLE when it is not known whether the card was charged
 */
export async function chargeSavedCard(context: PaymentContext, partnerId: string, row: PaymentRow): Promise<Charged> {
  const { customer, wanted } = await readPayer(context, partnerId, row);
  if (customer === null || row.payment_method === null)
    return { refused: { code: 'no_card', message: 'The card was removed.' } };
  if (!wanted || Date.now() - row.created_at.getTime() > ASKED_AGAIN_FOR)
    return (await find(context, customer, row)) ?? NOT_CHARGED;
  try {
    const intent = await context.stripe.ask(row.account, (client, at) =>
      client.paymentIntents.create(paramsFor(partnerId, row, customer), {
        ...at,
        idempotencyKey: `${row.kind}:${row.payment_id}`,
      }),
    );
    return { intent: intent.id };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeCardError) {
      if (error.payment_intent) return { intent: error.payment_intent.id };
      return { refused: { code: error.decline_code ?? error.code ?? 'declined', message: error.message } };
    }
    if (!(error instanceof TalktimeError)) throw error;
    // It may be there all the same: asked for in other words by a service of another version, or done and not answered.
    const found = await find(context, customer, row).catch((second: unknown) => {
      if (isRefusal(second)) return null;
      throw second;
    });
    if (found) return found;
    if (isRefusal(error))
      return { refused: { code: isAboutAccess(error) ? NO_CHARGE : 'stripe_refused', message: error.detail } };
    throw error;
  }
}

const isRefusal = (error: unknown): error is TalktimeError =>
  error instanceof TalktimeError && error.code === 'STRIPE_REFUSED';

/** Stripe was not asked, or not so that it would answer: that says nothing of the card. */
export const NO_CHARGE = 'not_charged';

const NOT_CHARGED: Charged = {
  refused: { code: NO_CHARGE, message: 'Stripe could not be reached, and nothing was charged.' },
};

/** The payer at Stripe, and whether it is still wanted that the card is charged. */
async function readPayer(
  { database }: PaymentContext,
  partnerId: string,
  row: PaymentRow,
): Promise<{ readonly customer: string | null; readonly wanted: boolean }> {
  return database.asPartner(partnerId, async (transaction) => {
    const [[payer], recharge] = await Promise.all([
      transaction.query<{ stripe_customer: string }>(
        'select stripe_customer from talktime.stripe_customers where partner_id = $1 and account = $2 and wallet_id = $3',
        [partnerId, row.account, row.wallet_id],
      ),
      findRecharge(transaction, partnerId, row.wallet_id),
    ]);
    return {
      customer: payer?.stripe_customer ?? null,
      wanted: row.kind === 'renewal' ? await isUnpaid(transaction, partnerId, row) : recharge?.enabled === true,
    };
  });
}

/** Whether the subscription goes on, and waits for its next period. */
async function isUnpaid(transaction: Transaction, partnerId: string, { terms }: PaymentRow): Promise<boolean> {
  const rows = await transaction.query(
    `select from talktime.subscriptions
     where partner_id = $1 and subscription_id = $2 and ended_at is null and period_end <= talktime.clock()`,
    [partnerId, terms!.subscription],
  );
  return rows.length > 0;
}

function paramsFor(partnerId: string, row: PaymentRow, customer: string): Stripe.PaymentIntentCreateParams {
  return {
    amount: Number(row.amount),
    currency: row.currency.toLowerCase(),
    customer,
    payment_method: row.payment_method!,
    off_session: true,
    confirm: true,
    // Nobody is there to be sent to another page.
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    // How many credits is not said: the payer may not be shown what one costs (money-rules 21).
    description: row.terms?.name ?? 'Automatic top-up',
    metadata: metadataOf(partnerId, row.payment_id),
    ...(row.application_fee > 0n && { application_fee_amount: Number(row.application_fee) }),
  };
}

/** Clocks may differ by so many seconds. */
const CLOCKS_DIFFER = 300;

/** Looks among what Stripe has of the payer for this payment. */
async function find({ stripe }: PaymentContext, customer: string, row: PaymentRow): Promise<Charged | null> {
  const since = Math.floor(row.created_at.getTime() / 1000) - CLOCKS_DIFFER;
  const intents = await stripe.ask(row.account, (client, at) =>
    client.paymentIntents
      .list({ customer, created: { gte: since }, limit: 100 }, at)
      .autoPagingToArray({ limit: 10_000 }),
  );
  const found = intents.find(({ metadata }) => metadata.talktime_payment === row.payment_id);
  return found ? { intent: found.id } : null;
}
