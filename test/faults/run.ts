/**
 * `npm run test:faults`: kills the service and Postgres at random moments under load, and breaks the connections between
 * them, and shows that every acknowledged operation is in the ledger once and nothing is half done.
 *
 *   --kills N   how many kills; 50 unless said
 *   --only alerts   the delivery of alerts alone
 *   --only payments   payments through Stripe alone
 *   --seed S    of the choices and the moments; any unless said, and printed
 */
import { parseArgs } from 'node:util';
import { alertFaults } from './alerts';
import { conclude } from './conclusion';
import { killUnderLoad, planKills } from './kills';
import { Load } from './load';
import { cutUnderLoad, silenceOfPostgres, silenceWhileWriting } from './network';
import { paymentFaults } from './payments';
import { killAllStarted } from './processes';
import { Random } from './random';
import { Report } from './report';
import { seconds } from './time';
import { removeAllFolders, World } from './world';

async function main(): Promise<number> {
  const { kills, seed, only } = readOptions();
  const started = Date.now();
  const report = new Report((line) => void process.stdout.write(`${line}\n`));
  const random = new Random(seed);
  report.say(`npm run test:faults -- --kills ${kills} --seed ${seed}`);

  const alerts = async () => {
    report.title('Alerts: dispatchers and Slack fail while balances cross their levels');
    const dispatcherKills = Math.ceil(kills / 2);
    await alertFaults({
      kills: dispatcherKills,
      crossings: Math.min(10_000, Math.max(400, kills * 200)),
      random: new Random(seed),
      report,
    });
  };
  const payments = async () => {
    report.title('Payments: the service is killed at its calls to Stripe');
    await paymentFaults({ kills, random: new Random(seed), report });
  };
  if (only !== undefined) {
    await (only === 'alerts' ? alerts() : payments());
    return report.finish();
  }

  const [crashing, network] = [
    await World.create({ name: 'crashing', replicas: 2, partners: 2, random: random.fork() }),
    await World.create({ name: 'network', replicas: 1, partners: 1, proxied: true, random: random.fork() }),
  ];
  const [crashingLoad, networkLoad] = [
    startLoad(crashing, { clientsPerPartner: 6, pause: 40, timeout: 10_000 }, random),
    startLoad(network, { clientsPerPartner: 4, pause: 60, timeout: 120_000 }, random),
  ];

  // The silences are waited for, not worked for: they go on beside the kills.
  const silences = (async () => {
    await silenceWhileWriting(network, report);
    await silenceOfPostgres(network, report);
  })();
  silences.catch(() => undefined); // what it throws is met where it is awaited
  report.title(`Kills: the service and Postgres in turn, under load`);
  await killUnderLoad(
    crashing,
    crashingLoad,
    planKills(kills, crashing.replicas.length, random.fork()),
    random.fork(),
    report,
  );
  await conclude(crashing, crashingLoad, random.fork(), report);
  report.title('The network between the service and Postgres');
  await silences;
  await cutUnderLoad(network, networkLoad, Math.max(12, kills), random.fork(), report);
  await conclude(network, networkLoad, random.fork(), report);

  report.say('');
  for (const world of [crashing, network]) report.say(summary(world));
  report.say(`${seconds(Date.now() - started)} in all; seed ${seed}`);
  await crashing.stop();
  await network.stop();
  await alerts();
  await payments();
  return report.finish();
}

function startLoad(
  world: World,
  pace: { clientsPerPartner: number; pause: number; timeout: number },
  random: Random,
): Load {
  const { book, partners, urls, name } = world;
  return new Load({ book, partners, urls, random: random.fork(), prefix: name, ...pace });
}

function summary({ name, book }: World): string {
  const kinds = new Map<string, number>();
  for (const { kind } of book.acknowledged) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const retried = book.entries.filter((entry) => entry.uncertain > 0).length;
  const statuses = [...book.statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, times]) => `${status || 'none'} ${times}`);
  return [
    `${name}: ${book.acknowledged.length} acknowledged (${[...kinds].map(([kind, times]) => `${kind} ${times}`).join(', ')})`,
    `${' '.repeat(name.length)}  ${retried} were asked again because of a fault; ${book.recovered} of them had been committed unheard; answers: ${statuses.join(', ')}`,
  ].join('\n  ');
}

function readOptions(): { kills: number; seed: number; only: 'alerts' | 'payments' | undefined } {
  const { values } = parseArgs({
    options: { kills: { type: 'string', default: '50' }, seed: { type: 'string' }, only: { type: 'string' } },
  });
  const kills = Number(values.kills);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
  if (!Number.isInteger(kills) || kills < 0 || !Number.isInteger(seed) || seed < 0)
    throw new Error('--kills and --seed are whole numbers');
  const { only } = values;
  if (only !== undefined && only !== 'alerts' && only !== 'payments')
    throw new Error('--only takes "alerts" or "payments"');
  return { kills, seed, only };
}

/** Nothing that was started here outlives the run, however it ends. */
function cleanUp(): void {
  killAllStarted();
  removeAllFolders();
}

process.on('exit', cleanUp);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit(130));
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n\n0 passed, 1 failed\n`);
    process.exit(1);
  },
);
