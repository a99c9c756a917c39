import type { Writable } from 'node:stream';
import { DatabaseError, Pool, types, type PoolClient, type QueryResultRow } from 'pg';
import { encodeRows, type RowType } from './rows';

const INT8 = 20;
const TIMESTAMPTZ = 1184;

/** bigint columns are bigint in TypeScript; moments are Dates. Set for our own connections only. */
const typeParsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8 && format !== 'binary') return (text: string) => BigInt(text);
    if (oid === TIMESTAMPTZ && format !== 'binary') return (text: string) => new Date(text);
    return types.getTypeParser(oid, format as 'text') as (text: string) => unknown;
  },
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A serialisation failure or a deadlock: nothing was done, and trying again is right. */
const RETRYABLE = new Set(['40001', '40P01']);
const MOST_TRIES = 5;
/** Milliseconds after which Postgres gives up a transaction whose client has gone silent, and with it the partner's lock. */
const LONGEST_IDLE = 10_000;

export interface DatabaseOptions {
  readonly url: string;
  /** Connections at most. */
  readonly connections?: number;
  /** Milliseconds that a statement may take. */
  readonly statementTimeout?: number;
  /**
   * Whether the server keeps the plans of statements, by connection. Off behind a proxy in transaction mode, which hands
   * the connection to others in between. On unless said.
   */
  readonly preparedStatements?: boolean;
  /** Called when an idle connection breaks; the pool replaces it. */
  readonly onIdleError?: (error: Error) => void;
}

/**
 * A transaction on behalf of one partner, or of the directory. Parameters only; no statement is built from values.
 * Statements are pipelined: those that are sent without waiting for each other go in one round trip, and run in order.
 */
export interface Transaction {
  query<Row extends QueryResultRow = QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Sends a statement whose rows nobody waits for. When it fails, so does the transaction. */
  send(sql: string, values?: readonly unknown[]): void;
  /** Rows as one parameter of a statement: an array of a row type. */
  rows<Row>(type: RowType<Row>, rows: readonly Row[]): Buffer;
}

/**
 * Postgres, as the service's role. Each transaction says by `set local` as whom (talktime_service, which owns nothing)
 * and for which partner (row-level security) it works, in the round trip that begins it; no session state is used, so
 * a proxy in transaction mode may stand between.
 */
export class Database {
  readonly #pool: Pool;
  readonly #begin: string;
  readonly #named: (sql: string) => string | undefined;
  /** The numbers of the row types in this database, by their names. */
  #rowTypes: ReadonlyMap<string, number> | undefined;

  constructor(options: DatabaseOptions) {
    const timeout = options.statementTimeout ?? 30_000;
    this.#begin = `begin; set local statement_timeout = ${timeout}; set local idle_in_transaction_session_timeout = ${LONGEST_IDLE}; set local role talktime_service`;
    this.#named = options.preparedStatements === false ? () => undefined : nameOf;
    this.#pool = new Pool({
      connectionString: options.url,
      max: options.connections ?? 10,
      connectionTimeoutMillis: 10_000,
      query_timeout: timeout + 5_000, // for a connection that hangs; a slow statement is ended by the server before
      application_name: 'talktime',
      pipeline: true,
      types: typeParsers,
    });
    this.#pool.on('error', options.onIdleError ?? (() => undefined));
    // A connection that breaks in the turn in which the pool hands it over has neither the pool's listener nor ours, and
    // would end the process. Its first statement fails, and tells.
    this.#pool.on('connect', (client) => void client.on('error', () => undefined));
  }

  /** Runs `work` in a transaction that sees one partner's rows. A deadlock or a serialisation failure is tried again. */
  async asPartner<T>(partnerId: string, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (!UUID.test(partnerId)) throw new TypeError('A partner id is a lower-case UUID');
    this.#rowTypes ??= await this.#loadRowTypes();
    return this.#run(`${this.#begin}; set local talktime.partner_id = '${partnerId}'`, work);
  }

  /** Runs `work` in a transaction that sees the directory, and no partner's rows. */
  async asDirectory<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#run(this.#begin, work);
  }

  /** Answers when the database does. */
  async ping(): Promise<void> {
    await this.#pool.query('select 1');
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #loadRowTypes(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#pool.query<{ name: string; oid: number }>(
      `select typname as name, oid::int8::int4 as oid
       from pg_type
       where typnamespace = 'talktime'::regnamespace and typtype = 'c' and typname like '%\\_row'`,
    );
    return new Map(rows.map(({ name, oid }) => [name, oid]));
  }

  readonly #encode = <Row>(type: RowType<Row>, rows: readonly Row[]): Buffer => {
    const oid = this.#rowTypes?.get(type.name);
    if (oid !== undefined) return encodeRows(type, oid, rows);
    this.#rowTypes = undefined; // a migration may bring it
    throw new Error(
      `The database has no row type talktime.${type.name}. Run the migrations: npm run talktime -- migrate`,
    );
  };

  async #run<T>(begin: string, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = await this.#pool.connect();
      try {
        return await inTransaction(client, this.#named, this.#encode, begin, work);
      } catch (error) {
        if (tries >= MOST_TRIES || !(error instanceof DatabaseError) || !RETRYABLE.has(error.code ?? '')) throw error;
      }
    }
  }
}

const NAMES = new Map<string, string>();

/** A statement's name on its connection. Texts are constants of the code, so there are few. */
function nameOf(sql: string): string {
  const known = NAMES.get(sql);
  if (known !== undefined) return known;
  const name = `s${NAMES.size + 1}`;
  NAMES.set(sql, name);
  return name;
}

/**
 * Statements of one turn of the event loop leave in one packet: pipelining alone writes each to the socket by itself, and
 * each of these writes costs as much as a small statement.
 */
function corker(client: PoolClient): () => void {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  let corked = false;
  return () => {
    if (corked) return;
    corked = true;
    stream.cork();
    process.nextTick(() => {
      corked = false;
      stream.uncork();
    });
  };
}

async function inTransaction<T>(
  client: PoolClient,
  named: (sql: string) => string | undefined,
  rows: Transaction['rows'],
  begin: string,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  let broken: Error | undefined;
  const breaks = (error: Error) => void (broken ??= error);
  // The pool listens only to idle connections: one that breaks while it is used would end the process.
  client.on('error', breaks);
  const together = corker(client);
  const run = <Row extends QueryResultRow>(sql: string, values?: readonly unknown[]) => {
    together();
    const statement = client.query<Row>({
      text: sql,
      values: values as unknown[] | undefined,
      name: values && named(sql),
    });
    // What the server did not refuse itself, the connection failed at. A failure is met where the statement is awaited, or
    // at the end of the transaction, and must not go unhandled until then.
    statement.catch((error: Error) => {
      if (!(error instanceof DatabaseError)) breaks(error);
    });
    return statement;
  };
  const sent: Promise<unknown>[] = [];
  const send = (sql: string, values?: readonly unknown[]) => void sent.push(run(sql, values));
  try {
    send(begin);
    const result = await work({
      async query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]) {
        return (await run<Row>(sql, values)).rows;
      },
      send,
      rows,
    });
    const commit = run('commit'); // goes along with what is still under way
    await Promise.all(sent);
    // After a failed statement PostgreSQL answers a commit with ROLLBACK: nothing of it may be taken for done.
    if ((await commit).command !== 'COMMIT')
      throw new Error('The transaction was rolled back: one of its statements failed');
    return result;
  } catch (error) {
    await Promise.allSettled(sent);
    if (!broken) await run('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.off('error', breaks);
    client.release(broken); // a broken one is not given back to the pool
  }
}
