import type { Transaction } from '../../database';
import type { Microcredits } from '../../money';
import { ATTEMPTS, startOfMonth, type RechargeHistory, type RechargeTerms } from './decide';

/** How a wallet tops itself up, and how that stands. Credits in microcredits, money in millionths. */
export interface RechargeRow extends Record<string, unknown> {
  readonly wallet_id: number;
  readonly enabled: boolean;
  readonly threshold: Microcredits;
  readonly target: Microcredits | null;
  readonly amount: Microcredits | null;
  readonly currency: string;
  readonly monthly_money: bigint;
  readonly monthly_count: number;
  readonly state: RechargeTerms['state'];
  readonly failures: number;
  /** When the last attempt failed; null when none did since the card is this one. */
  readonly failed_at: Date | null;
  /** Of the card that failed: another one ends what came of it. */
  readonly failed_fingerprint: string | null;
  readonly suspended_because: string | null;
  /** The payment that its owner must confirm. */
  readonly action_payment: string | null;
  /** The month in which it was told why nothing more comes, e.g. 2026-11-01. */
  readonly told_month: string | null;
}

const COLUMNS = `wallet_id, enabled, threshold, target, amount, currency, monthly_money, monthly_count, state, failures, failed_at,
  failed_fingerprint, suspended_because, action_payment, told_month::text`;

export async function findRecharge(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
): Promise<RechargeRow | undefined> {
  const [row] = await transaction.query<RechargeRow>(
    `select ${COLUMNS} from talktime.auto_recharges where partner_id = $1 and wallet_id = $2`,
    [partnerId, walletId],
  );
  return row;
}

export function termsOf(row: RechargeRow): RechargeTerms {
  return {
    enabled: row.enabled,
    state: row.state,
    threshold: row.threshold,
    goal: row.target === null ? { amount: row.amount! } : { target: row.target },
    monthlyMoney: row.monthly_money,
    monthlyCount: row.monthly_count,
    currency: row.currency,
    failedAt: row.failed_at?.getTime() ?? null,
  };
}

/** What was tried for a wallet. @param now milliseconds */
export async function readHistory(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  now: number,
): Promise<RechargeHistory> {
  const month = startOfMonth(now);
  const [row] = await transaction.query<{
    under_way: boolean;
    recent: Date[] | null;
    month_count: number;
    month_money: bigint;
  }>(
    `select coalesce(bool_or(state in ('created', 'processing', 'needs_action', 'stuck')), false) as under_way,
            array_agg(created_at) filter (where created_at > $4) as recent,
            count(*) filter (where created_at >= $3 and state <> 'failed')::int as month_count,
            coalesce(sum(amount) filter (where created_at >= $3 and state <> 'failed'), 0)::bigint as month_money
     from talktime.payments
     where partner_id = $1 and wallet_id = $2 and kind = 'recharge'
       and (created_at >= least($3::timestamptz, $4) or state in ('created', 'processing', 'needs_action', 'stuck'))`,
    [partnerId, walletId, new Date(month), new Date(now - ATTEMPTS.milliseconds)],
  );
  return {
    underWay: row!.under_way,
    recent: (row!.recent ?? []).map((at) => at.getTime()),
    monthCount: row!.month_count,
    monthMoney: row!.month_money,
  };
}

/**
 * Writes what has changed of how a wallet tops itself up, and wakes whoever does it when the transaction commits. The
 * wallet keeps the level that a posting is measured against, as long as something would come of it.
 */
export async function changeRecharge(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  change: Partial<
    Pick<
      RechargeRow,
      'state' | 'failures' | 'failed_at' | 'failed_fingerprint' | 'suspended_because' | 'action_payment' | 'told_month'
    >
  > & { readonly look: 'now' | Date | null },
): Promise<void> {
  const { look, ...columns } = change;
  const names = Object.keys(columns) as (keyof typeof columns)[];
  await transaction.query(
    `update talktime.auto_recharges
     set next_look_at = coalesce($3::timestamptz, 'infinity'), updated_at = clock_timestamp()
         ${names.map((name, index) => `, ${name} = $${index + 4}`).join('')}
     where partner_id = $1 and wallet_id = $2`,
    [partnerId, walletId, look === 'now' ? new Date(0) : look, ...names.map((name) => columns[name])],
  );
  await armWallet(transaction, partnerId, walletId);
  if (look === 'now') wakeRecharging(transaction, partnerId);
}

/** Gives the wallet the level that a posting is measured against; none while nothing would come of it. */
export async function armWallet(transaction: Transaction, partnerId: string, walletId: number): Promise<void> {
  await transaction.query(
    `update talktime.wallets w
     set recharge_below = case when r.enabled and r.state = 'active' then r.threshold end
     from talktime.auto_recharges r
     where w.partner_id = $1 and w.wallet_id = $2 and r.partner_id = $1 and r.wallet_id = $2`,
    [partnerId, walletId],
  );
}

/** Wakes whoever recharges when the transaction commits. */
export function wakeRecharging(transaction: Transaction, partnerId: string): void {
  transaction.send(`select pg_notify('talktime_recharge', $1)`, [partnerId]);
}
