import {
  customerBalanceMessage,
  LOWEST_SHOWN,
  partnerBalanceMessage,
  severalCustomersMessage,
  unknownCustomerMessage,
  type Message,
} from '../messages';
import type { BotData } from '../ports';
import type { Answering, Question } from './answer';
import { customerMeant } from './customer';

export const balance: Answering = {
  name: 'balance',
  usage: 'balance [customer]',
  does: 'a customer’s balance, by id or name; without one, yours and the lowest customers’',
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
  const [own, lowest] = await Promise.all([data.partnerBalance(partnerId), data.lowest(partnerId, LOWEST_SHOWN)]);
  return partnerBalanceMessage(own, lowest, command);
}
