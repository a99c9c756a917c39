import { migrate, startEmbeddedPostgres, type EmbeddedPostgres } from '@talktime/core/database';
import { Client } from 'pg';

declare global {
  var embeddedPostgres: EmbeddedPostgres | undefined;
}

/** One PostgreSQL server for the whole run, and in it a migrated template that each test file copies. */
export default async function startPostgres(): Promise<void> {
  const server = await startEmbeddedPostgres({ settings: { fsync: 'off', max_connections: '200' } });
  globalThis.embeddedPostgres = server;
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.query('create database talktime_template');
  await client.end();
  await migrate(server.urlOf('talktime_template'));
  process.env.TALKTIME_TEST_POSTGRES = server.url;
}
