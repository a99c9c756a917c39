import { adjust } from '../commands/adjust';
import { alerts } from '../commands/alerts';
import type { Answering, Opening } from '../commands/answer';
import { apply } from '../commands/apply';
import { customers } from '../commands/customers';
import { doctor } from '../commands/doctor';
import { report } from '../commands/report';
import { settings } from '../commands/settings';
import { suspense } from '../commands/suspense';
import { topUp } from '../commands/top-up';
import { usage } from '../commands/usage';
import { HOME_ACTIONS, SUSPENSE_ACTION } from '../home/actions';
import { COMMAND } from '../home/publish';
import { refusalMessage, textMessage } from '../messages/trouble';
import type { ButtonListener, Press } from './button';

/**
 * The buttons of the console that do what a subcommand does, as if it had been typed: with the customer's id that the
 * button carries, if it does.
 */
const asTyped: readonly (readonly [action: string, subcommand: Answering | Opening])[] = [
  [HOME_ACTIONS.topUp, topUp],
  [HOME_ACTIONS.adjust, adjust],
  [HOME_ACTIONS.apply, apply],
  [HOME_ACTIONS.usage, usage],
  [HOME_ACTIONS.report, report],
  [HOME_ACTIONS.doctor, doctor],
  [HOME_ACTIONS.alerts, alerts],
  [HOME_ACTIONS.settings, settings],
  [HOME_ACTIONS.customers, customers],
  [SUSPENSE_ACTION, suspense],
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
  const answer = subcommand.answer?.bind(subcommand);
  const opensAlways = 'open' in subcommand && (subcommand.opens?.('') ?? true);
  if (opensAlways)
    return {
      action,
      least,
      opens: 'modal',
      pressed: (press, dependencies) => subcommand.open(questionOf(press), dependencies),
    };
  if (!answer) throw new Error(`${subcommand.name} neither opens nor answers when nothing is typed after it`);
  return {
    action,
    least,
    opens: 'message',
    pressed: (press, dependencies) =>
      subcommand.aboutAll && press.access.customerId !== null
        ? Promise.resolve(refusalMessage({ kind: 'customers_channel' }))
        : answer(questionOf(press), dependencies),
  };
}

/** In quotes, since an id may look like an amount. */
function questionOf({ value, ...asker }: Press) {
  const argument = value === '' ? '' : `"${value}"`;
  return { ...asker, partnerId: asker.access.partnerId, argument, command: COMMAND };
}
