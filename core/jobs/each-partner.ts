import { listPartnerIds } from '../customers';
import type { Database } from '../database';

/** Does something for every partner, one after another. One partner's failure keeps no other from it; it is told at the end. */
export async function eachPartner(
  database: Database,
  signal: AbortSignal,
  work: (partnerId: string) => Promise<unknown>,
): Promise<void> {
  let failed = 0;
  let last: unknown;
  for (const partnerId of await listPartnerIds(database)) {
    if (signal.aborted) return;
    await work(partnerId).catch((error: unknown) => {
      failed++;
      last = error;
    });
  }
  if (failed > 0) throw new Error(`It failed for ${failed} partners: ${String(last)}`, { cause: last });
}
