import { request, Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sealer } from '@talktime/core/access';
import { createEndpoint } from '@talktime/core/calls';
import { addMapping } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import type { Ledger } from '@talktime/core/ledger';
import { buildApp } from '../../server/app';
import { createLogger } from '../../server/logging';
import { createMetrics } from '../../server/metrics';
import { percentile, type Measured } from './measure';
import type { Wallet } from './sites';

const CALLS_PER_SECOND = 50;
const SECRET = 'bench';
const ACTOR = { id: 'system:bench', host: true };

/**
 * The gate over HTTP, asked by Vapi for 50 calls a second, and a plain /healthz asked as often, in turns: arrivals by the
 * clock, whether the one before was answered or not. Times in milliseconds.
 */
export async function measureGate(
  database: Database,
  ledger: Ledger,
  wallets: readonly Wallet[],
  seconds: number,
): Promise<{ gate: Measured; healthz: Measured }> {
  const talktime = { database, ledger, sealer: new Sealer(Buffer.alloc(32, 1)) };
  const app = await buildApp({
    talktime,
    metrics: createMetrics(),
    logger: createLogger('error', { write: (line) => void process.stderr.write(line) }),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const { partnerId } = wallets[0]!;
  const own = wallets.filter((wallet) => wallet.partnerId === partnerId);
  const numbers = await Promise.all(
    own.map(async ({ customerId }, n) => {
      const value = `+1415555${1000 + n}`;
      await addMapping(database, partnerId, ACTOR, { kind: 'phone_number', value, customer_id: customerId });
      return value;
    }),
  );
  const endpoint = await createEndpoint(talktime, partnerId, ACTOR, {
    provider: 'vapi',
    account: 'bench',
    secrets: [SECRET],
    settings: { gate: { agent_id: 'assistant', unmatched: 'refuse' } },
  });

  const send = (method: string, path: string, body: string) =>
    new Promise<number>((resolve, reject) => {
      const begin = performance.now();
      const headers = { 'x-vapi-secret': SECRET, 'content-length': Buffer.byteLength(body) };
      const outgoing = request({ port, path, method, agent, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += String(chunk)));
        response.on('end', () => {
          const ended = performance.now() - begin;
          const isRight = method === 'GET' ? text.includes('ok') : text.includes('maxDurationSeconds');
          if (isRight) resolve(ended);
          else reject(new Error(`${path} answered ${response.statusCode}: ${text}`));
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  let calls = 0;
  const ask = () => {
    const number = numbers[calls % numbers.length];
    const message = { type: 'assistant-request', call: { id: `bench-${calls++}` }, phoneNumber: { number } };
    return send('POST', `${endpoint.path}/inbound`, JSON.stringify({ message }));
  };
  const times: Record<'gate' | 'healthz', Promise<number>[]> = { gate: [], healthz: [] };
  try {
    for (let n = 0; n < CALLS_PER_SECOND; n++) await Promise.all([ask(), send('GET', '/healthz', '')]);
    const begin = performance.now();
    for (let n = 0; n < seconds * CALLS_PER_SECOND; n++) {
      await until(begin + (n * 1000) / CALLS_PER_SECOND);
      times.gate.push(ask());
      await until(begin + ((n + 0.5) * 1000) / CALLS_PER_SECOND);
      times.healthz.push(send('GET', '/healthz', ''));
    }
    return { gate: await summary(times.gate), healthz: await summary(times.healthz) };
  } finally {
    await Promise.allSettled([...times.gate, ...times.healthz]);
    agent.destroy();
    await app.close();
  }
}

async function until(moment: number): Promise<void> {
  const left = moment - performance.now();
  if (left > 0) await new Promise((done) => setTimeout(done, left));
}

async function summary(times: readonly Promise<number>[]): Promise<Measured> {
  const sorted = (await Promise.all(times)).sort((a, b) => a - b);
  return { callers: 1, perSecond: CALLS_PER_SECOND, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}
