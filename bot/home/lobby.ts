import { refusalText } from '../messages/trouble';
import { header, section, type MessageBlock } from '../messages/message';
import type { Person } from '../ports';

/** The Home tab of somebody who has no role: what Talktime is, and whom to ask. Nothing of anybody's business. */
export function strangerBlocks(owners: readonly Person[]): MessageBlock[] {
  const whom =
    owners.length === 0
      ? 'an owner of Talktime in your workspace'
      : owners.map(({ userId }) => `<@${userId}>`).join(' or ');
  return [
    header('👋 This is Talktime'),
    section(
      'Talktime keeps the prepaid credits that calls of AI voice agents are paid from: who has how many left, how long they last, and who must hear of it before they are gone.',
    ),
    section(
      `You have no role in it yet, so there is nothing to see here.\n*Next:* ask ${whom} to give you one. It takes them a minute, on this tab.`,
    ),
  ];
}

/** The Home tab in a workspace that belongs to no partner. */
export function unboundBlocks(teamId: string): MessageBlock[] {
  return [header('👋 This is Talktime'), section(refusalText({ kind: 'unbound', teamId }))];
}
