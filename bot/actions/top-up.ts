import { noticeModal } from '../views/modal';
import { modalOfTopUp } from '../views/money';
import type { ButtonListener } from './button';
import { customerOfAlert } from './alert-value';

/** "Top up" on an alert. */
export const topUpButton: ButtonListener = {
  action: 'talktime_topup',
  least: 'manager',
  opens: 'modal',
  async pressed({ value, access, channelId }, { data }) {
    const customer = await customerOfAlert(data, access, value);
    if (!customer) return noticeModal('Top up', 'This customer is no longer there, or not one that you may see.');
    return modalOfTopUp(customer, channelId);
  },
};
