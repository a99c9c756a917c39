import { Client } from 'pg';
import type { Database } from '../database';

/** Something that waits in the database to be delivered, partner by partner. */
export interface Queue {
  /**
   * Delivers what is due next for a partner; replicas share the work by claiming. null when nothing is due; `retryIn` says
   * in how many seconds something that failed is due again. A failure that somebody should know of is in `failure`.
   */
  deliverNext(partnerId: string): Promise<{ readonly retryIn: number | null; readonly failure?: Error } | null>;
}

export interface DispatcherOptions {
  readonly database: Database;
  /** A direct connection for LISTEN: not through a proxy in transaction mode. */
  readonly url: string;
  readonly queue: Queue;
  readonly onError: (error: Error) => void;
  /** How often every partner's queue is looked through, for what no notification told. */
  readonly sweepSeconds?: number;
}

export interface Dispatcher {
  /** Stops listening and waits for the deliveries under way. */
  stop(): Promise<void>;
}

const SWEEP_SECONDS = 30;
const RECONNECT_MILLISECONDS = 2_000;

/**
 * Works through a queue. It is woken by the notification that every commit of something to deliver sends, and sweeps all
 * partners now and then, so that one that was missed (no listener at that moment) is only late. What is one partner's is
 * worked through turn by turn.
 */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const dispatcher = new RunningDispatcher(options);
  dispatcher.start();
  return dispatcher;
}

class RunningDispatcher implements Dispatcher {
  readonly #options: DispatcherOptions;
  /** Partners whose queue is being worked through; `true` when it must be looked at again afterwards. */
  readonly #working = new Map<string, boolean>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #listener: Client | undefined;
  #stopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#track(this.#listen());
    this.#every((this.#options.sweepSeconds ?? SWEEP_SECONDS) * 1000, () => this.#track(this.#sweep()));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled(this.#underWay);
    await this.#listener?.end().catch(this.#options.onError);
  }

  /** Listens for commits; a lost connection is made anew. What was missed meanwhile, the sweep after it finds. */
  async #listen(): Promise<void> {
    const client = new Client({ connectionString: this.#options.url, application_name: 'talktime dispatcher' });
    const reconnect = (error?: Error) => {
      if (this.#stopped || this.#listener !== client) return;
      this.#listener = undefined;
      if (error) this.#options.onError(error);
      this.#later(RECONNECT_MILLISECONDS, () => this.#track(this.#listen()));
    };
    this.#listener = client;
    client.on('error', reconnect);
    client.on('end', () => reconnect());
    client.on('notification', ({ payload }) => payload && this.#wake(payload));
    try {
      await client.connect();
      await client.query('listen talktime_outbox');
      await this.#sweep();
    } catch (error) {
      reconnect(error as Error);
      await client.end().catch(() => undefined); // it may never have been open
    }
  }

  async #sweep(): Promise<void> {
    const rows = await this.#options.database.asDirectory((transaction) =>
      transaction.query<{ partner_id: string }>('select partner_id from directory.partners order by partner_id'),
    );
    for (const row of rows) {
      if (this.#stopped) return;
      await this.#drain(row.partner_id);
    }
  }

  #wake(partnerId: string): void {
    if (!this.#stopped) this.#track(this.#drain(partnerId));
  }

  /** Works through what a partner has waiting. */
  async #drain(partnerId: string): Promise<void> {
    if (this.#working.has(partnerId)) {
      this.#working.set(partnerId, true);
      return;
    }
    try {
      do {
        this.#working.set(partnerId, false);
        while (!this.#stopped && (await this.#deliverNext(partnerId)));
      } while (this.#working.get(partnerId) && !this.#stopped);
    } finally {
      this.#working.delete(partnerId);
    }
  }

  async #deliverNext(partnerId: string): Promise<boolean> {
    const delivered = await this.#options.queue.deliverNext(partnerId);
    if (!delivered) return false;
    const { retryIn, failure } = delivered;
    if (failure) this.#options.onError(failure);
    if (retryIn !== null) this.#later(retryIn * 1000 + 50, () => this.#wake(partnerId));
    return true;
  }

  #track(work: Promise<void>): void {
    const tracked = work.catch(this.#options.onError).finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #later(milliseconds: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#stopped) action();
    }, milliseconds);
    timer.unref();
    this.#timers.add(timer);
  }

  #every(milliseconds: number, action: () => void): void {
    this.#later(milliseconds, () => {
      action();
      this.#every(milliseconds, action);
    });
  }
}
