import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { startFakeStripe, type FakeStripe } from '../../../server/demo/stripe';
import { refused, said, unlike, type Refused } from './witness';

/**
 * stripe-stateful-mock was written beside the real Stripe of 2020, each of its tests run against both. Ours is held
 * against it where they overlap: charges, refunds, accounts, keys, keys of idempotency. Where the two differ, the reason
 * stands here.
 */
const SINCE_2020 = {
  'destination null': 'replaced by transfer_data',
  'dispute null': 'read by /v1/disputes?charge= since 2020-08-27',
  'invoice null': 'replaced by invoice payments',
  'payment_intent null': 'a charge is made by a PaymentIntent',
  'order null': 'the Orders API is gone',
  'refunds.object "list"': 'only when expanded, since 2022-11-15',
  'refunds.data []': 'as above',
  'refunds.has_more false': 'as above',
  'refunds.url "/v1/charges/CHARGE/refunds"': 'as above',
} as const;

/** Where its values are another card's, or made up. */
const OF_THE_CARD =
  /^(source|billing_details|payment_method_details\.card\.(country|checks|exp_|fingerprint|funding)|outcome\.risk_score|receipt_url|calculated_statement|payment_method )/;

const KEY = 'sk_test_bothknowthiskey';
let fake: FakeStripe;
let mock: Server;
let ours: Stripe;
let theirs: Stripe;
beforeAll(async () => {
  fake = await startFakeStripe({ keys: { [KEY]: 'all' } });
  ours = new Stripe(KEY, { ...fake.config, maxNetworkRetries: 0 });
  const { createExpressApp } = jest.requireActual<{ createExpressApp: () => RequestListener }>('stripe-stateful-mock');
  jest.requireActual<{ setLevel: (level: string) => void }>('loglevel').setLevel('silent');
  mock = createServer(createExpressApp());
  await new Promise<void>((listening) => mock.listen(0, '127.0.0.1', listening));
  theirs = new Stripe(KEY, { ...fake.config, port: portOfMock(), maxNetworkRetries: 0 });
});
afterAll(async () => {
  mock.closeAllConnections();
  await Promise.all([new Promise((closed) => mock.close(closed)), fake.close()]);
});

function portOfMock(): number {
  return (mock.address() as AddressInfo).port;
}

/** A charge of 60 dollars: by a PaymentIntent, as it is made today; by a token, as the mock has it. */
async function charged(stripe: Stripe, account?: string): Promise<Stripe.Charge> {
  const options = account === undefined ? {} : { stripeAccount: account };
  const shared = { amount: 6_000, currency: 'usd', description: 'Top-up', metadata: { a: '1' } };
  if (stripe === theirs) return stripe.charges.create({ ...shared, source: 'tok_visa' }, options);
  const intent = await stripe.paymentIntents.create(
    { ...shared, payment_method: 'pm_card_visa', confirm: true, return_url: 'https://talktime.example' },
    options,
  );
  return stripe.charges.retrieve(intent.latest_charge as string, {}, options);
}

const both = async <T>(call: (stripe: Stripe) => Promise<T>): Promise<[T, T]> => [await call(ours), await call(theirs)];
/** What holds of a refusal whatever is named in it. */
const kind = ({ status, type, code }: Refused) => ({ status, type, code });
const unnamed = ({ message }: Refused) => message.replaceAll(/'?(ch|re|acct)_\w+'?/g, '$1');

describe('the fake Stripe and stripe-stateful-mock answer alike', () => {
  it('a charge, but for what changed since 2020', async () => {
    const [we, they] = await both(charged);
    const different = unlike(we, they)
      .map((path) => path.replace(they.id, 'CHARGE'))
      .filter((path) => !OF_THE_CARD.test(path) && !(path in SINCE_2020));
    expect(different).toEqual([]);
    expect(said(we)).toContain('payment_method_details.card.last4 "4242"');
  });

  it('refunds, and the charge that they are of', async () => {
    const [we, they] = await both(async (stripe) => {
      const { id } = await charged(stripe);
      const part = await stripe.refunds.create({
        charge: id,
        amount: 2_000,
        reason: 'duplicate',
        metadata: { a: '1' },
      });
      const half = await stripe.charges.retrieve(id);
      const rest = await stripe.refunds.create({ charge: id });
      const { amount_refunded: amount, refunded } = await stripe.charges.retrieve(id);
      const { data } = await stripe.refunds.list({ charge: id });
      return {
        refunds: [part, rest, await stripe.refunds.retrieve(part.id)],
        totals: [half.amount_refunded, half.refunded, amount, refunded],
        amounts: data.map((one) => one.amount).sort(),
      };
    });
    // A refund by a PaymentIntent's charge names it; the mock's charges have none.
    we.refunds.forEach((one, index) => expect(unlike(one, they.refunds[index])).toEqual(['payment_intent null']));
    expect([we.totals, we.amounts]).toEqual([they.totals, they.amounts]);
  });

  it('an account', async () => {
    const [we, they] = await both((stripe) =>
      stripe.accounts.create({ type: 'standard', country: 'DE', email: 'a@b.example' }),
    );
    // The mock tells of a business and settings that only their owner fills in: ours has none until then.
    expect(unlike(we, they).filter((path) => !/^(business_profile|settings)\./.test(path))).toEqual([]);
  });
});

describe('the fake Stripe and stripe-stateful-mock refuse alike', () => {
  it.each<{ what: string; call: (stripe: Stripe, charge: string) => Promise<unknown>; words?: 'other' }>([
    { what: 'a refund of no such charge', call: (stripe) => stripe.refunds.create({ charge: 'ch_no' }) },
    { what: 'a refund of nothing', call: (stripe, charge) => stripe.refunds.create({ charge, amount: 0 }) },
    {
      // The mock writes $40, Stripe $40.00.
      what: 'a refund of more than there is',
      call: (stripe, charge) => stripe.refunds.create({ charge, amount: 6_001 }),
      words: 'other',
    },
    {
      what: 'a refund of what was refunded',
      call: async (stripe, charge) => {
        await stripe.refunds.create({ charge });
        return stripe.refunds.create({ charge });
      },
    },
    { what: 'no such charge', call: (stripe) => stripe.charges.retrieve('ch_no') },
    { what: 'no such refund', call: (stripe) => stripe.refunds.retrieve('re_no') },
    { what: 'no such account', call: (stripe) => stripe.accounts.retrieve('acct_no') },
    {
      what: 'an account of somebody else',
      call: (stripe) => stripe.charges.list({}, { stripeAccount: 'acct_no' }),
    },
    {
      what: 'a wrong key',
      call: (stripe) => stripe.charges.list({}, { apiKey: 'pk_live_whatisthatkeyhere' }),
    },
  ])('$what', async ({ call, words }) => {
    const [we, they] = await both(async (stripe) => refused(call(stripe, (await charged(stripe)).id)));
    expect(kind(we)).toEqual(kind(they));
    expect(we.param).toEqual(they.param);
    if (words !== 'other') expect(unnamed(we)).toBe(unnamed(they));
  });

  it('a declined card: the code, the words, and what of the charge', async () => {
    const [we, they] = await both(async (stripe) => {
      const decline =
        stripe === theirs
          ? stripe.charges.create({ amount: 500, currency: 'usd', source: 'tok_chargeDeclinedInsufficientFunds' })
          : stripe.paymentIntents.create({
              amount: 500,
              currency: 'usd',
              payment_method: 'pm_card_visa_chargeDeclinedInsufficientFunds',
              confirm: true,
              return_url: 'https://talktime.example',
            });
      const error = await decline.catch((thrown: unknown) => thrown as Stripe.errors.StripeCardError);
      const { statusCode, rawType, code, decline_code: declineCode, message } = error as Stripe.errors.StripeCardError;
      const charge = await stripe.charges.retrieve(String((error as Stripe.errors.StripeCardError).charge));
      const { status, paid, failure_code: failure, failure_message: why } = charge;
      return {
        statusCode,
        rawType,
        code,
        declineCode,
        message,
        status,
        paid,
        failure,
        why,
        type: charge.outcome?.type,
      };
    });
    expect(we).toEqual(they);
  });
});

describe('keys of idempotency', () => {
  it('are replayed, belong to an account, and are refused with other parameters, alike', async () => {
    const [we, they] = await both(async (stripe) => {
      const { id } = await charged(stripe);
      const refund = (amount: number) => stripe.refunds.create({ charge: id, amount }, { idempotencyKey: 'the key' });
      const [one, two] = [await refund(1_000), await refund(1_000)];
      const changed = await refused(refund(2_000));
      const account = stripe === ours ? fake.addAccount() : (await stripe.accounts.create({ type: 'standard' })).id;
      const other = await charged(stripe, account);
      const theirs = await stripe.refunds.create(
        { charge: other.id, amount: 1_000 },
        { idempotencyKey: 'the key', stripeAccount: account },
      );
      return {
        isSame: one.id === two.id,
        replayed: two.lastResponse.headers['idempotent-replayed'],
        isOriginal: two.lastResponse.headers['original-request'] === one.lastResponse.requestId,
        isOther: theirs.id !== one.id,
        changed,
        refunded: (await stripe.charges.retrieve(id)).amount_refunded,
      };
    });
    expect(we).toEqual(they);
  });

  it('what was refused once it was begun is refused again', async () => {
    const [we, they] = await both(async (stripe) => {
      const { id } = await charged(stripe);
      const refund = () => stripe.refunds.create({ charge: id, amount: 6_001 }, { idempotencyKey: 'too much' });
      const first = await refused(refund());
      const second = await refused(refund());
      return [kind(first), first.message === second.message];
    });
    expect(we).toEqual(they);
  });
});
