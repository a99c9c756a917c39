import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@talktime/core/database';
import { Client, type QueryResultRow } from 'pg';
import { lastingPort } from './ports';
import { childrenOf, forget, gone, killAlone, killWithChildren, remember, signal } from './processes';
import { sleep, until } from './time';

/**
 * - `at once`: the postmaster and all of its backends, as when the machine's memory ran out or the container was killed
 * - `postmaster first`: the postmaster alone; its backends notice, and may still finish what they do
 * - `one backend`: one connection's process; the postmaster then ends all others and recovers by itself
 */
export type PostgresDeath = 'at once' | 'postmaster first' | 'one backend';

const READY_TIMEOUT = 60_000;
const MOST_TRIES = 5;

/** A real server with its default durability, that can be killed and comes back on the same data and port. */
export class Postgres {
  /** Why it did not start at the first try, where a supervisor would have tried again, as we do. */
  readonly troubles: string[] = [];

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private server: EmbeddedPostgres,
  ) {}

  static async start(folder: string): Promise<Postgres> {
    const port = await lastingPort();
    const postgres = new Postgres(folder, port, await startOn(folder, port));
    remember(postgres.pid);
    const [row] = await postgres.query<{ fsync: string; commit: string }>(
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
    );
    if (row?.fsync !== 'on' || row.commit !== 'on')
      throw new Error('The server does not run with its default durability');
    return postgres;
  }

  /** The superuser's URL. With another port, through a proxy. */
  url(port = this.port): string {
    return Object.assign(new URL(this.server.url), { port: String(port) }).toString();
  }

  get serverPort(): number {
    return this.port;
  }

  /** PostgreSQL documents the first line of postmaster.pid as the postmaster's process id. */
  private get pid(): number {
    return Number(readFileSync(join(this.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** Kills, and answers when all that had to end has ended. */
  async kill(death: PostgresDeath): Promise<void> {
    const { pid } = this;
    if (death === 'one backend') {
      const backend = childrenOf(pid).find(({ command }) => /127\.0\.0\.1\(\d+\)/.test(command));
      if (backend) signal(backend.pid, 'SIGKILL');
      return;
    }
    if (death === 'at once') {
      await mustBeGone(killWithChildren(pid));
    } else {
      const children = killAlone(pid);
      if (!(await gone([pid, ...children], 3_000))) for (const child of children) signal(child, 'SIGKILL');
      await mustBeGone([pid, ...children]);
    }
    forget(pid);
  }

  /** Starts again on the same data, which recovers from the crash, and the same port. */
  async restart(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        this.server = await startOn(this.folder, this.port);
        return remember(this.pid);
      } catch (error) {
        if (tries === MOST_TRIES) throw error;
        this.troubles.push((error as Error).message);
        await sleep(500);
      }
    }
  }

  async ready(): Promise<void> {
    const answers = () => this.query('select 1').then(Boolean, () => false);
    if (!(await until(answers, READY_TIMEOUT, 50)))
      throw new Error(`PostgreSQL did not recover within ${READY_TIMEOUT / 1000} s`);
  }

  async query<Row extends QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> {
    return this.withClient(async (client) => (await client.query<Row>(sql, values)).rows);
  }

  /** A superuser's connection of its own, not through any proxy. */
  async withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: this.url(), application_name: 'faults', query_timeout: 60_000 });
    client.on('error', () => undefined); // the query that it broke tells
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    const { pid } = this;
    await this.server.stop();
    forget(pid);
  }
}

/** Of two -p and -c port= on a command line PostgreSQL takes the last, so this decides over the port that core chooses. */
function startOn(folder: string, port: number): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDirectory: folder, settings: { port: String(port) } });
}

async function mustBeGone(pids: number[]): Promise<void> {
  if (!(await gone(pids, 10_000))) throw new Error(`Processes ${pids.join(', ')} outlived SIGKILL`);
}
