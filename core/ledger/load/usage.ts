import { paceByDay, paceOf, type Pace } from '../../alerts/forecast';
import type { Transaction } from '../../database';

/** As many as a forecast looks at (core/alerts/forecast.ts). */
const WINDOWS = 28;

/** The end of the newest window, once a statement: the hour under way is not over. */
export const WINDOWS_END = `(select date_trunc('hour', talktime.clock(), 'UTC') as ends) windows`;

/**
 * What the wallet `w.wallet_id` of the partner $1 used in each of the last full 24 hours before `windows.ends`, by the window's
 * beginning. The hours before do not change any more, so within an hour it is the same.
 */
const ADDED_UP = `(
  select jsonb_build_object(
    'ends', extract(epoch from windows.ends)::bigint,
    'first', extract(epoch from first.hour)::bigint,
    'used', (
      select jsonb_object_agg(extract(epoch from bin)::bigint, used::text)
      from (
        select date_bin('24 hours', hour, windows.ends) as bin, sum(used) as used
        from talktime.wallet_usage
        where partner_id = $1 and wallet_id = w.wallet_id
          and hour >= windows.ends - make_interval(hours => ${WINDOWS * 24}) and hour < windows.ends
        group by 1
      ) used
    )
  )
  from (
    select hour from talktime.wallet_usage where partner_id = $1 and wallet_id = w.wallet_id order by hour limit 1
  ) first
)`;

/** As it was kept for this hour (core/ledger/windows.ts), else added up. */
const keptOr = (kept: 'used' | 'pace') => `coalesce(
  (
    select to_jsonb(array_to_string(${kept}, ','))
    from talktime.usage_windows
    where partner_id = $1 and wallet_id = w.wallet_id and ends = windows.ends
  ),
  ${ADDED_UP}
)`;

/** The pace of the wallet `w.wallet_id` of the partner $1, for paceFromJson. */
export const PACE = keptOr('pace');

/** Numbers that were kept, or the sums with moments in seconds; null without any use. */
export type UsageJson = string | AddedUp | null;

interface AddedUp {
  readonly ends: number;
  /** The hour of the first use that is kept. */
  readonly first: number;
  readonly used: Readonly<Record<string, string>> | null;
}

const DAY = 24 * 60 * 60;

/** Newest first, as many as there is history. */
function usageFromJson(json: UsageJson): bigint[] {
  if (json === null) return [];
  if (typeof json === 'string') return numbers(json);
  const windows = Math.max(0, Math.min(WINDOWS, Math.floor((json.ends - json.first) / DAY)));
  return Array.from({ length: windows }, (_, back) => BigInt(json.used?.[json.ends - (back + 1) * DAY] ?? '0'));
}

export function paceFromJson(json: UsageJson): Pace | null {
  return typeof json === 'string' ? paceByDay(numbers(json)) : paceOf(usageFromJson(json));
}

const numbers = (list: string) => (list === '' ? [] : list.split(',').map(BigInt));

/** What wallets used in each of the last full 24 hours, newest first; nothing of those without a whole one. */
export async function loadUsage(
  transaction: Transaction,
  partnerId: string,
  walletIds: readonly number[],
): Promise<Map<number, bigint[]>> {
  return load(transaction, partnerId, walletIds, keptOr('used'), usageFromJson);
}

/** The paces of wallets, a small part of what they are made of; null of those that use nothing. */
export async function loadPaces(
  transaction: Transaction,
  partnerId: string,
  walletIds: readonly number[],
): Promise<Map<number, Pace | null>> {
  return load(transaction, partnerId, walletIds, PACE, paceFromJson);
}

async function load<Value>(
  transaction: Transaction,
  partnerId: string,
  walletIds: readonly number[],
  what: string,
  from: (json: UsageJson) => Value,
): Promise<Map<number, Value>> {
  if (walletIds.length === 0) return new Map();
  const rows = await transaction.query<{ wallet_id: number; json: UsageJson }>(
    `select w.wallet_id, ${what} as json
     from unnest($2::int[]) as w (wallet_id)
     cross join ${WINDOWS_END}`,
    [partnerId, walletIds],
  );
  return new Map(rows.map((row) => [row.wallet_id, from(row.json)]));
}
