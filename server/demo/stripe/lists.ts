import type Stripe from 'stripe';
import { missing } from './errors';

interface PageParameters extends Stripe.PaginationParams {
  created?: Stripe.RangeQueryParam | number;
}

/** A page of a list, newest first, as Stripe cuts it. @throws Refusal 400: the cursor is not in the list. */
export function pageOf<T extends { id: string; created?: number }>(
  url: string,
  oldestFirst: Iterable<T>,
  parameters: PageParameters,
  matches: (one: T) => boolean = () => true,
): Stripe.ApiList<T> {
  const { limit = 10, starting_after: after, ending_before: before, created } = parameters;
  const all = [...oldestFirst].reverse();
  const cursor = after ?? before;
  const at = cursor === undefined ? -1 : all.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && at < 0)
    throw missing('object', cursor, after === undefined ? 'ending_before' : 'starting_after', 400);
  const range = before === undefined ? all.slice(at + 1) : all.slice(0, at);
  const found = range.filter((one) => matches(one) && isWithin(one.created ?? 0, created));
  const data = before === undefined ? found.slice(0, limit) : found.slice(-limit);
  return { object: 'list', data, has_more: found.length > data.length, url };
}

function isWithin(time: number, range: Stripe.RangeQueryParam | number | undefined): boolean {
  if (range === undefined) return true;
  if (typeof range === 'number') return time === range;
  const { gt, gte, lt, lte } = range;
  return (
    (gt === undefined || time > gt) &&
    (gte === undefined || time >= gte) &&
    (lt === undefined || time < lt) &&
    (lte === undefined || time <= lte)
  );
}
