import type { Transaction } from '../../database';

/** As many as a forecast looks at (core/alerts/forecast.ts). */
const WINDOWS = 28;

/** The end of the newest window, once a statement: the hour under way is not over. */
export const WINDOWS_END = `(select date_trunc('hour', talktime.clock(), 'UTC') as ends) windows`;

/**
 * What the wallet `w.wallet_id` of the partner $1 used in each of the last full 24 hours before `windows.ends`, by the
 * window's beginning. The hours before do not change any more, so within an hour it is the same.
 */
export const USAGE = `(
  select jsonb_build_object(
    'ends', extract(epoch from windows.ends)::bigint,
    'first', extract(epoch from (
      select hour from talktime.wallet_usage where partner_id = $1 and wallet_id = w.wallet_id order by hour limit 1
    ))::bigint,
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
)`;

/** Moments in seconds. */
export interface UsageJson {
  readonly ends: number;
  /** The hour of the first use that is kept; null when there was none. */
  readonly first: number | null;
  readonly used: Readonly<Record<string, string>> | null;
}

const DAY = 24 * 60 * 60;

/** Newest first, as many as there is history. */
export function usageFromJson(json: UsageJson | null): bigint[] {
  if (!json || json.first === null) return [];
  const windows = Math.max(0, Math.min(WINDOWS, Math.floor((json.ends - json.first) / DAY)));
  return Array.from({ length: windows }, (_, back) => BigInt(json.used?.[json.ends - (back + 1) * DAY] ?? '0'));
}

/** What wallets used in each of the last full 24 hours, newest first; nothing of those without a whole one. */
export async function loadUsage(
  transaction: Transaction,
  partnerId: string,
  walletIds: readonly number[],
): Promise<Map<number, bigint[]>> {
  if (walletIds.length === 0) return new Map();
  const rows = await transaction.query<{ wallet_id: number; usage: UsageJson }>(
    `select w.wallet_id, ${USAGE} as usage
     from unnest($2::int[]) as w (wallet_id)
     cross join ${WINDOWS_END}`,
    [partnerId, walletIds],
  );
  return new Map(rows.map((row) => [row.wallet_id, usageFromJson(row.usage)]));
}
