import { PAYMENT_RETRY, retriedMessage } from '../messages';
import { textMessage } from '../messages/trouble';
import { BUY_PLAN, PAY_LINK } from '../messages/pay-actions';
import { payLinkModal } from '../views/pay-link';
import type { ButtonListener } from './button';

const PAYMENT_ID = /^pay_[0-9a-f]{20}$/;

/** The buttons about money that is paid by card or bank. */
export const PAYMENT_BUTTONS: readonly ButtonListener[] = [
  {
    action: PAYMENT_RETRY,
    least: 'manager',
    opens: 'message',
    async pressed({ access, actor, value }, { data }) {
      if (!data.takesPayments())
        return textMessage('Payments are not set up here any more: the service has no Stripe key.');
      const paymentId = PAYMENT_ID.test(value) ? value : null;
      return retriedMessage(await data.retryPayments(access.partnerId, actor, access.customerId, paymentId));
    },
  },
  {
    action: PAY_LINK,
    least: 'customer',
    opens: 'modal',
    async pressed({ access, channelId, value }, { data }) {
      const [customer] = value === '' ? [] : await data.findCustomers(access.partnerId, value);
      return payLinkModal(data, access, channelId, { customer: customer?.id === value ? customer : null });
    },
  },
  {
    action: BUY_PLAN,
    least: 'customer',
    opens: 'modal',
    pressed: ({ access, channelId, value }, { data }) =>
      payLinkModal(data, access, channelId, { customer: null, planId: `plan:${value}` }),
  },
];
