import type { Button, MrkdwnElement, PlainTextElement, TableBlock } from '@slack/types';
import type { Message, MessageBlock } from './message';
import { unescape } from './text';

export interface DrawOptions {
  /** Columns, the frame included. */
  readonly width?: number;
  /** Bold, colour and dim by ANSI codes; without it the drawing is plain text. */
  readonly colour?: boolean;
  /** Where it was posted, on the frame: "#alerts". */
  readonly channel?: string;
  /** The time beside the app's name: "16:01". */
  readonly time?: string;
  /** Slack marks a message that was updated. */
  readonly edited?: boolean;
}

/** A message's blocks in a terminal, laid out as Slack shows them. Pure; ends without a line break. */
export function draw(message: Message, options: DrawOptions = {}): string {
  const width = Math.max(30, options.width ?? 76);
  const inner = width - 4;
  const paint = options.colour ? ansi : plain;

  const author: Span[] = [
    { text: 'Talktime', style: 'bold' },
    { text: '  APP', style: 'dim' },
    ...(options.time ? [{ text: `  ${options.time}`, style: 'dim' } as const] : []),
  ];
  const body = message.blocks.flatMap((block, index) => [...(index > 0 ? [[]] : []), ...drawBlock(block, inner)]);
  if (options.edited) body.push([{ text: '(edited)', style: 'dim' }]);

  const title = options.channel ? ` ${clean(options.channel)} ` : '';
  const edge = (text: string) => paint([{ text, style: 'dim' }]);
  return [
    edge(`╭─${title}${'─'.repeat(Math.max(0, width - 3 - columns(title)))}╮`),
    ...[author, ...body].map(
      (line) => `${edge('│')} ${paint(line)}${' '.repeat(Math.max(0, inner - length(line)))} ${edge('│')}`,
    ),
    edge(`╰${'─'.repeat(width - 2)}╯`),
  ].join('\n');
}

type Style = 'plain' | 'bold' | 'italic' | 'strike' | 'code' | 'link' | 'dim';
interface Span {
  readonly text: string;
  readonly style: Style;
}
type Line = Span[];

function drawBlock(block: MessageBlock, width: number): Line[] {
  switch (block.type) {
    case 'header':
      return wrap([{ text: clean(block.text.text), style: 'bold' }], width);
    case 'divider':
      return [[{ text: '─'.repeat(width), style: 'dim' }]];
    case 'section':
      return [
        ...(block.text ? drawText(block.text, width) : []),
        ...drawFields(block.fields ?? [], width),
        ...(block.accessory?.type === 'button' ? [drawButton(block.accessory)] : []),
      ];
    case 'actions':
      return wrap(
        block.elements.flatMap((button): Line => [...drawButton(button), { text: '  ', style: 'plain' }]),
        width,
      );
    case 'table':
      return drawTable(block.rows.map((row) => row.map(cellText)));
    case 'data_visualization':
      return drawTable([
        ['', ...block.chart.series.map(({ name }) => name)],
        ...block.chart.axis_config.categories.map((category) => [
          category,
          ...block.chart.series.map(({ data }) => String(data.find(({ label }) => label === category)?.value ?? '')),
        ]),
      ]);
    case 'context':
      return block.elements.flatMap((element) => {
        if (element.type === 'image') return [[{ text: `[${clean(element.alt_text)}]`, style: 'dim' }]];
        return drawText(element, width).map((line) =>
          line.map((span) => (span.style === 'plain' ? { ...span, style: 'dim' as const } : span)),
        );
      });
  }
}

function drawButton(button: Button): Line {
  return [{ text: `[ ${clean(button.text.text)} ]`, style: 'bold' }];
}

/** Columns as wide as their widest cell. */
function drawTable(rows: readonly (readonly string[])[]): Line[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => columns(clean(row[column] ?? '')))));
  return rows.map((row, index) =>
    row.map((cell, column) => {
      const text = clean(cell);
      const gap = ' '.repeat(Math.max(0, (widths[column] ?? 0) - columns(text)) + 2);
      return { text: text + gap, style: index === 0 ? ('bold' as const) : ('plain' as const) };
    }),
  );
}

function cellText(cell: TableBlock['rows'][number][number]): string {
  return 'text' in cell ? cell.text : '';
}

function drawText(text: MrkdwnElement | PlainTextElement, width: number): Line[] {
  const lines =
    text.type === 'mrkdwn'
      ? mrkdwn(text.text)
      : clean(text.text)
          .split('\n')
          .map((line): Line => [{ text: line, style: 'plain' }]);
  return lines.flatMap((line) => wrap(line, width));
}

/** Two columns, read from left to right, a pair a row. */
function drawFields(values: readonly (MrkdwnElement | PlainTextElement)[], width: number): Line[] {
  const column = Math.floor((width - 2) / 2);
  const lines: Line[] = [];
  for (let index = 0; index < values.length; index += 2) {
    const [left, right] = [values[index], values[index + 1]].map((value) => (value ? drawText(value, column) : []));
    if (index > 0) lines.push([]);
    for (let row = 0; row < Math.max(left?.length ?? 0, right?.length ?? 0); row += 1) {
      const first = left?.[row] ?? [];
      const second = right?.[row] ?? [];
      const gap = second.length > 0 ? [{ text: ' '.repeat(column + 2 - length(first)), style: 'plain' as const }] : [];
      lines.push([...first, ...gap, ...second]);
    }
  }
  return lines;
}

const MARKS: Record<string, Style> = { '*': 'bold', _: 'italic', '~': 'strike', '`': 'code' };
/** An entity in angle brackets, or text between two marks that stand free at their outer sides. */
const TOKEN = /<([^<>\n]+)>|(?<![\p{L}\p{N}])([*_~`])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}])/gu;

function mrkdwn(text: string): Line[] {
  return text.split('\n').map((line) => {
    const spans: Line = [];
    let at = 0;
    const add = (words: string, style: Style) => words && spans.push({ text: clean(unescape(words)), style });
    for (const match of line.matchAll(TOKEN)) {
      add(line.slice(at, match.index), 'plain');
      const [whole, entity, mark = '', marked = ''] = match;
      if (entity !== undefined) add(entityText(entity), entity.startsWith('!date') ? 'plain' : 'link');
      else add(marked, MARKS[mark] ?? 'plain');
      at = match.index + whole.length;
    }
    add(line.slice(at), 'plain');
    return spans;
  });
}

/** `!date^…|fallback` shows its fallback here, `url|label` its label, a mention its name. */
function entityText(entity: string): string {
  const [target = '', label] = entity.split('|');
  if (label !== undefined) return target.startsWith('#') ? `#${label}` : label;
  return target.startsWith('!') ? `@${target.slice(1)}` : target;
}

/** Breaks a line at spaces into lines of at most `width` columns; a word that is longer is broken where it must be. */
function wrap(line: Line, width: number): Line[] {
  const lines: Line[] = [];
  let current: Line = [];
  let used = 0;
  const flush = () => {
    lines.push(current);
    current = [];
    used = 0;
  };
  for (const span of line) {
    for (const word of span.text.match(/\s+|\S+/gu) ?? []) {
      if (used + columns(word) <= width) {
        if (used > 0 || lines.length === 0 || word.trim() !== '') {
          current.push({ ...span, text: word });
          used += columns(word);
        }
        continue;
      }
      if (word.trim() === '') {
        flush();
        continue;
      }
      if (used > 0) flush();
      for (const grapheme of graphemes(word)) {
        if (used + columns(grapheme) > width) flush();
        current.push({ ...span, text: grapheme });
        used += columns(grapheme);
      }
    }
  }
  flush();
  return lines;
}

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });

function graphemes(text: string): string[] {
  return Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}

/** Columns that a terminal gives to text: two for emoji and East Asian wide characters. */
export function columns(text: string): number {
  return graphemes(text).reduce((sum, grapheme) => sum + (WIDE.test(grapheme) ? 2 : NARROW.test(grapheme) ? 0 : 1), 0);
}

const WIDE =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]/u;
const NARROW = /^[\p{M}\p{Cf}]+$/u;

function length(line: Line): number {
  return line.reduce((sum, { text }) => sum + columns(text), 0);
}

/** Nothing in a message may steer the terminal. */
function clean(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, ' ');
}

const CODES: Record<Style, string> = {
  plain: '',
  bold: '1',
  italic: '3',
  strike: '9',
  code: '35',
  link: '34',
  dim: '2',
};

function ansi(line: Line): string {
  return joined(line)
    .map(({ text, style }) => (CODES[style] ? `\u001B[${CODES[style]}m${text}\u001B[0m` : text))
    .join('');
}

/** Neighbours of one style as one, so that a style is set once. */
function joined(line: Line): Line {
  return line.reduce<Line>((spans, span) => {
    const before = spans.at(-1);
    if (before?.style !== span.style) return [...spans, span];
    return [...spans.slice(0, -1), { ...span, text: before.text + span.text }];
  }, []);
}

function plain(line: Line): string {
  return line.map(({ text }) => text).join('');
}
