/** The most characters of a name that a message shows. */
export const NAME_LENGTH = 80;

/**
 * What a client typed, made safe to stand in a message: one line, cut to `limit` characters, with no mention, link,
 * emoji code or formatting in it, and `& < >` escaped. A client named `<!channel>` is shown as that and pings nobody.
 */
export function inert(typed: string, limit = NAME_LENGTH): string {
  return escape(unformat(shorten(oneLine(typed), limit))) || 'unnamed';
}

/** The same in a code span, for an id or for words to type. Only a backtick means something in there, so ids can be copied. */
export function code(typed: string, limit = NAME_LENGTH): string {
  return `\`${escape(shorten(oneLine(typed), limit).replaceAll('`', 'ˋ')) || ' '}\``;
}

/** The same in a table's cell, which is plain text: nothing is escaped there, so what would begin an entity is shown by a lookalike. */
export function cell(typed: string, limit = NAME_LENGTH): string {
  return unformat(shorten(oneLine(typed), limit))
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replace(/&(?=(?:amp|lt|gt);)/g, '＆');
}

/** The three characters that Slack reads as the start of an entity (docs.slack.dev, "Formatting message text"). */
export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** What was meant by text that may have been copied out of a message or that a phone's keyboard has improved. */
export function retype(text: string): string {
  const original = LOOKALIKES.reduce(
    (so, [character, lookalike]) => so.replaceAll(lookalike, character),
    unescape(text),
  );
  return oneLine(original)
    .replace(/^["'“”‘’`]+|["'“”‘’`]+$/gu, '')
    .trim();
}

/** A moment in the reader's own time zone; `fallback` is for where Slack can't say it, and is in UTC. */
export function moment(at: Date): string {
  return `<!date^${Math.floor(at.getTime() / 1000)}^{date_short_pretty}, {time}|${utc(at)}>`;
}

/** "22 Nov 2026, 16:01 UTC" */
export function utc(at: Date): string {
  const date = at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
  return `${date}, ${at.toISOString().slice(11, 16)} UTC`;
}

/** Without control characters, marks that turn the direction of text, invisible spaces and halves of characters. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]|\p{Cs}/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
}

function shorten(text: string, limit: number): string {
  const characters = [...text];
  return characters.length <= limit
    ? text
    : `${characters
        .slice(0, limit - 1)
        .join('')
        .trimEnd()}…`;
}

/**
 * Slack's mrkdwn has no escape for its formatting characters, so they are shown by characters that look the same. The
 * colon of an emoji code or a link, and the sign of a group mention, are treated likewise.
 */
const LOOKALIKES: readonly (readonly [string, string])[] = [
  ['*', '∗'],
  ['_', 'ˍ'],
  ['~', '∼'],
  ['`', 'ˋ'],
  [':', '∶'],
  ['@', '＠'],
  ['<', '‹'],
  ['>', '›'],
  ['&', '＆'],
];

function unformat(text: string): string {
  return text.replace(
    /[*_~`]|[:@](?=\S)/gu,
    (character) => LOOKALIKES.find(([from]) => from === character)?.[1] ?? character,
  );
}
