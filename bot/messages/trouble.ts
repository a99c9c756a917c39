import { section, type Message } from './message';
import { code } from './text';

/** The workspace belongs to no partner: nothing can be shown, and someone has to bind it. */
export function unboundMessage(teamId: string): Message {
  const text = 'This Slack workspace is not connected to a Talktime partner yet.';
  return {
    text,
    blocks: [
      section(
        `${text}\n*Next:* ask whoever runs Talktime for you to set your partner's Slack team id to ${code(teamId)}.`,
      ),
    ],
  };
}

/** Something failed on our side. `reference` finds it in the log. */
export function failedMessage(reference: string): Message {
  const text = 'That did not work, and the fault is on our side. Nothing was changed.';
  return {
    text,
    blocks: [
      section(
        `${text}\n*Next:* try again in a minute. If it stays, tell whoever runs Talktime this reference: ${code(reference)}`,
      ),
    ],
  };
}
