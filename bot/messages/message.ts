import type {
  ActionsBlock,
  Button,
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  MrkdwnElement,
  PlainTextElement,
  SectionBlock,
  TableBlock,
} from '@slack/types';
import type { ChartBlock } from './chart';

/** The blocks that Talktime's messages are made of. A new kind is added here, and then the compiler asks `draw` for it. */
export type MessageBlock =
  | HeaderBlock
  | SectionBlock
  | ContextBlock
  | DividerBlock
  | ButtonsBlock
  | TableBlock
  | ChartBlock;

/** A row of buttons. */
export type ButtonsBlock = Omit<ActionsBlock, 'elements'> & { elements: Button[] };

/** A message as Slack takes it. `text` is what a notification and a screen reader say; it is always there. */
export interface Message {
  readonly text: string;
  readonly blocks: MessageBlock[];
}

/** A field of a section: its label in bold above its value (mrkdwn). */
export type Field = readonly [label: string, value: string];

/**
 * A header. It is plain text, in which Slack's entities may show as they are: it takes our own words only, never what
 * a client typed.
 */
export function header(text: string): HeaderBlock {
  return { type: 'header', text: plain(text) };
}

export function section(text: string): SectionBlock {
  return { type: 'section', text: mrkdwn(text) };
}

/** A section with a button beside it, which does something about what it says. */
export function sectionWithButton(text: string, accessory: Button): SectionBlock {
  return { ...section(text), accessory };
}

/** Up to 10 fields, which Slack lays out in two columns. */
export function fields(values: readonly Field[]): SectionBlock {
  return { type: 'section', fields: values.map(([label, value]) => mrkdwn(`*${label}*\n${value}`)) };
}

/** Small grey text under a message. */
export function context(text: string): ContextBlock {
  return { type: 'context', elements: [mrkdwn(text)] };
}

export function divider(): DividerBlock {
  return { type: 'divider' };
}

/** Up to 25 buttons in a row. */
export function buttons(...elements: readonly Button[]): ButtonsBlock {
  return { type: 'actions', elements: [...elements] };
}

export interface ButtonOptions {
  /** Names the listener. */
  readonly action: string;
  /** Which thing it is about: an opaque id, never an amount. The listener looks everything else up again. */
  readonly value?: string;
  readonly style?: 'primary' | 'danger';
  /** Opens in the browser. */
  readonly url?: string;
}

export function button(label: string, { action, value, style, url }: ButtonOptions): Button {
  return {
    type: 'button',
    text: plain(label),
    action_id: action,
    ...(value === undefined ? {} : { value }),
    ...(style === undefined ? {} : { style }),
    ...(url === undefined ? {} : { url }),
  };
}

/**
 * A table of plain text, its first row the heading. At most 100 rows of 20 cells; columns named in `right` are set to the
 * right, and those in `wrapped` break their lines.
 */
export function table(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
  wrapped: readonly number[] = [],
): TableBlock {
  const width = rows[0]?.length ?? 0;
  return {
    type: 'table',
    rows: rows.map((row) => row.map((text) => ({ type: 'raw_text', text: text === '' ? ' ' : text }))),
    column_settings: Array.from({ length: width }, (_, column) => ({
      align: right.includes(column) ? ('right' as const) : ('left' as const),
      ...(wrapped.includes(column) && { is_wrapped: true }),
    })),
  };
}

/** `verbatim` stops Slack from making links and mentions out of plain text, such as a customer's name. */
export function mrkdwn(text: string): MrkdwnElement {
  return { type: 'mrkdwn', text, verbatim: true };
}

export function plain(text: string): PlainTextElement {
  return { type: 'plain_text', text, emoji: true };
}
