import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { endOfTransaction, FrontendWatch, MessageReader, type Message } from './protocol';

/**
 * Where a connection that writes to the ledger is cut:
 * - `before commit`: COMMIT never arrives, so nothing was done
 * - `with commit`: COMMIT arrives, and the connection is gone while the server works on it
 * - `after commit`: the server has committed, and its answer never arrives
 */
export type Cut = 'before commit' | 'with commit' | 'after commit';

interface Armed {
  readonly cut: Cut | 'freeze while writing';
  readonly done: () => void;
}

/** Stands between the service and Postgres, passes everything on, and on demand does what networks do. */
export class FaultProxy {
  readonly #links = new Set<Link>();
  #armed: Armed | undefined;
  /** New connections are taken, and then nothing is heard of them. */
  #swallowing = false;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => {
      const link = new Link(client, this.target, {
        armed: () => this.#armed,
        disarm: () => {
          const armed = this.#armed;
          this.#armed = undefined;
          if (armed?.cut === 'freeze while writing') this.freeze();
          armed?.done();
        },
        closed: () => this.#links.delete(link),
      });
      this.#links.add(link);
      if (this.#swallowing) link.frozen = true;
    });
  }

  static async start(target: number): Promise<FaultProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Cuts every connection that `chosen` picks. */
  cut(chosen: () => boolean = () => true): number {
    const cut = [...this.#links].filter(chosen);
    for (const link of cut) link.cut();
    return cut.length;
  }

  /** Cuts the next connection that comes to that place of a writing transaction. Answers whether one came in time. */
  async cutAt(cut: Cut, milliseconds: number): Promise<boolean> {
    return this.#arm(cut, milliseconds);
  }

  /** As soon as a transaction has begun to write, every connection goes silent, without being closed: half-open. */
  async freezeWhileWriting(milliseconds: number): Promise<boolean> {
    return this.#arm('freeze while writing', milliseconds);
  }

  /** Neither side hears anything of the other any more, not even that it hung up. */
  freeze(): void {
    for (const link of this.#links) link.frozen = true;
  }

  /** New connections go silent too: as if the packets were dropped. */
  swallowNew(): void {
    this.#swallowing = true;
  }

  /** The network works again; connections that went silent are gone for good. */
  heal(): void {
    this.#swallowing = false;
    this.cut();
  }

  async stop(): Promise<void> {
    this.server.close();
    this.cut();
  }

  #arm(cut: Armed['cut'], milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (came: boolean) => {
        clearTimeout(timer);
        this.#armed = undefined;
        resolve(came);
      };
      const timer = setTimeout(() => settle(false), milliseconds);
      this.#armed = { cut, done: () => settle(true) };
    });
  }
}

interface Hooks {
  armed(): Armed | undefined;
  disarm(): void;
  closed(): void;
}

/** One connection of the service, and the one to Postgres that belongs to it. */
class Link {
  frozen = false;
  readonly #server: Socket;
  readonly #watch = new FrontendWatch();
  #cut = false;
  #committing = false;

  constructor(
    private readonly client: Socket,
    target: number,
    private readonly hooks: Hooks,
  ) {
    this.#server = connect(target, '127.0.0.1');
    const sides = [
      { from: client, to: this.#server, reader: new MessageReader('frontend'), see: this.#fromClient },
      { from: this.#server, to: client, reader: new MessageReader('backend'), see: this.#fromServer },
    ];
    for (const { from, to, reader, see } of sides) {
      from.setNoDelay(true);
      from.on('data', (chunk) => {
        if (this.frozen || this.#cut) return;
        for (const message of reader.push(chunk)) if (!this.#cut && !this.frozen) see(message, to);
      });
      from.on('error', () => undefined); // 'close' follows
      from.on('close', () => {
        if (this.frozen && !this.#cut) return; // half-open: the other side does not hear of it
        to.destroy();
        this.hooks.closed();
      });
    }
  }

  /** The connection breaks, for both sides. */
  cut(): void {
    this.#cut = true;
    this.client.resetAndDestroy();
    this.#server.resetAndDestroy();
    this.hooks.closed();
  }

  readonly #fromClient = (message: Message, server: Socket): void => {
    const commits = this.#watch.see(message);
    const cut = this.#watch.writing ? this.hooks.armed()?.cut : undefined;
    if (commits && cut === 'before commit') {
      this.hooks.disarm();
      return this.cut();
    }
    server.write(message.raw);
    if (commits && cut === 'with commit') this.#committing = true;
    // A simple query is whole by itself; what was bound is, with its Sync.
    if (this.#committing && (message.type === 'Q' || message.type === 'S')) {
      this.hooks.disarm();
      this.#cut = true;
      this.client.resetAndDestroy();
      this.#server.end(); // after what was written, so that COMMIT still arrives
      this.hooks.closed();
    }
    // What was asked is whole, so Postgres does it, answers, and waits for its client.
    if (cut === 'freeze while writing' && (message.type === 'Q' || message.type === 'S')) this.hooks.disarm();
  };

  readonly #fromServer = (message: Message, client: Socket): void => {
    const end = endOfTransaction(message);
    if (end === 'commit' && this.#watch.writing && this.hooks.armed()?.cut === 'after commit') {
      this.hooks.disarm();
      return this.cut();
    }
    if (end) this.#watch.writing = false;
    client.write(message.raw);
  };
}
