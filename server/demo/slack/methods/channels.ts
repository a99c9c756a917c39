import type { Json } from '../json';
import type { Channel } from '../state';
import { refuse, type MethodCall } from './method';

/** The channel that a message is for: by id, by name, or a person's id for their DM. A refusal when it can't be written to. */
export function writable(id: unknown, call: MethodCall): Channel | { readonly refusal: Json } {
  const channel = known(id, call) ?? directly(id, call);
  if (!channel) return { refusal: refuse('channel_not_found') };
  if (channel.archived) return { refusal: refuse('is_archived') };
  if (channel.apps.has(call.token.teamId)) return channel;
  return channel.private || !call.token.scopes.includes('chat:write.public')
    ? { refusal: refuse('not_in_channel') }
    : channel;
}

/** The channel by id or #name, as far as the app can know of it: a private one without it might as well not be there. */
export function known(id: unknown, { state, token }: MethodCall): Channel | null {
  const channel = [...state.channels.values()].find(
    (one) => one.id === id || (typeof id === 'string' && one.dmWith === null && `#${one.name}` === id),
  );
  if (!channel || !state.knows(token.teamId, channel)) return null;
  return channel.private && !channel.apps.has(token.teamId) ? null : channel;
}

function directly(id: unknown, { state, token }: MethodCall): Channel | null {
  const user = typeof id === 'string' ? state.workspace(token.teamId).users.get(id) : undefined;
  return user && !user.deactivated ? state.dm(token.teamId, user.id) : null;
}
