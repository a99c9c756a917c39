import type {
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  MrkdwnElement,
  PlainTextElement,
  SectionBlock,
} from '@slack/types';

/** The blocks that Talktime's messages are made of. A new kind is added here, and then the compiler asks `draw` for it. */
export type MessageBlock = HeaderBlock | SectionBlock | ContextBlock | DividerBlock;

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

/** `verbatim` stops Slack from making links and mentions out of plain text, such as a customer's name. */
function mrkdwn(text: string): MrkdwnElement {
  return { type: 'mrkdwn', text, verbatim: true };
}

function plain(text: string): PlainTextElement {
  return { type: 'plain_text', text, emoji: true };
}
