import { isRecord, parseJson, type Json } from './json';
import type { ArgumentType } from './methods/method';

/** A call's arguments as they were sent; `isForm`: all of them were strings then. */
export interface ReadArguments {
  readonly values: Json;
  readonly isForm: boolean;
}

/**
 * Reads a call's body: a form, or JSON (docs.slack.dev, "Using the Slack Web API"). null: it is neither. What a form
 * holds as JSON (blocks, a view) is read as that.
 */
export function readArguments(
  contentType: string | undefined,
  body: string,
): ReadArguments | 'invalid_post_type' | null {
  const type = contentType?.split(';')[0]?.trim();
  if (body === '') return { values: {}, isForm: true };
  if (type === 'application/json') {
    const parsed = parseJson(body);
    return isRecord(parsed) ? { values: parsed, isForm: false } : null;
  }
  if (type === undefined) return null;
  if (type !== 'application/x-www-form-urlencoded') return 'invalid_post_type';
  const values = Object.fromEntries(
    [...new URLSearchParams(body)].map(([name, value]): [string, unknown] => [
      name,
      STRUCTURED.has(name) ? (parseJson(value) ?? value) : value,
    ]),
  );
  return { values, isForm: true };
}

const STRUCTURED = new Set(['blocks', 'metadata', 'view', 'files', 'file_ids']);

/** What is wrong with a call's arguments, in Slack's words; an empty list when they are a method's. */
export function strangeArguments(
  { values, isForm }: ReadArguments,
  types: Readonly<Record<string, ArgumentType>>,
  passedOver: readonly string[],
): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    // Bolt's client says with every call which workspace it is about; Slack heeds that with tokens of an organisation only.
    if (name === 'token' || name === 'team_id' || passedOver.includes(name)) return [];
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (!type) return [`[ERROR] unknown argument: ${name}`];
    return fits(value, type, isForm) ? [] : [`[ERROR] ${name}: not a ${type}`];
  });
}

function fits(value: unknown, type: ArgumentType, isForm: boolean): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return isForm ? ['true', 'false', '1', '0'].includes(String(value)) : typeof value === 'boolean';
    case 'integer':
      return isForm ? /^\d+$/.test(String(value)) : Number.isInteger(value);
    case 'list':
      return typeof value === 'string' || Array.isArray(value);
    case 'json':
      // What is no JSON is the method's to refuse: invalid_blocks_format and the like.
      return typeof value === 'string' || typeof value === 'object';
  }
}
