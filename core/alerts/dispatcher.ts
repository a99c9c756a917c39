import { Client } from 'pg';
import type { Database } from '../database';

/** What a queue has for a partner: something to do now, something later, or nothing. */
export type Taken =
  | {
      readonly kind: 'work';
      /** Does it. A failure that somebody should know of is in `failure`. */
      run(): Promise<{ readonly failure?: Error }>;
    }
  /** Nothing is due now; something will be in so many seconds. */
  | { readonly kind: 'later'; readonly seconds: number }
  | { readonly kind: 'nothing' };

/** Something that waits in the database to be delivered, partner by partner. */
export interface Queue {
  /** How much of one partner's is done at once; one after another unless said. */
  readonly atOnce?: number;
  /** Takes what is due next for a partner; replicas share the work by claiming. Called once at a time for a partner. */
  take(partnerId: string): Promise<Taken>;
}

export interface DispatcherOptions {
  readonly database: Database;
  /** A direct connection for LISTEN: not through a proxy in transaction mode. */
  readonly url: string;
  readonly queue: Queue;
  readonly onError: (error: Error) => void;
  /** The notifications that wake it: talktime_outbox unless said. */
  readonly channel?: 'talktime_outbox' | 'talktime_recharge';
  /** How often every partner's queue is looked through, for what no notification told. */
  readonly sweepSeconds?: number;
}

export interface Dispatcher {
  /** Stops listening and waits for the deliveries under way. */
  stop(): Promise<void>;
}

const SWEEP_SECONDS = 30;
const RECONNECT_MILLISECONDS = 2_000;
/** How many partners' queues a sweep looks into at once. */
const SWEPT_AT_ONCE = 4;
/** The sweep finds what is due later than that. */
const LONGEST_TIMER = 60 * 60 * 1000;

/**
 * Works through a queue. It is woken by the notification that every commit of something to deliver sends, and sweeps all
 * partners now and then, so that one that was missed (no listener at that moment) is only late. What is one partner's is
 * taken turn by turn and done a few at once; no partner waits for what another has under way.
 */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const dispatcher = new RunningDispatcher(options);
  dispatcher.start();
  return dispatcher;
}

/** A partner whose queue is being worked through. */
interface Working {
  /** It must be looked at again: something came in, or ended. */
  again: boolean;
  /** Ends the wait for what is under way. */
  stir: () => void;
}

class RunningDispatcher implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #working = new Map<string, Working>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** When a partner will be looked at again: the earliest moment that was asked for. */
  readonly #alarms = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();
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
    for (const { stir } of this.#working.values()) stir();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
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
      await client.query(`listen ${this.#options.channel ?? 'talktime_outbox'}`);
      await this.#sweep();
    } catch (error) {
      reconnect(error as Error);
      await client.end().catch(() => undefined); // it may never have been open
    }
  }

  /** Looks into every partner's queue, a few at a time, and leaves what it finds under way. */
  async #sweep(): Promise<void> {
    const rows = await this.#options.database.asDirectory((transaction) =>
      transaction.query<{ partner_id: string }>('select partner_id from directory.partners order by partner_id'),
    );
    const partners = rows.map((row) => row.partner_id);
    const look = async () => {
      for (let next = partners.shift(); next !== undefined && !this.#stopped; next = partners.shift())
        await this.#look(next);
    };
    await Promise.all(Array.from({ length: SWEPT_AT_ONCE }, look));
  }

  #wake(partnerId: string): void {
    if (!this.#stopped) this.#track(this.#look(partnerId));
  }

  /** Answers as soon as the queue was looked into once; the rest goes on by itself. */
  async #look(partnerId: string): Promise<void> {
    const working = this.#working.get(partnerId);
    if (working) {
      working.again = true;
      working.stir();
      return;
    }
    await new Promise<void>((looked) => this.#track(this.#work(partnerId, looked).finally(looked)));
  }

  /** Takes and does what a partner has, until there is nothing more to take. */
  async #work(partnerId: string, looked: () => void): Promise<void> {
    const { queue } = this.#options;
    const running = new Set<Promise<void>>();
    const working: Working = { again: false, stir: () => undefined };
    this.#working.set(partnerId, working);
    try {
      while (!this.#stopped) {
        working.again = false;
        const stirred = new Promise<void>((stir) => (working.stir = stir));
        if (running.size < (queue.atOnce ?? 1)) {
          const taken = await queue.take(partnerId);
          looked();
          if (taken.kind === 'work') {
            const done = this.#run(taken).finally(() => {
              running.delete(done);
              working.again = true; // what was left alone because of it may be due
            });
            running.add(done);
            this.#track(done);
            continue;
          }
          if (taken.kind === 'later') this.#alarm(partnerId, taken.seconds);
          if (working.again) continue;
          if (running.size === 0) return;
        }
        // What ends may have made something due; so may what comes in.
        await Promise.race([...running, stirred]);
      }
    } finally {
      this.#working.delete(partnerId);
    }
  }

  async #run(work: Extract<Taken, { kind: 'work' }>): Promise<void> {
    try {
      const { failure } = await work.run();
      if (failure) this.#options.onError(failure);
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  #alarm(partnerId: string, seconds: number): void {
    const milliseconds = Math.min(seconds * 1000 + 10, LONGEST_TIMER);
    const at = Date.now() + milliseconds;
    const set = this.#alarms.get(partnerId);
    if (set && set.at <= at) return;
    if (set) this.#forget(set.timer);
    const timer = this.#later(milliseconds, () => {
      this.#alarms.delete(partnerId);
      this.#wake(partnerId);
    });
    this.#alarms.set(partnerId, { at, timer });
  }

  #track(work: Promise<void>): void {
    const tracked = work.catch(this.#options.onError).finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #later(milliseconds: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#stopped) action();
    }, milliseconds);
    timer.unref();
    this.#timers.add(timer);
    return timer;
  }

  #forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  #every(milliseconds: number, action: () => void): void {
    this.#later(milliseconds, () => {
      action();
      this.#every(milliseconds, action);
    });
  }
}
