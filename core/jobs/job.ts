/** Something that runs on a schedule, once over all replicas. */
export interface Job {
  /** Permanent: the schedule is kept under it. */
  readonly name: string;
  /** It is due at every multiple of this, counted from 1970 in UTC. */
  readonly everySeconds: number;
  /**
   * Does what is due by now, however many runs were missed. It may be cut off anywhere and run again, so it takes its work
   * from the database and does each part in a transaction. `signal` tells it to stop early: the process ends, or another
   * replica has taken over.
   */
  run(signal: AbortSignal): Promise<void>;
}
