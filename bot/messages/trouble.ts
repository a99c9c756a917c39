import type { Refusal } from '../asker';
import { section, type Message } from './message';
import { code } from './text';

/** The workspace belongs to no partner: nothing can be shown, and someone has to bind it. */
function unboundText(teamId: string): string {
  return `This Slack workspace is not connected to a Talktime partner yet.\n*Next:* ask whoever runs Talktime for you for an install link, or to set your partner's Slack team id to ${code(teamId)}.`;
}

const ROLE_NEEDED = {
  owner: 'This is for owners.',
  manager: 'This is for owners and managers.',
  viewer: 'This is for people with a role in Talktime.',
  customer: 'You have no role in Talktime here.',
} as const;

/** Why somebody is not answered, and what they can do. */
export function refusalText(refusal: Refusal): string {
  if (refusal.kind === 'unbound') return unboundText(refusal.teamId);
  if (refusal.kind === 'customers_channel')
    return 'This is about all your customers, and this channel is one customer’s.\n*Next:* ask in a channel of your own.';
  return `${ROLE_NEEDED[refusal.least]} Nothing was changed.\n*Next:* ask an owner of Talktime in your workspace to give you a role.`;
}

/** Something failed on our side. `reference` finds it in the log. */
export function failedText(reference: string): string {
  return `That did not work, and the fault is on our side. If credits were to move, they moved at most once.\n*Next:* look at the balance, and try again in a minute. If it stays, tell whoever runs Talktime this reference: ${code(reference)}`;
}

export function refusalMessage(refusal: Refusal): Message {
  return textMessage(refusalText(refusal));
}

export function failedMessage(reference: string): Message {
  return textMessage(failedText(reference));
}

/** A message of one text; its notification is the text's first line. */
export function textMessage(text: string): Message {
  return { text: text.split('\n')[0] ?? text, blocks: [section(text)] };
}
