import { bookMissingCalls, endExhaustedCalls, type Talktime } from '../calls';
import { eachPartner } from './each-partner';
import type { Job } from './job';

/** Asks the providers whose API key is stored for calls whose webhook never came. */
export function missingCallsJob(talktime: Talktime): Job {
  return {
    name: 'missing calls',
    everySeconds: 10 * 60,
    run: (signal) => eachPartner(talktime.database, signal, (partnerId) => bookMissingCalls(talktime, partnerId)),
  };
}

/** Hangs up where a balance has run out and the customer's setting says so. */
export function exhaustedCallsJob(talktime: Talktime): Job {
  return {
    name: 'exhausted calls',
    everySeconds: 30,
    run: (signal) => eachPartner(talktime.database, signal, (partnerId) => endExhaustedCalls(talktime, partnerId)),
  };
}
