import type { Parameters } from 'fast-check';

/**
 * How many histories: few by `npm test`, as many as asked for by `npm run test:property -- --runs 20000 --seed 7`. A
 * history on Postgres takes a hundred times as long as one in memory, so there it is a tenth of what was asked for.
 */
export function runs<T>(usual: number, where: 'memory' | 'postgres'): Parameters<T> {
  const { TALKTIME_PROPERTY_RUNS: asked, TALKTIME_PROPERTY_SEED: seed } = process.env;
  const many = where === 'memory' ? Number(asked) : Math.ceil(Number(asked) / 10);
  return { numRuns: asked === undefined ? usual : many, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}
