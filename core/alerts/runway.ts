import type { Transaction } from '../database';
import { loadUsage } from '../ledger/load';
import type { Microcredits } from '../money';
import { forecast, type Runway } from './forecast';

/** How long a balance lasts at the wallet's pace; null when nothing can be told of it. */
export async function runway(
  transaction: Transaction,
  partnerId: string,
  wallet: { walletId: number; posted: Microcredits },
): Promise<Runway | null> {
  return (await runways(transaction, partnerId, [wallet])).get(wallet.walletId) ?? null;
}

/** The same of many wallets, in one query. Those of which nothing can be told are left out. */
export async function runways(
  transaction: Transaction,
  partnerId: string,
  wallets: readonly { walletId: number; posted: Microcredits }[],
): Promise<Map<number, Runway>> {
  const usage = await loadUsage(
    transaction,
    partnerId,
    wallets.map(({ walletId }) => walletId),
  );
  return new Map(
    wallets.flatMap(({ walletId, posted }) => {
      const told = forecast(posted, usage.get(walletId) ?? []);
      return told ? [[walletId, told] as const] : [];
    }),
  );
}
