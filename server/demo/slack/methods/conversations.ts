import { text, type Json } from '../json';
import type { Channel, SlackState } from '../state';
import { known } from './channels';
import { isTrue, missingScope, refuse, type Method } from './method';

export const conversations: Readonly<Record<string, Method>> = {
  'conversations.open': {
    args: { channel: 'string', users: 'list', return_im: 'boolean', prevent_creation: 'boolean' },
    scopes: ['im:write'],
    tier: 50,
    run(call) {
      const { args, state, token } = call;
      if (args.channel !== undefined) {
        const channel = known(args.channel, call);
        if (channel?.dmWith == null) return refuse('channel_not_found');
        return { ok: true, no_op: true, already_open: true, channel: { id: channel.id } };
      }
      const ids = (Array.isArray(args.users) ? args.users : text(args.users).split(','))
        .map(String)
        .filter((id) => id !== '');
      const [id] = ids;
      if (id === undefined) return refuse('users_list_not_supplied');
      if (ids.length > 8) return refuse('too_many_users');
      if (ids.length > 1) return missingScope('mpim:write', token);
      const user = state.workspace(token.teamId).users.get(id);
      if (!user) return refuse('user_not_found');
      if (user.deactivated) return refuse('user_disabled');
      const before = state.channels.size;
      const channel = state.dm(token.teamId, user.id);
      return {
        ok: true,
        ...(state.channels.size === before ? { no_op: true, already_open: true } : {}),
        channel: isTrue(args.return_im) ? describe(channel, state) : { id: channel.id },
      };
    },
  },

  'conversations.info': {
    args: { channel: 'string', include_locale: 'boolean', include_num_members: 'boolean' },
    tier: 50,
    run(call) {
      const channel = known(call.args.channel, call);
      if (!channel) return refuse('channel_not_found');
      const needed = channel.dmWith ? 'im:read' : channel.private ? 'groups:read' : 'channels:read';
      if (!call.token.scopes.includes(needed)) return missingScope(needed, call.token);
      return {
        ok: true,
        channel: {
          ...describe(channel, call.state),
          is_member: channel.apps.has(call.token.teamId),
          ...(isTrue(call.args.include_num_members) ? { num_members: channel.members.size } : {}),
        },
      };
    },
  },
};

function describe(channel: Channel, state: SlackState): Json {
  const { id, name, teamId, dmWith, sharedWith } = channel;
  if (dmWith !== null) return { id, is_im: true, is_archived: false, user: dmWith, is_open: true };
  const isShared = sharedWith.size > 0;
  return {
    id,
    name,
    name_normalized: name,
    is_channel: !channel.private,
    is_group: channel.private,
    is_im: false,
    is_mpim: false,
    is_private: channel.private,
    is_archived: channel.archived,
    is_general: false,
    is_shared: isShared,
    is_ext_shared: isShared,
    is_org_shared: false,
    context_team_id: state.workspace(teamId).id,
    shared_team_ids: [teamId, ...sharedWith],
    created: 1_700_000_000,
    creator: '',
    topic: { value: '', creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
  };
}
