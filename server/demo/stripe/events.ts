import type Stripe from 'stripe';
import { expand, page, range, text, list } from './fields';
import { pageOf } from './lists';
import { route, type Cause, type Route } from './route';
import { API_VERSION, type Account, type StripeState } from './state';

/** What happened, told to whoever listens, and kept for GET /v1/events. */
export class Events {
  #listener: (event: Stripe.Event, account: Account) => void = () => undefined;

  constructor(readonly state: StripeState) {}

  listen(listener: (event: Stripe.Event, account: Account) => void): void {
    this.#listener = listener;
  }

  /** `object` as it is now: an event keeps what it said. */
  add(account: Account, cause: Cause | null, type: Stripe.Event.Type, object: object): Stripe.Event {
    const event = {
      id: this.state.id('event'),
      object: 'event',
      ...(account.isHost ? {} : { account: account.id }),
      api_version: API_VERSION,
      created: this.state.seconds(),
      data: { object: structuredClone(object) },
      livemode: false,
      pending_webhooks: 0,
      request: { id: cause?.id ?? null, idempotency_key: cause?.idempotencyKey ?? null },
      type,
    } as Stripe.Event; // The union ties each type to its object: its callers do.
    account.add('event', event);
    this.#listener(event, account);
    return event;
  }
}

export const EVENTS: readonly Route[] = [
  route<Stripe.EventRetrieveParams>(
    'GET /v1/events/:id',
    'event',
    { fields: { expand } },
    ({ account, ids: [id = ''] }) => account.get('event', id),
  ),
  route<Stripe.EventListParams>(
    'GET /v1/events',
    'event',
    { fields: { ...page, created: range, type: text(), types: list(text(), 20) } },
    ({ account, params }) =>
      pageOf('/v1/events', account.all('event').values(), params, ({ type }) => {
        const wanted = params.types ?? (params.type === undefined ? null : [params.type]);
        return wanted === null || wanted.some((one) => matchesType(type, one));
      }),
  ),
];

/** `charge.*` and `*` stand for many. */
export function matchesType(type: string, pattern: string): boolean {
  return pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));
}
