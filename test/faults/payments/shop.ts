import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeStripe, type FakeStripe } from '../../../server/demo/stripe';
import type { Answer, Ask } from '../book';
import { request } from '../client';
import { runTalktime } from '../command';
import { Postgres } from '../postgres';
import type { Random } from '../random';
import { Replica } from '../replica';
import { sleep } from '../time';

const PATIENCE = 15_000;
const CLIENTS = 12;
const CUSTOMERS = ['cus_ada', 'cus_bea', 'cus_cem', 'cus_dot'];
/** What customers who top up by themselves have at first, spend once, and fill up to. */
const [FIRST, SPENT, TARGET] = [150, 100, 1000] as const;
const SECRET = 'whsec_of_the_faults_0123456789';

/** Something that was asked of the service, until it is answered: always again with the same key. */
export interface Asked {
  readonly kind: 'checkout' | 'refund' | 'spend' | 'sync';
  readonly customer: string;
  /** Money in cents. */
  readonly cents: number;
  readonly ask: Ask;
  answer: Answer | null;
  /** What it was told last, if it is not answered. */
  last: string;
}

/** The service as an operator starts it, on a Postgres and a Stripe that outlive it. */
export class Shop {
  readonly asked: Asked[] = [];
  readonly findings: string[] = [];
  /** Customers whose balance has not gone below what they top up at, yet. */
  readonly full: string[] = [];
  refundedByHand = 0;
  #keys = 0;

  private constructor(
    readonly folder: string,
    readonly postgres: Postgres,
    readonly stripe: FakeStripe,
    readonly replica: Replica,
    private readonly environment: Readonly<Record<string, string>>,
    private headers: Readonly<Record<string, string>> = {},
  ) {}

  static async open(recharging: number): Promise<Shop> {
    const folder = mkdtempSync(join(tmpdir(), 'talktime-payments-'));
    chmodSync(folder, 0o755); // PostgreSQL is another user when this is root
    const postgres = await Postgres.start(join(folder, 'postgres'));
    const stripe = await startFakeStripe();
    const sealKey = randomBytes(32).toString('base64');
    const environment = {
      STRIPE_SECRET_KEY: stripe.key,
      STRIPE_WEBHOOK_SECRET: SECRET,
      STRIPE_API_URL: stripe.origin,
      PUBLIC_URL: 'http://127.0.0.1:1',
    };
    const replica = await Replica.create({ name: 'payments', databaseUrl: postgres.url(), sealKey, environment });
    const shop = new Shop(folder, postgres, stripe, replica, {
      ...environment,
      DATABASE_URL: postgres.url(),
      TALKTIME_SEAL_KEY: sealKey,
    });
    await replica.start();
    stripe.webhooks.addEndpoint({ url: `${replica.url}/stripe/webhook`, secret: SECRET });
    await shop.#furnish(recharging);
    return shop;
  }

  async #furnish(recharging: number): Promise<void> {
    this.headers = {
      authorization: `Bearer ${this.replica.printed(/Host key +(tt_\S+)/)}`,
      'talktime-partner': this.replica.printed(/Partner {2,}(\S+)/),
      'content-type': 'application/json',
    };
    await this.#must('PATCH', '/v1/payment-settings', { sells_on: 'host' });
    for (const id of CUSTOMERS) await this.#addCustomer(id);
    for (let number = 1; number <= recharging; number++) await this.#addRecharging(`cus_auto_${number}`);
  }

  async #addCustomer(id: string): Promise<void> {
    const settings = { ai_credits_enabled: true, price_per_minute: { credits: '12' } };
    await this.#must('POST', '/v1/customers', { id, name: id, settings });
  }

  /** Has a card, and tops up by itself. */
  async #addRecharging(id: string): Promise<void> {
    await this.#addCustomer(id);
    const body = { customer_id: id, amount: String(FIRST), kind: 'paid', idempotency_key: this.#key() };
    await this.#must('POST', '/v1/top-ups', body);
    const { url } = await this.#must('POST', '/v1/cards/setup', { customer_id: id });
    this.stripe.pay(this.stripe.all('checkoutSession').find((session) => session.url === url)!.id);
    await this.stripe.webhooks.settled();
    const settings = { enabled: true, threshold: '100', target: String(TARGET), monthly_money: '500' };
    // The card is there as soon as what Stripe told was worked on.
    await this.#must('PUT', `/v1/auto-recharge?customer_id=${id}`, settings, Date.now() + PATIENCE);
    this.full.push(id);
  }

  /** Opens a checkout over so much. */
  checkout(random: Random): Asked {
    const [customer, cents] = [random.pick(CUSTOMERS), random.between(500, 90_000)];
    const body = { customer_id: customer, amount: textOf(cents), idempotency_key: this.#key() };
    return this.#open('checkout', customer, cents, '/v1/checkouts', body);
  }

  /** Gives so much of a payment back. */
  refund(payment: Asked, cents: number): Asked {
    const path = `/v1/payments/${payment.answer!.body.id}/refunds`;
    const body = { amount: textOf(cents), idempotency_key: this.#key() };
    return this.#open('refund', payment.customer, cents, path, body);
  }

  /** A customer who tops up by itself spends so much that it has to, once. */
  spend(): Asked | null {
    const customer = this.full.pop();
    if (customer === undefined) return null;
    const body = { source: 'amount', customer_id: customer, amount: String(SPENT), idempotency_key: this.#key() };
    return this.#open('spend', customer, SPENT, '/v1/deductions', body);
  }

  /** What a wallet has beside payments, in microcredits. */
  besidePayments(customer: string): bigint {
    if (CUSTOMERS.includes(customer)) return 0n;
    const spent = this.asked.some((asked) => asked.kind === 'spend' && asked.customer === customer);
    return BigInt(spent ? FIRST - SPENT : FIRST) * 1_000_000n;
  }

  /** Those who spent, and so have to have topped up once. */
  get spenders(): string[] {
    return this.asked.flatMap(({ kind, customer }) => (kind === 'spend' ? [customer] : []));
  }

  sync(payment: Asked): Asked {
    return this.#open('sync', payment.customer, 0, `/v1/payments/${payment.answer!.body.id}/sync`, undefined);
  }

  /** Asks what is open once more. What the service refuses is answered; what it could not do is not. */
  async askAll(): Promise<void> {
    const left = this.open;
    const client = async () => {
      for (let next = left.shift(); next; next = left.shift()) await this.#try(next);
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }

  get open(): Asked[] {
    return this.asked.filter(({ answer }) => answer === null);
  }

  /** Checkouts that the client knows the address of. */
  get checkouts(): Asked[] {
    return this.asked.filter(({ kind, answer }) => kind === 'checkout' && answer !== null && answer.status < 300);
  }

  async #try(asked: Asked): Promise<void> {
    const answer = await request(this.replica.url, asked.ask, PATIENCE).catch(() => null);
    asked.last = answer ? `${answer.status} ${answer.body?.code}` : 'nothing';
    const isRefusal = REFUSALS.has(answer?.body?.code);
    if (!answer || (answer.status >= 500 && !isRefusal)) return;
    if (answer.status >= 400 && !isRefusal)
      this.findings.push(`${asked.kind} was refused: ${answer.status} ${JSON.stringify(answer.body)}`);
    asked.answer ??= answer;
  }

  #open(kind: Asked['kind'], customer: string, cents: number, path: string, body: object | undefined): Asked {
    const { 'content-type': type, ...others } = this.headers;
    const headers = body ? { ...others, 'content-type': type! } : others;
    const ask: Ask = { method: 'POST', path, headers, body: body && JSON.stringify(body) };
    const asked: Asked = { kind, customer, cents, ask, answer: null, last: 'nothing' };
    this.asked.push(asked);
    return asked;
  }

  /** `until`: a refusal is asked again until then, in milliseconds since 1970. */
  async #must(method: 'PATCH' | 'POST' | 'PUT', path: string, body: object, until = 0): Promise<any> {
    const ask: Ask = { method, path, headers: this.headers, body: JSON.stringify(body) };
    for (;;) {
      const answer = await request(this.replica.url, ask, PATIENCE);
      if (answer.status < 300) return answer.body;
      if (Date.now() > until)
        throw new Error(`${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`);
      await sleep(100);
    }
  }

  #key(): string {
    return `fault-${++this.#keys}`;
  }

  /** `talktime …`, as an operator runs it. */
  talktime(...words: string[]): Promise<{ code: number | null; output: string }> {
    return runTalktime(words, this.environment);
  }

  async close(): Promise<void> {
    await this.replica.kill();
    await this.stripe.close();
    await this.postgres.stop().catch(() => undefined); // it may have been killed
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What the load runs into by what it asks. */
const REFUSALS = new Set(['REFUND_LIMIT', 'PAYMENT_NOT_PAID', 'STRIPE_REFUSED']);

const textOf = (cents: number) => (cents / 100).toFixed(2);
