import Stripe from 'stripe';
import { startFakeStripe, type Fault, type FakeStripe } from '../../../server/demo/stripe';

let now: number;
let fake: FakeStripe;
let stripe: Stripe;
beforeEach(async () => {
  now = Date.now();
  fake = await startFakeStripe({ now: () => now });
  stripe = new Stripe(fake.key, { ...fake.config, maxNetworkRetries: 0, timeout: 2_000 });
});
afterEach(() => fake.close());

const make = (key: string, name = 'Mia', more: Stripe.RequestOptions = {}) =>
  stripe.customers.create({ name }, { idempotencyKey: key, ...more });
const made = () => fake.all('customer').length;
const POST = 'POST /v1/customers';

describe('idempotency keys', () => {
  it('the first answer is given again, and nothing is done twice', async () => {
    const [one, two] = [await make('key'), await make('key')];
    expect(two).toEqual(one);
    expect(two.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': one.lastResponse.requestId,
    });
    expect(made()).toBe(1);
    expect(fake.requestsTo(POST).map(({ replayed, isDone }) => [replayed, isDone])).toEqual([
      [false, true],
      [true, false],
    ]);
  });

  it('other parameters, or another call, are refused', async () => {
    await make('key');
    await expect(make('key', 'Max')).rejects.toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
    await expect(stripe.refunds.create({ charge: 'ch_1' }, { idempotencyKey: 'key' })).rejects.toThrow(
      /'\/v1\/refunds' instead of '\/v1\/customers'/,
    );
    expect(made()).toBe(1);
  });

  it('belong to one account', async () => {
    const account = fake.addAccount();
    const [one, two] = [await make('key'), await make('key', 'Mia', { stripeAccount: account })];
    expect(one.id).not.toBe(two.id);
  });

  it('are forgotten after a day', async () => {
    const one = await make('key');
    now += 24 * 60 * 60 * 1_000;
    expect((await make('key', 'Max')).id).not.toBe(one.id);
  });

  it('what was refused once it was begun is refused again; what was refused before is not kept', async () => {
    const pay = (currency: string) =>
      stripe.paymentIntents.create({ amount: 10, currency }, { idempotencyKey: 'small' });
    await expect(pay('usd')).rejects.toMatchObject({ code: 'amount_too_small' });
    await expect(pay('usd')).rejects.toMatchObject({ code: 'amount_too_small' });
    expect(fake.requests.at(-1)).toMatchObject({ replayed: true, status: 400 });
    await expect(
      stripe.customers.create({ nmae: 'x' } as Stripe.CustomerCreateParams, { idempotencyKey: 'typo' }),
    ).rejects.toMatchObject({ code: 'parameter_unknown' });
    expect(await make('typo')).toMatchObject({ name: 'Mia' });
  });

  it('a declined payment is declined again, without another charge', async () => {
    const customer = await stripe.customers.create();
    const card = fake.addCard(customer.id, '4000000000000341');
    const pay = () =>
      stripe.paymentIntents.create(
        {
          amount: 500,
          currency: 'usd',
          customer: customer.id,
          payment_method: card.id,
          confirm: true,
          off_session: true,
        },
        { idempotencyKey: 'recharge' },
      );
    await expect(pay()).rejects.toMatchObject({ statusCode: 402 });
    await expect(pay()).rejects.toMatchObject({ statusCode: 402, code: 'card_declined' });
    expect(fake.all('charge')).toHaveLength(1);
  });

  it('409 while the first is still being done', async () => {
    fake.script(POST, { delayMs: 300 });
    const first = make('key');
    while (fake.requests.length === 0) await new Promise((over) => setTimeout(over, 5));
    await expect(make('key')).rejects.toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    expect((await first).name).toBe('Mia');
    expect(made()).toBe(1);
  });
});

describe('what is scripted to go wrong', () => {
  // What the client sees of it, whether it was done, and whether the same key then still has it done.
  it.each<[Fault, Record<string, unknown>, number, 'succeeds' | 'fails again']>([
    ['rate limited', { type: 'StripeRateLimitError', statusCode: 429 }, 0, 'succeeds'],
    ['lock timeout', { statusCode: 409, code: 'lock_timeout' }, 0, 'succeeds'],
    ['unavailable', { statusCode: 503 }, 0, 'succeeds'],
    ['server error', { statusCode: 500 }, 0, 'fails again'],
    ['server error after', { statusCode: 500 }, 1, 'fails again'],
    ['hang before', { type: 'StripeConnectionError' }, 0, 'succeeds'],
    ['hang after', { type: 'StripeConnectionError' }, 1, 'succeeds'],
  ])('%s', async (fault, error, done, again) => {
    fake.script(POST, fault);
    await expect(make('key', 'Mia', { timeout: 200 })).rejects.toMatchObject(error);
    expect(made()).toBe(done);
    const repeated = await make('key').catch(() => null);
    expect(repeated === null ? 'fails again' : 'succeeds').toBe(again);
    expect(made()).toBe(again === 'succeeds' ? 1 : done);
  });

  it.each<[Fault, boolean[]]>([
    ['cut before', [false, true]],
    ['cut after', [true, false]],
  ])('%s: the package tries again by itself, with the same key', async (fault, done) => {
    fake.script(POST, fault);
    expect(await make('key')).toMatchObject({ name: 'Mia' });
    expect(made()).toBe(1);
    expect(fake.requestsTo(POST).map(({ isDone }) => isDone)).toEqual(done);
    expect(fake.requestsTo(POST).map(({ status }) => status)).toEqual([0, 200]);
  });

  it('one after the other, for some calls, until it is cleared', async () => {
    fake.script(POST, 'ok', 'rate limited');
    await make('1');
    await expect(make('2')).rejects.toMatchObject({ statusCode: 429 });
    const end = fake.fail(POST, 'unavailable', { when: ({ params }) => params.name === 'Max', after: 1 });
    await make('3', 'Max');
    await expect(make('4', 'Max')).rejects.toMatchObject({ statusCode: 503 });
    await make('5');
    end();
    await make('6', 'Max');
  });

  it('a test can step in between what was done and its answer', async () => {
    const seen: number[] = [];
    const end = fake.beforeAnswer(async ({ address }) => {
      if (address === POST) seen.push(made());
    });
    await make('key');
    end();
    await make('other');
    expect(seen).toEqual([1]);
  });
});
