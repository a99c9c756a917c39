/** What a run of many callers came to. Times in milliseconds. */
export interface Measured {
  readonly callers: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * Lets `callers` callers work at once, each starting its next piece when the last one is done, for about `seconds`; a
 * short warm-up is not counted.
 */
export async function measure(
  callers: number,
  seconds: number,
  work: (caller: number) => Promise<unknown>,
): Promise<Measured> {
  const warmUntil = performance.now() + Math.min(1000, seconds * 250);
  const until = warmUntil + seconds * 1000;
  const times: number[] = [];
  let started = Infinity;
  let ended = 0;
  const caller = async (index: number) => {
    for (let begin = performance.now(); begin < until; begin = performance.now()) {
      await work(index);
      if (begin < warmUntil) continue;
      const end = performance.now();
      times.push(end - begin);
      started = Math.min(started, begin);
      ended = Math.max(ended, end);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
  times.sort((a, b) => a - b);
  return {
    callers,
    perSecond: (times.length / (ended - started)) * 1000,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
  };
}

/** Of sorted times. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
