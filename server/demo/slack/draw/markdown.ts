import { escapeHtml } from './page';

/** The part of standard markdown that a markdown block is likely to hold: headings, lists, bold, italic, code, links. */
export function drawMarkdown(text: string): string {
  const html: string[] = [];
  let list: string[] = [];
  const endList = () => {
    if (list.length > 0) html.push(`<ul>${list.join('')}</ul>`);
    list = [];
  };
  text.split(/```(?:\w*\n)?/).forEach((part, index) => {
    if (index % 2 === 1) {
      endList();
      html.push(`<pre>${escapeHtml(part.replace(/\n$/, ''))}</pre>`);
      return;
    }
    for (const line of part.split('\n')) {
      const item = /^\s*(?:[-*]|\d+\.)\s+(.*)$/.exec(line);
      if (item) {
        list.push(`<li>${inline(item[1] ?? '')}</li>`);
        continue;
      }
      endList();
      const heading = /^#{1,6}\s+(.*)$/.exec(line);
      if (heading) html.push(`<div class="header">${inline(heading[1] ?? '')}</div>`);
      else if (/^>\s?/.test(line)) html.push(`<blockquote>${inline(line.replace(/^>\s?/, ''))}</blockquote>`);
      else if (line.trim() !== '') html.push(`<p>${inline(line)}</p>`);
    }
  });
  endList();
  return html.join('');
}

function inline(line: string): string {
  return escapeHtml(line)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/(?<![\w*])[*_](\S(?:.*?\S)?)[*_](?![\w*])/g, '<i>$1</i>')
    .replace(/\[([^\]]+)\]\((https?:[^)\s]+)\)/g, '<a href="$2" rel="noreferrer">$1</a>')
    .replace(/&lt;!(channel|here|everyone)&gt;/g, '<span class="ping">@$1</span>');
}
