/** A seeded source of random choices (mulberry32), so that a run can be asked for again. Answers of processes still come when they come. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length - 1)]!;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    const mixed: T[] = [];
    while (rest.length > 0) mixed.push(...rest.splice(this.between(0, rest.length - 1), 1));
    return mixed;
  }

  /** Another source, whose numbers do not depend on how many are taken from this one later. */
  fork(): Random {
    return new Random(this.between(0, 2 ** 32 - 1));
  }
}
