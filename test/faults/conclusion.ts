import type { Entry } from './book';
import { deliver, replay, type ClientOptions } from './client';
import { runTalktime } from './command';
import { checkBook } from './ledger-check';
import type { Load } from './load';
import type { Random } from './random';
import type { Report } from './report';
import { seconds } from './time';
import type { World } from './world';

const DRAIN = 60_000;
const SECOND_CHANCE = 30_000;

/** At the end everything is asked once more: the ledger, the clients' books, and every answer by its replay. */
export async function conclude(world: World, load: Load, random: Random, report: Report): Promise<void> {
  const { book, name, partners } = world;
  await load.finish(DRAIN);
  const options = { ...load.clientOptions(), random };
  const late = await settle(
    book.entries.filter((entry) => entry.state === 'open'),
    options,
    SECOND_CHANCE,
  );
  report.check(
    `${name}: every request was answered`,
    late.map((entry) => `${entry} was not, ${seconds(Date.now() - entry.openedAt)} after it was first asked`),
  );

  // An attempt whose client had hung up may have been applied after a later one was refused: asked again, it is known.
  const unsure = book.entries.filter((entry) => entry.state === 'refused' && entry.uncertain > 0);
  await settle(unsure, options, SECOND_CHANCE);

  const replayed = book.acknowledged.filter((entry) => entry.again !== null);
  report.check(
    `${name}: every acknowledged request answers the same once more, as done before`,
    await replay(replayed, options),
    { detail: `${replayed.length} replayed` },
  );
  report.check(
    `${name}: every acknowledged operation is in the ledger once, with its result, and nothing is half done`,
    await world.findings(true),
    {
      detail: `${book.acknowledged.length} acknowledged, ${book.refused} refused`,
    },
  );
  report.check(
    `${name}: every wallet holds what its clients were told, and nothing is there that nobody asked for`,
    await world.postgres.withClient((client) => checkBook(client, book, partners)),
  );
  report.check(`${name}: no alert is left behind`, await overdueAlerts(world));
  await verify(world, report);
}

/** Asks once more, until a time. Answers what is open still. */
async function settle(entries: readonly Entry[], options: ClientOptions, milliseconds: number): Promise<Entry[]> {
  const end = Date.now() + milliseconds;
  const patient = { ...options, stopped: () => Date.now() > end };
  await Promise.all(entries.map((entry) => deliver(entry, patient)));
  return entries.filter((entry) => entry.state === 'open');
}

/** An alert that could have been delivered longer ago than the dispatcher's sweep takes (30 s). */
async function overdueAlerts(world: World): Promise<string[]> {
  const rows = await world.postgres.query<{ line: string }>(
    `select format('wallet %s: %s not routed since %s', wallet_id, count(*), min(created_at)) as line
     from talktime.outbox where routed_at is null
     group by partner_id, wallet_id having min(created_at) < clock_timestamp() - interval '60 seconds'
     union all
     select format('message %s on %s waits since %s', message_id, route, due)
     from (select message_id, route, greatest(next_attempt_at, held_until, leased_until) as due
           from talktime.alert_messages where version > shown and dead_at is null) as waiting
     where due < clock_timestamp() - interval '60 seconds'`,
  );
  return rows.map((row) => row.line);
}

/** `talktime verify` recomputes the ledger from entry zero by itself. */
async function verify(world: World, report: Report): Promise<void> {
  const { code, output } = await runTalktime(['verify'], {
    DATABASE_URL: world.postgres.url(),
    TALKTIME_SEAL_KEY: world.sealKey,
  });
  const lines = output.split('\n');
  report.check(`${world.name}: talktime verify`, code === 0 ? [] : [`exit code ${code}`, ...lines], {
    detail: lines[0],
  });
}
