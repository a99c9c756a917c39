import { randomBytes } from 'node:crypto';
import { records, text, type Json } from '../json';
import { writable } from './channels';
import { refusedContent } from './content';
import { refuse, type Method } from './method';

/** docs.slack.dev, "Working with files": ask for an address, send the bytes there, say that they are complete. */
export const files: Readonly<Record<string, Method>> = {
  'files.getUploadURLExternal': {
    // The SDK sends alt_text, where the documentation says alt_txt. Slack takes both.
    args: { filename: 'string', length: 'integer', alt_txt: 'string', alt_text: 'string', snippet_type: 'string' },
    scopes: ['files:write'],
    tier: 100,
    run({ args, state, token, origin }) {
      const length = Number(args.length);
      if (text(args.filename).trim() === '')
        return refuse('invalid_arguments', '[ERROR] missing required field: filename');
      if (!Number.isInteger(length) || length <= 0) return refuse('missing_argument', '[ERROR] length');
      const id = `F${randomBytes(5).toString('hex').toUpperCase()}`;
      state.files.set(id, {
        id,
        teamId: token.teamId,
        name: text(args.filename),
        title: text(args.filename),
        altText: text(args.alt_txt) || text(args.alt_text),
        length,
        bytes: null,
        isComplete: false,
      });
      return { ok: true, upload_url: `${origin}/upload/v1/${id}`, file_id: id };
    },
  },

  'files.completeUploadExternal': {
    args: {
      files: 'json',
      channel_id: 'string',
      channels: 'string',
      thread_ts: 'string',
      initial_comment: 'string',
      blocks: 'json',
    },
    scopes: ['files:write'],
    tier: 100,
    run(call) {
      const { args, state, token, workspace } = call;
      const named = records(args.files);
      if (named.length === 0) return refuse('invalid_arguments', '[ERROR] missing required field: files');
      const found = named.map(({ id }) => state.files.get(text(id)));
      const uploaded = found.filter((file) => file !== undefined);
      const isReady = uploaded.every((file) => file.teamId === token.teamId && file.bytes && !file.isComplete);
      if (uploaded.length < named.length || !isReady) return refuse('file_not_found');

      const where = [text(args.channel_id), ...text(args.channels).split(',')].filter((id) => id !== '');
      const channels = where.map((id) => writable(id, call));
      for (const channel of channels) if ('refusal' in channel) return channel.refusal;
      if (args.blocks !== undefined) {
        const refused = refusedContent({ blocks: args.blocks }, state, token.teamId);
        if (refused) return refused;
      }
      uploaded.forEach((file, index) => {
        file.isComplete = true;
        file.title = text(named[index]?.title) || file.name;
      });
      for (const channel of channels) {
        if ('refusal' in channel) continue;
        state.addMessage({
          channel: channel.id,
          teamId: token.teamId,
          token: token.token,
          userId: workspace.botUserId,
          visibleTo: null,
          thread_ts: text(args.thread_ts) || null,
          broadcast: false,
          text: text(args.initial_comment),
          blocks: records(args.blocks),
          files: uploaded,
          metadata: null,
        });
      }
      return { ok: true, files: uploaded.map(({ id, title, name }): Json => ({ id, title, name })) };
    },
  },
};
