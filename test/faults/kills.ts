import { replay } from './client';
import { type Load } from './load';
import type { PostgresDeath } from './postgres';
import type { Random } from './random';
import type { Replica } from './replica';
import type { Report } from './report';
import { seconds, sleep } from './time';
import type { World } from './world';

/** How long the service may take until it takes requests again by itself. */
const RECOVERY = 30_000;
/** How many of the last acknowledgements before a kill are replayed after it. */
const REPLAYED = 16;
const PROGRESS = 10;
const MOST_FAILED = 6;

type Kill =
  | {
      readonly of: 'service';
      readonly replica: number;
      readonly moment: 'any' | 'an answer' | 'any, and while starting';
    }
  | { readonly of: 'postgres'; readonly death: PostgresDeath };

/** Half of them the service, half of them Postgres, in any order; and beside them a backend of Postgres now and then. */
export function planKills(count: number, replicas: number, random: Random): Kill[] {
  const ofPostgres = Math.floor(count / 2);
  const service = Array.from({ length: count - ofPostgres }, (_, index): Kill => {
    const moment = index % 6 === 5 ? 'any, and while starting' : index % 2 === 0 ? 'an answer' : 'any';
    return { of: 'service', replica: random.between(0, replicas - 1), moment };
  });
  const postgres = Array.from({ length: ofPostgres }, (_, index): Kill => {
    return { of: 'postgres', death: index % 4 === 3 ? 'postmaster first' : 'at once' };
  });
  const backends = Array.from({ length: Math.round(count / 10) }, (): Kill => {
    return { of: 'postgres', death: 'one backend' };
  });
  return random.shuffled([...service, ...postgres, ...backends]);
}

/** Kills at random moments under load, and after each one holds everything against everything. */
export async function killUnderLoad(
  world: World,
  load: Load,
  plan: readonly Kill[],
  random: Random,
  report: Report,
): Promise<void> {
  const recoveries: number[] = [];
  let open = 0;
  let replayed = 0;
  let failed = 0;
  for (const [index, kill] of plan.entries()) {
    await sleep(random.between(100, 900));
    const before = world.book.acknowledged.slice(-REPLAYED);
    open += world.book.waiting;
    const findings: string[] = [];
    const killed = Date.now();
    await perform(kill, world, random, findings);
    findings.push(...(await serveAgain(world)));
    recoveries.push(Date.now() - killed);
    for (const trouble of world.postgres.troubles.splice(0)) report.say(`- Postgres was started once more: ${trouble}`);
    findings.push(...(await world.findings()));
    findings.push(...(await replay(before, load.clientOptions())));
    replayed += before.length;
    if (!report.check(`kill ${index + 1}, ${describe(kill)}`, findings, { quiet: true }) && ++failed === MOST_FAILED) {
      report.check(`all of ${plan.length} kills`, [`given up after ${failed} that failed`]);
      return;
    }
    if ((index + 1) % PROGRESS === 0 || index + 1 === plan.length) {
      const slowest = Math.max(...recoveries.splice(0));
      report.say(
        `${String(index + 1).padStart(3)} of ${plan.length} kills  ${world.book.acknowledged.length} acknowledged, ${open} open at a kill, ${replayed} replayed; back in ${seconds(slowest)} at most`,
      );
    }
  }
}

async function perform(kill: Kill, world: World, random: Random, findings: string[]): Promise<void> {
  if (kill.of === 'service') {
    const replica = world.replicas[kill.replica]!;
    // A batch is answered one after the other: at the first answer the others are committed, and unheard if it dies now.
    if (kill.moment === 'an answer') {
      await new Promise<void>((resolve) => world.book.atNextAcknowledgement(() => resolve(replica.kill())));
    } else {
      await replica.kill();
    }
    replica.spawn();
    if (kill.moment === 'any, and while starting') {
      await sleep(random.between(100, 2_000));
      await replica.kill();
      replica.spawn();
    }
    await replica.started();
    return;
  }
  const processes = world.replicas.map((replica) => replica.processId);
  await world.postgres.kill(kill.death);
  if (kill.death !== 'one backend') {
    await sleep(random.chance(0.3) ? random.between(200, 1_500) : 0); // now and then it stays away a little
    await world.postgres.restart();
  }
  await world.postgres.ready();
  for (const [index, replica] of world.replicas.entries()) {
    if (replica.processId !== processes[index] || replica.endedByItself)
      findings.push(`the service (${replica.name}) ended when Postgres was killed`);
  }
}

/** Each replica must take a request of its own by itself. One that does not is started again, so that the run goes on. */
async function serveAgain(world: World): Promise<string[]> {
  const findings = await Promise.all(
    world.replicas.map(async (replica: Replica) => {
      if (!replica.endedByItself && (await world.probe(replica, RECOVERY)) !== null) return [];
      const log = replica.log(15);
      await replica.kill();
      await replica.start();
      return [
        `the service (${replica.name}) took no request within ${seconds(RECOVERY)} and was started again:\n${log}`,
      ];
    }),
  );
  return findings.flat();
}

function describe(kill: Kill): string {
  if (kill.of === 'postgres') return `Postgres, ${kill.death}`;
  return `service ${kill.replica + 1}, at ${kill.moment}`;
}
