/** `npm start`: the service, for real. */
import { existsSync } from 'node:fs';
import { createApiKey, listApiKeys } from '@talktime/core/access';
import { createPartner, listPartnerIds } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { ConfigError, readConfig } from './config';
import { Lifecycle } from './lifecycle';
import { createLogger } from './logging';
import { startService, type Service } from './service';
import { DATA_DIRECTORY, openStorage, StorageInUse, type OpenStorage } from './storage';

const SYSTEM = { id: 'system', host: true } as const;
const say = (text: string) => void process.stdout.write(`${text}\n`);

async function main(lifecycle: Lifecycle): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = readConfig(process.env);
  lifecycle.stopOnSignals(() => say('Stopping…'));
  const storage = await lifecycle.open(() => openStorage(config));
  const service = await lifecycle.open(() =>
    startService({ ...config, ...storage, logger: createLogger(config.logLevel) }),
  );
  await introduce(service, storage);
}

async function introduce({ url, database }: Service, { kind }: OpenStorage): Promise<void> {
  const first = await createFirstKeys(database);
  say(
    [
      '',
      'Talktime runs.',
      `  API       ${url}/v1`,
      `  API page  ${url}/docs`,
      `  Data      ${kind === 'embedded' ? `embedded PostgreSQL in ${DATA_DIRECTORY}/` : 'the PostgreSQL server of DATABASE_URL'}`,
      ...(first ? ['', ...firstSteps(url, first)] : []),
      '',
      'Stop it with Ctrl-C.',
      '',
    ].join('\n'),
  );
}

interface FirstKeys {
  readonly host: string;
  readonly partnerId: string;
  readonly partner: string;
}

/** On a database without anybody: the host's key, and a first partner with one of its own. */
async function createFirstKeys(database: Database): Promise<FirstKeys | undefined> {
  const [partners, keys] = [await listPartnerIds(database), await listApiKeys(database, null)];
  if (partners.length > 0 || keys.length > 0) return undefined;
  const host = await createApiKey(database, null, SYSTEM, { name: 'first host key', scopes: ['host'] });
  const partner = await createPartner(database, SYSTEM, { name: 'My agency', currency: 'USD' });
  const key = await createApiKey(database, partner.id, SYSTEM, {
    name: 'first key',
    scopes: ['read', 'deduct', 'top-up', 'manage'],
  });
  return { host: host.key, partnerId: partner.id, partner: key.key };
}

function firstSteps(url: string, { host, partnerId, partner }: FirstKeys): string[] {
  return [
    'These keys are shown this once. Keep them as you keep passwords.',
    `  Host key     ${host}`,
    `  Partner key  ${partner}`,
    `  Partner      ${partnerId} ("My agency"; rename it with PATCH /v1/partner)`,
    '',
    "Next, fill the partner's wallet (the host alone can) and create a customer:",
    `  curl -X POST ${url}/v1/top-ups -H 'authorization: Bearer ${host}' -H 'talktime-partner: ${partnerId}' \\`,
    `    -H 'content-type: application/json' -d '{"wallet":"partner","amount":"10000","idempotency_key":"first-top-up"}'`,
    `  curl -X POST ${url}/v1/customers -H 'authorization: Bearer ${partner}' -H 'content-type: application/json' \\`,
    `    -d '{"id":"cus_acme","name":"Acme Dental","settings":{"ai_credits_enabled":true,"price_per_minute":{"credits":"12"}}}'`,
    `Then make the address for your provider's webhooks with POST ${url}/v1/endpoints. ${url}/docs shows all the rest.`,
  ];
}

const lifecycle = new Lifecycle();
main(lifecycle).catch(async (error: unknown) => {
  if (await lifecycle.isStopping()) return; // interrupted while starting
  const expected =
    error instanceof ConfigError ||
    error instanceof StorageInUse ||
    (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  process.stderr.write(`${error instanceof Error ? (expected ? error.message : error.stack) : String(error)}\n`);
  lifecycle.exit(1);
});
