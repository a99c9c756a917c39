import type { Parameters } from 'fast-check';

/**
 * How many histories: few by `npm test`, as many as asked for by `npm run test:property -- --runs 20000 --seed 7`. A
 * history on Postgres takes a hundred times as long as one in memory, so there it is a tenth of what was asked for; one with
 * Stripe's webhooks over HTTP takes ten times as long again, so there it is a fortieth.
 */
export function runs<T>(usual: number, where: keyof typeof PARTS): Parameters<T> {
  const { TALKTIME_PROPERTY_RUNS: asked, TALKTIME_PROPERTY_SEED: seed } = process.env;
  const many = Math.ceil(Number(asked) / PARTS[where]);
  return { numRuns: asked === undefined ? usual : many, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}

const PARTS = { memory: 1, postgres: 10, stripe: 40 } as const;
