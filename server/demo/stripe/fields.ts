import type Stripe from 'stripe';
import { invalid } from './errors';
import { isForm, type Form, type FormValue } from './form';

/** What kind of value a parameter takes. */
export type Field =
  | { readonly kind: 'text'; readonly most: number; readonly unset: boolean }
  | { readonly kind: 'integer'; readonly least: number; readonly most: number }
  | { readonly kind: 'number' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'metadata' }
  | { readonly kind: 'range' }
  | { readonly kind: 'list'; readonly of: Field; readonly most: number }
  | { readonly kind: 'shape'; readonly parameters: Parameters<object> };

/**
 * The parameters that a call takes. Their names must exist in the stripe package's own type of that call: a parameter
 * that Stripe does not know cannot be accepted here by mistake.
 */
export interface Parameters<P> {
  readonly fields: { readonly [K in keyof P]?: Field };
  readonly required?: readonly (keyof P & string)[];
}

export const text = (most = 5_000): Field => ({ kind: 'text', most, unset: false });
/** An empty string takes it away. */
export const unsettable = (most = 5_000): Field => ({ kind: 'text', most, unset: true });
export const integer = (least = 0, most = Number.MAX_SAFE_INTEGER): Field => ({ kind: 'integer', least, most });
export const number: Field = { kind: 'number' };
export const flag: Field = { kind: 'flag' };
export const choice = <T extends string>(...of: readonly T[]): Field => ({ kind: 'choice', of });
export const metadata: Field = { kind: 'metadata' };
export const range: Field = { kind: 'range' };
export const list = (of: Field, most = 100): Field => ({ kind: 'list', of, most });
export const shape = <P extends object>(parameters: Parameters<P>): Field => ({
  kind: 'shape',
  parameters: parameters as Parameters<object>,
});

export const expand: Field = list(text(), 20);
export const page = {
  limit: integer(1, 100),
  starting_after: text(),
  ending_before: text(),
  expand,
} satisfies { [K in keyof (Stripe.PaginationParams & { expand: string[] })]: Field };

/** Reads a form by what a call takes. @throws Refusal 400, in Stripe's words. */
export function readParameters<P>(form: Form, parameters: Parameters<P>, at = ''): P {
  const fields: Readonly<Record<string, Field | undefined>> = parameters.fields;
  const strange = Object.keys(form).filter((name) => !Object.hasOwn(fields, name));
  const [first] = strange;
  if (first !== undefined) {
    const names = strange.map((name) => under(at, name));
    const message = `Received unknown parameter${names.length > 1 ? 's' : ''}: ${names.join(', ')}`;
    throw invalid(message, 'parameter_unknown', under(at, first));
  }
  for (const name of parameters.required ?? [])
    if (!Object.hasOwn(form, name))
      throw invalid(`Missing required param: ${under(at, name)}.`, 'parameter_missing', under(at, name));
  const read = Object.entries(form).flatMap(([name, value]): [string, unknown][] => {
    const field = fields[name];
    return field ? [[name, readField(value, field, under(at, name))]] : [];
  });
  // Each value was read by its field, and each field stands under a name of P's.
  return Object.fromEntries(read) as P;
}

function under(at: string, name: string): string {
  return at === '' ? name : `${at}[${name}]`;
}

function readField(value: FormValue, field: Field, at: string): unknown {
  switch (field.kind) {
    case 'list':
      if (value === '') return [];
      if (!Array.isArray(value)) throw invalid('Invalid array', undefined, at);
      if (value.length > field.most) throw invalid(`Array exceeds ${field.most} elements`, undefined, at);
      return value.map((one, index) => readField(one, field.of, `${at}[${index}]`));
    case 'shape':
      if (!isForm(value)) throw invalid('Invalid object', undefined, at);
      return readParameters(value, field.parameters, at);
    case 'metadata':
      return readMetadata(value, at);
    case 'range':
      return readRange(value, at);
    default:
      if (typeof value !== 'string')
        throw invalid(
          `Invalid ${field.kind === 'text' ? 'string' : field.kind}: ${JSON.stringify(value)}`,
          undefined,
          at,
        );
      return readScalar(value, field, at);
  }
}

type Scalar = Extract<Field, { kind: 'text' | 'integer' | 'number' | 'flag' | 'choice' }>;

function readScalar(value: string, field: Scalar, at: string): unknown {
  if (value === '' && !(field.kind === 'text' && field.unset))
    throw invalid(
      `You passed an empty string for '${at}'. We assume empty values are an attempt to unset a parameter; however '${at}' cannot be unset. You should remove '${at}' from your request or supply a non-empty value.`,
      'parameter_invalid_empty',
      at,
    );
  switch (field.kind) {
    case 'text':
      if (value.length > field.most)
        throw invalid(
          `Invalid string: ${value.slice(0, 10)}…${value.slice(-3)}; must be at most ${field.most} characters`,
          undefined,
          at,
        );
      return value;
    case 'integer':
      return readInteger(value, field, at);
    case 'number':
      if (!/^-?\d+(\.\d+)?$/.test(value)) throw invalid(`Invalid decimal: ${value}`, undefined, at);
      return Number(value);
    case 'flag':
      if (value !== 'true' && value !== 'false') throw invalid(`Invalid boolean: ${value}`, undefined, at);
      return value === 'true';
    case 'choice':
      if (!field.of.includes(value))
        throw invalid(`Invalid ${at}: must be one of ${alternatives(field.of)}`, undefined, at);
      return value;
  }
}

function readInteger(value: string, { least, most }: { least: number; most: number }, at: string): number {
  if (!/^-?\d{1,16}$/.test(value)) throw invalid(`Invalid integer: ${value}`, 'parameter_invalid_integer', at);
  const integer = Number(value);
  if (integer < least)
    throw invalid(
      least === 1 ? 'Invalid positive integer' : `This value must be greater than or equal to ${least}.`,
      'parameter_invalid_integer',
      at,
    );
  if (integer > most)
    throw invalid(
      `This value must be less than or equal to ${most} (it currently is '${value}').`,
      'parameter_invalid_integer',
      at,
    );
  return integer;
}

/** docs.stripe.com/api/metadata: 50 keys of 40 characters, values of 500. An empty string takes one, or all, away. */
function readMetadata(value: FormValue, at: string): Record<string, string> {
  if (value === '') return {};
  if (!isForm(value)) throw invalid('Invalid object', undefined, at);
  const entries = Object.entries(value);
  if (entries.length > 50) throw invalid('Metadata can have up to 50 keys', undefined, at);
  for (const [key, one] of entries) {
    if (typeof one !== 'string') throw invalid(`Invalid string: ${JSON.stringify(one)}`, undefined, under(at, key));
    if (key.length > 40) throw invalid(`Metadata keys can have up to 40 characters: ${key}`, undefined, at);
    if (one.length > 500)
      throw invalid(
        `Metadata values can have up to 500 characters, but you passed in a value that is ${one.length} characters.`,
        undefined,
        under(at, key),
      );
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

const BOUNDS = ['gt', 'gte', 'lt', 'lte'] satisfies readonly (keyof Stripe.RangeQueryParam)[];

function readRange(value: FormValue, at: string): number | Stripe.RangeQueryParam {
  const second = integer(0) as { kind: 'integer'; least: number; most: number };
  if (typeof value === 'string') return readInteger(value, second, at);
  return readParameters<Stripe.RangeQueryParam>(
    isForm(value) ? value : {},
    { fields: Object.fromEntries(BOUNDS.map((bound) => [bound, second])) },
    at,
  );
}

function alternatives(words: readonly string[]): string {
  if (words.length < 3) return words.join(' or ');
  return `${words.slice(0, -1).join(', ')}, or ${words.at(-1)}`;
}
