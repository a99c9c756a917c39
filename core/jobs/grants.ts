import { bookDue, type Ledger } from '../ledger';
import { eachPartner } from './each-partner';
import type { Job } from './job';

/**
 * Books what has started or expired of every partner's grants, so that alerts are told. Nobody needs to wait for it:
 * readers and the next change see the same (money-rules 17).
 */
export function grantsJob(ledger: Ledger): Job {
  return {
    name: 'grants',
    everySeconds: 60,
    run: (signal) => eachPartner(ledger.database, signal, (partnerId) => bookDue(ledger.database, ledger, partnerId)),
  };
}
