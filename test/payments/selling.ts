import { checkoutCreate, refundCreate, type Payment, type PaymentDetails } from '@talktime/core/contract';
import {
  getPaymentDetails,
  openCheckout,
  paymentContext,
  refundPayment,
  settlePayment,
  StripeAccess,
  type PaymentContext,
} from '@talktime/core/payments';
import {
  startFakeStripe,
  type FakeStripe,
  type FakeStripeOptions,
  type Payment as Paying,
} from '../../server/demo/stripe';
import { Alerting } from '../alerts/alerting';
import { PARTNER } from '../setup/world';

/** A partner that sells on an account of its own at a Stripe of ours, and whose alerts go to a channel. */
export class Selling {
  #keys = 0;

  private constructor(
    readonly alerting: Alerting,
    readonly fake: FakeStripe,
    readonly context: PaymentContext,
    readonly account: string,
  ) {}

  static async open(stripe: FakeStripeOptions = {}): Promise<Selling> {
    const [alerting, fake] = await Promise.all([Alerting.open(), startFakeStripe(stripe)]);
    const account = fake.addAccount();
    await alerting.test.superuser(
      `insert into talktime.payment_settings (partner_id, stripe_account, charges_enabled) values ($1, $2, true)
       on conflict (partner_id) do update set stripe_account = excluded.stripe_account, charges_enabled = true`,
      [alerting.partnerId, account],
    );
    const context = paymentContext({
      database: alerting.test.database,
      ledger: alerting.world.talktime.ledger,
      stripe: new StripeAccess({ secretKey: fake.key, webhookSecret: 'whsec_test', apiUrl: fake.origin }),
      publicUrl: 'https://talktime.example',
    });
    return new Selling(alerting, fake, context, account);
  }

  async close(): Promise<void> {
    await this.alerting.close();
    await this.fake.close();
  }

  get partnerId(): string {
    return this.alerting.partnerId;
  }

  /** A page of Stripe's for a customer, that nobody has paid on yet. */
  open(amount = '60', customer_id = 'acme'): Promise<Payment> {
    return openCheckout(
      this.context,
      this.partnerId,
      PARTNER,
      checkoutCreate.parse({ customer_id, amount, idempotency_key: `buy-${++this.#keys}` }),
    );
  }

  /** Somebody pays on it, or tries to; nobody here hears of it yet. */
  pay(paymentId: string, paying: Paying = {}): { session: string; intent: string } {
    const session = this.fake
      .all('checkoutSession', this.account)
      .find((each) => each.client_reference_id === paymentId)!;
    this.fake.pay(session.id, paying);
    return { session: session.id, intent: session.payment_intent as string };
  }

  /** Somebody buys credits for a customer, and the ledger is brought to it. */
  async buy(amount = '60', customer_id = 'acme', paying: Paying = {}) {
    const { id } = await this.open(amount, customer_id);
    const paid = this.pay(id, paying);
    await this.settle(id);
    return { id, ...paid };
  }

  settle(paymentId: string) {
    return settlePayment(this.context, this.partnerId, paymentId);
  }

  refund(paymentId: string, body: { amount?: string; reason?: 'duplicate'; idempotency_key?: string } = {}) {
    const idempotency_key = `refund-${++this.#keys}`;
    return refundPayment(
      this.context,
      this.partnerId,
      PARTNER,
      paymentId,
      refundCreate.parse({ idempotency_key, ...body }),
    );
  }

  details(paymentId: string): Promise<PaymentDetails> {
    return getPaymentDetails(this.context.database, this.partnerId, paymentId);
  }

  async posted(customerId = 'acme'): Promise<number> {
    const [row] = await this.alerting.test.superuser<{ posted: bigint }>(
      `select w.posted from talktime.wallets w join talktime.customers c using (partner_id, wallet_id)
       where partner_id = $1 and customer_id = $2`,
      [this.partnerId, customerId],
    );
    return Number(row!.posted) / 1_000_000;
  }
}
