/**
 * `npm run n8n`: n8n on this machine with the package, a credential and every example workflow in it, and the service that they
 * talk to. All data are kept in .talktime-n8n/, so that the next start goes on where this one ended; `--once` works in a
 * temporary folder, ends one call to see that everything is connected, and stops.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createApiKey } from '../../core/access';
import { createPartner } from '../../core/customers';
import { freePort, startEmbeddedPostgres } from '../../core/database/embedded';
import { Lifecycle } from '../../server/lifecycle';
import { createLogger } from '../../server/logging';
import { startService } from '../../server/service';
import { packPackage } from '../n8n-package/pack';
import { stopChildren } from './children';
import { installN8n } from './n8n/installation';
import { launchN8n } from './n8n/launch';
import { N8nRestClient } from './n8n/rest-client';
import { send, signedWebhook } from './retell';
import { createDatabases, readWorkflow, REPOSITORY } from './world';

const FOLDER = join(REPOSITORY, '.talktime-n8n');
const SYSTEM = { id: 'system', host: true } as const;
const SHOWN = 'retell-call-ended.json';

/** What the first start made up, and the next ones go on with. */
interface State {
  readonly sealKey: string;
  readonly encryptionKey: string;
  readonly retellSecret: string;
  readonly owner: { readonly email: string; readonly password: string };
  /** Of the partner; empty until it is there. */
  partnerKey: string;
  credentialId: string;
  /** The ids of the workflows that were imported, by file: a user's changes of them are left alone. */
  readonly workflows: Record<string, string>;
}

const say = (line = '') => void process.stdout.write(`${line}\n`);

async function main(lifecycle: Lifecycle, once: boolean): Promise<void> {
  lifecycle.stopOnSignals(() => say('\nStopping n8n and the service…'));
  const installation = installN8n(say);
  const folder = once ? mkdtempSync(join(tmpdir(), 'talktime-n8n-')) : FOLDER;
  mkdirSync(folder, { recursive: true });
  if (once) await lifecycle.open(async () => ({ stop: async () => rmSync(folder, { recursive: true, force: true }) }));
  const state = readState(folder);

  say('Starting PostgreSQL, the service and n8n…');
  const tarball = packPackage(REPOSITORY, mkdirIn(folder, 'package'));
  const postgres = await lifecycle.open(() => startEmbeddedPostgres({ dataDirectory: join(folder, 'postgres') }));
  await createDatabases(postgres.url, ['talktime', 'n8n']);
  const service = await lifecycle.open(async () =>
    startService({
      url: postgres.urlOf('talktime'),
      sealKey: Buffer.from(state.sealKey, 'base64'),
      host: '127.0.0.1',
      port: await portNear(8080),
      webhookAddresses: 'any',
      logger: createLogger('error'),
    }),
  );
  await lifecycle.open(async () => ({ stop: stopChildren }));
  const n8n = await launchN8n({
    installation,
    folder: mkdirIn(folder, 'n8n'),
    databaseUrl: postgres.urlOf('n8n'),
    packageTarball: tarball,
    port: await portNear(5678),
    encryptionKey: state.encryptionKey,
  });

  if (state.partnerKey === '') state.partnerKey = await preparePartner(service, state.retellSecret);
  const client = await N8nRestClient.signIn(n8n.url, state.owner);
  const credentialData = { baseUrl: service.url, apiKey: state.partnerKey };
  if (state.credentialId === '')
    state.credentialId = (await client.createCredential('Talktime API', credentialData)).id;
  else await client.updateCredential({ id: state.credentialId, name: 'Talktime API' }, credentialData);
  const credential = { id: state.credentialId, name: 'Talktime API' };
  for (const file of readdirSync(join(REPOSITORY, 'workflows')).filter((name) => name.endsWith('.json'))) {
    if (state.workflows[file] !== undefined) continue;
    state.workflows[file] =
      file === SHOWN
        ? await client.activateWorkflow(readWorkflow(file), credential)
        : (await client.importWorkflow(readWorkflow(file), credential)).id;
    writeState(folder, state);
  }
  writeState(folder, state);

  const endCall = async () => {
    const call = { id: `call_${randomBytes(6).toString('hex')}`, agentId: 'agent_acme', milliseconds: 61_000 };
    const address = `${n8n.url}/webhook/retell-call-ended`;
    const { status, answer } = await send(address, await signedWebhook(call, state.retellSecret));
    say(`  A call of 61 s ended. The workflow answered ${status} ${JSON.stringify(answer)}`);
    if (status !== 200 || answer.outcome !== 'deducted') throw new Error('The call was not deducted');
  };
  say(
    [
      '',
      `  n8n        ${n8n.url}/home/workflows`,
      `  Sign in    ${state.owner.email}   ${state.owner.password}`,
      `  Workflows  ${Object.keys(state.workflows).length}, with the credential "Talktime API" chosen; ${SHOWN} is active`,
      `  Service    ${service.url}/docs   key ${state.partnerKey}`,
      `  Customers  cus_acme, cus_bolt, cus_cora (agents agent_acme, agent_bolt, agent_cora)`,
      '',
    ].join('\n'),
  );
  if (once) return endCall();
  say('  Press Enter to end a call of cus_acme, Ctrl-C to stop. Data are kept in .talktime-n8n/.\n');
  createInterface({ input: process.stdin }).on('line', () => {
    endCall().catch((error: Error) => say(`  ${error.message}`));
  });
}

function readState(folder: string): State {
  const file = join(folder, 'state.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as State;
  return {
    sealKey: randomBytes(32).toString('base64'),
    encryptionKey: randomBytes(24).toString('hex'),
    retellSecret: `key_${randomBytes(12).toString('hex')}`,
    owner: { email: 'builder@example.com', password: `Talktime-${randomBytes(6).toString('hex')}-1` },
    partnerKey: '',
    credentialId: '',
    workflows: {},
  };
}

function writeState(folder: string, state: State): void {
  writeFileSync(join(folder, 'state.json'), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}

/** A partner with three customers who have credits, a plan, and Retell's endpoint. @returns the partner's key */
async function preparePartner(
  service: Awaited<ReturnType<typeof startService>>,
  retellSecret: string,
): Promise<string> {
  const { database, url } = service;
  const partner = await createPartner(database, SYSTEM, { name: 'North Star Voice', currency: 'USD' });
  const scopes = ['read', 'deduct', 'top-up', 'manage'] as const;
  const { key } = await createApiKey(database, partner.id, SYSTEM, { name: 'n8n', scopes: [...scopes] });
  const post = async (path: string, body: object) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  };
  for (const [id, name, amount] of [
    ['acme', 'Acme Dental', '500'],
    ['bolt', 'Bolt Plumbing', '90'],
    ['cora', 'Cora Law', '0.5'],
  ] as const)
    await post('/v1/onboarding', {
      id: `cus_${id}`,
      name,
      settings: {
        ai_credits_enabled: true,
        price_per_minute: { money: '0.12' },
        low_credit_threshold: '100',
        low_credit_notifications_enabled: true,
      },
      mappings: [{ kind: 'agent', value: `agent_${id}` }],
      initial_credits: { amount },
      idempotency_key: `local ${id}`,
    });
  await post('/v1/plans', { id: 'starter-100', name: 'Starter', minutes: '100', price: '60' });
  await post('/v1/endpoints', { provider: 'retell', secrets: [retellSecret] });
  return key;
}

function mkdirIn(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** The port itself when it is free, so that bookmarks stay right; else any. */
async function portNear(port: number): Promise<number> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (!free) return freePort();
  await new Promise((closed) => server.close(closed));
  return port;
}

const once = process.argv.includes('--once');
const lifecycle = new Lifecycle();
main(lifecycle, once).then(
  () => once && lifecycle.exit(0),
  async (error: unknown) => {
    if (await lifecycle.isStopping()) return; // interrupted
    process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    lifecycle.exit(1);
  },
);
