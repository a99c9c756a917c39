/** What the cases act on: a partner with customers in the service, and an n8n with the package installed. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../core/database/embedded';
import { startFakeSlack, type FakeSlack } from '../../server/demo/slack';
import { stopChildren } from './children';
import { installN8n } from './n8n/installation';
import { launchN8n } from './n8n/launch';
import { N8nRestClient, type Credentials, type StoredCredential, type WorkflowFile } from './n8n/rest-client';
import { MAIL_USER, startMailServer, type MailServer } from './outside/mail';
import { MODEL_KEY, startModelApi, type ModelApi } from './outside/model';
import { startSlackProxy } from './outside/proxy';
import { packPackage } from '../n8n-package/pack';
import { Talktime } from './talktime';

export const REPOSITORY = join(__dirname, '../..');
const SLACK_TOKEN = 'xoxb-e2e';
export const RETELL_SECRET = 'key_of_the_retell_workspace';

export interface World {
  readonly talktime: Talktime;
  readonly n8n: N8nRestClient;
  /** Stored in n8n: the service's address and a key that may do all of a partner's. */
  readonly credential: StoredCredential;
  readonly credentialData: { baseUrl: string; apiKey: string };
  /** All that are stored in n8n, by their type. */
  readonly credentials: Credentials;
  readonly slack: FakeSlack;
  readonly mail: MailServer;
  readonly model: ModelApi;
  /** Where Retell would post straight to the service. */
  readonly ingress: string;
}

/** Starts all of it in a temporary folder, runs `cases`, and leaves nothing behind; with `keep`, the logs on a failure. */
export async function withWorld(
  say: (line: string) => void,
  cases: (world: World) => Promise<number>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'talktime-e2e-'));
  let stopOutside = async (): Promise<unknown> => undefined;
  let stopPostgres = async (): Promise<void> => undefined;
  let stopping: Promise<void> | undefined;
  const stop = () =>
    (stopping ??= stopChildren()
      .then(() => stopOutside())
      .then(() => stopPostgres()));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  const interrupted = () =>
    void stop()
      .then(clear)
      .finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  let code = 1;
  try {
    const installation = installN8n(say);
    const packageTarball = timed(say, 'The package is built and packed', () => packPackage(REPOSITORY, folder));
    const postgres = await startEmbeddedPostgres({ settings: { fsync: 'off' } });
    stopPostgres = () => postgres.stop();
    await createDatabases(postgres.url, ['talktime', 'n8n']);
    const started = Date.now();
    const n8nFolder = join(folder, 'n8n');
    mkdirSync(n8nFolder);
    const channels = ['#calls', '#credits', '#clients', '#margins'].map((id) => ({ id }));
    const slack = await startFakeSlack({
      workspaces: [{ id: 'T0AGENCY', tokens: [SLACK_TOKEN], channels }],
      passedOver: ['includeLinkToWorkflow'], // n8n's Slack node sends this option of its own along
    });
    const proxy = await startSlackProxy(new URL(slack.apiUrl).origin, folder);
    const [mail, model] = await Promise.all([startMailServer(), startModelApi()]);
    stopOutside = () => Promise.all([slack.close(), proxy.close(), mail.close(), model.close()]);
    const [talktime, { url }] = await Promise.all([
      Talktime.start({ repository: REPOSITORY, folder, databaseUrl: postgres.urlOf('talktime') }),
      launchN8n({
        installation,
        folder: n8nFolder,
        databaseUrl: postgres.urlOf('n8n'),
        packageTarball,
        env: {
          HTTPS_PROXY: proxy.url,
          NO_PROXY: '127.0.0.1,localhost',
          NODE_EXTRA_CA_CERTS: proxy.certificateFile,
          NODE_OPTIONS: `--require ${join(REPOSITORY, 'test/e2e/n8n/without-sqlite.cjs')}`,
        },
      }),
    ]);
    say(`The service and n8n are up (${seconds(started)}).`);
    const n8n = await N8nRestClient.signIn(url);
    const furnished = await furnish(talktime, n8n);
    const others = {
      slackApi: await n8n.createCredential('Slack', { accessToken: SLACK_TOKEN }, 'slackApi'),
      smtp: await n8n.createCredential(
        'SMTP',
        { ...MAIL_USER, host: '127.0.0.1', port: mail.port, secure: false, disableStartTls: true },
        'smtp',
      ),
      openAiApi: await n8n.createCredential('OpenAI', { apiKey: MODEL_KEY, url: model.url }, 'openAiApi'),
    };
    const credentials = { talktimeApi: furnished.credential, ...others };
    code = await cases({ talktime, n8n, ...furnished, credentials, slack, mail, model });
  } catch (error) {
    say(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n\n0 passed, 1 failed`);
  } finally {
    await stop();
    process.removeListener('SIGINT', interrupted).removeListener('SIGTERM', interrupted);
    if (code === 0 || !process.env.TALKTIME_E2E_KEEP) clear();
    else say(`Logs: ${folder}`);
  }
  return code;
}

export function readWorkflow(file: string): WorkflowFile {
  return JSON.parse(readFileSync(join(REPOSITORY, 'workflows', file), 'utf8')) as WorkflowFile;
}

/** A workflow with fields of its node 'Fill In' filled in, as its user would. */
export function filledIn(file: WorkflowFile, fields: Readonly<Record<string, string>>): WorkflowFile {
  const changed = structuredClone(file);
  const { parameters } = changed.nodes.find(({ name }) => name === 'Fill In')!;
  const { assignments } = parameters.assignments as { assignments: { name: string; value: string }[] };
  for (const each of assignments) each.value = fields[each.name] ?? each.value;
  return changed;
}

/** The playbook's steps for a partner, and the credential in n8n. */
async function furnish(talktime: Talktime, n8n: N8nRestClient) {
  await talktime.post(
    '/v1/top-ups',
    { wallet: 'partner', amount: '10000', idempotency_key: 'initial' },
    talktime.hostKey,
  );
  await talktime.patch('/v1/partner', { price_per_minute: { credits: '8' } });
  await talktime.createCustomer({
    id: 'cus_acme',
    name: 'Acme Dental',
    settings: {
      ai_credits_enabled: true,
      price_per_minute: { credits: '12' },
      low_credit_threshold: '50',
      low_credit_notifications_enabled: true,
    },
    mappings: [{ kind: 'agent', value: 'agent_acme' }],
  });
  await talktime.createCustomer({
    id: 'cus_bolt',
    name: 'Bolt Plumbing',
    mappings: [{ kind: 'agent', value: 'agent_bolt' }],
  });
  await talktime.createCustomer({
    id: 'cus_cora',
    name: 'Cora Law',
    settings: { ai_credits_enabled: true, price_per_minute: { credits: '15' } },
  });
  await talktime.post('/v1/top-ups', { customer_id: 'cus_acme', amount: '100', idempotency_key: 'acme-initial' });
  await talktime.createPlan({ id: 'minutes-100', name: 'Starter', minutes: '100', price: '60' });
  const { path } = await talktime.createEndpoint(RETELL_SECRET);
  const { key } = await talktime.createApiKey('n8n', ['read', 'deduct', 'top-up', 'manage']);
  const credentialData = { baseUrl: talktime.url, apiKey: key };
  const credential = await n8n.createCredential('Talktime API', credentialData);
  return { credential, credentialData, ingress: `${talktime.url}${path}` };
}

/** Makes the databases that are not there yet. */
export async function createDatabases(url: string, names: string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
  const known = new Set(rows.map(({ datname }) => datname));
  for (const name of names) if (!known.has(name)) await client.query(`create database ${name}`);
  await client.end();
}

function timed<Result>(say: (line: string) => void, what: string, run: () => Result): Result {
  const started = Date.now();
  const result = run();
  say(`${what} (${seconds(started)}).`);
  return result;
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
