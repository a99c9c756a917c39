import { forgetDeliveries, sweepInbox, type Talktime } from '../calls';
import { eachPartner } from './each-partner';
import type { Job } from './job';

const A_DAY = 24 * 60 * 60;

/** Works on deliveries that were recorded and not booked: a crash came between, or the database was busy. */
export function inboxJob(talktime: Talktime): Job {
  return {
    name: 'inbox',
    everySeconds: 30,
    run: (signal) => eachPartner(talktime.database, signal, (partnerId) => sweepInbox(talktime, partnerId)),
  };
}

/** Works on what a service that ended in the middle has left: once, when one starts. */
export async function takeUpInbox(talktime: Talktime): Promise<void> {
  const never = new AbortController().signal;
  await eachPartner(talktime.database, never, (partnerId) => sweepInbox(talktime, partnerId, true));
}

/** Removes deliveries that were kept long enough: they hold phone numbers. */
export function inboxRetentionJob({ database }: Pick<Talktime, 'database'>): Job {
  return {
    name: 'inbox retention',
    everySeconds: A_DAY,
    run: (signal) => eachPartner(database, signal, (partnerId) => forgetDeliveries(database, partnerId)),
  };
}
