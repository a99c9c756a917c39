import { customerPlansMessage, OFFERS_SHOWN, notBilledMessage, plansMessage, PLANS_SHOWN } from '../messages';
import type { Answering } from './answer';

export const plans: Answering = {
  name: 'plans',
  usage: 'plans',
  does: 'what can be bought, for how much, and who sees it',
  least: 'customer',

  async answer({ access, partnerId, command }, { data }) {
    const { customerId, role } = access;
    if (role !== 'customer' || customerId === null)
      return plansMessage(await data.plans(partnerId, customerId, PLANS_SHOWN), command, data.takesPayments());
    const settings = (await data.customerBalance(partnerId, customerId))?.customer.settings;
    if (!settings?.ai_credits_enabled) return notBilledMessage();
    return customerPlansMessage(
      await data.plans(partnerId, customerId, OFFERS_SHOWN),
      settings.show_pricing_information,
      data.takesPayments(),
    );
  },
};
