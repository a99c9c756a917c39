import { invalid } from './errors';
import type { Account, Kind } from './state';

/** Fields that hold an id and can be expanded, and what it is the id of. */
const REFERENCES: Readonly<Record<string, Kind>> = {
  customer: 'customer',
  payment_intent: 'paymentIntent',
  setup_intent: 'setupIntent',
  payment_method: 'paymentMethod',
  default_payment_method: 'paymentMethod',
  latest_charge: 'charge',
  charge: 'charge',
};

type Json = Record<string, unknown>;

/** An answer with what `expand[]` asked for. @throws Refusal 400: it cannot be expanded. */
export function expanded(answer: object, paths: readonly string[], account: Account): object {
  const copy = structuredClone(answer) as Json;
  for (const path of paths) {
    const names = path.split('.');
    if (names.length > 4) throw invalid('You cannot expand more than 4 levels of a property', undefined, 'expand');
    open(copy, names, path, account);
  }
  return copy;
}

function open(object: Json, [name = '', ...rest]: readonly string[], path: string, account: Account): void {
  if (object.object === 'list' && name === 'data') {
    if (rest.length === 0) throw cannot(path);
    for (const one of object.data as Json[]) open(one, rest, path, account);
    return;
  }
  const included = inclusion(object, name, account);
  if (included !== undefined) object[name] = included;
  if (!Object.hasOwn(object, name)) throw cannot(path);
  const value = object[name];
  const kind = REFERENCES[name];
  if (typeof value === 'string') {
    if (kind === undefined) throw cannot(path);
    object[name] = structuredClone(account.all(kind).get(value)) ?? value;
  }
  const inner = object[name];
  if (rest.length > 0 && typeof inner === 'object' && inner !== null) open(inner as Json, rest, path, account);
}

/** Lists that an object only carries when they are asked for. */
function inclusion(object: Json, name: string, account: Account): object | undefined {
  const id = String(object.id);
  if (object.object === 'charge' && name === 'refunds') {
    const data = [...account.all('refund').values()].filter(({ charge }) => charge === id).reverse();
    return structuredClone({ object: 'list', data, has_more: false, url: `/v1/charges/${id}/refunds` });
  }
  if (object.object === 'checkout.session' && name === 'line_items') {
    const data = account.lineItems.get(id) ?? [];
    return structuredClone({ object: 'list', data, has_more: false, url: `/v1/checkout/sessions/${id}/line_items` });
  }
  return undefined;
}

function cannot(path: string) {
  return invalid(`This property cannot be expanded (${path}).`, undefined, 'expand');
}
