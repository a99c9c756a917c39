import { formatDecimal } from '@talktime/core/money';
import { roleLine } from '../home/people';
import { fromWire } from '../messages/amounts';
import { context, section } from '../messages/message';
import { inert } from '../messages/text';
import { type Changed, type ChannelLink, type PeopleData, type Person, type Role } from '../ports';
import type { Form, Reply } from './form';
import { choiceInput, customerInput, textInput, userInput, type Choice } from './inputs';
import { noticeModal, type Modal, type ModalContext } from './modal';

const GIVE_FORM = 'talktime_role_form';
const TAKE_FORM = 'talktime_role_take_form';
const UNLINK_FORM = 'talktime_unlink_form';
const SETTINGS_FORM = 'talktime_slack_settings_form';

/** Only owners decide who may do what, and they do it where nobody else looks on: on the Home tab. */
const AT_HOME: ModalContext = { channelId: null, ids: {} };

const NONE = 'none';
const ROLES: readonly Choice[] = [
  { value: 'owner', text: 'Owner', description: 'all, and gives roles' },
  { value: 'manager', text: 'Manager', description: 'moves credits, up to a cap; changes settings' },
  { value: 'viewer', text: 'Viewer', description: 'sees everything, moves nothing' },
  { value: 'customer', text: 'Customer’s person', description: 'sees one customer, as far as it may' },
  { value: NONE, text: 'No role', description: 'takes away the one they have' },
];

/** Who may do what, for one person. */
export function roleModal(): Modal {
  return {
    callbackId: GIVE_FORM,
    title: 'Give a role',
    submit: 'Give the role',
    close: 'Cancel',
    blocks: [
      userInput({ id: 'user', label: 'Who' }),
      choiceInput({ id: 'role', label: 'Role', choices: ROLES, chosen: 'viewer' }),
      customerInput(undefined, { optional: true, hint: 'For a customer’s person alone.' }),
      textInput({
        id: 'max_credits',
        label: 'Most credits that one action may move',
        hint: 'For owners and managers. Empty: what the Slack settings say for the role.',
        placeholder: '500',
        most: 40,
        optional: true,
      }),
      textInput({
        id: 'team',
        label: 'Their workspace, if it is not this one',
        hint: 'The id (T…) of another company’s workspace, with which you share a channel.',
        most: 22,
        optional: true,
      }),
    ],
    context: AT_HOME,
  };
}

/** Asks once more, since the person can do nothing any more afterwards. */
export function takeRoleModal({ teamId, userId }: Person): Modal {
  return {
    callbackId: TAKE_FORM,
    title: 'Take a role away',
    submit: 'Take it away',
    close: 'Cancel',
    blocks: [section(`<@${userId}> has no role in Talktime afterwards, and sees what strangers see.`)],
    context: { channelId: null, ids: { team: teamId, user: userId } },
  };
}

/** Everybody with a role, as many as a modal holds. */
export function peopleModal(roles: Awaited<ReturnType<PeopleData['roles']>>): Modal {
  const shown = roles.slice(0, PEOPLE_LISTED);
  const lines = chunked(shown.map((role) => `• ${roleLine(role, 24)}`));
  const more = roles.length - shown.length;
  return {
    ...noticeModal('People and roles', ...lines),
    blocks: [
      ...lines.map(section),
      context(
        `${more > 0 ? `and ${more.toLocaleString('en-US')} more, which the API lists · ` : ''}“Give a role…” on the Home tab changes or takes away anybody’s`,
      ),
    ],
  };
}

const PEOPLE_LISTED = 40;
const SECTION_CHARACTERS = 2_500;

/** Lines in as few texts as hold them. */
function chunked(lines: readonly string[]): string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + line.length < SECTION_CHARACTERS)
      texts[texts.length - 1] = `${last}\n${line}`;
    else texts.push(line);
  }
  return texts;
}

export function unlinkModal(link: ChannelLink): Modal {
  return {
    callbackId: UNLINK_FORM,
    title: 'Unlink a channel',
    submit: 'Unlink',
    close: 'Cancel',
    blocks: [
      section(
        `<#${link.channel_id}> is nobody’s afterwards: *${inert(link.customer_name)}*’s alerts no longer go there, and its people see nothing there.`,
      ),
    ],
    context: { channelId: null, ids: { channel: link.channel_id } },
  };
}

const MEMBERS: readonly Choice[] = [
  { value: 'usual', text: 'Only where the workspace was bound by hand' },
  { value: 'yes', text: 'Yes: they see balances' },
  { value: 'no', text: 'No: they see nothing' },
];

export function slackSettingsModal(settings: Awaited<ReturnType<PeopleData['slackSettings']>>): Modal {
  const cap = (most: number | null) => (most === null ? undefined : formatDecimal(fromWire(most)));
  const members = settings.members_may_view;
  return {
    callbackId: SETTINGS_FORM,
    title: 'Slack settings',
    submit: 'Save',
    close: 'Cancel',
    blocks: [
      choiceInput({
        id: 'members_may_view',
        label: 'May people without a role see balances?',
        hint: 'Guests of your workspace are such people, too. In a customer’s channel they see that customer’s alone.',
        choices: MEMBERS,
        chosen: members === null ? 'usual' : members ? 'yes' : 'no',
      }),
      textInput({
        id: 'manager_max_credits',
        label: 'Most credits that one action of a manager may move',
        hint: 'Empty: any number.',
        value: cap(settings.manager_max_credits),
        most: 40,
        optional: true,
      }),
      textInput({
        id: 'owner_max_credits',
        label: 'Most credits that one action of an owner may move',
        hint: 'Empty: any number.',
        value: cap(settings.owner_max_credits),
        most: 40,
        optional: true,
      }),
    ],
    context: AT_HOME,
  };
}

const WORKSPACE = /^T[A-Z0-9]{2,20}$/;

export const PEOPLE_FORMS: readonly Form[] = [
  {
    callbackId: GIVE_FORM,
    least: 'owner',
    async submitted({ access, actor, values }, { data }) {
      const userId = values.user('user');
      if (userId === null) return { kind: 'errors', errors: { user: 'Choose somebody.' } };
      const team = values.text('team').toUpperCase();
      if (team !== '' && !WORKSPACE.test(team))
        return { kind: 'errors', errors: { team: 'A workspace’s id begins with T, such as T0123456789.' } };
      const person = { teamId: team === '' ? actor.teamId : team, userId };
      const role = values.choice('role') ?? NONE;
      if (role === NONE) return reply(await data.removeRole(access.partnerId, actor, person), takenAway(person));
      const wanted = {
        role: role as Role,
        customerId: values.choice('customer'),
        maxCredits: typedCredits(values.text('max_credits')),
      };
      return reply(
        await data.setRole(access.partnerId, actor, person, wanted),
        `✅ <@${userId}> is ${ARTICLE[wanted.role]} now.`,
      );
    },
  },
  {
    callbackId: TAKE_FORM,
    least: 'owner',
    async submitted({ access, actor, context: { ids } }, { data }) {
      const person = { teamId: ids.team ?? '', userId: ids.user ?? '' };
      const changed = await data.removeRole(access.partnerId, actor, person);
      // There is no input here that an error could stand at.
      if (changed.kind === 'refused') return { kind: 'show', modal: nothingChanged(changed.detail) };
      return { kind: 'show', modal: noticeModal('Done', takenAway(person)), refreshHome: true };
    },
  },
  {
    callbackId: UNLINK_FORM,
    least: 'owner',
    async submitted({ access, actor, context: { ids } }, { data }) {
      await data.unlinkChannel(access.partnerId, actor, ids.channel ?? '');
      return { kind: 'close', refreshHome: true };
    },
  },
  {
    callbackId: SETTINGS_FORM,
    least: 'owner',
    async submitted({ access, actor, values }, { data }) {
      const members = values.choice('members_may_view');
      const changed = await data.setSlackSettings(access.partnerId, actor, {
        members_may_view: members === 'yes' ? true : members === 'no' ? false : null,
        manager_max_credits: typedCredits(values.text('manager_max_credits')),
        owner_max_credits: typedCredits(values.text('owner_max_credits')),
      });
      if (changed.kind === 'refused') return errorAt(changed, 'members_may_view');
      return { kind: 'close', refreshHome: true };
    },
  },
];

const ARTICLE: Record<Role, string> = {
  owner: 'an owner',
  manager: 'a manager',
  viewer: 'a viewer',
  customer: 'a customer’s person',
};

const typedCredits = (text: string) => (text === '' ? null : text.replaceAll(',', ''));
const takenAway = ({ userId }: Person) => `✅ <@${userId}> has no role any more.`;
const nothingChanged = (detail: string) => noticeModal('Nothing was changed', `🔴 ${inert(detail, 600)}`);

function reply(changed: Changed, done: string): Reply {
  if (changed.kind === 'refused') return errorAt(changed, 'user');
  return { kind: 'show', modal: noticeModal('Done', done), refreshHome: true };
}

/** A refusal stands at the input that it is about, at the first when at none. */
function errorAt({ field, detail }: Extract<Changed, { kind: 'refused' }>, first: string): Reply {
  return { kind: 'errors', errors: { [field ?? first]: detail.slice(0, 300) } };
}
