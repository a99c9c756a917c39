import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Stripe from 'stripe';
import { startFakeStripe, type FakeStripe } from '../../../server/demo/stripe';
import { refused, unlike } from './witness';

/**
 * Our fake is not the only witness: the real stripe package sends the same to it and to emulate's Stripe, wherever both
 * answer. emulate knows no keys of idempotency, declines, refunds, disputes, accounts or delayed methods, and accepts any
 * parameter: for those, stateful-mock.test.ts and the package's own types stand behind the fake. Where the two differ, the
 * reason stands here.
 */
const KNOWN_DIFFERENCES = {
  'a missing parameter has no code':
    'Stripe says parameter_missing (docs.stripe.com/error-codes); emulate says nothing',
  'other words for a session': 'Stripe says "No such checkout.session"',
} as const;

let fake: FakeStripe;
let emulator: ChildProcess;
let ours: Stripe;
let theirs: Stripe;
let port: number;
beforeAll(async () => {
  fake = await startFakeStripe();
  ours = new Stripe(fake.key, { ...fake.config, maxNetworkRetries: 0 });
  emulator = spawn(process.execPath, [join(__dirname, 'emulate-child.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(emulator.stdout ?? emulator, 'data')) as [Buffer];
  port = Number(line.toString());
  theirs = new Stripe('sk_test_emulate', { ...fake.config, port, maxNetworkRetries: 0 });
});
afterAll(async () => {
  emulator.stdin?.end();
  await Promise.all([once(emulator, 'exit'), fake.close()]);
});

const both = async <T>(call: (stripe: Stripe) => Promise<T>): Promise<[T, T]> => [await call(ours), await call(theirs)];
const BACK = {
  success_url: 'https://talktime.example/done?s={CHECKOUT_SESSION_ID}',
  cancel_url: 'https://talktime.example/back',
};

describe('the fake Stripe and emulate refuse alike', () => {
  interface Asked {
    readonly what: string;
    readonly call: (stripe: Stripe) => Promise<unknown>;
    readonly difference?: keyof typeof KNOWN_DIFFERENCES;
  }
  const nobody = 'cus_no';
  it.each<Asked>([
    { what: 'no such customer', call: (stripe) => stripe.customers.retrieve(nobody) },
    { what: 'a change of no such customer', call: (stripe) => stripe.customers.update(nobody, { name: 'x' }) },
    { what: 'no such PaymentIntent', call: (stripe) => stripe.paymentIntents.retrieve('pi_no') },
    { what: 'a confirmation of none', call: (stripe) => stripe.paymentIntents.confirm('pi_no') },
    { what: 'a cancellation of none', call: (stripe) => stripe.paymentIntents.cancel('pi_no') },
    { what: 'no such charge', call: (stripe) => stripe.charges.retrieve('ch_no') },
    {
      what: 'no such session',
      call: (stripe) => stripe.checkout.sessions.retrieve('cs_no'),
      difference: 'other words for a session',
    },
    {
      what: 'an end of no such session',
      call: (stripe) => stripe.checkout.sessions.expire('cs_no'),
      difference: 'other words for a session',
    },
    {
      what: 'a payment of nobody',
      call: (stripe) => stripe.paymentIntents.create({ amount: 500, currency: 'usd', customer: nobody }),
    },
    {
      what: 'a session of nobody',
      call: (stripe) => stripe.checkout.sessions.create({ mode: 'setup', currency: 'usd', customer: nobody, ...BACK }),
    },
    { what: 'the cards of nobody', call: (stripe) => stripe.paymentMethods.list({ customer: nobody }) },
    {
      what: 'no amount',
      call: (stripe) => stripe.paymentIntents.create({ currency: 'usd' } as Stripe.PaymentIntentCreateParams),
      difference: 'a missing parameter has no code',
    },
    {
      what: 'no mode',
      call: (stripe) => stripe.checkout.sessions.create({ ...BACK }),
      difference: 'a missing parameter has no code',
    },
  ])('$what', async ({ call, difference }) => {
    const [we, they] = await both((stripe) => refused(call(stripe)));
    expect([we.status, we.type]).toEqual([they.status, they.type]);
    if (they.param !== undefined) expect(we.param).toBe(they.param);
    const reason = difference && KNOWN_DIFFERENCES[difference];
    if (reason === KNOWN_DIFFERENCES['a missing parameter has no code']) {
      expect([we.code, they.code]).toEqual(['parameter_missing', undefined]);
      return;
    }
    expect(we.code).toBe(they.code);
    const words = they.message.replace('checkout session', 'checkout.session');
    expect(we.message).toBe(reason === KNOWN_DIFFERENCES['other words for a session'] ? words : they.message);
  });

  it('what was paid is neither confirmed nor canceled, and what is over does not expire', async () => {
    const states = await both(async (stripe) => {
      const { id } = await stripe.paymentIntents.create({
        amount: 500,
        currency: 'usd',
        payment_method: 'pm_card_visa',
      });
      await stripe.paymentIntents.confirm(id, { return_url: BACK.success_url });
      const session = await stripe.checkout.sessions.create({ mode: 'setup', currency: 'usd', ...BACK });
      await stripe.checkout.sessions.expire(session.id);
      const refusals = [
        await refused(stripe.paymentIntents.confirm(id, { return_url: BACK.success_url })),
        await refused(stripe.paymentIntents.cancel(id)),
      ];
      return [
        ...refusals.map(({ status, code }) => [status, code]),
        (await refused(stripe.checkout.sessions.expire(session.id))).status,
      ];
    });
    expect(states[0]).toEqual(states[1]);
  });
});

describe('the fake Stripe says all that emulate says', () => {
  it('of customers', async () => {
    const [we, they] = await both(async (stripe) => {
      const made = await stripe.customers.create({ email: 'mia@bright.example', name: 'Mia', metadata: { a: '1' } });
      const changed = await stripe.customers.update(made.id, { description: 'x', metadata: { a: '2' } });
      return [
        made,
        changed,
        await stripe.customers.retrieve(made.id),
        await stripe.customers.list({ email: 'mia@bright.example' }),
      ];
    });
    we.forEach((one, index) => expect(unlike(one, they[index])).toEqual([]));
  });

  it('of PaymentIntents and their charges', async () => {
    const [we, they] = await both(async (stripe) => {
      const customer = await stripe.customers.create();
      const made = await stripe.paymentIntents.create({
        amount: 6_000,
        currency: 'USD',
        customer: customer.id,
        description: 'Top-up',
        metadata: { talktime_payment: '1' },
        payment_method: 'pm_card_visa',
      });
      const confirmed = await stripe.paymentIntents.confirm(made.id, { return_url: BACK.success_url });
      const read = await stripe.paymentIntents.retrieve(made.id); // emulate overlooks expand[0].
      const charges = await stripe.charges.list({ customer: customer.id });
      const other = await stripe.paymentIntents.create({ amount: 700, currency: 'usd', customer: customer.id });
      const canceled = await stripe.paymentIntents.cancel(other.id);
      const listed = await stripe.paymentIntents.list({ customer: customer.id, limit: 1 });
      return [made, confirmed, read, charges, charges.data[0], other, canceled, listed];
    });
    const tokens = ['payment_method "pm_card_visa"', 'data[].payment_method "pm_card_visa"'];
    // A test name stands for a payment method that Stripe makes then; emulate keeps the name.
    we.forEach((one, index) => expect(unlike(one, they[index]).filter((path) => !tokens.includes(path))).toEqual([]));
  });

  it('of Checkout, its page, and where that leads', async () => {
    const [we, they] = await both(async (stripe) => {
      const customer = await stripe.customers.create();
      const item: Stripe.Checkout.SessionCreateParams.LineItem =
        stripe === ours
          ? { quantity: 1, price_data: { currency: 'usd', unit_amount: 6_000, product_data: { name: '100 minutes' } } }
          : { quantity: 1, price: await priceOf(stripe) }; // emulate sells nothing by price_data, ours by nothing else.
      const made = await stripe.checkout.sessions.create({
        mode: 'payment',
        customer: customer.id,
        metadata: { talktime_payment: '1' },
        line_items: [item],
        ...BACK,
      });
      const url = stripe === ours ? (made.url ?? '') : emulated(made.url ?? '');
      const page = await (await fetch(url)).text();
      const paid = await pay(url);
      const read = await stripe.checkout.sessions.retrieve(made.id);
      const other = await stripe.checkout.sessions.create({ mode: 'payment', line_items: [item], ...BACK });
      const expired = await stripe.checkout.sessions.expire(other.id);
      const listed = await stripe.checkout.sessions.list({ customer: customer.id });
      return {
        answers: [made, read, other, expired, listed],
        page: ['100 minutes', '$60.00'].map((words) => page.includes(words)),
        paid: [String(paid.status).slice(0, 1), paid.location?.replace(made.id, 'cs')],
      };
    });
    we.answers.forEach((one, index) => expect(unlike(one, they.answers[index])).toEqual([]));
    expect([we.page, we.paid]).toEqual([they.page, they.paid]);
    expect(we.paid).toEqual(['3', 'https://talktime.example/done?s=cs']);
  });
});

async function priceOf(stripe: Stripe): Promise<string> {
  const product = await stripe.products.create({ name: '100 minutes' });
  return (await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 6_000 })).id;
}

/** It was told to listen on any port, and takes that for its address. */
function emulated(url: string): string {
  return `http://127.0.0.1:${port}${new URL(url).pathname}`;
}

async function pay(url: string): Promise<{ status: number; location: string | null }> {
  const isOurs = url.startsWith(fake.origin);
  const response = await fetch(isOurs ? url : `${url}/complete`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ method: 'card', card: '4242424242424242', email: 'mia@bright.example' }),
  });
  return { status: response.status, location: response.headers.get('location') };
}
