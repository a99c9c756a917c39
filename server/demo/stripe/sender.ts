import Stripe from 'stripe';
import { matchesType } from './events';
import { randomPart } from './state';

/** Where events are sent to. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  /** Whether it hears of the connected accounts' events instead of its own account's. */
  readonly connect: boolean;
  readonly enabledEvents: readonly string[];
  /** The account that it belongs to. */
  readonly account: string;
}

/** One event on its way to one endpoint. */
export interface Delivery {
  readonly event: Stripe.Event;
  readonly endpoint: Endpoint;
  /** When it is to be tried next, in milliseconds; null: no more. */
  dueAt: number | null;
  attempts: number;
  isDelivered: boolean;
}

/** One try, and how it was answered. */
export interface Sent {
  readonly at: number;
  readonly event: Stripe.Event;
  readonly endpoint: Endpoint;
  readonly attempt: number;
  /** 0: nothing was answered. */
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface DeliverOptions {
  /** Everything that was not delivered, also what is not due yet by the clock. */
  readonly all?: boolean;
  /** In the order they happened, unless said otherwise. */
  readonly order?: 'as it happened' | 'backwards' | { readonly shuffledBy: number };
  /** Each is sent so often. Once, unless said otherwise. */
  readonly times?: number;
  /** These are never sent: they are lost. */
  readonly drop?: (event: Stripe.Event) => boolean;
  /** Only these; the others stay where they are. */
  readonly only?: (event: Stripe.Event) => boolean;
  /** All at once, instead of one after the other. */
  readonly atOnce?: boolean;
}

/** What Stripe waits for an answer. */
const PATIENCE_MS = 10_000;
/** Roughly Stripe's: at once, minutes, hours; for three days in live mode. */
const BACKOFF_MS = [60_000, 5 * 60_000, 30 * 60_000, 2, 5, 10, 10, 12, 12, 12].map((wait) =>
  wait < 1_000 ? wait * 3_600_000 : wait,
);

/** Sends events to endpoints, signed; tries again what was not taken; and keeps what each answered. */
export class Sender {
  readonly endpoints: Endpoint[] = [];
  readonly sent: Sent[] = [];
  #deliveries: Delivery[] = [];
  #isHeld = false;
  #line: Promise<unknown> = Promise.resolve();
  readonly #signer = new Stripe('sk_test_signs_only').webhooks;

  constructor(
    readonly now: () => number,
    readonly signedAt: () => number,
    readonly hostId: string,
  ) {}

  addEndpoint(options: {
    url: string;
    secret?: string;
    connect?: boolean;
    enabledEvents?: readonly string[];
    id?: string;
    account?: string;
  }): Endpoint {
    const endpoint: Endpoint = {
      id: options.id ?? `we_1${randomPart(23)}`,
      url: options.url,
      secret: options.secret ?? `whsec_${randomPart(32)}`,
      connect: options.connect ?? false,
      enabledEvents: options.enabledEvents ?? ['*'],
      account: options.account ?? this.hostId,
    };
    this.endpoints.push(endpoint);
    return endpoint;
  }

  removeEndpoint(id: string): void {
    this.endpoints.splice(0, Infinity, ...this.endpoints.filter((one) => one.id !== id));
    this.#deliveries = this.#deliveries.filter(({ endpoint }) => endpoint.id !== id);
  }

  /** Something happened in an account. */
  take(event: Stripe.Event, account: string): void {
    for (const endpoint of this.endpoints) {
      const hears = endpoint.connect ? account !== endpoint.account : account === endpoint.account;
      if (!hears || !endpoint.enabledEvents.some((pattern) => matchesType(event.type, pattern))) continue;
      event.pending_webhooks += 1;
      const delivery: Delivery = { event, endpoint, dueAt: this.now(), attempts: 0, isDelivered: false };
      this.#deliveries.push(delivery);
      if (!this.#isHeld) this.#queue(() => this.#try(delivery));
    }
  }

  /** Nothing is sent by itself until it is released. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Sends what was held, and from now on each at once. */
  async release(options: DeliverOptions = {}): Promise<Sent[]> {
    this.#isHeld = false;
    return this.deliver({ all: true, ...options });
  }

  /** What was not delivered, and is to be. */
  get pending(): Delivery[] {
    return this.#deliveries.filter(({ isDelivered, dueAt }) => !isDelivered && dueAt !== null);
  }

  /** Sends what is due by the clock. */
  async deliver(options: DeliverOptions = {}): Promise<Sent[]> {
    await this.#line;
    const due = this.pending.filter(
      ({ event, dueAt }) => (options.all === true || (dueAt ?? 0) <= this.now()) && (options.only?.(event) ?? true),
    );
    const lost = due.filter(({ event }) => options.drop?.(event) ?? false);
    for (const delivery of lost) delivery.dueAt = null;
    const kept = due.filter((delivery) => !lost.includes(delivery));
    const each = kept.flatMap((delivery) => Array.from({ length: options.times ?? 1 }, () => delivery));
    const ordered = arranged(each, options.order ?? 'as it happened');
    if (options.atOnce === true) return Promise.all(ordered.map((delivery) => this.#try(delivery)));
    const sent: Sent[] = [];
    for (const delivery of ordered) sent.push(await this.#try(delivery));
    return sent;
  }

  /** Sends an event once more, also one that was delivered or dropped: to each endpoint that heard of it. */
  async resend(eventId: string): Promise<Sent[]> {
    await this.#line;
    const again = this.#deliveries.filter(({ event }) => event.id === eventId);
    if (again.length === 0) throw new Error(`No endpoint was to hear of ${eventId}`);
    const sent: Sent[] = [];
    for (const delivery of again) sent.push(await this.#try(delivery));
    return sent;
  }

  /** Looks every so often for what is due by the clock to be tried again: for the demo. The result ends it. */
  retryEvery(milliseconds: number): () => void {
    let isBusy = false;
    const timer = setInterval(() => {
      if (isBusy || this.#isHeld) return;
      isBusy = true;
      void this.deliver().finally(() => (isBusy = false));
    }, milliseconds);
    timer.unref();
    return () => clearInterval(timer);
  }

  /** Waits until what is sent by itself has arrived. */
  async settled(): Promise<void> {
    let line: Promise<unknown>;
    do {
      line = this.#line;
      await line;
    } while (line !== this.#line);
  }

  #queue(send: () => Promise<unknown>): void {
    this.#line = this.#line.then(send);
  }

  async #try(delivery: Delivery): Promise<Sent> {
    const { event, endpoint } = delivery;
    delivery.attempts += 1;
    const attempt = delivery.attempts;
    const payload = JSON.stringify(event, null, 2);
    const timestamp = Math.floor(this.signedAt() / 1_000);
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      'stripe-signature': this.#signer.generateTestHeaderString({ payload, secret: endpoint.secret, timestamp }),
    };
    const { status, body } = await post(endpoint.url, headers, payload);
    if (status >= 200 && status < 300) {
      if (!delivery.isDelivered) event.pending_webhooks -= 1;
      delivery.isDelivered = true;
      delivery.dueAt = null;
    } else if (!delivery.isDelivered) {
      const wait = BACKOFF_MS[attempt - 1];
      delivery.dueAt = wait === undefined ? null : this.now() + wait;
    }
    const sent: Sent = { at: this.now(), event, endpoint, attempt, status, body, headers };
    this.sent.push(sent);
    return sent;
  }
}

async function post(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number; body: string }> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    return { status: 0, body: error instanceof Error ? error.message : String(error) };
  }
}

function arranged(deliveries: readonly Delivery[], order: NonNullable<DeliverOptions['order']>): Delivery[] {
  if (order === 'as it happened') return [...deliveries];
  if (order === 'backwards') return [...deliveries].reverse();
  const random = randomBy(order.shuffledBy);
  const shuffled = [...deliveries];
  for (let index = shuffled.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    const [one, two] = [shuffled[index], shuffled[other]];
    if (one && two) [shuffled[index], shuffled[other]] = [two, one];
  }
  return shuffled;
}

/** mulberry32: the same order for the same seed. */
function randomBy(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
