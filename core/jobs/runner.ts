import { schedule, type ScheduledTask } from 'node-cron';
import type { Database } from '../database';
import type { Job } from './job';
import { claim, complete, fail, LEASE_SECONDS, register, release, renew, type Claim } from './schedule';

export interface JobsOptions {
  readonly database: Database;
  readonly jobs: readonly Job[];
  readonly onError: (error: Error) => void;
}

const EVERY_FIVE_SECONDS = '*/5 * * * * *';

/**
 * Runs jobs when they are due. The ticker runs on every replica and knows nothing; what is due and who runs it is decided
 * in Postgres (directory.jobs): a replica takes a job's lease, renews it while it works, and sets the next run when it is
 * done. So replicas don't double a run, a crashed one's is taken over, and what was missed while everything was down is
 * caught up at the start.
 */
export class JobRunner {
  readonly #options: JobsOptions;
  readonly #jobs: ReadonlyMap<string, Job>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #registered = false;
  #looking = false;
  #ticker: ScheduledTask | undefined;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#jobs = new Map(options.jobs.map((job) => [job.name, job]));
  }

  start(): void {
    this.#ticker = schedule(EVERY_FIVE_SECONDS, () => void this.tick(), {
      name: 'talktime jobs',
      suppressMissedWarning: true, // a tick that comes late finds what is due
      unref: true,
    });
    void this.tick();
  }

  /** Takes nothing new, tells the jobs under way to stop, and waits for them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ticker?.destroy();
    await Promise.allSettled(this.#underWay);
  }

  /** Starts what is due. */
  async tick(): Promise<void> {
    if (this.#looking || this.#stopping.signal.aborted) return;
    this.#looking = true;
    const looking = this.#look()
      .catch(this.#options.onError)
      .finally(() => (this.#looking = false));
    await this.#track(looking);
  }

  /** When all runs under way have ended. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  async #look(): Promise<void> {
    const { database, jobs } = this.#options;
    if (!this.#registered) await register(database, jobs);
    this.#registered = true;
    while (!this.#stopping.signal.aborted) {
      const claimed = await claim(database, [...this.#jobs.keys()]);
      if (!claimed) return;
      void this.#track(this.#run(claimed).catch(this.#options.onError));
    }
  }

  async #run(claimed: Claim): Promise<void> {
    const { database, onError } = this.#options;
    const job = this.#jobs.get(claimed.name)!;
    const lost = new AbortController();
    const keep = setInterval(
      () => {
        renew(database, claimed).then((kept) => kept || lost.abort(), onError);
      },
      (LEASE_SECONDS * 1000) / 3,
    );
    try {
      await job.run(AbortSignal.any([this.#stopping.signal, lost.signal]));
      // Cut short, it is still due.
      await (this.#stopping.signal.aborted
        ? release(database, claimed)
        : complete(database, claimed, job.everySeconds));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await fail(database, claimed, job.everySeconds, reason);
      throw new Error(`The job ${job.name} failed: ${reason}`, { cause: error });
    } finally {
      clearInterval(keep);
    }
  }

  #track(work: Promise<void>): Promise<void> {
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }
}

/** Starts running jobs. */
export function startJobs(options: JobsOptions): JobRunner {
  const runner = new JobRunner(options);
  runner.start();
  return runner;
}
