import { records, type Json } from '../json';
import { LIMITS } from '../limits';
import type { StoredMessage } from '../state';
import { withBlockIds } from '../names';
import { known, writable } from './channels';
import { contentOf, refusedContent } from './content';
import { isTrue, refuse, type Method, type MethodCall } from './method';

const CONTENT = {
  channel: 'string',
  text: 'string',
  blocks: 'json',
  link_names: 'boolean',
  parse: 'string',
  metadata: 'json',
} as const;

export const chat: Readonly<Record<string, Method>> = {
  'chat.postMessage': {
    args: {
      ...CONTENT,
      mrkdwn: 'boolean',
      thread_ts: 'string',
      reply_broadcast: 'boolean',
      unfurl_links: 'boolean',
      unfurl_media: 'boolean',
    },
    scopes: ['chat:write'],
    tier: 100,
    run(call) {
      const { args, state, token } = call;
      const channel = writable(args.channel, call);
      if ('refusal' in channel) return channel.refusal;
      const refused = refusedContent(args, state, token.teamId) ?? refusedThread(call, channel.id);
      if (refused) return refused;
      const message = state.addMessage({
        ...posted(call, channel.id),
        visibleTo: null,
        broadcast: isTrue(args.reply_broadcast),
      });
      return { ok: true, channel: channel.id, ts: message.ts, message: asSlackSays(message, call) };
    },
  },

  'chat.postEphemeral': {
    args: { ...CONTENT, user: 'string', thread_ts: 'string' },
    scopes: ['chat:write'],
    tier: 100,
    run(call) {
      const { args, state, token } = call;
      const channel = writable(args.channel, call);
      if ('refusal' in channel) return channel.refusal;
      const user = typeof args.user === 'string' ? state.user(args.user) : null;
      if (!user) return refuse('user_not_found');
      if (!channel.members.has(user.id)) return refuse('user_not_in_channel');
      const refused = refusedContent(args, state, token.teamId) ?? refusedThread(call, channel.id);
      if (refused) return refused;
      const { ts } = state.addMessage({ ...posted(call, channel.id), visibleTo: user.id, broadcast: false });
      return { ok: true, message_ts: ts };
    },
  },

  'chat.update': {
    args: { ...CONTENT, ts: 'string', reply_broadcast: 'boolean', file_ids: 'list' },
    scopes: ['chat:write'],
    tier: 50,
    run(call) {
      const { args, state, token } = call;
      const found = own(call, 'cant_update_message');
      if ('refusal' in found) return found.refusal;
      const { message } = found;
      if (state.channels.get(message.channel)?.archived) return refuse('is_inactive');
      const refused = refusedContent(args, state, token.teamId, LIMITS.updatedText);
      if (refused) return refused;
      if (args.text !== undefined) message.text = contentOf(args).text;
      // docs.slack.dev, "chat.update": blocks that are not mentioned stay only if there is no text either.
      if (args.blocks !== undefined || args.text !== undefined) message.blocks = withBlockIds(records(args.blocks));
      if (args.metadata !== undefined) message.metadata = args.metadata;
      message.edited = true;
      state.transcript.message(message, 'updated');
      const { channel, ts, text } = message;
      return { ok: true, channel, ts, text, message: asSlackSays(message, call) };
    },
  },

  'chat.delete': {
    args: { channel: 'string', ts: 'string' },
    scopes: ['chat:write'],
    tier: 50,
    run(call) {
      const found = own(call, 'cant_delete_message');
      if ('refusal' in found) return found.refusal;
      const { message } = found;
      call.state.remove(message);
      call.state.transcript.message(message, 'deleted');
      return { ok: true, channel: message.channel, ts: message.ts };
    },
  },
};

function posted({ args, token, workspace }: MethodCall, channel: string) {
  return {
    channel,
    teamId: token.teamId,
    token: token.token,
    userId: workspace.botUserId,
    thread_ts: typeof args.thread_ts === 'string' ? args.thread_ts : null,
    files: [],
    metadata: args.metadata ?? null,
    ...contentOf(args),
  };
}

/** The message that the arguments name, if the app posted it. Nobody can change an ephemeral message by its ts. */
function own(call: MethodCall, error: string): { readonly message: StoredMessage } | { readonly refusal: Json } {
  const { args, state, token, workspace } = call;
  const channel = known(args.channel, call);
  if (!channel) return { refusal: refuse('channel_not_found') };
  const message = state.messages.find((one) => one.channel === channel.id && one.ts === args.ts);
  if (!message) return { refusal: refuse('message_not_found') };
  const isOwn = message.userId === workspace.botUserId && message.teamId === token.teamId;
  return isOwn ? { message } : { refusal: refuse(error) };
}

function refusedThread({ args, state }: MethodCall, channel: string): Json | null {
  const { thread_ts } = args;
  if (thread_ts === undefined) return null;
  return typeof thread_ts === 'string' && state.find(channel, thread_ts) ? null : refuse('thread_not_found');
}

function asSlackSays({ text, ts, blocks, thread_ts, metadata, userId, edited }: StoredMessage, call: MethodCall): Json {
  const { app } = call.state;
  return {
    type: 'message',
    user: userId,
    ts,
    bot_id: call.workspace.botId,
    app_id: app.id,
    team: call.workspace.id,
    text,
    ...(blocks.length > 0 ? { blocks } : {}),
    ...(thread_ts === null ? {} : { thread_ts }),
    ...(metadata === null ? {} : { metadata }),
    ...(edited ? { edited: { user: userId, ts } } : {}),
  };
}
