import type { Account, StripeState } from './state';
import type { Events } from './events';
import { readParameters, type Parameters } from './fields';
import type { Form } from './form';

/** The request that something happens in; null: it happened by itself. */
export interface Cause {
  readonly id: string;
  readonly idempotencyKey: string | null;
}

/** Where something happens: the account, and what it changes. */
export interface World {
  readonly state: StripeState;
  readonly account: Account;
  readonly events: Events;
  readonly cause: Cause | null;
}

export interface Call<P> extends World {
  readonly params: P;
  /** What stands in the address: /v1/refunds/:id. */
  readonly ids: readonly string[];
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** /v1/refunds/:id */
  readonly path: string;
  /** What a restricted key must be allowed to read, or write. */
  readonly resource: string;
  /** Reads the parameters (a Refusal is not kept under an idempotency key) and returns what is to be done (its is). */
  begin(form: Form, world: World, ids: readonly string[]): { run: () => object; expand: readonly string[] };
}

/** A call of the API. `P` is the stripe package's type of its parameters. */
export function route<P>(
  address: `${Route['method']} /v1/${string}`,
  resource: string,
  parameters: Parameters<P>,
  run: (call: Call<P>) => object,
): Route {
  const [method, path] = address.split(' ') as [Route['method'], string];
  return {
    method,
    path,
    resource,
    begin(form, world, ids) {
      const params = readParameters(form, parameters);
      const expand = (params as { expand?: string[] }).expand ?? [];
      return { run: () => run({ ...world, params, ids }), expand };
    },
  };
}
