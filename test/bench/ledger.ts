import { randomUUID } from 'node:crypto';
import { NO_CLUES } from '@talktime/core/calls';
import { customerCreate, partnerCreate } from '@talktime/core/contract';
import { createCustomer, createPartner, getBalance } from '@talktime/core/customers';
import { Database, migrate, startEmbeddedPostgres } from '@talktime/core/database';
import { Ledger, topUp, type CallReport } from '@talktime/core/ledger';
import { Client } from 'pg';
import { Baselines } from './baselines';
import { measure, type Measured } from './measure';

/**
 * `npm run bench`: deductions a second through the lanes, beside what the same server does without them. One run on the
 * embedded PostgreSQL with its default durability; quote the ratios, not the figures, because machines differ.
 */
const HOST = { id: 'bench', host: true };
const PARTNERS = 100;
const CUSTOMERS_EACH = 100;
const CALLERS = [1, 8, 64, 500] as const;
const CONNECTIONS = 8;

interface Site {
  readonly partnerId: string;
  readonly customerIds: readonly string[];
}

async function main(): Promise<void> {
  const json = process.argv.includes('--json');
  const seconds = Number(process.argv.find((argument) => argument.startsWith('--seconds='))?.split('=')[1] ?? 4);
  const say = (line: string) => void (json || process.stdout.write(`${line}\n`));
  const server = await startEmbeddedPostgres();
  const admin = new Client({ connectionString: server.url });
  const database = new Database({ url: server.urlOf('talktime'), connections: CONNECTIONS });
  const baselines = new Baselines(server.urlOf('baseline'), CONNECTIONS);
  try {
    await admin.connect();
    for (const name of ['talktime', 'baseline']) await admin.query(`create database ${name}`);
    await migrate(server.urlOf('talktime'));
    await baselines.create(PARTNERS * CUSTOMERS_EACH);
    const ledger = new Ledger(database);
    const sites = await fill(database, ledger, say);
    const result = await run(database, ledger, baselines, sites, seconds, say);
    const bytes = await bytesPerTransfer(server.urlOf('talktime'));
    say(
      `\nbytes a transfer on disk, with its operation, call, facts and indexes: ${bytes.all.toFixed(0)}; of the transfers table alone: ${bytes.transfers.toFixed(0)}`,
    );
    if (json)
      process.stdout.write(
        `${JSON.stringify({ ...result.ratios, bytes_per_transfer: Math.round(bytes.all), raw: result.raw }, null, 2)}\n`,
      );
  } finally {
    await Promise.allSettled([admin.end(), database.close(), baselines.close()]);
    await server.stop();
  }
}

/** 100 partners with 100 customers each, with credits, thresholds and notifications on. */
async function fill(database: Database, ledger: Ledger, say: (line: string) => void): Promise<Site[]> {
  const begin = performance.now();
  const sites = await Promise.all(
    Array.from({ length: PARTNERS }, async (_, index): Promise<Site> => {
      const { id: partnerId } = await createPartner(database, HOST, partnerCreate.parse({ name: `Partner ${index}` }));
      const customerIds: string[] = [];
      for (let number = 0; number < CUSTOMERS_EACH; number++) {
        const settings = {
          ai_credits_enabled: true,
          price_per_minute: { credits: '12' },
          low_credit_threshold: '100',
          low_credit_notifications_enabled: true,
        };
        const customer = await createCustomer(
          database,
          partnerId,
          HOST,
          customerCreate.parse({ id: `customer-${number}`, name: `Customer ${number}`, settings }),
        );
        customerIds.push(customer.id);
      }
      await Promise.all(
        customerIds.map((customer_id) =>
          topUp(ledger, partnerId, HOST, {
            customer_id,
            amount: '1000000000',
            kind: 'paid',
            idempotency_key: `fill ${customer_id}`,
          }),
        ),
      );
      return { partnerId, customerIds };
    }),
  );
  say(
    `${PARTNERS * CUSTOMERS_EACH} wallets of ${PARTNERS} partners in ${((performance.now() - begin) / 1000).toFixed(1)} s`,
  );
  return sites;
}

async function run(
  database: Database,
  ledger: Ledger,
  baselines: Baselines,
  sites: readonly Site[],
  seconds: number,
  say: (line: string) => void,
) {
  const hotSite = sites[0]!;
  const everywhere = sites.flatMap((site) =>
    site.customerIds.map((customerId) => ({ partnerId: site.partnerId, customerId })),
  );
  let turn = 0;
  const next = () => (turn = (turn + 7919) % everywhere.length);
  const deduct = ({ partnerId, customerId }: { partnerId: string; customerId: string }) =>
    ledger.submit(partnerId, report(customerId));
  const hot = { partnerId: hotSite.partnerId, customerId: hotSite.customerIds[0]! };

  const raw: Record<string, Measured> = {};
  const take = async (name: string, callers: number, work: () => Promise<unknown>) => {
    const measured = await measure(callers, seconds, work);
    raw[name] = measured;
    say(
      `${name.padEnd(34)} ${measured.perSecond.toFixed(0).padStart(7)} /s   p50 ${measured.p50.toFixed(2).padStart(7)} ms   p99 ${measured.p99.toFixed(2).padStart(7)} ms`,
    );
    return measured;
  };

  say('\none hot wallet');
  const hotInteractive = await take('interactive transaction, 8', 8, () => baselines.interactive(0));
  const oneFunction = await take('conditional-update function, 1', 1, () => baselines.conditional(0));
  const hotRuns: Measured[] = [];
  for (const callers of CALLERS) hotRuns.push(await take(`ledger, hot, ${callers}`, callers, () => deduct(hot)));
  say('\n10,000 wallets of 100 partners');
  const spreadInteractive = await take('interactive transaction, 8, spread', 8, () => baselines.interactive(next()));
  const spreadRuns: Measured[] = [];
  for (const callers of CALLERS)
    spreadRuns.push(await take(`ledger, spread, ${callers}`, callers, () => deduct(everywhere[next()]!)));
  await take('balance, 8', 8, () => getBalance(database, hot.partnerId, hot));

  const [hot1, , hot64, hot500] = hotRuns as [Measured, Measured, Measured, Measured];
  const spread500 = spreadRuns.at(-1)!;
  const ratios = {
    hot500_vs_interactive: round(hot500.perSecond / hotInteractive.perSecond),
    spread500_vs_interactive: round(spread500.perSecond / spreadInteractive.perSecond),
    hot1_p50_vs_function: round(hot1.p50 / oneFunction.p50),
    hot64_p99_over_p50: round(hot64.p99 / hot64.p50),
  };
  say(
    `\n${Object.entries(ratios)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n')}`,
  );
  return { ratios, raw };
}

function report(customerId: string): CallReport {
  return {
    kind: 'call',
    actor: HOST,
    identity: { provider: 'retell', account: 'default', callId: randomUUID(), leg: '' },
    facts: {
      outcome: 'connected',
      rawMilliseconds: 61_000,
      cost: { amount: 82_000n, currency: 'USD' },
      rank: 2,
      order: 1,
    },
    startedAt: null,
    clues: {
      ...NO_CLUES,
      agentId: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD',
      fromNumber: '+14155550123',
      toNumber: '+14155550199',
    },
    customerId,
  };
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
