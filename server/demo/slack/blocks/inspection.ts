import { isRecord, type Json } from '../json';

export type Surface = 'message' | 'modal' | 'home';

export interface InspectionOptions {
  /** Whether the workspace knows data_visualization; those that do not have it yet refuse it. */
  readonly charts?: boolean;
  /** Whether a file is one that was uploaded and is an image; without it any id will do. */
  readonly isImage?: (file: { id?: unknown; url?: unknown }) => boolean;
}

/** What was found wrong in a message or a view so far, each with where (a JSON pointer), and how much text there is. */
export class Inspection {
  readonly problems: string[] = [];
  /** Characters of text in blocks, all together. */
  characters = 0;
  markdown = 0;
  tables = 0;
  charts = 0;
  focused = 0;
  readonly blockIds = new Set<string>();

  constructor(
    readonly surface: Surface,
    readonly options: InspectionOptions = {},
  ) {}

  problem(at: string, what: string): void {
    this.problems.push(`${what} [json-pointer:${at}]`);
  }

  /** Refuses what an object may not have and names what it lacks. */
  keys(value: Json, at: string, name: string, allowed: readonly string[], required: readonly string[] = []): void {
    for (const key of Object.keys(value)) {
      if (key !== 'type' && !allowed.includes(key) && value[key] !== undefined)
        this.problem(at, `${name} has no ${key}`);
    }
    for (const key of required) if (value[key] === undefined) this.problem(at, `${name}: missing ${key}`);
  }

  record(value: unknown, at: string, name: string): Json | null {
    if (isRecord(value)) return value;
    this.problem(at, `${name}: not an object`);
    return null;
  }

  list(value: unknown, at: string, name: string, least: number, most: number): unknown[] {
    if (Array.isArray(value) && value.length >= least && value.length <= most) return value;
    this.problem(at, `${name}: not ${least} to ${most}`);
    return Array.isArray(value) ? value.slice(0, most) : [];
  }

  /** A plain string, such as an id or a button's value. */
  string(value: unknown, at: string, name: string, most: number, least = 1): void {
    if (value === undefined) return;
    if (typeof value !== 'string') return this.problem(at, `${name}: not a string`);
    if (value.length < least) this.problem(at, `${name}: ${value.length === 0 ? 'empty' : 'too short'}`);
    if (value.length > most) this.problem(at, `${name}: ${value.length} characters, of ${most}`);
  }

  boolean(value: unknown, at: string, name: string): void {
    if (value !== undefined && typeof value !== 'boolean') this.problem(at, `${name}: not true or false`);
  }

  integer(value: unknown, at: string, name: string, least: number, most: number): void {
    if (value === undefined) return;
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
      this.problem(at, `${name}: not a whole number from ${least} to ${most}`);
  }

  oneOf(value: unknown, at: string, name: string, allowed: readonly unknown[]): void {
    if (value !== undefined && !allowed.includes(value))
      this.problem(at, `${name}: ${JSON.stringify(value)}, of ${allowed.join(' or ')}`);
  }

  url(value: unknown, at: string, name: string, most = 3_000): void {
    if (value === undefined) return;
    this.string(value, at, name, most);
    if (typeof value === 'string' && !URL.canParse(value)) this.problem(at, `${name}: not an address`);
  }

  /** A text object (docs.slack.dev, "Text object"). Its characters count towards the total. */
  textObject(value: unknown, at: string, name: string, most: number, kinds: readonly string[] = ['plain_text']): void {
    if (!isRecord(value) || typeof value.text !== 'string') return this.problem(at, `${name}: not a text object`);
    this.characters += value.text.length;
    if (!kinds.includes(String(value.type)))
      this.problem(at, `${name}: ${String(value.type)}, of ${kinds.join(' or ')}`);
    this.string(value.text, at, name, most);
    this.keys(value, at, name, ['text', value.type === 'mrkdwn' ? 'verbatim' : 'emoji']);
    this.boolean(value.emoji, at, 'emoji');
    this.boolean(value.verbatim, at, 'verbatim');
  }
}

export const ANY_TEXT: readonly string[] = ['mrkdwn', 'plain_text'];
