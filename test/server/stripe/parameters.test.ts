import type Stripe from 'stripe';
import {
  choice,
  integer,
  metadata,
  readParameters,
  shape,
  text,
  type Parameters,
} from '../../../server/demo/stripe/fields';
import { canonicalForm, readForm } from '../../../server/demo/stripe/form';
import { Refusal } from '../../../server/demo/stripe/errors';

/** What is accepted must be what the stripe package can send: TypeScript checks the names, here and in every route. */
const REFUND: Parameters<Stripe.RefundCreateParams> = {
  fields: { amount: integer(1), metadata, reason: choice('duplicate', 'fraudulent', 'requested_by_customer') },
};
const PAYMENT: Parameters<Stripe.PaymentIntentCreateParams> = {
  fields: {
    currency: text(3),
    // @ts-expect-error Taken out of the package with version 23.
    payment_method_types: text(),
  },
  // @ts-expect-error No parameter of a PaymentIntent.
  required: ['price'],
};
const ITEM = shape<Stripe.Checkout.SessionCreateParams.LineItem.PriceData>({
  fields: {
    unit_amount: integer(0),
    // @ts-expect-error The name of another time.
    amount: integer(0),
  },
});

const read = (query: string) => readParameters(readForm(query) ?? {}, REFUND);

describe('parameters', () => {
  it('are read into what the package means by them', () => {
    expect(read('amount=2000&reason=duplicate&metadata[payment]=7')).toEqual({
      amount: 2_000,
      reason: 'duplicate',
      metadata: { payment: '7' },
    });
    expect([PAYMENT.required, ITEM.kind]).toEqual([['price'], 'shape']);
  });

  it.each([
    ['amount=0', 'amount'],
    ['amount=1e3', 'amount'],
    ['amount[0]=1', 'amount'],
    ['reason=why', 'reason'],
    ['__proto__=1', '__proto__'],
    ['constructor[a]=1', 'constructor'],
    [`metadata[${'k'.repeat(41)}]=1`, 'metadata'],
    [`metadata[k]=${'v'.repeat(501)}`, 'metadata[k]'],
    ['metadata[k][l]=1', 'metadata[k]'],
  ])('%.30s is refused', (query, param) => {
    expect(() => read(query)).toThrow(Refusal);
    try {
      read(query);
    } catch (refusal) {
      expect((refusal as Refusal).body).toMatchObject({ type: 'invalid_request_error', param });
    }
  });

  it('nest in brackets, with lists by number or without', () => {
    expect(readForm('a[0][b][c]=1&a[1][b]=2&d[]=3&d[]=4&e=')).toEqual({
      a: [{ b: { c: '1' } }, { b: '2' }],
      d: ['3', '4'],
      e: '',
    });
    expect([readForm('a[b=1'), readForm('[a]=1')]).toEqual([null, null]);
  });

  it('are the same in whatever order they were sent', () => {
    expect(canonicalForm('a=1&b[c]=2')).toBe(canonicalForm('b%5Bc%5D=2&a=1'));
    expect(canonicalForm('a=1')).not.toBe(canonicalForm('a=2'));
  });
});
