/** Something that was opened and must be stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

const ONE_CTRL_C_MILLISECONDS = 1_000;

/**
 * What a process has opened, stopped in reverse: when it ends by itself, by a signal, or by a fault. Also what is still
 * being opened when a signal comes, so that no embedded server or temporary folder is left behind.
 */
export class Lifecycle {
  readonly #opened: Promise<Stoppable>[] = [];
  #stopping: Promise<void> | undefined;

  /**
   * Whether the process is being stopped: asked after a fault, because Ctrl-C reaches child processes first, and what
   * was being started fails before the signal is seen here.
   */
  async isStopping(): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return this.#stopping !== undefined;
  }

  /** Opens something, unless everything is being stopped. */
  open<T extends Stoppable>(start: () => Promise<T>): Promise<T> {
    if (this.#stopping) return new Promise(() => undefined); // the process is about to end
    const opening = start();
    this.#opened.push(opening);
    return opening;
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stopAll());
  }

  /**
   * Ctrl-C, a manager's SIGTERM and a closed terminal drain; a later signal does not wait. One that comes at once is the
   * same Ctrl-C, passed on by npm or tsx, which got it too.
   */
  stopOnSignals(say: () => void): void {
    let first: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (first !== undefined && Date.now() - first > ONE_CTRL_C_MILLISECONDS) process.exit(130);
        if (first !== undefined) return;
        first = Date.now();
        say();
        this.exit(0);
      });
    }
    // Whoever read our output may go away (`npm start | head`): that is no fault, and telling it would be another one.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    for (const fault of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(fault, (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        this.exit(1);
      });
    }
  }

  /** Stops everything and ends the process. */
  exit(code: number): void {
    this.stop().then(
      () => process.exit(code),
      (error: Error) => {
        process.stderr.write(`${error.stack}\n`);
        process.exit(1);
      },
    );
  }

  async #stopAll(): Promise<void> {
    const faults: unknown[] = [];
    for (const opening of this.#opened.toReversed()) {
      const opened = await opening.catch(() => undefined); // what did not open is told by who opened it
      await opened?.stop().catch((error: unknown) => faults.push(error));
    }
    if (faults.length > 0) throw faults[0];
  }
}
