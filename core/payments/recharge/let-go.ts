import { TalktimeError } from '../../contract/errors';
import type { PaymentContext } from '../context';
import type { PaymentRow } from '../rows';

/**
 * Gives up a charge that its bank does not take without the card's owner: they confirm by a payment of its own, and both
 * must not be paid. One that ended meanwhile, either way, is left as it is.
 */
export async function letGo({ stripe }: PaymentContext, row: PaymentRow): Promise<void> {
  const intent = row.payment_intent!;
  try {
    await stripe.ask(row.account, (client, at) =>
      client.paymentIntents.cancel(
        intent,
        { cancellation_reason: 'abandoned' },
        { ...at, idempotencyKey: `let-go:${row.payment_id}` },
      ),
    );
  } catch (error) {
    if (!(error instanceof TalktimeError) || error.code !== 'STRIPE_REFUSED') throw error;
    const { status } = await stripe.ask(row.account, (client, at) => client.paymentIntents.retrieve(intent, {}, at));
    if (status !== 'canceled' && status !== 'succeeded' && status !== 'processing') throw error;
  }
}
