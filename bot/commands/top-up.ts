import { isAtLeast } from '../ports';
import { refusalText } from '../messages/trouble';
import { noticeModal } from '../views/modal';
import { moneyModal } from '../views/money';
import { payLinkModal } from '../views/pay-link';
import type { Opening } from './answer';

export const topUp: Opening = {
  name: 'topup',
  usage: 'topup [customer] [amount] [note]',
  does: 'adds credits to a customer, after you confirm, or opens a page to pay for them',
  least: 'customer',
  /** A customer's people pay for their own; by hand it is the partner's. */
  open(question, { data }) {
    const { access, channelId } = question;
    if (access.role === 'customer') return payLinkModal(data, access, channelId, { customer: null });
    return isAtLeast(access.role, 'manager')
      ? moneyModal('top_up', question, data)
      : Promise.resolve(noticeModal('Top up', refusalText({ kind: 'not_allowed', least: 'manager' })));
  },
};
