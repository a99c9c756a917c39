import type { AlertsData } from '../../../bot/ports';

const never = () => Promise.reject(new Error('not in this test'));

/** A service without alerts, for tests of something else. */
export const NO_ALERTS: AlertsData = {
  alertsOverview: never,
  openEpisodes: () => Promise.resolve([]),
  acknowledge: () => Promise.resolve(null),
  snooze: never,
  walletOf: () => Promise.resolve(null),
  alertChannel: () => Promise.resolve(null),
  setAlertChannel: never,
  linkChannel: never,
  unlinkChannels: never,
  alertSettings: never,
  setAlertSettings: never,
  testAlert: never,
  retryRoute: () => Promise.resolve(false),
  retryAlert: () => Promise.resolve(false),
};
