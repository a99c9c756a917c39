import { randomBytes } from 'node:crypto';
import { Database } from '@talktime/core/database';
import { Client } from 'pg';

export interface TestDatabase {
  /** As the service sees it. */
  readonly database: Database;
  /** The superuser's URL, for looking behind the service's back. */
  readonly url: string;
  /** One statement as the superuser. */
  superuser<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** A fresh, migrated, real database, for one test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TALKTIME_TEST_POSTGRES;
  if (!server) throw new Error('The tests run under jest, whose global setup starts PostgreSQL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await run(server, `create database ${name} template talktime_template`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).toString();
  const database = new Database({ url });
  return {
    database,
    url,
    superuser: (sql, values) => run(url, sql, values),
    async drop() {
      await database.close();
      await run(server, `drop database ${name} with (force)`);
    },
  };
}

async function run<Row extends object>(url: string, sql: string, values?: unknown[]): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
