import { startDispatcher, type Dispatcher } from '@talktime/core/alerts';
import { Database } from '@talktime/core/database';
import { Ledger } from '@talktime/core/ledger';
import {
  paymentContext,
  RECHARGE_CHANNEL,
  rechargeIfDue,
  rechargeQueue,
  settleDuePayments,
  StripeAccess,
  type PaymentContext,
} from '@talktime/core/payments';
import type Stripe from 'stripe';
import { Till } from '../till';

/** Cards whose banks say no in different ways. https://docs.stripe.com/testing */
export const CARDS = {
  works: '4242424242424242',
  other: '5555555555554444',
  /** Can be saved; every charge is declined. */
  declined: '4000000000000341',
  /** Can be saved; every charge wants its owner. */
  wantsOwner: '4000002760003184',
} as const;

const USUAL = { enabled: true, threshold: '100', target: '1000', monthly_money: '500' };

/** A till at which customers have cards, and wallets top themselves up. */
export class Desk {
  readonly #dispatchers: Dispatcher[] = [];
  readonly #databases: Database[] = [];
  #n = 0;

  private constructor(readonly till: Till) {}

  static async open(): Promise<Desk> {
    return new Desk(await Till.open());
  }

  async close(): Promise<void> {
    await this.stopReplicas();
    await this.till.close();
  }

  get context(): PaymentContext {
    return this.till.api.payments!;
  }

  get partnerId(): string {
    return this.till.api.partnerId;
  }

  /** A customer with so many credits, a saved card, and automatic top-ups at 100 to 1,000, for at most 500.00 a month. */
  async customer(credits: number, settings: object = {}, card: string | null = CARDS.works): Promise<string> {
    const id = `cus_${++this.#n}_${Date.now().toString(36)}`;
    await this.till.customer(id);
    if (credits > 0) await this.topUp(id, credits);
    if (card !== null) await this.saveCard(id, card);
    if (card !== null) await this.set(id, { ...USUAL, ...settings });
    return id;
  }

  async topUp(customer: string, credits: number): Promise<void> {
    const { status, body } = await this.till.api.post('/v1/top-ups', {
      customer_id: customer,
      amount: String(credits),
      kind: 'paid',
      idempotency_key: this.till.key(),
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
  }

  /** Its owner saves a card on Stripe's page. */
  async saveCard(customer: string, number: string = CARDS.works): Promise<void> {
    const { status, body } = await this.till.api.post('/v1/cards/setup', { customer_id: customer });
    if (status !== 201) throw new Error(JSON.stringify(body));
    const session = this.till.stripe.all('checkoutSession').find(({ url }) => url === body.url)!;
    this.till.stripe.pay(session.id, { with: number, authenticates: true });
    await this.till.heard();
  }

  async set(customer: string, settings: object): Promise<any> {
    const { status, body } = await this.put(customer, settings);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body;
  }

  put(customer: string, settings: object) {
    return this.till.api.call('PUT', `/v1/auto-recharge?customer_id=${customer}`, { body: settings });
  }

  async get(customer: string): Promise<any> {
    return (await this.till.api.get(`/v1/auto-recharge?customer_id=${customer}`)).body;
  }

  async spend(customer: string, credits: number) {
    return this.till.api.post('/v1/deductions', {
      source: 'amount',
      customer_id: customer,
      amount: String(credits),
      idempotency_key: this.till.key(),
    });
  }

  /** A call, which may bring the balance below zero. */
  async call(customer: string, minutes: number) {
    return this.till.api.post('/v1/deductions', {
      source: 'call',
      provider: 'retell',
      call_id: this.till.key(),
      seconds: String(minutes * 60),
      customer_id: customer,
    });
  }

  async walletOf(customer: string): Promise<number> {
    const [row] = await this.sql<{ wallet_id: number }>(
      'select wallet_id from talktime.customers where partner_id = $1 and customer_id = $2',
      [this.partnerId, customer],
    );
    return row!.wallet_id;
  }

  /** What happens when somebody looks at the wallet now; unknown outcomes of a charge are errors. */
  async look(customer: string, context = this.context) {
    return rechargeIfDue(context, this.partnerId, await this.walletOf(customer));
  }

  async looked(customer: string): Promise<string> {
    const done = await this.look(customer);
    return done.do === 'charge' ? done.payment.state : done.why;
  }

  /** The job that looks at payments, as if an hour had gone by for each of them. */
  async payments(): Promise<void> {
    await this.sql('update talktime.payments set next_sync_at = clock_timestamp() where next_sync_at is not null');
    await settleDuePayments(this.context, this.partnerId, new AbortController().signal);
  }

  /** The customer's automatic payments, oldest first. */
  async attempts(customer: string): Promise<any[]> {
    const { body } = await this.till.api.get(`/v1/payments?customer_id=${customer}&limit=200`);
    return body.items.filter(({ kind }: { kind: string }) => kind === 'recharge').reverse();
  }

  /** What Stripe has of the customer's automatic payments. */
  intents(attempts: readonly any[]): Stripe.PaymentIntent[] {
    const ids = attempts.map(({ id }) => id);
    return this.till.stripe
      .all('paymentIntent')
      .filter(({ metadata }) => ids.includes(metadata.talktime_payment as string));
  }

  posted(customer: string): Promise<number> {
    return this.till.posted(customer);
  }

  /** What was told, oldest first: the event and its detail. */
  async told(customer: string): Promise<string[]> {
    const rows = await this.sql<{ detail: string }>(
      `select detail from talktime.outbox where partner_id = $1 and wallet_id = $2 and event = 'recharge_failed' order by created_at`,
      [this.partnerId, await this.walletOf(customer)],
    );
    return rows.map(({ detail }) => detail);
  }

  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]> {
    return this.till.api.database.superuser<Row>(text, values);
  }

  /** So much later by the database's clock, on which attempts are counted. '0' puts it right. */
  async later(interval: string): Promise<void> {
    await this.sql(
      `create or replace function talktime.clock() returns timestamptz language sql volatile
       as $$ select clock_timestamp() + interval '${interval}' $$`,
    );
  }

  /** Another process: its own connections, its own Stripe client. */
  replica(): PaymentContext {
    const database = new Database({ url: this.till.api.database.url });
    this.#databases.push(database);
    return paymentContext({
      database,
      ledger: new Ledger(database),
      stripe: new StripeAccess(this.context.stripe.options),
      publicUrl: this.context.publicUrl,
    });
  }

  /** So many processes that top up by themselves. */
  async startReplicas(count: number, sweepSeconds = 3600): Promise<Error[]> {
    const errors: Error[] = [];
    for (let n = 0; n < count; n++) {
      const context = this.replica();
      this.#dispatchers.push(
        startDispatcher({
          database: context.database,
          url: this.till.api.database.url,
          channel: RECHARGE_CHANNEL,
          queue: rechargeQueue(context),
          onError: (error) => void errors.push(error),
          sweepSeconds,
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200)); // until they listen
    return errors;
  }

  async stopReplicas(): Promise<void> {
    await Promise.all(this.#dispatchers.splice(0).map((one) => one.stop()));
    await Promise.all(this.#databases.splice(0).map((one) => one.close()));
  }

  /** Waits until it holds. */
  async until(holds: () => Promise<boolean>, milliseconds = 5000): Promise<void> {
    const end = Date.now() + milliseconds;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error('It did not come to that in time');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Time enough for something that must not happen. */
  async quietly(milliseconds = 400): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}
