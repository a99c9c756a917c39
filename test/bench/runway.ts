import { parseArgs } from 'node:util';
import { forecast, MOST_WINDOWS, type Runway } from '@talktime/core/alerts';
import { micro } from '@talktime/core/money';
import { percentile } from './measure';
import { DAY, KINDS, Random, simulate, type Kind, type SimulatedWallet } from './simulated-use';

/**
 * `npm run bench:runway`: forecasts on simulated histories, beside the true moment at which each balance runs out, and
 * beside what was there before: the balance divided by the mean of 7 days. It measures no time.
 *
 *   --json       one JSON object on stdout and nothing else
 *   --seed N     of the simulation; 2026 unless said. The forecast was tuned on seeds 1 to 9, so report others
 *   --wallets N  of each kind; 2,000 unless said
 */
const FEWEST_DAYS = 0.5;
const MOST_DAYS = 45;

interface Case {
  readonly kind: Kind;
  readonly truth: number;
  readonly told: Runway;
  readonly baseline: number;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      seed: { type: 'string', default: '2026' },
      wallets: { type: 'string', default: '2000' },
    },
  });
  const [seed, wallets] = [Number(values.seed), Number(values.wallets)];
  if (!Number.isInteger(seed) || !(Number.isInteger(wallets) && wallets > 0))
    throw new Error('--seed is a whole number, --wallets one above 0');
  const random = new Random(seed);
  const cases = KINDS.flatMap((kind) => Array.from({ length: wallets }, () => tryOne(simulate(kind, random), random)));
  const told = cases.filter((each) => each !== null);
  const all = figuresOf(told);
  if (values.json) {
    const byKind = Object.fromEntries(
      KINDS.map((kind) => [kind, figuresOf(told.filter((each) => each.kind === kind))]),
    );
    process.stdout.write(`${JSON.stringify({ ...all, raw: { seed, wallets, ...byKind } }, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${'history'.padEnd(12)}${'cases'.padStart(7)}  in the range  median error  7-day mean's\n`);
  for (const kind of [...KINDS, null]) {
    const own = told.filter((each) => kind === null || each.kind === kind);
    const figures = figuresOf(own);
    const cells = [figures.runway_coverage, figures.runway_median_error, figures.baseline_median_error];
    const percents = cells.map((each) => `${(each * 100).toFixed(1)} %`.padStart(14)).join('');
    process.stdout.write(`${(kind ?? 'all').padEnd(12)}${String(own.length).padStart(7)}${percents}\n`);
  }
}

/** Forecasts at the wallet's moment, for a random balance. null when nothing was to be told. */
function tryOne({ kind, hours, now }: SimulatedWallet, random: Random): Case | null {
  const first = hours.findIndex((used) => used > 0);
  const windows = Math.min(MOST_WINDOWS, Math.floor((now - first) / DAY));
  const usage = Array.from({ length: windows }, (_, index) => sum(hours, now - (index + 1) * DAY, now - index * DAY));
  const week = Math.min(7 * DAY, now - first);
  const pace = sum(hours, now - week, now) / (week / DAY);
  const days = Math.exp(random.between(Math.log(FEWEST_DAYS), Math.log(MOST_DAYS)));
  // The typical day, and not the forecast's: cases must not be chosen by what is judged.
  const posted = (days * sum(hours, now, now + 90 * DAY)) / 90;
  const told = forecast(micro(toMicro(posted)), usage.map(toMicro));
  const truth = runOut(hours, now, posted);
  if (!told || truth === null || !(pace > 0)) return null;
  return { kind, truth, told, baseline: posted / pace };
}

/** Days until the balance is used up; null when the simulation ends before. */
function runOut(hours: readonly number[], now: number, posted: number): number | null {
  let left = posted;
  for (let hour = now; hour < hours.length; hour++) {
    const used = hours[hour]!;
    if (used >= left) return (hour - now + left / used) / DAY;
    left -= used;
  }
  return null;
}

function figuresOf(cases: readonly Case[]) {
  const held = cases.filter(({ truth, told: { from, to } }) => truth >= from && (to === null || truth <= to));
  const errors = (of: (each: Case) => number) =>
    percentile(
      cases.map((each) => Math.abs(of(each) - each.truth) / each.truth).sort((a, b) => a - b),
      0.5,
    );
  return {
    runway_median_error: round(errors(({ told }) => told.days)),
    runway_coverage: round(held.length / cases.length),
    baseline_median_error: round(errors(({ baseline }) => baseline)),
  };
}

const sum = (hours: readonly number[], from: number, to: number) =>
  hours.slice(from, to).reduce((total, used) => total + used, 0);
const toMicro = (credits: number) => BigInt(Math.round(credits * 1e6));
const round = (value: number) => Math.round(value * 1000) / 1000;

main();
