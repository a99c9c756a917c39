import {
  HISTORY_PAGE,
  historyMessage,
  severalCustomersMessage,
  unknownCustomerMessage,
  type HistoryPlace,
  type Message,
} from '../messages';
import type { Access, BotData, CustomerRef } from '../ports';
import type { Answering } from './answer';
import { customerMeant } from './customer';
import { hiddenFrom } from './usage';

export const history: Answering = {
  name: 'history',
  usage: 'history [customer]',
  does: 'what was added, deducted and used',
  least: 'customer',

  async answer({ access, argument, command }, { data }) {
    const meant = await customerMeant(data, access, argument);
    switch (meant.kind) {
      case 'several':
        return severalCustomersMessage(meant.typed, meant.customers, command, 'history');
      case 'unknown':
        return unknownCustomerMessage(meant.typed, meant.near, command, 'history');
      case 'unsaid':
        return (await historyPage(data, access, { customerId: null, cursor: null })) ?? goneMessage(command);
      case 'one':
        return (
          (await historyPage(data, access, { customerId: meant.customer.id, cursor: null })) ?? goneMessage(command)
        );
    }
  },
};

const goneMessage = (command: string) => unknownCustomerMessage('', [], command, 'history');

/**
 * A page of a history, as the command and its own buttons show it; null when it is of a customer that the asker may not see,
 * or that is gone.
 */
export async function historyPage(data: BotData, access: Access, place: HistoryPlace): Promise<Message | null> {
  const { partnerId } = access;
  if (access.customerId !== null && access.customerId !== place.customerId) return null;
  const customer = place.customerId === null ? null : await refOf(data, partnerId, place.customerId);
  if (place.customerId !== null && customer === null) return null;
  const audience = access.role === 'customer' ? 'customer' : 'partner';
  const hidden = audience === 'customer' && customer && (await hiddenFrom(data, partnerId, customer.id, 'The history'));
  if (hidden) return hidden;
  const page = await data.history(partnerId, place.customerId, HISTORY_PAGE, place.cursor ?? undefined);
  return page && historyMessage(page, customer, audience, place);
}

async function refOf(data: BotData, partnerId: string, customerId: string): Promise<CustomerRef | null> {
  const shown = await data.customerBalance(partnerId, customerId);
  return shown && { id: shown.customer.id, name: shown.customer.name };
}
