import { watchMargins } from '../alerts';
import type { Database } from '../database';
import { eachPartner } from './each-partner';
import type { Job } from './job';

const AN_HOUR = 60 * 60;

/** Tells partners of customers whose margin fell below their guard's level, or recovered. */
export function marginGuardJob(database: Database): Job {
  return {
    name: 'margin guard',
    everySeconds: AN_HOUR,
    run: (signal) => eachPartner(database, signal, (partnerId) => watchMargins(database, partnerId)),
  };
}
