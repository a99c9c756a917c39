import { randomUUID } from 'node:crypto';
import type { Database } from '../database';
import type { Job } from './job';

/** A job's run that is this process's. */
export interface Claim {
  readonly name: string;
  readonly leaseId: string;
}

/** A replica that dies loses its job to another after so long; one that lives renews three times in it. */
export const LEASE_SECONDS = 60;

/** A failed run is tried again after so long, and then after twice as long each time, up to the job's own interval. */
const RETRY_SECONDS = 15;

/** Jobs that the schedule does not know yet are due at once. */
export async function register(database: Database, jobs: readonly Job[]): Promise<void> {
  await database.asDirectory((transaction) =>
    transaction.query(
      `insert into directory.jobs (name, next_run_at)
       select name, clock_timestamp() from unnest($1::text[]) as name
       on conflict (name) do nothing`,
      [jobs.map((job) => job.name)],
    ),
  );
}

/** Takes a job that is due and that nobody runs; null when there is none. The clock is the database's. */
export async function claim(database: Database, names: readonly string[]): Promise<Claim | null> {
  const leaseId = randomUUID();
  const [row] = await database.asDirectory((transaction) =>
    transaction.query<{ name: string }>(
      `update directory.jobs
       set lease_id = $2, lease_until = clock_timestamp() + make_interval(secs => $3)
       where name = (
         select name
         from directory.jobs
         where name = any($1::text[]) and next_run_at <= clock_timestamp()
           and (lease_until is null or lease_until <= clock_timestamp())
         order by next_run_at
         limit 1
         for update skip locked)
       returning name`,
      [names, leaseId, LEASE_SECONDS],
    ),
  );
  return row ? { name: row.name, leaseId } : null;
}

/** Keeps the job for another while. False when it was lost. */
export async function renew(database: Database, { name, leaseId }: Claim): Promise<boolean> {
  const rows = await database.asDirectory((transaction) =>
    transaction.query(
      `update directory.jobs
       set lease_until = clock_timestamp() + make_interval(secs => $3)
       where name = $1 and lease_id = $2
       returning name`,
      [name, leaseId, LEASE_SECONDS],
    ),
  );
  return rows.length > 0;
}

/** The run is done. Runs that were missed until now are done with it. */
export async function complete(database: Database, { name, leaseId }: Claim, everySeconds: number): Promise<void> {
  await database.asDirectory((transaction) =>
    transaction.query(
      `update directory.jobs
       set next_run_at = to_timestamp((floor(extract(epoch from clock_timestamp()) / $3::int) + 1) * $3::int),
           lease_id = null, lease_until = null, failures = 0, last_run_at = clock_timestamp(), last_error = null
       where name = $1 and lease_id = $2`,
      [name, leaseId, everySeconds],
    ),
  );
}

/** The run failed, and is tried again soon. */
export async function fail(
  database: Database,
  { name, leaseId }: Claim,
  everySeconds: number,
  reason: string,
): Promise<void> {
  await database.asDirectory((transaction) =>
    transaction.query(
      `update directory.jobs
       set next_run_at = clock_timestamp() + make_interval(secs => least($3::int, $4::int * 2 ^ least(failures, 20))),
           lease_id = null, lease_until = null, failures = failures + 1, last_run_at = clock_timestamp(), last_error = left($5, 500)
       where name = $1 and lease_id = $2`,
      [name, leaseId, everySeconds, RETRY_SECONDS, reason],
    ),
  );
}

/** Gives a job back undone: the process ends. */
export async function release(database: Database, { name, leaseId }: Claim): Promise<void> {
  await database.asDirectory((transaction) =>
    transaction.query(
      'update directory.jobs set lease_id = null, lease_until = null where name = $1 and lease_id = $2',
      [name, leaseId],
    ),
  );
}
