import { HOME_ACTIONS } from '../home/actions';
import { noticeModal } from '../views/modal';
import { peopleModal, roleModal, slackSettingsModal, takeRoleModal, unlinkModal } from '../views/people';
import type { ButtonListener } from './button';

const PERSON = /^([TE][A-Z0-9]{2,20})\.([UW][A-Z0-9]{2,20})$/;

/** What owners press to say who may do what. */
export const PEOPLE_BUTTONS: readonly ButtonListener[] = [
  { action: HOME_ACTIONS.giveRole, least: 'owner', opens: 'modal', pressed: () => Promise.resolve(roleModal()) },
  {
    action: HOME_ACTIONS.takeRole,
    least: 'owner',
    opens: 'modal',
    pressed({ value }) {
      const [, teamId, userId] = PERSON.exec(value) ?? [];
      return Promise.resolve(
        teamId === undefined || userId === undefined
          ? noticeModal('Talktime', 'That is nobody’s role.')
          : takeRoleModal({ teamId, userId }),
      );
    },
  },
  {
    action: HOME_ACTIONS.people,
    least: 'owner',
    opens: 'modal',
    pressed: async ({ access }, { data }) => peopleModal(await data.roles(access.partnerId)),
  },
  {
    action: HOME_ACTIONS.unlink,
    least: 'owner',
    opens: 'modal',
    async pressed({ access, value }, { data }) {
      const link = (await data.channelLinks(access.partnerId)).find(({ channel_id }) => channel_id === value);
      return link ? unlinkModal(link) : noticeModal('Talktime', 'This channel is nobody’s already.');
    },
  },
  {
    action: HOME_ACTIONS.slackSettings,
    least: 'owner',
    opens: 'modal',
    pressed: async ({ access }, { data }) => slackSettingsModal(await data.slackSettings(access.partnerId)),
  },
];
