import type { Transaction } from '../database';
import { loadUsage } from '../ledger/load';
import type { Microcredits } from '../money';
import { forecast, type Runway } from './forecast';

/** How long a balance lasts at the wallet's pace; null when nothing can be told of it. */
export async function runway(
  transaction: Transaction,
  partnerId: string,
  { walletId, posted }: { walletId: number; posted: Microcredits },
): Promise<Runway | null> {
  const usage = await loadUsage(transaction, partnerId, [walletId]);
  return forecast(posted, usage.get(walletId) ?? []);
}
