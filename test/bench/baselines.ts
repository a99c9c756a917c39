import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';

/**
 * What the ledger is measured against, on the same server in the same run: a plain schema that does the least a balance
 * needs (a locked row, an entry with a unique key), written in the usual two ways.
 */
export class Baselines {
  readonly #pool: Pool;

  constructor(url: string, connections: number) {
    this.#pool = new Pool({ connectionString: url, max: connections });
  }

  async create(accounts: number): Promise<void> {
    await this.#pool.query(`
      create table account (account_id int primary key, balance bigint not null) with (fillfactor = 50);
      create table entry (
        entry_id bigint generated always as identity primary key, account_id int not null references account,
        key text not null unique, amount bigint not null, balance bigint not null, at timestamptz not null default now());
      create index on entry (account_id, entry_id);
      create function debit(which int, entry_key text, credits bigint) returns bigint language plpgsql as $$
      declare after bigint;
      begin
        update account set balance = balance - credits where account_id = which and balance >= credits returning balance into after;
        insert into entry (account_id, key, amount, balance) values (which, entry_key, -credits, after);
        return after;
      end $$`);
    await this.#pool.query('insert into account select n, 1000000000000 from generate_series(0, $1 - 1) n', [accounts]);
  }

  /** BEGIN, SELECT FOR UPDATE, UPDATE, INSERT, COMMIT: each a round trip. */
  async interactive(account: number): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ balance: string }>(
        'select balance from account where account_id = $1 for update',
        [account],
      );
      const after = BigInt(rows[0]!.balance) - 12n;
      await client.query('update account set balance = $2 where account_id = $1', [account, after]);
      await client.query('insert into entry (account_id, key, amount, balance) values ($1, $2, $3, $4)', [
        account,
        randomUUID(),
        -12n,
        after,
      ]);
      await client.query('commit');
    } finally {
      client.release();
    }
  }

  /** One conditional-update function: one round trip. */
  async conditional(account: number): Promise<void> {
    await this.#pool.query('select debit($1, $2, 12)', [account, randomUUID()]);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
