import type { Transaction } from '../../database';
import type { Status } from '../levels';

/** What people, and a recharge under way, said about a wallet's alerts. */
export interface WalletAlertState {
  readonly snooze: {
    readonly until: Date;
    /** This and better is not told. */
    readonly status: Exclude<Status, 'ok'>;
    readonly by: string;
    readonly at: Date;
  } | null;
  readonly acknowledged: { readonly episode: number; readonly by: string; readonly at: Date } | null;
  readonly quietUntil: Date | null;
}

interface StateRow {
  wallet_id: number;
  snoozed_until: Date | null;
  snoozed_status: Exclude<Status, 'ok'>;
  snoozed_by: string;
  snoozed_at: Date;
  acknowledged_episode: number | null;
  acknowledged_by: string;
  acknowledged_at: Date;
  quiet_until: Date | null;
}

export async function readStates(
  transaction: Transaction,
  partnerId: string,
  walletIds: readonly number[],
): Promise<Map<number, WalletAlertState>> {
  const rows = await transaction.query<StateRow & Record<string, unknown>>(
    `select wallet_id, snoozed_until, snoozed_status, snoozed_by, snoozed_at,
            acknowledged_episode, acknowledged_by, acknowledged_at, quiet_until
     from talktime.alert_states where partner_id = $1 and wallet_id = any($2::int[])`,
    [partnerId, walletIds],
  );
  return new Map(rows.map((row) => [row.wallet_id, toState(row)]));
}

function toState(row: StateRow): WalletAlertState {
  return {
    snooze:
      row.snoozed_until === null
        ? null
        : { until: row.snoozed_until, status: row.snoozed_status, by: row.snoozed_by, at: row.snoozed_at },
    acknowledged:
      row.acknowledged_episode === null
        ? null
        : { episode: row.acknowledged_episode, by: row.acknowledged_by, at: row.acknowledged_at },
    quietUntil: row.quiet_until,
  };
}

/** Ends snoozes, of those wallets that have one. */
export function clearSnoozes(transaction: Transaction, partnerId: string, walletIds: readonly number[]): void {
  transaction.send(
    `update talktime.alert_states set snoozed_until = null, snoozed_status = null, snoozed_by = null, snoozed_at = null
     where partner_id = $1 and wallet_id = any($2::int[])`,
    [partnerId, walletIds],
  );
}
