import type { App } from '@slack/bolt';
import { actorOfInteraction, askerOf, logFault, type BotDependencies } from '../asker';
import { ALERT_LEVELS_FORM } from './alert-levels';
import { ALERT_PLACE_FORMS } from './alert-places';
import { registerForms, type Form } from './form';
import { CUSTOMER_PICKER, customerOption } from './inputs';
import { readContext } from './modal';
import { CONFIRM_FORM } from './confirm';
import { MONEY_FORMS } from './money';
import { PAY_LINK_FORM } from './pay-link';
import { PEOPLE_FORMS } from './people';
import { PLAN_FORM } from './plan';
import { RECHARGE_FORMS } from './recharge';
import { REVERSAL_FORMS } from './reversal';
import { SETTINGS_FORMS } from './settings';
import { SNOOZE_FORM } from './snooze';
import { SUSPENSE_FORMS } from './suspense';

const FORMS: readonly Form[] = [
  ...[CONFIRM_FORM, ...MONEY_FORMS, PLAN_FORM, PAY_LINK_FORM, ...REVERSAL_FORMS, ...RECHARGE_FORMS],
  ...[...SETTINGS_FORMS, ...SUSPENSE_FORMS, ...PEOPLE_FORMS],
  ...[...ALERT_PLACE_FORMS, ALERT_LEVELS_FORM, SNOOZE_FORM],
];
/** The most that Slack takes. */
const MOST_OPTIONS = 100;

/** Listens to modals. */
export function register(app: App, dependencies: BotDependencies): void {
  registerForms(app, FORMS, dependencies);
  app.options(CUSTOMER_PICKER, async ({ ack, body, payload, context }) => {
    const actor = actorOfInteraction(body, context);
    try {
      const { channelId } = readContext(body.view?.private_metadata ?? '{"channelId":null,"ids":{}}');
      const asker = await askerOf(dependencies, actor, channelId, 'viewer');
      if ('kind' in asker) return await ack({ options: [] });
      const { partnerId, customerId } = asker.access;
      const shown =
        customerId === null
          ? await dependencies.data.searchCustomers(partnerId, payload.value, MOST_OPTIONS)
          : (await dependencies.data.findCustomers(partnerId, customerId)).filter(({ id }) => id === customerId);
      await ack({ options: shown.map(customerOption) });
    } catch (err) {
      logFault(dependencies, err, CUSTOMER_PICKER, actor);
      await ack({ options: [] });
    }
  });
}
