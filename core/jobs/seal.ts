import { listPartnerIds } from '../customers';
import type { Database } from '../database';
import { sealPartner } from '../ledger';
import type { Job } from './job';

const FIFTEEN_MINUTES = 15 * 60;

/** Seals every partner whose wallets have moved (money-rules 24). One partner's failure keeps no other from its seal. */
export function sealJob(database: Database): Job {
  return {
    name: 'seal',
    everySeconds: FIFTEEN_MINUTES,
    async run(signal) {
      let failed = 0;
      let last: unknown;
      for (const partnerId of await listPartnerIds(database)) {
        if (signal.aborted) return;
        await sealPartner(database, partnerId).catch((error: unknown) => {
          failed++;
          last = error;
        });
      }
      if (failed > 0) throw new Error(`${failed} partners could not be sealed: ${String(last)}`, { cause: last });
    },
  };
}
