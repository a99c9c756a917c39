import { Pool } from 'pg';

/** The tables that a deduction leaves a row in, and what of the row tells one deduction from another; `n` counts them. */
const TABLES: readonly (readonly [table: string, different: Readonly<Record<string, string>>])[] = [
  [
    'operations',
    { operation_id: idOf('operation'), call_id: idOf('call'), key: `'call:retell:default:' || ${idOf('call')}` },
  ],
  ['transfers', { operation_id: idOf('operation'), debit_sequence: 'n' }],
  ['calls', { call_id: idOf('call'), provider_call_id: `${idOf('call')}::text` }],
  ['call_facts', { call_id: idOf('call'), operation_id: idOf('operation') }],
];

function idOf(what: string): string {
  return `md5('${what} ' || n)::uuid`;
}

/**
 * What the server itself can take: the rows that deductions leave behind, in the same tables with their indexes, checks
 * and foreign keys, inserted 500 a statement. The server makes them after one real deduction, so that nothing is measured
 * but the inserts: nothing is locked, read, decided or sent.
 */
export class InsertLimit {
  /** Of how many deductions each statement holds the rows. */
  static readonly rows = 500;

  readonly #pool: Pool;
  #statements: readonly string[] = [];
  #next = 1_000_000_000n; // far from the real ones

  private constructor(url: string, connections: number) {
    this.#pool = new Pool({ connectionString: url, max: connections });
  }

  /** `partnerId`: a partner that has a call deducted. */
  static async create(url: string, connections: number, partnerId: string): Promise<InsertLimit> {
    const limit = new InsertLimit(url, connections);
    await limit.#pool.query(`
      create schema model;
      create table model.operations as select * from talktime.operations where partner_id = '${partnerId}' and kind = 'call' limit 1;
      create table model.transfers as select t.* from talktime.transfers t join model.operations using (partner_id, operation_id);
      create table model.calls as select c.* from talktime.calls c join model.operations using (partner_id, call_id);
      create table model.call_facts as select f.* from talktime.call_facts f join model.operations using (partner_id, call_id)`);
    limit.#statements = await Promise.all(TABLES.map(([table, different]) => limit.#insertInto(table, different)));
    return limit;
  }

  /** Inserts the rows of 500 deductions. */
  async insert(): Promise<void> {
    const rows = BigInt(InsertLimit.rows);
    const first = this.#next;
    this.#next += rows;
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      for (const [index, text] of this.#statements.entries())
        await client.query({ name: `insert ${index}`, text, values: [first, first + rows - 1n] });
      await client.query('commit');
    } finally {
      client.release();
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #insertInto(table: string, different: Readonly<Record<string, string>>): Promise<string> {
    const { rows } = await this.#pool.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = 'talktime.${table}'::regclass and attnum > 0 and not attisdropped order by attnum`,
    );
    const names = rows.map(({ name }) => name);
    const values = names.map((name) => different[name] ?? `model.${name}`);
    return `insert into talktime.${table} (${names.join()}) select ${values.join()} from model.${table} model, generate_series($1::bigint, $2::bigint) n`;
  }
}
