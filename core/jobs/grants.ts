import { listPartnerIds } from '../customers';
import { bookDue, type Ledger } from '../ledger';
import type { Job } from './job';

/**
 * Books what has started or expired of every partner's grants, so that alerts are told. Nobody needs to wait for it:
 * readers and the next change see the same (money-rules 17).
 */
export function grantsJob(ledger: Ledger): Job {
  return {
    name: 'grants',
    everySeconds: 60,
    async run(signal) {
      let failed = 0;
      let last: unknown;
      for (const partnerId of await listPartnerIds(ledger.database)) {
        if (signal.aborted) return;
        await bookDue(ledger.database, ledger, partnerId).catch((error: unknown) => {
          failed++;
          last = error;
        });
      }
      if (failed > 0)
        throw new Error(`The grants of ${failed} partners could not be booked: ${String(last)}`, { cause: last });
    },
  };
}
