import { timeOutHolds } from '../calls';
import type { Ledger } from '../ledger';
import { eachPartner } from './each-partner';
import type { Job } from './job';

const FIFTEEN_MINUTES = 15 * 60;

/** Ends the holds of calls of which nothing was heard for a day (money-rules 7). */
export function holdsJob(ledger: Ledger): Job {
  return {
    name: 'holds',
    everySeconds: FIFTEEN_MINUTES,
    run: (signal) =>
      eachPartner(ledger.database, signal, (partnerId) =>
        timeOutHolds({ database: ledger.database, ledger }, partnerId),
      ),
  };
}
