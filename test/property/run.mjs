/**
 * npm run test:property -- --runs 20000 [--seed 7]
 *
 * The property tests with as many random histories as one has time for. The seed is printed; the same seed tells the
 * same histories again.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '2000' }, seed: { type: 'string' } } });
const runs = wholeNumber('runs', values.runs);
const seed = wholeNumber('seed', values.seed ?? String(randomInt(2 ** 31)));
console.log(`${runs} histories in memory, a tenth of them on Postgres, in turn and at once; a fortieth with Stripe. --seed ${seed}`);

const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const { status } = spawnSync(process.execPath, [jest, '--runInBand', 'test/property/'], {
  stdio: 'inherit',
  env: { ...process.env, TALKTIME_PROPERTY_RUNS: String(runs), TALKTIME_PROPERTY_SEED: String(seed) },
});
process.exitCode = status ?? 1;

function wholeNumber(name, text) {
  if (/^\d{1,9}$/.test(text) || (name === 'seed' && /^\d{1,10}$/.test(text))) return Number(text);
  console.error(`--${name} takes a whole number, as in --${name} 2000; it was "${text}".`);
  process.exit(2);
}
