/** A real n8n of its own: an empty user folder, its database, and the packed package installed as the editor would do it. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../core/database/embedded';
import { lastLines, startChild, type Child } from '../children';
import type { N8nInstallation } from './installation';

const START_TIMEOUT_MS = 180_000;

export interface N8nOptions {
  readonly installation: N8nInstallation;
  /** Becomes n8n's user folder. */
  readonly folder: string;
  readonly databaseUrl: string;
  /** What `npm pack` made. */
  readonly packageTarball: string;
  /** Any free one unless said. */
  readonly port?: number;
  /** What n8n seals its credentials with: the same again for a folder that is kept. */
  readonly encryptionKey?: string;
  /** More of the environment, such as a proxy. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningN8n {
  readonly url: string;
  readonly child: Child;
}

export async function launchN8n({
  installation,
  folder,
  databaseUrl,
  packageTarball,
  port: wantedPort,
  encryptionKey = randomBytes(24).toString('hex'),
  env = {},
}: N8nOptions): Promise<RunningN8n> {
  installPackage(folder, packageTarball);
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const port = wantedPort ?? (await freePort());
  const database = new URL(databaseUrl);
  const child = startChild({
    name: 'n8n',
    command: installation.node,
    args: [installation.command, 'start'],
    cwd: folder,
    logFile: join(folder, 'n8n.log'),
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: temporary,
      TZ: 'UTC',
      DB_TYPE: 'postgresdb',
      DB_POSTGRESDB_HOST: database.hostname,
      DB_POSTGRESDB_PORT: database.port,
      DB_POSTGRESDB_DATABASE: database.pathname.slice(1),
      DB_POSTGRESDB_USER: decodeURIComponent(database.username),
      DB_POSTGRESDB_PASSWORD: decodeURIComponent(database.password),
      N8N_USER_FOLDER: folder,
      N8N_PORT: String(port),
      N8N_LISTEN_ADDRESS: '127.0.0.1',
      N8N_RUNNERS_BROKER_PORT: String(await freePort()),
      N8N_ENCRYPTION_KEY: encryptionKey,
      N8N_SECURE_COOKIE: 'false',
      N8N_DIAGNOSTICS_ENABLED: 'false',
      N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
      N8N_TEMPLATES_ENABLED: 'false',
      N8N_PERSONALIZATION_ENABLED: 'false',
      N8N_VERIFIED_PACKAGES_ENABLED: 'false',
      N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
      // What is not needed here and costs time or memory at the start.
      N8N_DISABLED_MODULES: 'mcp-registry,instance-ai,chat-hub,insights,agents,mcp,workflow-builder',
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await ready(url, child);
  return { url, child };
}

/** Unpacked where n8n's own installer puts community packages: the node types get the package's name. */
function installPackage(folder: string, tarball: string): void {
  const target = join(folder, '.n8n', 'nodes', 'node_modules', 'n8n-nodes-talktime');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const unpacked = spawnSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'], { encoding: 'utf8' });
  if (unpacked.status !== 0) throw new Error(`The package could not be unpacked: ${unpacked.stderr}`);
}

async function ready(url: string, child: Child): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (!child.running()) break;
    const response = await fetch(`${url}/healthz/readiness`).catch(() => undefined);
    if (response?.ok) {
      // Migrations are done before the routes stand; the REST interface is what the cases use.
      const settings = await fetch(`${url}/rest/settings`).catch(() => undefined);
      if (settings?.ok) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`n8n did not become ready:\n${lastLines(child.output())}`);
}
