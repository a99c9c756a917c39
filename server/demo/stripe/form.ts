/** What a form says: v1 of the API sends nested values in brackets, `line_items[0][price_data][currency]=usd`. */
export type FormValue = string | FormValue[] | Form;
export interface Form {
  [name: string]: FormValue;
}

/** null: a name that is no name in brackets. */
export function readForm(text: string): Form | null {
  const form: Form = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = pathOf(name);
    if (path === null) return null;
    put(form, path, value);
  }
  return listed(form) as Form;
}

/** The same for the same content, in whatever order it was sent: what an idempotency key is held to. */
export function canonicalForm(text: string): string {
  return [...new URLSearchParams(text)]
    .map(([name, value]) => JSON.stringify([name, value]))
    .sort()
    .join('\n');
}

export function isForm(value: FormValue | undefined): value is Form {
  return typeof value === 'object' && !Array.isArray(value);
}

function pathOf(name: string): string[] | null {
  const first = /^[^[\]]+/.exec(name)?.[0];
  if (first === undefined) return null;
  const rest = name.slice(first.length);
  if (!/^(\[[^[\]]*\])*$/.test(rest)) return null;
  return [first, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, inner]) => inner ?? '')];
}

function put(form: Form, [head = '', ...rest]: readonly string[], value: string): void {
  const name = head === '' ? String(Object.keys(form).length) : head;
  if (rest.length === 0) {
    define(form, name, value);
    return;
  }
  const inner = Object.hasOwn(form, name) ? form[name] : undefined;
  const next: Form = isForm(inner) ? inner : {};
  if (next !== inner) define(form, name, next);
  put(next, rest, value);
}

/** A name such as __proto__ is a name like any other. */
function define(form: Form, name: string, value: FormValue): void {
  Object.defineProperty(form, name, { value, enumerable: true, configurable: true, writable: true });
}

/** `expand[0]`, `expand[1]` make a list. */
function listed(value: FormValue): FormValue {
  if (!isForm(value)) return value;
  const names = Object.keys(value);
  const isList = names.length > 0 && names.every((name, index) => name === String(index));
  if (isList) return Object.values(value).map(listed);
  const form: Form = {};
  for (const name of names) define(form, name, listed(value[name] ?? ''));
  return form;
}
