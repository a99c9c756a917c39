/** The buttons of the Home tab, by the names of their listeners. Their values are ids, never figures. */
export const HOME_ACTIONS = {
  topUp: 'talktime_home_topup',
  adjust: 'talktime_home_adjust',
  apply: 'talktime_home_apply',
  usage: 'talktime_home_usage',
  report: 'talktime_home_report',
  doctor: 'talktime_home_doctor',
  alerts: 'talktime_home_alerts',
  settings: 'talktime_home_settings',
  customers: 'talktime_home_customers',
  retryRoute: 'talktime_home_retry_route',
  giveRole: 'talktime_home_give_role',
  takeRole: 'talktime_home_take_role',
  people: 'talktime_home_people',
  unlink: 'talktime_home_unlink',
  slackSettings: 'talktime_home_slack_settings',
} as const;

/** The buttons that alerts have, wherever they are shown. */
export const ALERT_ACTIONS = {
  acknowledge: 'talktime_acknowledge',
  snooze: 'talktime_snooze',
  topUp: 'talktime_topup',
  settings: 'talktime_settings',
} as const;

/** Opens the list of calls that match no customer. */
export const SUSPENSE_ACTION = 'talktime_suspense';
