import type { Transaction } from '../../database';
import { creditsText } from './canonical';
import type { Finding } from './findings';
import { Pages } from './pages';

export interface UsageRecord {
  readonly wallet_id: number;
  /** Microseconds since 1970. */
  readonly hour: string;
  readonly used: bigint;
}

type Moved = { readonly debit: number; readonly credit: number; readonly amount: bigint; readonly at: string };

const HOUR = 60 * 60 * 1_000_000;
const KEPT_DAYS = 60;
/** Revenue, cost and overage: what wallets are used up by. */
const USED_BY = [-1, -6, -7];

/** The first hour that is surely still kept: a job forgets those before. Microseconds. */
export async function firstKeptHour(transaction: Transaction): Promise<number> {
  const [clock] = await transaction.query<{ now: Date }>('select talktime.clock() as now');
  return Math.ceil((clock!.now.getTime() * 1000) / HOUR) * HOUR - KEPT_DAYS * 24 * HOUR;
}

/** Hours that wallets were used in, in the order of (wallet, hour). */
export function usagePages(transaction: Transaction, partnerId: string): Pages<UsageRecord> {
  const start = [-1, '-infinity'];
  return new Pages<UsageRecord>(transaction, USAGE, partnerId, keyOf, start);
}

const keyOf = ({ wallet_id, hour }: UsageRecord) => [wallet_id, new Date(Number(hour) / 1000).toISOString()];

/** What a wallet's postings used in each hour, beside what is stored of it. */
export class UsageWalk {
  readonly #used = new Map<number, bigint>();

  constructor(
    readonly walletId: number,
    readonly since: number,
    readonly stored: readonly UsageRecord[],
    readonly find: (code: Finding['code'], expected: string, found: string) => void,
  ) {}

  step({ debit, credit, amount, at }: Moved): void {
    const moment = Number(at);
    if (moment < this.since) return;
    const uses = debit === this.walletId && USED_BY.includes(credit);
    const returns = credit === this.walletId && USED_BY.includes(debit);
    if (!uses && !returns) return;
    const hour = moment - (moment % HOUR);
    this.#used.set(hour, (this.#used.get(hour) ?? 0n) + (uses ? amount : -amount));
  }

  end(): void {
    const stored = new Map(this.stored.map(({ hour, used }) => [Number(hour), used]));
    for (const hour of [...new Set([...this.#used.keys(), ...stored.keys()])].sort((a, b) => a - b)) {
      const [expected, found] = [this.#used.get(hour) ?? 0n, stored.get(hour) ?? 0n];
      const within = `in the hour from ${new Date(hour / 1000).toISOString()}`;
      if (hour >= this.since && expected !== found)
        this.find('USAGE_WRONG', `${creditsText(expected)} ${within}`, creditsText(found));
    }
  }
}

const USAGE = `
  select wallet_id, trim_scale(extract(epoch from hour) * 1000000)::text as hour, used
  from talktime.wallet_usage
  where partner_id = $1 and (wallet_id, hour) > ($2, $3::timestamptz)
  order by wallet_id, hour
  limit $4`;
