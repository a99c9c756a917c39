import { workOnDueEvents } from '@talktime/core/payments';
import { verify } from '@talktime/core/ledger';
import { startFakeStripe, type FakeStripe, type FakeStripeOptions, type Payment } from '../../server/demo/stripe';
import { TestApi, type Answer } from '../server/harness';

const SECRET = 'whsec_of_the_test_till_0123456789';

/** The API with payments, and a Stripe of our own that it talks to over HTTP and that sends it webhooks. */
export class Till {
  #keys = 0;

  private constructor(
    readonly stripe: FakeStripe,
    readonly api: TestApi,
  ) {}

  static async open(options: FakeStripeOptions = {}): Promise<Till> {
    const stripe = await startFakeStripe(options);
    const api = await TestApi.start({
      publicUrl: 'https://talktime.example',
      stripe: {
        secretKey: stripe.key,
        webhookSecret: SECRET,
        connectWebhookSecret: `${SECRET}connect`,
        apiUrl: stripe.origin,
      },
    });
    stripe.webhooks.addEndpoint({ url: `${api.url}/stripe/webhook`, secret: SECRET });
    stripe.webhooks.addEndpoint({
      url: `${api.url}/stripe/connect/webhook`,
      secret: `${SECRET}connect`,
      connect: true,
    });
    const till = new Till(stripe, api);
    await till.host('PATCH', '/v1/payment-settings', { sells_on: 'host' });
    return till;
  }

  async close(): Promise<void> {
    await this.stripe.webhooks.settled();
    await this.api.stop();
    await this.stripe.close();
  }

  /** As the host, for the partner. */
  host(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.api.call(method, path, { key: this.api.hostKey, partner: this.api.partnerId, body });
  }

  key(): string {
    return `key-${++this.#keys}`;
  }

  async customer(id: string, settings: object = {}): Promise<string> {
    const { status, body } = await this.api.call('POST', '/v1/customers', {
      body: { id, name: id, settings: { ai_credits_enabled: true, price_per_minute: { credits: '12' }, ...settings } },
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return id;
  }

  /** Opens a checkout, for 60.00 unless said otherwise: 6,000 credits. */
  async checkout(
    customer: string,
    what: object = { amount: '60' },
  ): Promise<{ id: string; url: string; session: string }> {
    const { status, body } = await this.api.call('POST', '/v1/checkouts', {
      body: { customer_id: customer, idempotency_key: this.key(), ...what },
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return { id: body.id, url: body.url, session: this.sessionOf(body.id) };
  }

  sessionOf(paymentId: string): string {
    return this.stripe.all('checkoutSession').find((session) => session.client_reference_id === paymentId)!.id;
  }

  intentOf(paymentId: string): string {
    return this.stripe.all('paymentIntent').find((intent) => intent.metadata.talktime_payment === paymentId)!.id;
  }

  /** Opens a checkout and pays it. */
  async buy(customer: string, what?: object, payment?: Payment): Promise<string> {
    const { id, session } = await this.checkout(customer, what);
    this.stripe.pay(session, payment);
    await this.heard();
    return id;
  }

  /** When everything that Stripe has sent is worked on. */
  async heard(): Promise<void> {
    await this.stripe.webhooks.settled();
    await this.idle();
  }

  /** When nothing is under way any more: events that failed are worked on again as if their time had come. */
  async idle(tries = 20): Promise<void> {
    for (let left = tries; left > 0; left--) {
      const [row] = await this.api.database.superuser<{ waiting: number }>(
        'select count(*)::int as waiting from directory.stripe_events where done_at is null',
      );
      if (row!.waiting === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (left < tries - 2) await this.due();
    }
    throw new Error('Events of Stripe still wait');
  }

  /** Works on every event that waits, as the job does once it is due. */
  async due(): Promise<void> {
    await this.api.database.superuser(
      `update directory.stripe_events set next_attempt_at = clock_timestamp() where done_at is null`,
    );
    await workOnDueEvents(this.api.payments!, new AbortController().signal).catch(() => undefined);
  }

  async payment(id: string): Promise<any> {
    return (await this.api.call('GET', `/v1/payments/${id}`)).body;
  }

  async posted(customer: string): Promise<number> {
    return (await this.balance(customer)).posted;
  }

  async balance(customer: string | 'partner'): Promise<any> {
    const which = customer === 'partner' ? 'wallet=partner' : `customer_id=${customer}`;
    return (await this.api.call('GET', `/v1/balance?${which}`)).body;
  }

  async statement(customer: string): Promise<any[]> {
    return (await this.api.call('GET', `/v1/statement?customer_id=${customer}`)).body.lines;
  }

  async findings(): Promise<unknown[]> {
    return (await verify(this.api.database.database)).findings as unknown[];
  }
}
