import { type Json } from '../json';
import type { Inspection } from './inspection';

/** docs.slack.dev, "Rich text block": sections, lists, quotes and preformatted text, made of a few kinds of elements. */
export function checkRichText(block: Json, at: string, inspection: Inspection): void {
  inspection.list(block.elements, `${at}/elements`, 'elements', 1, 1_000).forEach((value, index) => {
    const here = `${at}/elements/${index}`;
    const part = inspection.record(value, here, 'rich text');
    if (!part) return;
    const type = String(part.type);
    const keys = PARTS[type];
    if (!keys) return inspection.problem(here, `unsupported rich text: ${type}`);
    inspection.keys(part, here, type, keys, type === 'rich_text_list' ? ['elements', 'style'] : ['elements']);
    if (type === 'rich_text_list') {
      inspection.oneOf(part.style, here, 'style', ['bullet', 'ordered']);
      inspection.integer(part.indent, here, 'indent', 0, 8);
    }
    inspection.integer(part.border, here, 'border', 0, 1);
    inspection.list(part.elements, `${here}/elements`, 'elements', 1, 1_000).forEach((element, position) => {
      const there = `${here}/elements/${position}`;
      if (type !== 'rich_text_list') return checkSpan(element, there, inspection);
      const item = inspection.record(element, there, 'list item');
      if (!item) return;
      inspection.oneOf(item.type, there, 'list item', ['rich_text_section']);
      inspection
        .list(item.elements, `${there}/elements`, 'elements', 1, 1_000)
        .forEach((span, at2) => checkSpan(span, `${there}/elements/${at2}`, inspection));
    });
  });
}

const PARTS: Readonly<Record<string, readonly string[]>> = {
  rich_text_section: ['elements'],
  rich_text_list: ['elements', 'style', 'indent', 'border', 'offset'],
  rich_text_quote: ['elements', 'border'],
  rich_text_preformatted: ['elements', 'border', 'language'],
};

/** What a span of each kind must carry, and what it may. */
const SPANS: Readonly<Record<string, { required: readonly string[]; optional?: readonly string[] }>> = {
  text: { required: ['text'] },
  link: { required: ['url'], optional: ['text', 'unsafe'] },
  emoji: { required: ['name'], optional: ['unicode', 'url'] },
  user: { required: ['user_id'] },
  usergroup: { required: ['usergroup_id'] },
  team: { required: ['team_id'] },
  channel: { required: ['channel_id'] },
  broadcast: { required: ['range'] },
  date: { required: ['timestamp', 'format'], optional: ['url', 'fallback'] },
  color: { required: ['value'] },
};

const STYLES = ['bold', 'italic', 'strike', 'code', 'underline', 'highlight', 'client_highlight', 'unlink'];

function checkSpan(value: unknown, at: string, inspection: Inspection): void {
  const span = inspection.record(value, at, 'rich text element');
  if (!span) return;
  const type = String(span.type);
  const kind = SPANS[type];
  if (!kind) return inspection.problem(at, `unsupported rich text element: ${type}`);
  inspection.keys(span, at, type, [...kind.required, ...(kind.optional ?? []), 'style'], kind.required);
  if (span.style !== undefined) {
    const style = inspection.record(span.style, `${at}/style`, 'style');
    if (style) inspection.keys(style, `${at}/style`, 'style', STYLES);
  }
  if (type === 'text') inspection.string(span.text, `${at}/text`, 'text', 40_000);
  if (typeof span.text === 'string') inspection.characters += span.text.length;
}
