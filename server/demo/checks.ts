import { isDeepStrictEqual } from 'node:util';
import { dim, green, say } from './screen';

/** An expectation of the demo that did not come true. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

/** The demo says what it expects and compares it with what it found. */
export class Checks {
  #done = 0;

  get done(): number {
    return this.#done;
  }

  /** @throws DemoFailure when `found` is not `expected` */
  equal(what: string, found: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(found, expected)) {
      throw new DemoFailure(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
    }
    this.#done += 1;
    const shown = typeof found === 'string' || typeof found === 'number' ? dim(`: ${found}`) : '';
    say(`  ${green('✓')} ${what}${shown}`);
  }
}
