import type { SlackRole, SlackSettings } from '@talktime/core/contract';
import { credits, fromWire } from '../messages/amounts';
import { button, buttons, context, section, type MessageBlock, sectionWithButton } from '../messages/message';
import { inert } from '../messages/text';
import type { ChannelLink } from '../ports';
import { HOME_ACTIONS } from './actions';

/** What owners see of who may do what. */
export interface PeopleShown {
  readonly roles: readonly (SlackRole & { readonly customer_name: string | null })[];
  readonly links: readonly ChannelLink[];
  readonly settings: SlackSettings;
}

const PEOPLE_SHOWN = 6;
const LINKS_SHOWN = 5;

/** The role's people and the customers' channels, with what changes them: an owner's part of the Home tab. */
export function peopleBlocks({ roles, links, settings }: PeopleShown, nameLength: number): MessageBlock[] {
  return [
    section('*👥 People and roles*'),
    ...roles.slice(0, PEOPLE_SHOWN).map((role) => roleBlock(role, nameLength)),
    ...(roles.length > PEOPLE_SHOWN ? [context(`and ${number(roles.length - PEOPLE_SHOWN)} more`)] : []),
    buttons(
      button('Give a role…', { action: HOME_ACTIONS.giveRole }),
      ...(roles.length > PEOPLE_SHOWN ? [button('All people', { action: HOME_ACTIONS.people })] : []),
      button('Slack settings…', { action: HOME_ACTIONS.slackSettings }),
    ),
    context(settingsLine(settings)),
    ...linkBlocks(links, nameLength),
  ];
}

export function roleBlock(
  role: SlackRole & { readonly customer_name: string | null },
  nameLength: number,
): MessageBlock {
  return sectionWithButton(
    roleLine(role, nameLength),
    button('Take away', { action: HOME_ACTIONS.takeRole, value: `${role.team_id}.${role.user_id}` }),
  );
}

/** "<@U1> manager, up to 500 credits at once". A mention on a Home tab or in a modal tells nobody. */
export function roleLine(role: SlackRole & { readonly customer_name: string | null }, nameLength: number): string {
  const of = role.role === 'customer' ? ` of *${inert(role.customer_name ?? role.customer_id ?? '', nameLength)}*` : '';
  const cap = role.max_credits === null ? '' : `, up to ${credits(fromWire(role.max_credits))} at once`;
  return `<@${role.user_id}> · ${role.role}${of}${cap}`;
}

function linkBlocks(links: readonly ChannelLink[], nameLength: number): MessageBlock[] {
  if (links.length === 0) return [];
  return [
    section('*🔗 Customers’ channels*'),
    ...links
      .slice(0, LINKS_SHOWN)
      .map((link) =>
        sectionWithButton(
          `<#${link.channel_id}> is *${inert(link.customer_name, nameLength)}*’s: who is in it sees that customer alone`,
          button('Unlink', { action: HOME_ACTIONS.unlink, value: link.channel_id }),
        ),
      ),
    ...(links.length > LINKS_SHOWN ? [context(`and ${number(links.length - LINKS_SHOWN)} more`)] : []),
  ];
}

function settingsLine({ members_may_view, manager_max_credits, owner_max_credits }: SlackSettings): string {
  const cap = (most: number | null) => (most === null ? 'any number of credits' : `up to ${credits(fromWire(most))}`);
  const members = { true: 'see balances', false: 'see nothing' };
  const said =
    members_may_view === null
      ? 'see balances only where the workspace was bound by hand'
      : members[`${members_may_view}`];
  return `People without a role ${said} · a manager moves ${cap(manager_max_credits)} at once, an owner ${cap(owner_max_credits)}`;
}

const number = (count: number) => count.toLocaleString('en-US');
