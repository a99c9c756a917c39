import { isRecord, records, text, type Json } from '../json';
import { ping } from './mrkdwn';
import type { Names } from './names';
import { escapeHtml } from './page';

export function drawRichText(block: Json, names: Names): string {
  return records(block.elements)
    .map((part) => {
      const inside = () => drawSpans(records(part.elements), names);
      switch (part.type) {
        case 'rich_text_list': {
          const tag = part.style === 'ordered' ? 'ol' : 'ul';
          const items = records(part.elements).map((item) => `<li>${drawSpans(records(item.elements), names)}</li>`);
          return `<${tag}>${items.join('')}</${tag}>`;
        }
        case 'rich_text_quote':
          return `<blockquote>${inside()}</blockquote>`;
        case 'rich_text_preformatted':
          return `<pre>${inside()}</pre>`;
        default:
          return `<div>${inside()}</div>`;
      }
    })
    .join('');
}

function drawSpans(spans: readonly Json[], names: Names): string {
  return spans.map((span) => styled(drawSpan(span, names), span.style)).join('');
}

function drawSpan(span: Json, names: Names): string {
  switch (span.type) {
    case 'text':
      return escapeHtml(text(span.text)).replaceAll('\n', '<br>');
    case 'link': {
      const url = text(span.url);
      const words = escapeHtml(text(span.text) || url);
      return /^(https?|mailto):/.test(url) ? `<a href="${escapeHtml(url)}" rel="noreferrer">${words}</a>` : words;
    }
    case 'user':
      return ping(`@${names.user(text(span.user_id))}`);
    case 'usergroup':
      return ping(`@${text(span.usergroup_id)}`);
    case 'broadcast':
      return ping(`@${text(span.range)}`);
    case 'channel':
      return `<span class="mention">#${escapeHtml(names.channel(text(span.channel_id)))}</span>`;
    case 'emoji':
      return emoji(span);
    case 'date':
      return escapeHtml(text(span.fallback) || new Date(Number(span.timestamp) * 1_000).toISOString().slice(0, 16));
    default:
      return escapeHtml(text(span.type));
  }
}

function emoji(span: Json): string {
  const points = text(span.unicode)
    .split('-')
    .map((point) => Number.parseInt(point, 16));
  return points.every((point) => point > 0) ? String.fromCodePoint(...points) : `:${escapeHtml(text(span.name))}:`;
}

const TAGS: Readonly<Record<string, string>> = { bold: 'b', italic: 'i', strike: 's', code: 'code', underline: 'u' };

function styled(html: string, style: unknown): string {
  if (!isRecord(style)) return html;
  return Object.entries(TAGS).reduce(
    (inner, [name, tag]) => (style[name] === true ? `<${tag}>${inner}</${tag}>` : inner),
    html,
  );
}
