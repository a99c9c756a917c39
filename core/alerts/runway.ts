import type { Transaction } from '../database';
import { ACCOUNTS } from '../ledger/accounts';
import type { Microcredits } from '../money';

const WINDOW_DAYS = 7;
const DAY = 24 * 60 * 60 * 1000;
/** Less history than this says nothing about a pace. */
const LEAST_HISTORY = DAY;
/** A busy wallet's pace is read from its latest postings, so that it costs the same after millions of them. */
const MOST_POSTINGS = 1000;

/**
 * How many days a balance lasts at the pace of the last 7 days (or since the first use, when that is later); null with
 * less than a day of history, without usage, or when nothing is left to run out.
 */
export async function runway(
  transaction: Transaction,
  partnerId: string,
  wallet: { walletId: number; posted: Microcredits },
): Promise<number | null> {
  const [row] = await transaction.query<{ used: string; milliseconds: string | null }>(
    `with latest as (
       select amount, at, clock_timestamp() - make_interval(days => $3) as window_start
       from talktime.transfers
       where partner_id = $1 and debit_account = $2 and debit_sequence is not null and credit_account = any($4::int[])
       order by debit_sequence desc
       limit $5
     )
     select coalesce(sum(amount) filter (where at > window_start), 0)::text as used,
            round(extract(epoch from clock_timestamp() - greatest(min(at), min(window_start))) * 1000)::text as milliseconds
     from latest`,
    [partnerId, wallet.walletId, WINDOW_DAYS, [ACCOUNTS.revenue, ACCOUNTS.overage], MOST_POSTINGS],
  );
  return daysLeft(wallet.posted, BigInt(row!.used), Number(row!.milliseconds ?? 0));
}

/** Days, to one decimal, that `posted` lasts when `used` went in `milliseconds`. */
export function daysLeft(posted: Microcredits, used: bigint, milliseconds: number): number | null {
  if (used <= 0n || posted <= 0n || milliseconds < LEAST_HISTORY) return null;
  return Math.round((Number(posted) / Number(used)) * (milliseconds / DAY) * 10) / 10;
}
