import type { Book, Entry, Partner } from './book';
import { deliver, type ClientOptions } from './client';
import type { Random } from './random';
import { playOne, type Stage } from './stories';
import { sleep } from './time';

export interface LoadOptions {
  readonly book: Book;
  readonly random: Random;
  readonly partners: readonly Partner[];
  readonly urls: readonly string[];
  readonly clientsPerPartner: number;
  /** Milliseconds between two stories of a client, at most. */
  readonly pause: number;
  readonly timeout?: number;
  /** Tells this load's keys from another's. */
  readonly prefix: string;
}

/** Clients that work at the same time, each one story after the other, until they are told to finish. */
export class Load {
  readonly #clients: Promise<void>[];
  #finishing = false;
  #givenUp = false;

  constructor(private readonly options: LoadOptions) {
    const { partners, clientsPerPartner } = options;
    const balances = new Map(partners.map((partner) => [partner, new Map<string, number>()]));
    this.#clients = partners.flatMap((partner, p) =>
      Array.from({ length: clientsPerPartner }, (_, c) =>
        this.#client(partner, `${options.prefix}-${p}-${c}`, balances.get(partner)!),
      ),
    );
  }

  /** Starts nothing new, and waits until everything that was begun is answered. Answers those that were not in time. */
  async finish(milliseconds: number): Promise<Entry[]> {
    this.#finishing = true;
    const timer = setTimeout(() => (this.#givenUp = true), milliseconds);
    await Promise.all(this.#clients);
    clearTimeout(timer);
    return this.options.book.entries.filter((entry) => entry.state === 'open');
  }

  clientOptions(): ClientOptions {
    const { book, random, urls, timeout = 10_000 } = this.options;
    return { book, random: random.fork(), urls, timeout, stopped: () => this.#givenUp };
  }

  async #client(partner: Partner, name: string, balances: Map<string, number>): Promise<void> {
    const { book, random: source, pause } = this.options;
    const random = source.fork();
    const client = this.clientOptions();
    let keys = 0;
    const stage: Stage = {
      partner,
      random,
      reversible: [],
      balances,
      nextKey: () => `${name}-${++keys}`,
      perform: async (input) => {
        const entry = book.open(input);
        // At least once is all that networks promise: now and then the same request travels twice at the same moment.
        const twice = random.chance(0.1);
        await Promise.all(twice ? [deliver(entry, client), deliver(entry, client)] : [deliver(entry, client)]);
        return entry.state === 'acknowledged' ? entry : null;
      },
    };
    while (!this.#finishing) {
      await playOne(stage);
      await sleep(random.between(0, pause));
    }
  }
}
