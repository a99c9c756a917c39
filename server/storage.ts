import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '@talktime/core/database';
import type { Config } from './config';

/** Where `npm start` keeps everything when no DATABASE_URL is set, in the folder that it is started in. */
export const DATA_DIRECTORY = '.talktime';

/** A database that can be used now, and the key for what is sealed in it. */
export interface OpenStorage {
  readonly kind: 'postgres' | 'embedded';
  /** For the service's queries. */
  readonly url: string;
  /** For migrations: a login that owns the schema. */
  readonly ownerUrl: string;
  /** For LISTEN: not through a proxy in transaction mode. */
  readonly directUrl: string;
  readonly sealKey: Buffer;
  /** Stops the embedded server, if there is one and we started it. */
  stop(): Promise<void>;
}

/** The embedded data have one server at a time. */
export class StorageInUse extends Error {
  constructor(processId: number) {
    super(
      `Talktime runs in this folder already: process ${processId} has its database open. Stop that one first, or set DATABASE_URL.`,
    );
  }
}

/**
 * Opens what the configuration names: a PostgreSQL server, or the embedded one with its data in `.talktime/`.
 *
 * @param share with an embedded server that another process (`npm start`) runs already: the command line does
 */
export async function openStorage(config: Config, { share = false } = {}): Promise<OpenStorage> {
  if (config.storage.kind === 'postgres') {
    const { url, ownerUrl, directUrl } = config.storage;
    return { kind: 'postgres', url, ownerUrl, directUrl, sealKey: config.sealKey!, stop: () => Promise.resolve() };
  }
  const directory = resolve(DATA_DIRECTORY);
  mkdirSync(directory, { recursive: true });
  const sealKey = config.sealKey ?? keptSealKey(directory);
  const running = runningServer(directory);
  if (running !== undefined) {
    if (!share) throw new StorageInUse(running.processId);
    return {
      kind: 'embedded',
      url: running.url,
      ownerUrl: running.url,
      directUrl: running.url,
      sealKey,
      stop: () => Promise.resolve(),
    };
  }
  const server = await startEmbeddedPostgres({ dataDirectory: join(directory, 'postgres') });
  return {
    kind: 'embedded',
    url: server.url,
    ownerUrl: server.url,
    directUrl: server.url,
    sealKey,
    stop: () => server.stop(),
  };
}

/** The key is made once. Whoever loses it cannot open the providers' secrets any more, so it lies beside the data. */
function keptSealKey(directory: string): Buffer {
  const file = join(directory, 'seal-key');
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (key.length !== 32)
    throw new Error(`${join(DATA_DIRECTORY, 'seal-key')} does not hold 32 bytes in base64. Restore it from a backup.`);
  return key;
}

/** The embedded server that is running on these data, as its postmaster.pid says. */
function runningServer(directory: string): { processId: number; url: string } | undefined {
  const pidFile = join(directory, 'postgres', 'data', 'postmaster.pid');
  if (!existsSync(pidFile)) return undefined;
  // PostgreSQL documents these lines: process id, data folder, start time, port, …
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  const [processId, port] = [Number(lines[0]), Number(lines[3])];
  if (!processId || !port || !isAlive(processId)) return undefined;
  const password = readFileSync(join(directory, 'postgres', 'password'), 'utf8').trim();
  return { processId, url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres` };
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // there, but another user's
  }
}
