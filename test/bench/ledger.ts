import { parseArgs } from 'node:util';
import { Database, migrate, startEmbeddedPostgres } from '@talktime/core/database';
import { Ledger } from '@talktime/core/ledger';
import { Client } from 'pg';
import { measureAlerts } from './alerts';
import { Baselines } from './baselines';
import { lengthen, measureReads } from './growth';
import { measureGate } from './gate';
import { InsertLimit } from './insert-limit';
import { measureCustomerList } from './many-customers';
import { measure, type Measured } from './measure';
import { callEnded, createSites, type Wallet } from './sites';

/**
 * `npm run bench`: deductions a second through the lanes, beside what the same server does without them. One run on the
 * embedded PostgreSQL with its default durability, with grants, holds, alert levels and outbox on; quote the ratios, not
 * the figures, because machines differ. `runway_list_10k_ms` alone is a time: somebody waits for it.
 *
 *   --json          one JSON object on stdout and nothing else
 *   --seconds N     how long each figure is measured; 4 unless said
 *   --postings N    how long the long history is; 5,000,000 unless said
 *   --only alerts   alerts and slash commands alone
 */
const PARTNERS = 100;
const CUSTOMERS_EACH = 100;
const CALLERS = [1, 8, 64, 500] as const;
const CONNECTIONS = 8;
const SHORT_HISTORY = 10_000;
const GATE_SECONDS = 20;
const ALERT_SECONDS = 30;

async function main(): Promise<void> {
  const { json, seconds, postings, only } = readOptions();
  const say = (line: string) => void (json || process.stdout.write(`${line}\n`));
  const server = await startEmbeddedPostgres();
  const admin = new Client({ connectionString: server.url });
  const url = server.urlOf('talktime');
  const database = new Database({ url, connections: CONNECTIONS });
  const baselines = new Baselines(server.urlOf('baseline'), CONNECTIONS);
  try {
    await admin.connect();
    for (const name of ['talktime', 'baseline']) await admin.query(`create database ${name}`);
    await migrate(url);
    await baselines.create(PARTNERS * CUSTOMERS_EACH);
    const ledger = new Ledger(database);
    const begin = performance.now();
    const wallets = await createSites(database, ledger, PARTNERS, CUSTOMERS_EACH);
    say(
      `${wallets.length} wallets of ${PARTNERS} partners in ${((performance.now() - begin) / 1000).toFixed(1)} s; ${seconds} s a figure`,
    );
    say('\nalerts and slash commands, with 100 deductions a second');
    const alerts = await measureAlerts(database, ledger, url, wallets, ALERT_SECONDS);
    for (const [name, value] of Object.entries(alerts)) say(`${name}: ${value}`);
    if (only === 'alerts') {
      if (json) process.stdout.write(`${JSON.stringify(alerts, null, 2)}\n`);
      return;
    }
    say('\nthe gate over HTTP, 50 calls a second, beside /healthz');
    const { gate, healthz } = await measureGate(database, ledger, wallets, GATE_SECONDS);
    say(line('gate', gate));
    say(line('healthz', healthz));
    const written = await measureWriting(ledger, baselines, url, wallets, seconds, say);
    const read = await measureGrowth(database, ledger, url, wallets.at(-1)!, { seconds, postings, say });
    say('\na list of 10,000 customers by how long their credits last');
    const list = await measureCustomerList(database, url, wallets[0]!.partnerId, seconds);
    say(line('its first page', list));
    const { alert_p99_ms, slash_ack_p99_ms } = alerts;
    const ratios = {
      alert_p99_ms,
      slash_ack_p99_ms,
      gate_p99_vs_healthz: round(gate.p99 / healthz.p99),
      ...written.ratios,
      ...read.ratios,
      runway_list_10k_ms: Math.round(list.p50),
    };
    say('');
    for (const [name, value] of Object.entries(ratios)) say(`${name}: ${value}`);
    if (json)
      process.stdout.write(
        `${JSON.stringify({ ...ratios, raw: { alerts, gate, healthz, ...written.raw, ...read.raw, list } }, null, 2)}\n`,
      );
  } finally {
    await Promise.allSettled([admin.end(), database.close(), baselines.close()]);
    await server.stop();
  }
}

function readOptions(): { json: boolean; seconds: number; postings: number; only: string | undefined } {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '4' },
      postings: { type: 'string', default: '5000000' },
      only: { type: 'string' },
    },
  });
  const [seconds, postings] = [Number(values.seconds), Number(values.postings)];
  if (!(seconds > 0) || !Number.isInteger(postings) || postings <= SHORT_HISTORY)
    throw new Error(`--seconds is above 0, --postings a whole number above ${SHORT_HISTORY}`);
  if (values.only !== undefined && values.only !== 'alerts') throw new Error('--only takes "alerts"');
  return { json: values.json, seconds, postings, only: values.only };
}

type Say = (line: string) => void;

function line(name: string, { perSecond, p50, p99 }: Measured): string {
  return `${name.padEnd(38)} ${perSecond.toFixed(0).padStart(7)} /s   p50 ${p50.toFixed(2).padStart(7)} ms   p99 ${p99.toFixed(2).padStart(7)} ms`;
}

async function measureWriting(
  ledger: Ledger,
  baselines: Baselines,
  url: string,
  wallets: readonly Wallet[],
  seconds: number,
  say: Say,
) {
  const hot = wallets[0]!;
  let turn = 0;
  const next = () => (turn = (turn + 7919) % wallets.length);
  const deduct = ({ partnerId, customerId }: Wallet) => ledger.submit(partnerId, callEnded(customerId));
  const raw: Record<string, Measured> = {};
  const take = async (name: string, callers: number, work: () => Promise<unknown>) => {
    const measured = await measure(callers, seconds, work);
    raw[name] = measured;
    say(line(name, measured));
    return measured;
  };

  say('\none hot wallet');
  const hotInteractive = await take('interactive transaction, 8', 8, () => baselines.interactive(0));
  const oneFunction = await take('conditional-update function, 1', 1, () => baselines.conditional(0));
  const hotRuns: Measured[] = [];
  for (const callers of CALLERS) hotRuns.push(await take(`ledger, hot, ${callers}`, callers, () => deduct(hot)));
  say(`\n${wallets.length} wallets of ${PARTNERS} partners`);
  const spreadInteractive = await take('interactive transaction, 8, spread', 8, () => baselines.interactive(next()));
  const spreadRuns: Measured[] = [];
  for (const callers of CALLERS)
    spreadRuns.push(await take(`ledger, spread, ${callers}`, callers, () => deduct(wallets[next()]!)));

  const bytes = await bytesPerTransfer(url);
  say(
    `\nbytes a transfer on disk, with its operation, call, facts and indexes: ${bytes.all.toFixed(0)}; of the transfers table alone: ${bytes.transfers.toFixed(0)}`,
  );
  const limit = await InsertLimit.create(url, CONNECTIONS, hot.partnerId);
  const statements = await measure(CONNECTIONS, seconds, () => limit.insert());
  await limit.close();
  const inserted = { ...statements, perSecond: statements.perSecond * InsertLimit.rows };
  raw['insert limit, 8'] = inserted;
  say(line('insert limit: rows of deductions, 8', inserted));

  const [hot1, , hot64, hot500] = hotRuns as [Measured, Measured, Measured, Measured];
  const over = (a: Measured, b: Measured) => round(a.perSecond / b.perSecond);
  const ratios = {
    hot500_vs_interactive: over(hot500, hotInteractive),
    hot500_vs_insert_limit: over(hot500, inserted),
    spread500_vs_interactive: over(spreadRuns.at(-1)!, spreadInteractive),
    hot1_p50_vs_function: round(hot1.p50 / oneFunction.p50),
    hot64_p99_over_p50: round(hot64.p99 / hot64.p50),
    bytes_per_transfer: Math.round(bytes.all),
  };
  return { ratios, raw };
}

async function measureGrowth(
  database: Database,
  ledger: Ledger,
  url: string,
  wallet: Wallet,
  { seconds, postings, say }: { seconds: number; postings: number; say: Say },
) {
  const raw: Record<string, Measured> = {};
  const take = async (count: number) => {
    await lengthen(url, wallet, count);
    const reads = await measureReads(database, ledger, wallet, seconds);
    say(`\na wallet with ${count} postings`);
    for (const [name, measured] of Object.entries(reads)) {
      raw[`${name}, ${count}`] = measured;
      say(line(name, measured));
    }
    return reads;
  };
  const short = await take(SHORT_HISTORY);
  const long = await take(postings);
  const ratios = {
    balance_5m_vs_10k: round(long.balance.p50 / short.balance.p50),
    authorize_5m_vs_10k: round(long.authorize.p50 / short.authorize.p50),
  };
  return { ratios, raw };
}

async function bytesPerTransfer(url: string): Promise<{ all: number; transfers: number }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ all: string; transfers: string; count: string }>(`
      select (select sum(pg_total_relation_size(format('talktime.%I', name))) from unnest(array['transfers', 'operations', 'calls', 'call_facts']) name)::text as all,
             pg_total_relation_size('talktime.transfers')::text as transfers,
             (select count(*) from talktime.transfers)::text as count`);
    const count = Number(rows[0]!.count);
    return { all: Number(rows[0]!.all) / count, transfers: Number(rows[0]!.transfers) / count };
  } finally {
    await client.end();
  }
}

const round = (value: number) => Math.round(value * 100) / 100;

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
});
