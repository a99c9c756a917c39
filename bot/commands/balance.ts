import {
  customerBalanceMessage,
  partnerBalanceMessage,
  severalCustomersMessage,
  SOONEST_SHOWN,
  unknownCustomerMessage,
  type Message,
} from '../messages';
import type { BotData } from '../ports';
import type { Answering, Question } from './answer';
import { customerMeant } from './customer';

export const balance: Answering = {
  name: 'balance',
  usage: 'balance [customer]',
  does: 'what is left, and how long it lasts',
  least: 'customer',

  async answer(question, { data }) {
    const { access, argument, partnerId, command } = question;
    const meant = await customerMeant(data, access, argument);
    switch (meant.kind) {
      case 'unsaid':
        return ofPartner(question, data);
      case 'several':
        return severalCustomersMessage(meant.typed, meant.customers, command);
      case 'unknown':
        return unknownCustomerMessage(meant.typed, meant.near, command);
      case 'one': {
        const shown = await data.customerBalance(partnerId, meant.customer.id);
        if (!shown) return unknownCustomerMessage(meant.customer.id, [], command);
        return customerBalanceMessage(shown, access.role === 'customer' ? 'customer' : 'partner');
      }
    }
  },
};

async function ofPartner({ partnerId, command }: Question, data: BotData): Promise<Message> {
  const [own, { standings }] = await Promise.all([
    data.partnerBalance(partnerId),
    data.standings(partnerId, false, 1, SOONEST_SHOWN),
  ]);
  return partnerBalanceMessage(own, standings, command);
}
