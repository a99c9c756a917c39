/** What networks do between the service and Postgres: connections that break anywhere, and connections that go silent. */
import { request, replay } from './client';
import { type Load } from './load';
import type { Cut } from './proxy';
import type { Random } from './random';
import type { Report } from './report';
import { seconds, sleep } from './time';
import type { World } from './world';

const CUTS: readonly (Cut | 'anywhere')[] = ['anywhere', 'before commit', 'with commit', 'after commit'];
const RECOVERY = 30_000;
/** A statement may take 30 s and its answer 5 s more (core/database/database.ts); with a little for the rest. */
const SERVED_AFTER_SILENCE = 60_000;

/** Cuts connections under load, most of them around COMMIT. */
export async function cutUnderLoad(
  world: World,
  load: Load,
  count: number,
  random: Random,
  report: Report,
): Promise<void> {
  const proxy = world.proxy!;
  const done = new Map<string, number>();
  let missed = 0;
  for (let cut = 1; cut <= count; cut++) {
    await sleep(random.between(20, 200));
    const where = CUTS[cut % CUTS.length]!;
    const came = where === 'anywhere' ? proxy.cut(() => random.chance(0.5)) > 0 : await proxy.cutAt(where, 5_000);
    if (came) done.set(where, (done.get(where) ?? 0) + 1);
    else missed++;
    if (cut % 10 === 0 || cut === count) {
      report.check(`after ${cut} cuts`, await world.findings(), { quiet: true });
    }
  }
  const counts = [...done].map(([where, times]) => `${times} ${where}`).join(', ');
  report.check(
    'connections were cut at each place',
    missed > count / 4 ? [`${missed} of ${count} moments never came: does the proxy still recognise a commit?`] : [],
    { detail: counts },
  );
  const { findings } = await goesOn(world);
  const last = world.book.acknowledged.slice(-200);
  report.check('the service goes on by itself after the cuts', [
    ...findings,
    ...(await replay(last, load.clientOptions())),
  ]);
}

/**
 * Every connection goes silent in the middle of a writing transaction, as when a firewall forgets them; new ones work.
 * Postgres does not hear that its client is gone, so what the transaction has locked stays locked until a timeout.
 */
export async function silenceWhileWriting(world: World, report: Report): Promise<void> {
  const [replica] = world.replicas;
  if (!(await world.proxy!.freezeWhileWriting(10_000))) {
    report.check('connections went silent while writing', ['no transaction that writes was seen']);
    return;
  }
  const alive = await answered(replica!.url, '/healthz', 2_000);
  const took = await world.probe(replica!, SERVED_AFTER_SILENCE);
  const locked = took === null ? await lockHolders(world) : [];
  world.proxy!.heal();
  report.check(
    'connections that go silent while writing hold up a partner no longer than the timeouts',
    took === null
      ? [`no request of the partner was taken for ${seconds(SERVED_AFTER_SILENCE)}; in Postgres:`, ...locked]
      : [],
    { detail: took === null ? '' : `served again after ${seconds(took)}` },
  );
  report.check('meanwhile the service tells that it lives', alive === 200 ? [] : [`/healthz answered ${alive}`]);
  await recovers(world, report, 'after the silence');
}

/** Packets to Postgres are dropped, of new connections too. Whoever asks must be told, and not wait for ever. */
export async function silenceOfPostgres(world: World, report: Report): Promise<void> {
  const [replica] = world.replicas;
  world.proxy!.swallowNew();
  world.proxy!.freeze();
  const started = Date.now();
  const ready = await answered(replica!.url, '/readyz', SERVED_AFTER_SILENCE);
  const took = Date.now() - started;
  report.check(
    'a Postgres that is silent is told as "not ready"',
    ready === 503 ? [] : [`/readyz answered ${ready ?? 'nothing'} after ${seconds(took)}`],
    { detail: `after ${seconds(took)}` },
  );
  world.proxy!.heal();
  await recovers(world, report, 'after Postgres was silent');
}

/** Held up or ended, it is started again, so that the run can go on. */
async function goesOn(world: World): Promise<{ took: number | null; findings: string[] }> {
  const replica = world.replicas[0]!;
  const took = await world.probe(replica, RECOVERY);
  if (took !== null) return { took, findings: [] };
  const what = replica.endedByItself ? 'the service ended' : `no request was taken within ${seconds(RECOVERY)}`;
  const findings = [`${what}, and it was started again:`, replica.log(10)];
  await world.restartReplica(replica);
  return { took, findings };
}

async function recovers(world: World, report: Report, when: string): Promise<void> {
  const { took, findings } = await goesOn(world);
  report.check(`the service goes on by itself ${when}`, [...findings, ...(await world.findings())], {
    detail: took === null ? '' : `in ${seconds(took)}`,
  });
}

async function answered(url: string, path: string, timeout: number): Promise<number | undefined> {
  const answer = await request(url, { method: 'GET', path, headers: {} }, timeout).catch(() => undefined);
  return answer?.status;
}

/** Transactions that wait for their client, and those that wait for them. */
async function lockHolders(world: World): Promise<string[]> {
  const rows = await world.postgres.query<{ line: string }>(
    `select format('%s for %s s: %s', coalesce(state, '') || case when cardinality(pg_blocking_pids(pid)) > 0 then ', blocked by ' || pg_blocking_pids(pid)::text else '' end,
                   round(extract(epoch from clock_timestamp() - xact_start)), left(regexp_replace(query, '\\s+', ' ', 'g'), 80)) as line
     from pg_stat_activity where application_name = 'talktime' and xact_start is not null`,
  );
  return rows.map((row) => row.line);
}
