/**
 * Looks at the same thing one after another, within a process. Whoever asks while one is under way shares the next one
 * with all others who ask: it begins after they asked, so it sees what they know of. Of a payment's five events that
 * arrive at once the first makes one look, and the other four make one together.
 */
export class Looks<T> {
  readonly #underWay = new Map<string, { readonly running: Promise<T>; next: Promise<T> | null }>();

  join(key: string, look: () => Promise<T>): Promise<T> {
    const known = this.#underWay.get(key);
    if (!known) return this.#start(key, look);
    known.next ??= known.running.then(noMatter, noMatter).then(() => this.#start(key, look));
    return known.next;
  }

  #start(key: string, look: () => Promise<T>): Promise<T> {
    const running = look();
    const entry = { running, next: null };
    this.#underWay.set(key, entry);
    const forget = () => {
      // Whoever waits for the next one starts it in a moment.
      if (this.#underWay.get(key) === entry && entry.next === null) this.#underWay.delete(key);
    };
    running.then(forget, forget);
    return running;
  }
}

const noMatter = () => undefined;
