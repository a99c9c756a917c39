import type { UploadedFile } from '../state';
import { records } from '../json';
import { drawBlocks } from './blocks';
import { mrkdwn } from './mrkdwn';
import { NOBODY, type Names } from './names';
import { escapeHtml, page } from './page';

/** A message to be drawn: one that stands in the fake, or one that a builder has just made. */
export interface DrawnMessage {
  readonly text: string;
  readonly blocks?: readonly object[];
  readonly ts?: string;
  readonly thread_ts?: string | null;
  readonly userId?: string;
  readonly visibleTo?: string | null;
  readonly broadcast?: boolean;
  readonly edited?: boolean;
  readonly files?: readonly UploadedFile[];
}

export interface MessagesOptions {
  /** "#alerts", on the bar above. */
  readonly channel?: string;
  readonly names?: Names;
}

/** Messages in a channel as a page of their own. */
export function drawMessages(
  messages: readonly DrawnMessage[],
  { channel, names = NOBODY }: MessagesOptions = {},
): string {
  const bar = channel === undefined ? '' : `<div class="bar">${escapeHtml(channel)}</div>`;
  return page(channel ?? 'Messages', `<div class="main">${bar}${channelHtml(messages, names)}</div>`);
}

/** The messages of a channel, each with its thread open beneath it. */
export function channelHtml(messages: readonly DrawnMessage[], names: Names): string {
  const repliesTo = (ts: string | undefined) =>
    messages.filter(({ thread_ts }) => ts !== undefined && thread_ts === ts);
  const isReply = ({ thread_ts }: DrawnMessage) => messages.some(({ ts }) => ts !== undefined && ts === thread_ts);
  const html = messages
    .filter((message) => !isReply(message) || message.broadcast === true)
    .map((message) => {
      const replies = isReply(message) ? [] : repliesTo(message.ts);
      const count = replies.length === 1 ? '1 reply' : `${replies.length} replies`;
      const thread =
        replies.length === 0
          ? ''
          : `<div class="thread"><span class="replies">${count}</span>${replies.map((reply) => messageHtml(reply, names, '')).join('')}</div>`;
      const note = isReply(message) ? 'replied to a thread' : '';
      return messageHtml(message, names, thread, note);
    });
  return `<div class="channel">${html.join('\n') || '<div class="none">Nothing here yet.</div>'}</div>`;
}

function messageHtml(message: DrawnMessage, names: Names, thread: string, remark = ''): string {
  const { text, blocks = [], userId, visibleTo = null, edited = false, ts, files = [] } = message;
  const isApp = userId === undefined || names.isApp(userId);
  const author = isApp ? names.app : names.user(userId);
  const notes = [
    visibleTo === null ? '' : `👁 Only visible to you${visibleTo === '' ? '' : ` (${names.user(visibleTo)})`}`,
    remark,
  ].filter((note) => note !== '');
  const list = records(blocks);
  // docs.slack.dev, "chat.update": a message of blocks is not marked as edited.
  const mark = edited && list.length === 0 ? ' <span class="edited">(edited)</span>' : '';
  const content = list.length > 0 ? drawBlocks(list, names) : `<div>${mrkdwn(text, names)}${mark}</div>`;
  return `<article class="message${visibleTo === null ? '' : ' only'}">
<div class="avatar${isApp ? ' app' : ''}"${isApp ? '' : ` style="background:${hue(author)}"`}>${escapeHtml(author.slice(0, 1))}</div>
<div class="said">${notes.map((note) => `<span class="note">${escapeHtml(note)}</span>`).join('')}
<span class="who">${escapeHtml(author)}</span>${isApp ? '<span class="badge">APP</span>' : ''}<span class="when">${clock(ts)}</span>
${content}${files.map(fileHtml).join('')}${thread}</div></article>`;
}

function fileHtml({ title, name, bytes, altText }: UploadedFile): string {
  const isImage = /\.(png|jpe?g|gif)$/i.test(name);
  return isImage && bytes
    ? `<div class="title">${escapeHtml(title)}</div><div class="picture"><img alt="${escapeHtml(altText || title)}" src="data:image/png;base64,${bytes.toString('base64')}"></div>`
    : `<div class="file">📄 <b>${escapeHtml(title)}</b><br>${escapeHtml(name)}</div>`;
}

function clock(ts: string | undefined): string {
  return ts === undefined ? '' : new Date(Number(ts) * 1_000).toISOString().slice(11, 16);
}

/** Each person their own colour. */
function hue(name: string): string {
  const sum = [...name].reduce((total, letter) => total * 31 + letter.charCodeAt(0), 7);
  return `hsl(${sum % 360} 45% 45%)`;
}
