import { noticeModal } from '../views/modal';
import { settingsModalOf } from '../views/settings';
import { customerOfAlert } from './alert-value';
import type { ButtonListener } from './button';

/** "Settings" on an alert. */
export const settingsButton: ButtonListener = {
  action: 'talktime_settings',
  least: 'manager',
  opens: 'modal',
  async pressed(press, { data }) {
    const customer = await customerOfAlert(data, press.access, press.value);
    if (!customer) return noticeModal('Settings', 'This customer is no longer there, or not one that you may see.');
    return settingsModalOf(press, customer, data);
  },
};
