import { forgetDeliveries } from '../alerts';
import type { Database } from '../database';
import { eachPartner } from './each-partner';
import type { Job } from './job';

const A_DAY = 24 * 60 * 60;

/** Forgets webhook deliveries that are long done. */
export function webhookRetentionJob(database: Database): Job {
  return {
    name: 'webhook retention',
    everySeconds: A_DAY,
    run: (signal) => eachPartner(database, signal, (partnerId) => forgetDeliveries(database, partnerId)),
  };
}
