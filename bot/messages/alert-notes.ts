import type { Done } from '@talktime/core/alerts';
import { code, moment } from './text';

/** The small print of a message whose post was repeated (docs/decisions/0016). */
export const DOUBLED = 'This may be here twice: the answer to the first post was lost.';

/** Who did something, and when. Somebody in Slack is named as a mention, which notifies nobody in an update. */
export function deed({ by, at }: Done): string {
  return `${actor(by)}, ${moment(at)}`;
}

export function actor(id: string): string {
  const user = /^slack:[TE][A-Z0-9]+\/([UW][A-Z0-9]+)$/.exec(id)?.[1];
  return user === undefined ? code(id) : `<@${user}>`;
}
