import { adjust } from '../commands/adjust';
import type { Answering, Opening } from '../commands/answer';
import { customers } from '../commands/customers';
import { report } from '../commands/report';
import { topUp } from '../commands/top-up';
import { usage } from '../commands/usage';
import { HOME_ACTIONS } from '../home/actions';
import { COMMAND } from '../home/publish';
import { refusalMessage, textMessage } from '../messages/trouble';
import type { BotDependencies } from '../asker';
import type { ButtonListener, Press } from './button';

/**
 * The buttons of the console that do what a subcommand does, as if it had been typed: with the customer's id that the
 * button carries, if it does.
 */
const asTyped: readonly (readonly [action: string, subcommand: Answering | Opening])[] = [
  [HOME_ACTIONS.topUp, topUp],
  [HOME_ACTIONS.adjust, adjust],
  [HOME_ACTIONS.usage, usage],
  [HOME_ACTIONS.report, report],
  [HOME_ACTIONS.customers, customers],
];

export const HOME_BUTTONS: readonly ButtonListener[] = [
  ...asTyped.map(([action, subcommand]) => listenerOf(action, subcommand)),
  {
    action: HOME_ACTIONS.retryRoute,
    least: 'manager',
    opens: 'message',
    async pressed({ access, actor, value }, { data }) {
      if (await data.retryRoute(access.partnerId, actor, value)) return null;
      return textMessage(
        'That route is being tried already.\n*Next:* open this tab again in a minute to see whether it works.',
      );
    },
  },
];

function listenerOf(action: string, subcommand: Answering | Opening): ButtonListener {
  const { least } = subcommand;
  if ('open' in subcommand)
    return {
      action,
      least,
      opens: 'modal',
      pressed: (press, { data, logger }) => subcommand.open(questionOf(press), { data, logger }),
    };
  return {
    action,
    least,
    opens: 'message',
    pressed: (press: Press, dependencies: BotDependencies) =>
      subcommand.aboutAll && press.access.customerId !== null
        ? Promise.resolve(refusalMessage({ kind: 'customers_channel' }))
        : withoutChart(subcommand, press, dependencies),
  };
}

/** The Home tab answers in a modal, in which Slack draws no charts. */
async function withoutChart(subcommand: Answering, press: Press, dependencies: BotDependencies) {
  const { text, blocks } = await subcommand.answer(questionOf(press), dependencies);
  return { text, blocks };
}

function questionOf({ value, ...asker }: Press) {
  return { ...asker, partnerId: asker.access.partnerId, argument: value, command: COMMAND };
}
