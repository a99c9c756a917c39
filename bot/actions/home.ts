import { HOME_ACTIONS } from '../home/actions';
import type { BotData, CustomerRef } from '../ports';
import { textMessage } from '../messages/trouble';
import { adjustForm, modalOfTopUp } from '../views/money';
import type { ButtonListener, Press } from './button';

/** The buttons of the console that do what commands do. They carry a customer's id when they are about one. */
export const HOME_BUTTONS: readonly ButtonListener[] = [
  {
    action: HOME_ACTIONS.topUp,
    least: 'manager',
    opens: 'modal',
    pressed: async (press, { data }) => modalOfTopUp(await customerOf(press, data), press.channelId),
  },
  {
    action: HOME_ACTIONS.adjust,
    least: 'manager',
    opens: 'modal',
    pressed: async (press, { data }) => adjustForm(await customerOf(press, data), press.channelId),
  },
  {
    action: HOME_ACTIONS.retryRoute,
    least: 'manager',
    opens: 'message',
    async pressed({ access, actor, value }, { data }) {
      const wasDead = await data.retryRoute(access.partnerId, actor, value);
      return wasDead
        ? null
        : textMessage(
            'That route is being tried already.\n*Next:* open this tab again in a minute to see whether it works.',
          );
    },
  },
];

/** The customer whose id a button carries; null when it carries none, or it is gone meanwhile. */
async function customerOf({ access, value }: Press, data: BotData): Promise<CustomerRef | null> {
  if (value === '') return null;
  const shown = await data.customerBalance(access.partnerId, value);
  return shown && { id: shown.customer.id, name: shown.customer.name };
}
