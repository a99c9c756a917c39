import type { Database } from '../database';
import { renewDue } from '../plans';
import { eachPartner } from './each-partner';
import type { Job } from './job';

/**
 * Begins the next period of every subscription whose period is over and for which nothing is collected, and ends those
 * that were to end. What was missed while nothing ran is made up for: the period that lasts is granted, those that went
 * by are not.
 */
export function renewPlansJob(database: Database): Job {
  return {
    name: 'renew plans',
    everySeconds: 60,
    run: (signal) => eachPartner(database, signal, (partnerId) => renewDue(database, partnerId, signal)),
  };
}
