import type { Transaction } from '../../database';

/** As many as a forecast looks at (core/alerts/forecast.ts). */
const WINDOWS = 28;

/** The end of the newest window, once a statement: the hour under way is not over. */
export const WINDOWS_END = `(select date_trunc('hour', talktime.clock(), 'UTC') as ends) windows`;

/**
 * What the wallet `w.wallet_id` of the partner $1 used in each of the last full 24 hours before `windows.ends`: from when,
 * and by the window's number. The hours before do not change any more, so within an hour it is the same.
 */
export const USAGE = `(
  select jsonb_build_object(
    'hours', extract(epoch from windows.ends - (
      select hour from talktime.wallet_usage where partner_id = $1 and wallet_id = w.wallet_id order by hour limit 1
    ))::bigint / 3600,
    'used', (
      select jsonb_object_agg(number, used::text)
      from (
        select (extract(epoch from windows.ends - hour)::bigint / 3600 - 1) / 24 as number, sum(used) as used
        from talktime.wallet_usage
        where partner_id = $1 and wallet_id = w.wallet_id
          and hour >= windows.ends - make_interval(hours => ${WINDOWS * 24}) and hour < windows.ends
        group by 1
      ) used
    )
  )
)`;

export interface UsageJson {
  /** Hours since the first use; null when there was none. */
  readonly hours: number | null;
  readonly used: Readonly<Record<string, string>> | null;
}

/** Newest first, as many as there is history. */
export function usageFromJson(json: UsageJson | null): bigint[] {
  const windows = Math.min(WINDOWS, Math.floor(Math.max(0, json?.hours ?? 0) / 24));
  return Array.from({ length: windows }, (_, number) => BigInt(json!.used?.[number] ?? '0'));
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
