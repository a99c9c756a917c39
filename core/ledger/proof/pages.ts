import type { Transaction } from '../../database';

/** Rows of a page: enough that a round trip costs little, few enough that millions of rows pass through little memory. */
const PAGE = 2_000;

/**
 * Rows in the order of a key, a page at a time, with a look at the next one. Pages are found by the last key before
 * them, so that each costs the same and no statement runs long.
 */
export class Pages<Row extends object> {
  #rows: Row[] = [];
  #next = 0;
  #last: readonly unknown[];
  #ended = false;

  constructor(
    readonly transaction: Transaction,
    /** Takes the partner, the key's columns and the limit, in that order. */
    readonly sql: string,
    readonly partnerId: string,
    readonly keyOf: (row: Row) => readonly unknown[],
    /** A key before every row's. */
    start: readonly unknown[],
  ) {
    this.#last = start;
  }

  async peek(): Promise<Row | undefined> {
    if (this.#next === this.#rows.length && !this.#ended) {
      this.#rows = await this.transaction.query<Row>(this.sql, [this.partnerId, ...this.#last, PAGE]);
      this.#next = 0;
      this.#ended = this.#rows.length < PAGE;
      if (this.#rows.length > 0) this.#last = this.keyOf(this.#rows.at(-1)!);
    }
    return this.#rows[this.#next];
  }

  async take(): Promise<Row | undefined> {
    const row = await this.peek();
    if (row) this.#next++;
    return row;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row> {
    for (let row = await this.take(); row; row = await this.take()) yield row;
  }

  /** All rows of the current page, for work that is done a page at a time. */
  async takePage(): Promise<Row[]> {
    await this.peek();
    const rows = this.#rows.slice(this.#next);
    this.#next = this.#rows.length;
    return rows;
  }
}
