import { reevaluatePaces } from '../customers';
import type { Database } from '../database';
import { forgetUsage, keepWindows } from '../ledger';
import { eachPartner } from './each-partner';
import type { Job } from './job';

const AN_HOUR = 60 * 60;
const A_DAY = 24 * AN_HOUR;

/**
 * Keeps what forecasts are made of for the hour that begins, and looks again at wallets with a level in days: their pace
 * changes while nothing is posted. Once an hour is enough, because a forecast is made of whole hours.
 */
export function alertLevelsJob(database: Database): Job {
  return {
    name: 'alert levels',
    everySeconds: AN_HOUR,
    run: (signal) =>
      eachPartner(database, signal, async (partnerId) => {
        await keepWindows(database, partnerId, signal);
        await reevaluatePaces(database, partnerId, signal);
      }),
  };
}

/** Forgets what wallets used an hour, once no forecast looks at it any more. */
export function usageRetentionJob(database: Database): Job {
  return {
    name: 'usage retention',
    everySeconds: A_DAY,
    run: (signal) => eachPartner(database, signal, (partnerId) => forgetUsage(database, partnerId)),
  };
}
