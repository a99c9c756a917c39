/**
 * Simulated use of wallets, hour by hour: what customers of voice agents do. Credits an hour as floats, because these are
 * invented and not anybody's money. The same seed makes the same customers.
 */
export const KINDS = ['office', 'always', 'growing', 'bursty', 'campaigns', 'fresh'] as const;
export type Kind = (typeof KINDS)[number];

export const DAY = 24;
const WEEK = 7 * DAY;

export interface SimulatedWallet {
  readonly kind: Kind;
  /** Used in each hour. */
  readonly hours: readonly number[];
  /** The hour that is now: what comes after it, a forecast cannot see. */
  readonly now: number;
}

/** How much future is simulated, in hours: a little more than the farthest that a forecast says. */
const FUTURE = 366 * DAY;

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** Around 1, by a factor: never below 0, with a long tail upwards. */
  around(spread: number): number {
    return Math.exp(spread * this.normal() - (spread * spread) / 2);
  }
}

export function simulate(kind: Kind, random: Random): SimulatedWallet {
  const past = Math.floor(kind === 'fresh' ? random.between(2 * DAY, 5 * DAY) : random.between(3 * DAY, 60 * DAY));
  const offset = Math.floor(random.between(0, WEEK)); // on which hour of the week it begins
  const level = Math.exp(random.between(0, 6));
  const today = dailyFactors(kind, random, Math.ceil((offset + past + FUTURE) / DAY) + 1);
  const base =
    kind === 'fresh' || kind === 'bursty' || kind === 'campaigns' ? pick(random, ['office', 'always']) : kind;
  const weekly =
    base === 'office' || (base === 'growing' && random.next() < 0.5) ? officeHours(random) : everyHour(random);
  const hours = Array.from({ length: past + FUTURE }, (_, hour) => {
    const at = offset + hour;
    return level * weekly[at % WEEK]! * today[Math.floor(at / DAY)]! * random.around(0.6);
  });
  return { kind, hours, now: past };
}

/** Monday to Friday, some on Saturday, for some hours. */
function officeHours(random: Random): number[] {
  const opens = Math.floor(random.between(7, 10));
  const closes = Math.floor(random.between(16, 20));
  const days = [1, 1, 1, 1, 1, random.next() < 0.4 ? random.between(0.1, 0.5) : 0, 0];
  const busier = days.map((open) => open * random.between(0.7, 1.3));
  return Array.from({ length: WEEK }, (_, at) => {
    const hour = at % DAY;
    return hour >= opens && hour < closes ? busier[Math.floor(at / DAY)]! : 0;
  });
}

/** Day and night, less at night and a little less on weekends. */
function everyHour(random: Random): number[] {
  const [night, weekend] = [random.between(0.1, 0.8), random.between(0.6, 1.1)];
  return Array.from({ length: WEEK }, (_, at) => {
    const light = (1 - Math.cos((2 * Math.PI * (at % DAY)) / DAY)) / 2;
    return (night + (1 - night) * light) * (at >= 5 * DAY ? weekend : 1);
  });
}

/** What makes one day differ from another, beside its weekday. */
function dailyFactors(kind: Kind, random: Random, days: number): number[] {
  const spread = random.between(0.1, 0.4);
  // A pace wanders by itself, too: a few per cent a week.
  const wander = random.between(0, 0.03);
  let pace = 1;
  const walk = () => (pace *= random.around(wander));
  switch (kind) {
    case 'growing': {
      const growth = random.between(-0.01, 0.025);
      return Array.from(
        { length: days },
        (_, day) => walk() * Math.exp(growth * Math.min(day, 90)) * random.around(spread),
      );
    }
    case 'bursty': {
      const [chance, size] = [random.between(0.08, 0.25), random.between(4, 12)];
      return Array.from({ length: days }, () => {
        const burst = random.next() < chance ? size * random.around(0.5) : 1;
        return walk() * burst * random.around(0.4);
      });
    }
    case 'campaigns': {
      const [size, factors] = [random.between(3, 8), [] as number[]];
      while (factors.length < days) {
        for (let gap = random.between(10, 40); gap > 0; gap--) factors.push(walk() * random.around(spread));
        for (let run = random.between(5, 15); run > 0; run--) factors.push(walk() * size * random.around(spread));
      }
      const begin = Math.floor(random.between(0, 40));
      return [...factors.slice(begin), ...factors.slice(0, begin)];
    }
    default:
      return Array.from({ length: days }, () => walk() * random.around(spread));
  }
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random.next() * values.length)]!;
}
