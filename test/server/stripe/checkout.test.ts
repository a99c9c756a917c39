import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { startFakeStripe, type FakeStripe } from '../../../server/demo/stripe';

let fake: FakeStripe;
let stripe: Stripe;
beforeEach(async () => {
  fake = await startFakeStripe();
  stripe = new Stripe(fake.key, { ...fake.config, maxNetworkRetries: 0 });
});
afterEach(() => fake.close());

const line = (amount: number, currency = 'usd'): Stripe.Checkout.SessionCreateParams.LineItem => ({
  quantity: 1,
  price_data: { currency, unit_amount: amount, product_data: { name: '100 minutes' } },
});

async function session(more: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
  const customer = await stripe.customers.create({ email: 'mia@bright.example', name: 'Mia' });
  return stripe.checkout.sessions.create({
    mode: 'payment',
    customer: customer.id,
    client_reference_id: 'payment-1',
    metadata: { talktime_payment: '1' },
    payment_intent_data: {
      metadata: { talktime_payment: '1' },
      setup_future_usage: 'off_session',
      description: 'Top-up',
    },
    line_items: [line(6_000)],
    success_url: 'https://talktime.example/done?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://talktime.example/back',
    ...more,
  });
}

const read = (id: string) =>
  stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent.latest_charge', 'setup_intent.payment_method'] });
const types = (from = 0) =>
  fake
    .events()
    .slice(from)
    .map(({ type }) => type);

describe('Checkout', () => {
  it('a session is open and unpaid until somebody pays, and then carries a PaymentIntent with our metadata', async () => {
    const made = await session();
    expect(made).toMatchObject({ status: 'open', payment_status: 'unpaid', payment_intent: null, amount_total: 6_000 });
    expect(made.url).toBe(`${fake.origin}/c/pay/${made.id}`);
    const before = fake.events().length;

    expect(fake.pay(made.id)).toBe('paid');

    const paid = await read(made.id);
    expect(paid).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      payment_intent: {
        status: 'succeeded',
        amount_received: 6_000,
        metadata: { talktime_payment: '1' },
        latest_charge: { status: 'succeeded', paid: true, payment_method_details: { card: { last4: '4242' } } },
      },
    });
    expect(types(before)).toEqual([
      'payment_intent.created',
      'payment_method.attached',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
    ]);
    expect(fake.successUrl(made.id)).toBe(`https://talktime.example/done?session=${made.id}`);
  });

  it('a declined card leaves the session open, and another card pays it by the same PaymentIntent', async () => {
    const made = await session();
    expect(fake.pay(made.id, { with: '4000000000000002' })).toBe('declined');
    const declined = await read(made.id);
    expect(declined).toMatchObject({
      status: 'open',
      payment_intent: { status: 'requires_payment_method', last_payment_error: { code: 'card_declined' } },
    });
    expect(fake.pay(made.id)).toBe('paid');
    const paid = await read(made.id);
    expect((paid.payment_intent as Stripe.PaymentIntent).id).toBe((declined.payment_intent as Stripe.PaymentIntent).id);
    expect(types().filter((type) => type === 'charge.failed')).toHaveLength(1);
  });

  it.each([
    [true, 'checkout.session.async_payment_succeeded', 'paid', 'succeeded'],
    [false, 'checkout.session.async_payment_failed', 'unpaid', 'requires_payment_method'],
  ])('a delayed method completes unpaid, and is decided later (%s)', async (isThere, type, payment, intent) => {
    const made = await session();
    expect(fake.pay(made.id, { with: 'delayed' })).toBe('processing');
    expect(await read(made.id)).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
      payment_intent: { status: 'processing', latest_charge: { status: 'pending', paid: false } },
    });
    fake.resolveDelayed(made.id, isThere);
    expect(await read(made.id)).toMatchObject({ payment_status: payment, payment_intent: { status: intent } });
    expect(types().at(-1)).toBe(type);
  });

  it('3-D Secure: the bank asks, and a no is a decline', async () => {
    const made = await session();
    expect(fake.pay(made.id, { with: '4000002500003155', authenticates: false })).toBe('declined');
    expect(await read(made.id)).toMatchObject({
      status: 'open',
      payment_intent: { last_payment_error: { code: 'payment_intent_authentication_failure' } },
    });
    expect(fake.pay(made.id, { with: '4000002500003155' })).toBe('paid');
  });

  it('automatic tax comes on top, once it is known where the buyer is', async () => {
    await expect(session({ automatic_tax: { enabled: true } })).rejects.toMatchObject({
      code: 'customer_tax_location_invalid',
    });
    const made = await session({ automatic_tax: { enabled: true }, customer_update: { address: 'auto' } });
    expect(made).toMatchObject({ amount_total: 6_000, automatic_tax: { status: 'requires_location_inputs' } });
    fake.pay(made.id, { country: 'DE' });
    expect(await read(made.id)).toMatchObject({
      amount_subtotal: 6_000,
      amount_total: 6_600,
      total_details: { amount_tax: 600 },
      payment_intent: { amount: 6_600, amount_received: 6_600 },
    });
  });

  it('setup mode saves a card and takes nothing', async () => {
    const customer = await stripe.customers.create({ email: 'mia@bright.example' });
    const made = await stripe.checkout.sessions.create({
      mode: 'setup',
      customer: customer.id,
      currency: 'usd',
      setup_intent_data: { metadata: { talktime_partner: 'p' } },
      success_url: 'https://talktime.example/done',
    });
    expect(fake.pay(made.id, { with: '4000000000000341' })).toBe('saved');
    expect(await read(made.id)).toMatchObject({
      status: 'complete',
      payment_status: 'no_payment_required',
      setup_intent: { status: 'succeeded', payment_method: { customer: customer.id, card: { last4: '0341' } } },
    });
    const { data } = await stripe.customers.listPaymentMethods(customer.id);
    expect(data.map(({ card }) => card?.fingerprint)).toEqual([expect.stringMatching(/^\w{16}$/)]);
  });

  it('expires by the clock, at least half an hour after it was made, and by the API while it is open', async () => {
    let now = Date.now();
    const clocked = await startFakeStripe({ now: () => now });
    stripe = new Stripe(clocked.key, { ...clocked.config, maxNetworkRetries: 0 });
    const soon = (seconds: number) => Math.floor(now / 1_000) + seconds;
    await expect(session({ expires_at: soon(60) })).rejects.toMatchObject({ param: 'expires_at', statusCode: 400 });
    const [one, two] = [await session({ expires_at: soon(1_860) }), await session()];
    now += 1_860_000;
    expect(await stripe.checkout.sessions.retrieve(one.id)).toMatchObject({ status: 'expired', url: null });
    expect(await stripe.checkout.sessions.expire(two.id)).toMatchObject({ status: 'expired' });
    await expect(stripe.checkout.sessions.expire(two.id)).rejects.toThrow(/status of `expired`/);
    expect(() => clocked.pay(one.id)).toThrow(/nobody can pay/);
    await clocked.close();
  });
});

describe('webhooks', () => {
  let server: Server;
  let heard: Stripe.Event[];
  let answers: number[];
  const secret = 'whsec_test';
  beforeEach(async () => {
    [heard, answers] = [[], []];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        heard.push(stripe.webhooks.constructEvent(body, request.headers['stripe-signature'] ?? '', secret));
        response.writeHead(answers.shift() ?? 200).end();
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterEach(() => new Promise((closed) => server.close(closed)));
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/stripe/webhook`;

  it('are signed, and come in the order in which things happened', async () => {
    fake.webhooks.addEndpoint({ url: url(), secret });
    fake.pay((await session()).id);
    await fake.webhooks.settled();
    expect(heard.map(({ id }) => id)).toEqual(fake.events().map(({ id }) => id));
  });

  it('can be held, shuffled, repeated and lost', async () => {
    fake.webhooks.addEndpoint({ url: url(), secret });
    fake.webhooks.hold();
    fake.pay((await session()).id);
    await fake.webhooks.settled();
    expect(heard).toEqual([]);
    await fake.webhooks.deliver({
      order: { shuffledBy: 7 },
      times: 2,
      drop: ({ type }) => type === 'checkout.session.completed',
    });
    const ids = heard.map(({ id }) => id);
    expect(new Set(ids).size).toBe(fake.events().length - 1);
    expect(ids).toHaveLength(2 * (fake.events().length - 1));
    expect([...new Set(ids)]).not.toEqual(fake.events().map(({ id }) => id));
    expect(fake.webhooks.pending).toEqual([]);
  });

  it('are tried again, later, when they are not taken', async () => {
    let now = Date.now();
    await fake.close();
    fake = await startFakeStripe({ now: () => now });
    stripe = new Stripe(fake.key, { ...fake.config });
    fake.webhooks.addEndpoint({ url: url(), secret, enabledEvents: ['customer.*'] });
    answers.push(500);
    await stripe.customers.create();
    await fake.webhooks.settled();
    expect(await fake.webhooks.deliver()).toEqual([]);
    now += 60_000;
    expect(await fake.webhooks.deliver()).toMatchObject([{ attempt: 2, status: 200 }]);
    expect(fake.webhooks.pending).toEqual([]);
  });

  it('are tried again by a timer, where there is one', async () => {
    let now = Date.now();
    await fake.close();
    fake = await startFakeStripe({ now: () => now });
    stripe = new Stripe(fake.key, { ...fake.config });
    fake.webhooks.addEndpoint({ url: url(), secret });
    answers.push(503);
    await stripe.customers.create();
    await fake.webhooks.settled();
    const end = fake.webhooks.retryEvery(10);
    now += 60_000;
    while (fake.webhooks.pending.length > 0) await new Promise((over) => setTimeout(over, 5));
    end();
    expect(fake.webhooks.sent.map(({ status }) => status)).toEqual([503, 200]);
  });

  it('of connected accounts go to the endpoint for them alone', async () => {
    const account = fake.addAccount();
    fake.webhooks.addEndpoint({ url: url(), secret, connect: true });
    await stripe.customers.create({});
    await stripe.customers.create({}, { stripeAccount: account });
    await fake.webhooks.settled();
    expect(heard).toMatchObject([{ type: 'customer.created', account }]);
  });
});
