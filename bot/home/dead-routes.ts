import { button, context, section, type MessageBlock, sectionWithButton } from '../messages/message';
import { code, inert, moment } from '../messages/text';
import type { DeadRoute } from '../ports';
import { HOME_ACTIONS } from './actions';

const SHOWN = 3;

/** What is wrong with a route, by Slack's word for it, and what mends it. */
const WHY: Readonly<Record<string, readonly [why: string, next: string]>> = {
  channel_not_found: ['the channel is gone, or Talktime was never in it', 'invite Talktime to it, or choose another'],
  not_in_channel: ['Talktime is not in the channel', 'invite it: `/invite @Talktime`'],
  is_archived: ['the channel is archived', 'restore it, or choose another'],
  invalid_auth: ['Slack no longer takes Talktime’s key', 'install the app again'],
  token_revoked: ['the app’s key was revoked', 'install the app again'],
  account_inactive: ['the app was removed from the workspace', 'install the app again'],
  missing_scope: ['the app may not post there', 'install the app again, with all it asks for'],
};

/** On top of all else: alerts that reach nobody are what this product must not have. */
export function deadRouteBlocks(routes: readonly DeadRoute[], mayRetry: boolean): MessageBlock[] {
  const blocks = routes.slice(0, SHOWN).map((route): MessageBlock => {
    const [why, next] = WHY[route.reason] ?? [inert(route.reason, 60), 'mend that, then try again'];
    const waiting = route.undelivered === 0 ? '' : ` ${count(route.undelivered, 'message')} did not arrive.`;
    const text = `🚨 *${whose(route)} ${placeOf(route)} do not arrive* since ${moment(new Date(route.since))}: ${why}.${waiting}\n*Next:* ${next}.`;
    if (!mayRetry) return section(text);
    return sectionWithButton(
      text,
      button('Try again', { action: HOME_ACTIONS.retryRoute, value: route.id, style: 'danger' }),
    );
  });
  const more = routes.length - blocks.length;
  return more > 0 ? [...blocks, context(`and ${count(more, 'way')} more that alerts no longer take`)] : blocks;
}

const whose = ({ audience }: DeadRoute) => (audience === 'partner' ? 'Your alerts' : 'A customer’s alerts');

function placeOf({ kind, to }: DeadRoute): string {
  switch (kind) {
    case 'slack':
      return `in <#${to}>`;
    case 'dm':
      return 'by direct message';
    case 'email':
      return `to ${code(to)}`;
  }
}

const count = (number: number, unit: string) => `${number.toLocaleString('en-US')} ${unit}${number === 1 ? '' : 's'}`;
