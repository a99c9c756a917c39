import Stripe from 'stripe';
import { startFakeStripe, type FakeStripe } from '../../../server/demo/stripe';

let fake: FakeStripe;
let stripe: Stripe;
beforeEach(async () => {
  fake = await startFakeStripe({ sellerOf: () => '<Bright> & Co' });
  stripe = new Stripe(fake.key, { ...fake.config, maxNetworkRetries: 0 });
});
afterEach(() => fake.close());

const session = () =>
  stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [
      {
        quantity: 2,
        price_data: { currency: 'usd', unit_amount: 6_000, product_data: { name: '<b>100 minutes</b>' } },
      },
    ],
    success_url: 'https://talktime.example/done?s={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://talktime.example/back',
  });
const send = (url: string, form: Record<string, string>) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
const card = (number: string) => ({ method: 'card', card: number, email: 'mia@bright.example', country: 'US' });

describe('the pay page', () => {
  it('says what is bought and for how much, and takes nothing of it for markup', async () => {
    const { url } = await session();
    const html = await (await fetch(url ?? '')).text();
    expect(html).toContain('&lt;b&gt;100 minutes&lt;/b&gt;');
    expect(html).toContain('&lt;Bright&gt; &amp; Co');
    expect(html).toContain('Pay $120.00');
    expect(html).toContain('href="https://talktime.example/back"');
  });

  it('leads on when it was paid, and is over then', async () => {
    const { id, url } = await session();
    const paid = await send(url ?? '', card('4242 4242 4242 4242'));
    expect([paid.status, paid.headers.get('location')]).toEqual([303, `https://talktime.example/done?s=${id}`]);
    expect(await (await fetch(`${fake.origin}/c/pay/${id}`)).text()).toContain('This was paid already');
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({
      payment_status: 'paid',
      customer_details: { email: 'mia@bright.example' },
    });
  });

  it('says why a card was declined, and takes another', async () => {
    const { id, url } = await session();
    const declined = await send(url ?? '', card('4000 0000 0000 9995'));
    expect(await declined.text()).toContain('Your card has insufficient funds.');
    expect(await (await send(url ?? '', card('1234'))).text()).toContain('not one of the test cards');
    await send(url ?? '', card('4242424242424242'));
    expect(fake.get('checkoutSession', id).payment_status).toBe('paid');
  });

  it('leads to the bank where it asks, and back with its answer', async () => {
    const { id, url } = await session();
    const asked = await send(url ?? '', card('4000002500003155'));
    const bank = `${fake.origin}${asked.headers.get('location')}`;
    expect(bank).toBe(`${fake.origin}/c/pay/${id}/authenticate`);
    expect(await (await fetch(bank)).text()).toContain('$120.00');
    expect(await (await send(bank, { answer: 'no' })).text()).toContain('unable to authenticate');
    await send(url ?? '', card('4000002500003155'));
    const paid = await send(bank, { answer: 'yes' });
    expect(paid.headers.get('location')).toBe(`https://talktime.example/done?s=${id}`);
  });

  it('takes a bank account, whose money comes later', async () => {
    const { id, url } = await session();
    await send(url ?? '', { method: 'delayed', email: 'mia@bright.example' });
    expect(fake.get('checkoutSession', id)).toMatchObject({ status: 'complete', payment_status: 'unpaid' });
  });

  it('is gone when it has expired, and there is none of a session that is not there', async () => {
    const { id, url } = await session();
    fake.expire(id);
    expect(await (await fetch(url ?? '')).text()).toContain('has expired');
    expect((await fetch(`${fake.origin}/c/pay/cs_test_no`)).status).toBe(404);
  });
});
