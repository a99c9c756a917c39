import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below where systems take the ports of outgoing connections from (32768 and up, or 49152 and up). */
const FIRST = 20_000;
const LAST = 32_000;

/**
 * A free port that is still free when who listened on it comes back: one that the system hands out to connections could
 * meanwhile be any of the clients' own.
 */
export async function lastingPort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port between ${FIRST} and ${LAST}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const listens = await Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ]).catch(() => false);
  if (!listens) return false;
  server.close();
  await once(server, 'close');
  return true;
}
