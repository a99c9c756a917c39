import type { Names } from './names';
import { escapeHtml } from './page';

/**
 * Slack's mrkdwn as HTML (docs.slack.dev, "Formatting message text"). Whatever would notify somebody gets the class
 * `ping`, which stands out. `verbatim`: Slack makes nothing of plain text by itself.
 */
export function mrkdwn(text: string, names: Names, { verbatim = false } = {}): string {
  return text
    .split(/```/)
    .map((part, index) =>
      index % 2 === 1
        ? `<pre>${entities(part.replace(/^\n|\n$/g, ''), names)}</pre>`
        : paragraphs(index > 0 ? part.replace(/^\n/, '') : part, names, verbatim),
    )
    .join('');
}

/** Plain text: nothing in it means anything. */
export function plain(text: string): string {
  return escapeHtml(text).replaceAll('\n', '<br>');
}

function paragraphs(text: string, names: Names, verbatim: boolean): string {
  const html: string[] = [];
  let quoted: string[] = [];
  const endQuote = () => {
    if (quoted.length > 0) html.push(`<blockquote>${quoted.join('<br>')}</blockquote>`);
    quoted = [];
  };
  for (const line of text.split('\n')) {
    const quote = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (quote) {
      quoted.push(inline(quote[1] ?? '', names, verbatim));
      continue;
    }
    endQuote();
    html.push(`${inline(line, names, verbatim)}<br>`);
  }
  endQuote();
  return html.join('').replace(/<br>$/, '');
}

const TAGS: Readonly<Record<string, string>> = { '*': 'b', _: 'i', '~': 's' };
/** An entity, code, or text between two marks that stand free at their outer sides. */
const TOKEN =
  /<([^<>\n]+)>|`([^`\n]+)`|(?<![\p{L}\p{N}])([*_~])(?=[^\s*_~]|[*_~](?!\3))([^\n]*?[^\s])\3(?![\p{L}\p{N}])/gu;

function inline(text: string, names: Names, verbatim: boolean): string {
  let html = '';
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, entity, code, mark, marked] = match;
    html += bare(text.slice(at, match.index), verbatim);
    at = match.index + whole.length;
    const tag = TAGS[mark ?? ''];
    if (entity !== undefined) html += drawEntity(entity, names);
    else if (code !== undefined) html += `<code>${entities(code, names)}</code>`;
    else if (tag) html += `<${tag}>${inline(marked ?? '', names, verbatim)}</${tag}>`;
  }
  return html + bare(text.slice(at), verbatim);
}

/** Only entities mean something here: code and preformatted text. */
function entities(text: string, names: Names): string {
  return text
    .split(/(<[^<>\n]+>)/)
    .map((part, index) => (index % 2 === 1 ? drawEntity(part.slice(1, -1), names) : escapeHtml(unescape(part))))
    .join('');
}

/** Text without marks. Unless it is verbatim, Slack links addresses in it and may notify whom it names. */
function bare(text: string, verbatim: boolean): string {
  if (verbatim) return escapeHtml(unescape(text));
  return text
    .split(/(https?:\/\/[^\s<>|]+|(?<![\w@])@(?:channel|here|everyone)\b)/)
    .map((part, index) => {
      const html = escapeHtml(unescape(part));
      if (index % 2 === 0) return html;
      return part.startsWith('@') ? ping(part) : `<a href="${html}" rel="noreferrer">${html}</a>`;
    })
    .join('');
}

function drawEntity(entity: string, names: Names): string {
  const [target = '', label] = entity.split('|');
  if (/^!(channel|here|everyone)$/.test(target)) return ping(`@${target.slice(1)}`);
  if (target.startsWith('!subteam^')) return ping(label ?? target);
  if (target.startsWith('!date^')) return escapeHtml(moment(target, unescape(label ?? ''), names.now));
  if (/^@[UW]/.test(target)) return ping(`@${names.user(target.slice(1))}`);
  if (/^#[CG]/.test(target)) return `<span class="mention">#${escapeHtml(names.channel(target.slice(1)))}</span>`;
  const words = escapeHtml(unescape(label ?? target.replace(/^mailto:/, '')));
  return /^(https?|mailto|tel):/.test(target)
    ? `<a href="${escapeHtml(unescape(target))}" rel="noreferrer">${words}</a>`
    : escapeHtml(unescape(`<${entity}>`));
}

/** Somebody is notified by this. */
export function ping(words: string): string {
  return `<span class="ping">${escapeHtml(words)}</span>`;
}

/** `!date^1795363261^{date_short_pretty}, {time}` in UTC, as a reader in London in winter sees it. */
function moment(target: string, fallback: string, now: number): string {
  const [, seconds = '', format = ''] = target.split('^');
  const at = new Date(Number(seconds) * 1_000);
  if (Number.isNaN(at.getTime())) return fallback;
  return format.replace(/\{(\w+)\}/g, (whole, token: string) => dateToken(token, at, now) ?? whole);
}

function dateToken(token: string, at: Date, now: number): string | undefined {
  const say = (options: Intl.DateTimeFormatOptions) => at.toLocaleString('en-GB', { timeZone: 'UTC', ...options });
  const pretty = token.endsWith('_pretty') ? nearby(at, now) : null;
  switch (token.replace(/_pretty$/, '')) {
    case 'date_num':
      return at.toISOString().slice(0, 10);
    case 'date_slash':
      return say({ day: '2-digit', month: '2-digit', year: 'numeric' });
    case 'date_short':
      return pretty ?? say({ day: 'numeric', month: 'short', year: 'numeric' });
    case 'date_long':
      return pretty ?? say({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
    case 'date_long_full':
      return say({ day: 'numeric', month: 'long', year: 'numeric' });
    case 'date':
      return pretty ?? say({ day: 'numeric', month: 'long' });
    case 'time':
      return at.toISOString().slice(11, 16);
    case 'time_secs':
      return at.toISOString().slice(11, 19);
    case 'ago':
      return `${Math.max(0, Math.round((now - at.getTime()) / 60_000))} minutes ago`;
    default:
      return undefined;
  }
}

function nearby(at: Date, now: number): string | null {
  const day = (milliseconds: number) => Math.floor(milliseconds / 86_400_000);
  return { 0: 'today', 1: 'tomorrow', [-1]: 'yesterday' }[day(at.getTime()) - day(now)] ?? null;
}

function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
