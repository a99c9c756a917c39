import { randomUUID } from 'node:crypto';
import type { Transaction } from '../database';
import {
  alertAnnouncements,
  evaluateAlert,
  insertAlerts,
  insertAnnouncements,
  loadWallets,
  updateWallets,
} from '../ledger';

/**
 * Brings a wallet's alert up to date after its settings changed: a threshold set above the balance, or notifications
 * switched on while it is low, is told at once. The partner's lock must be held.
 */
export async function reevaluateAlert(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  now: number,
): Promise<void> {
  const before = (await loadWallets(transaction, partnerId, { walletIds: [walletId] })).get(walletId)!;
  const { wallet, alert } = evaluateAlert(before);
  updateWallets(transaction, partnerId, [wallet]);
  if (!alert) return;
  const alerts = [{ ...alert, outboxId: randomUUID(), walletId, sequence: wallet.sequence, at: now }];
  insertAlerts(transaction, partnerId, alerts);
  insertAnnouncements(
    transaction,
    partnerId,
    alertAnnouncements(alerts, () => wallet.customerId),
  );
}
