import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

const MIGRATIONS = join(__dirname, 'migrations');

/**
 * Brings a database up to date: runs the numbered files of `migrations/` that have not run yet, in order, each in a
 * transaction of its own. Safe to call at every start and from several processes at once (the first one works, the
 * others wait). A file that was edited after it ran is refused, because the database would no longer be what the files say.
 *
 * @param url a connection that owns the schema. Not through a transaction-pooling proxy.
 * @returns the names of the files that ran now.
 */
export async function migrate(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url, application_name: 'talktime migrate' });
  await client.connect();
  try {
    await client.query(`select pg_advisory_lock(hashtext('talktime migrate'))`);
    await client.query('create schema if not exists talktime_migrations');
    await client.query(
      `create table if not exists talktime_migrations.applied (
         name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
    );
    const { rows } = await client.query<{ name: string; checksum: string }>(
      'select name, checksum from talktime_migrations.applied',
    );
    const applied = new Map(rows.map((row) => [row.name, row.checksum]));
    const ran: string[] = [];
    for (const name of readdirSync(MIGRATIONS)
      .filter((file) => /^\d{4}_\w+\.sql$/.test(file))
      .sort()) {
      const sql = readFileSync(join(MIGRATIONS, name), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      const before = applied.get(name);
      if (before === checksum) continue;
      if (before !== undefined) {
        throw new Error(
          `Migration ${name} was changed after it ran on this database. Restore the file and put the change into a new one.`,
        );
      }
      await runOne(client, name, sql, checksum);
      ran.push(name);
    }
    return ran;
  } finally {
    await client.end();
  }
}

async function runOne(client: Client, name: string, sql: string, checksum: string): Promise<void> {
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into talktime_migrations.applied (name, checksum) values ($1, $2)', [name, checksum]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw new Error(`Migration ${name} failed: ${(error as Error).message}`, { cause: error });
  }
}
