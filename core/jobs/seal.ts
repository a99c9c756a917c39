import type { Database } from '../database';
import { sealPartner } from '../ledger';
import { eachPartner } from './each-partner';
import type { Job } from './job';

const FIFTEEN_MINUTES = 15 * 60;

/** Seals every partner whose wallets have moved (money-rules 24). */
export function sealJob(database: Database): Job {
  return {
    name: 'seal',
    everySeconds: FIFTEEN_MINUTES,
    run: (signal) => eachPartner(database, signal, (partnerId) => sealPartner(database, partnerId)),
  };
}
