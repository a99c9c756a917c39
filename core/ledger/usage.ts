import type { Database } from '../database';
import { ACCOUNTS, isWallet, type Account } from './accounts';
import type { TransferRow } from './state';

/** What calls and amounts took of a wallet in an hour, less what came back in it: what forecasts are made of. */
export interface HourOfUse {
  readonly walletId: number;
  /** Its beginning, in milliseconds. */
  readonly hour: number;
  /** Microcredits; below 0 when more came back. */
  readonly used: bigint;
}

const HOUR = 60 * 60 * 1000;

/** Hours older than this are forgotten: twice as long as a forecast looks back, and a little more. */
export const USAGE_KEPT_DAYS = 60;

/** What wallets are used up by: what calls and amounts are sold for, what they cost, and what is carried of them. */
const USES: ReadonlySet<Account> = new Set([ACCOUNTS.revenue, ACCOUNTS.cost, ACCOUNTS.overage]);

/** The use that transfers make, by wallet and hour. */
export function usageOf(transfers: readonly TransferRow[]): HourOfUse[] {
  const hours = new Map<string, HourOfUse>();
  for (const { debit, credit, amount, at } of transfers) {
    const [walletId, used] = USES.has(credit) ? [debit, amount] : [credit, -amount];
    if (!isWallet(walletId) || !(USES.has(credit) || USES.has(debit))) continue;
    const hour = Math.floor(at / HOUR) * HOUR;
    const key = `${walletId} ${hour}`;
    hours.set(key, { walletId, hour, used: (hours.get(key)?.used ?? 0n) + used });
  }
  return [...hours.values()].filter((each) => each.used !== 0n);
}

/** Forgets hours that no forecast looks at any more. */
export async function forgetUsage(database: Database, partnerId: string): Promise<void> {
  await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      `delete from talktime.wallet_usage
       where partner_id = $1
         and wallet_id = any(array(select wallet_id from talktime.wallets where partner_id = $1))
         and hour < (select date_trunc('hour', talktime.clock(), 'UTC') - make_interval(hours => $2))`,
      [partnerId, USAGE_KEPT_DAYS * 24],
    ),
  );
}
