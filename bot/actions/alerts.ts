import { alertsMessage } from '../messages';
import { actor as person } from '../messages/alert-notes';
import { textMessage } from '../messages/trouble';
import { isAtLeast, type BotData } from '../ports';
import { noticeModal } from '../views/modal';
import { snoozeModal } from '../views/snooze';
import { customerOfAlert, readAlertValue, type AlertTarget } from './alert-value';
import type { ButtonListener, Press } from './button';

const OVER = 'This alert is over.';

/** The buttons of alerts, and of the list of them. */
export const ALERT_BUTTONS: readonly ButtonListener[] = [
  {
    action: 'talktime_acknowledge',
    least: 'viewer',
    opens: 'message',
    async pressed(press, { data }) {
      const target = await targetOf(press, data);
      if (!target) return textMessage(OVER);
      const { walletId, episode } = target;
      const by = await data.acknowledge(press.access.partnerId, press.actor, walletId, episode);
      if (by === null) return textMessage(OVER);
      // The alert itself is updated and names who has it: more is to be said only when that is somebody else.
      if (by === `slack:${press.actor.teamId}/${press.actor.userId}`) return null;
      return textMessage(`✋ ${person(by)} has it in hand already.`);
    },
  },
  {
    action: 'talktime_snooze',
    least: 'manager',
    opens: 'modal',
    async pressed(press, { data }) {
      const target = await targetOf(press, data);
      const open = target && (await openOf(press, data, target));
      if (!target || !open) return noticeModal('Snooze', OVER);
      return snoozeModal({ ...target, name: open.customer?.name ?? 'Your own balance' }, press.channelId);
    },
  },
  {
    action: 'talktime_alerts',
    least: 'viewer',
    opens: 'message',
    async pressed({ access }, { data }) {
      const shown = await data.alertsOverview(access.partnerId, access.customerId);
      if (!shown) return textMessage('That customer is gone meanwhile.');
      return alertsMessage(shown, { command: '/credits', mayChange: isAtLeast(access.role, 'manager') });
    },
  },
  {
    action: 'talktime_route_retry',
    least: 'manager',
    opens: 'message',
    async pressed({ access, actor, value }, { data }) {
      const isTried = await data.retryRoute(access.partnerId, actor, value);
      return textMessage(
        isTried
          ? '🔄 It is tried again, with what waited for it.\n*Next:* look there in a minute; when it fails again, it is told here.'
          : 'It is being tried already.',
      );
    },
  },
  {
    action: 'talktime_alert_retry',
    least: 'manager',
    opens: 'message',
    async pressed({ access, actor, value }, { data }) {
      const isTried = UUID.test(value) && (await data.retryAlert(access.partnerId, actor, value));
      return textMessage(isTried ? '🔄 It is sent again.' : 'That alert is gone meanwhile.');
    },
  },
];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What a button is about; null when it carries something else, or is about a customer that the asker may not see. */
async function targetOf({ access, value }: Press, data: BotData): Promise<AlertTarget | null> {
  const target = readAlertValue(value);
  if (!target || access.customerId === null) return target;
  return (await customerOfAlert(data, access, value)) ? target : null;
}

const MOST_LOOKED_AT = 1_000;

async function openOf({ access }: Press, data: BotData, { walletId, episode }: AlertTarget) {
  const open = await data.openEpisodes(access.partnerId, access.customerId, MOST_LOOKED_AT);
  return open.find((each) => each.walletId === walletId && each.episode === episode) ?? null;
}
