import type { Connection } from '../../contract';
import type { Transaction } from '../../database';
import type { Account } from '../stripe';
import { dueWords } from './standing';

/** What is kept of the account that a partner sells on. */
export interface ConnectionRow extends Record<string, unknown> {
  readonly stripe_account: Account | null;
  readonly charges_enabled: boolean;
  readonly payouts_enabled: boolean;
  readonly details_submitted: boolean;
  readonly account_due: string[];
  readonly account_refusal: string | null;
  readonly accounts_made: number;
  readonly disconnected_at: Date | null;
  readonly account_looked_at: Date | null;
}

export async function readConnection(transaction: Transaction, partnerId: string): Promise<ConnectionRow> {
  await transaction.query('insert into talktime.payment_settings (partner_id) values ($1) on conflict do nothing', [
    partnerId,
  ]);
  const [row] = await transaction.query<ConnectionRow>(
    `select stripe_account, charges_enabled, payouts_enabled, details_submitted, account_due, account_refusal, accounts_made,
            disconnected_at, account_looked_at
     from talktime.payment_settings where partner_id = $1`,
    [partnerId],
  );
  return row!;
}

export function toConnection(row: ConnectionRow): Connection {
  const connected = row.stripe_account !== null && row.disconnected_at === null;
  return {
    account: row.stripe_account,
    connected,
    charges_enabled: connected && row.charges_enabled,
    payouts_enabled: row.payouts_enabled,
    details_submitted: row.details_submitted,
    due: dueWords(row.account_due),
    reason: !connected
      ? row.stripe_account === null
        ? 'No Stripe account is connected.'
        : 'The account was disconnected here. Connect it again to sell on it.'
      : row.account_refusal,
    checked_at: row.account_looked_at?.toISOString() ?? null,
  };
}
