import { collectRenewals } from '@talktime/core/payments';
import { CARDS, Desk } from './recharge/desk';

let desk: Desk;
let plans = 0;
beforeAll(async () => void (desk = await Desk.open()));
afterEach(async () => {
  desk.till.stripe.clearFaults();
  await desk.later('0');
  expect(await desk.till.findings()).toEqual([]);
});
afterAll(() => desk.close());

/** A plan of 1,000 credits a month for 60.00. */
async function plan(): Promise<string> {
  const id = `monthly-${++plans}`;
  const { status, body } = await desk.till.api.post('/v1/plans', {
    id,
    name: 'Monthly',
    credits: '1000',
    price: '60',
    recurring: { period: 'month' },
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return id;
}

/** A customer that has bought it, on the card. */
async function subscribed(card: string = CARDS.works): Promise<string> {
  const id = await desk.customer(0, {}, null);
  const planId = await plan();
  const { session } = await desk.till.checkout(id, { plan_id: planId });
  desk.till.stripe.pay(session, { with: CARDS.works, authenticates: true });
  await desk.till.heard();
  if (card !== CARDS.works) await desk.saveCard(id, card);
  return id;
}

const subscription = async (customer: string) =>
  (await desk.till.api.get(`/v1/subscriptions?customer_id=${customer}`)).body.items[0];
const collect = (context = desk.context) => collectRenewals(context, desk.partnerId, new AbortController().signal);
const renewals = async (customer: string): Promise<any[]> =>
  (await desk.till.api.get(`/v1/payments?customer_id=${customer}&limit=200`)).body.items
    .filter(({ kind }: { kind: string }) => kind === 'renewal')
    .reverse();
/** How many days it is to the end of the period, and so many more. */
async function afterThePeriod(customer: string, days = 0): Promise<void> {
  const { period_end: end } = await subscription(customer);
  const [row] = await desk.sql<{ seconds: number }>(
    'select ceil(extract(epoch from $1::timestamptz - clock_timestamp()))::int as seconds',
    [end],
  );
  await desk.later(`${row!.seconds + 60} seconds ${days} days`);
}

describe('a recurring plan that is bought by card', () => {
  it('starts its subscription when it is paid, keeps the card, and its credits go with the period', async () => {
    const id = await subscribed();
    expect(await desk.posted(id)).toBe(1000);
    expect(await subscription(id)).toMatchObject({ collects: 'card', status: 'active', period: 1 });
    expect((await desk.get(id)).card).toMatchObject({ last4: '4242' });
    const { body } = await desk.till.api.get(`/v1/grants?customer_id=${id}`);
    expect(body.items[0].expires_at).toBe((await subscription(id)).period_end);
  });

  it('cannot be bought twice', async () => {
    const id = await subscribed();
    const again = await desk.till.api.post('/v1/checkouts', {
      customer_id: id,
      plan_id: await plan(),
      idempotency_key: desk.till.key(),
    });
    expect(again.body.code).toBe('SUBSCRIPTION_EXISTS');
  });
});

describe('the next period', () => {
  it('is charged to the card when it is due, once, however many processes collect it', async () => {
    const id = await subscribed();
    await collect();
    expect(await renewals(id)).toEqual([]);
    await afterThePeriod(id);
    await Promise.all([collect(), collect(desk.replica()), collect(desk.replica())].map((one) => one.catch(() => 0)));
    await collect();
    expect(await renewals(id)).toMatchObject([{ state: 'paid', amount: 60, credits: 1000 }]);
    expect(await subscription(id)).toMatchObject({ status: 'active', period: 2 });
    expect(await desk.posted(id)).toBe(1000); // those of the first are gone
    await desk.stopReplicas();
  });

  it('asked for and not answered: one charge, and the period begins', async () => {
    const id = await subscribed();
    await afterThePeriod(id);
    const stop = desk.till.stripe.fail('*', 'cut after');
    await expect(collect()).rejects.toThrow('STRIPE_UNREACHABLE');
    stop();
    await desk.payments();
    expect(await renewals(id)).toMatchObject([{ state: 'paid' }]);
    expect(desk.intents(await renewals(id))).toHaveLength(1);
    expect(await subscription(id)).toMatchObject({ status: 'active', period: 2 });
  });

  it('that fails is past due, told, tried on days 1, 3 and 5, and then the subscription ends', async () => {
    const id = await subscribed(CARDS.declined);
    const end = (await subscription(id)).period_end;
    const dayOf = async () => {
      const { renews_at } = await subscription(id);
      return Math.round((Date.parse(renews_at) - Date.parse(end)) / 86_400_000);
    };
    const days: number[] = [];
    for (const [index, after] of [0, 1, 3, 5].entries()) {
      await afterThePeriod(id, after);
      await collect();
      expect(await renewals(id)).toHaveLength(index + 1);
      if (after < 5) {
        expect(await subscription(id)).toMatchObject({ status: 'past_due', last_error: 'Your card was declined.' });
        days.push(await dayOf());
        await collect();
        expect(await renewals(id)).toHaveLength(index + 1);
      }
    }
    expect(days).toEqual([1, 3, 5]);
    expect(await subscription(id)).toMatchObject({ status: 'canceled', ended_because: 'unpaid' });
    const told = await desk.sql<{ event: string }>(
      `select n.event from talktime.payment_news n join talktime.payments p using (partner_id, payment_id)
       where p.partner_id = $1 and p.customer_id = $2 order by p.created_at`,
      [desk.partnerId, id],
    );
    expect(told.map(({ event }) => event)).toEqual(['failed', 'failed', 'failed', 'failed']);
  });

  it('is tried again as soon as another card is saved', async () => {
    const id = await subscribed(CARDS.declined);
    await afterThePeriod(id);
    await collect();
    expect(await subscription(id)).toMatchObject({ status: 'past_due' });
    await desk.saveCard(id, CARDS.other);
    await collect();
    expect(await subscription(id)).toMatchObject({ status: 'active', period: 2 });
    expect(await desk.posted(id)).toBe(1000);
  });

  it('for which the bank wants the owner of the card is confirmed by a link, and begins by it', async () => {
    const id = await subscribed(CARDS.wantsOwner);
    await afterThePeriod(id);
    await collect();
    const [renewal] = await renewals(id);
    expect(renewal).toMatchObject({ state: 'failed', failure: { code: 'authentication_required' } });
    expect(desk.intents([renewal])).toMatchObject([{ status: 'canceled' }]);
    const [news] = await desk.sql<{ event: string; link: string }>(
      'select event, link from talktime.payment_news where partner_id = $1 and payment_id = $2',
      [desk.partnerId, renewal.id],
    );
    expect(news).toMatchObject({ event: 'needs_action' });
    const { text } = await desk.till.api.call('POST', new URL(news!.link).pathname, {
      key: null,
      raw: '',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    const url = /class="button" href="([^"]+)"/.exec(text)![1];
    const session = desk.till.stripe.all('checkoutSession').find((one) => one.url === url)!;
    desk.till.stripe.pay(session.id, { with: CARDS.works });
    await desk.till.heard();
    expect(await subscription(id)).toMatchObject({ status: 'active', period: 2 });
    expect(await desk.posted(id)).toBe(1000);
  });

  it('without a card is past due, and told', async () => {
    const id = await subscribed();
    await desk.till.api.call('DELETE', `/v1/cards?customer_id=${id}`);
    await afterThePeriod(id);
    await collect();
    expect(await subscription(id)).toMatchObject({ status: 'past_due' });
    expect(await renewals(id)).toEqual([]);
    expect((await desk.told(id))[0]).toContain('Monthly was not renewed. There is no card');
  });

  it('is not charged for a subscription that was canceled', async () => {
    const id = await subscribed();
    const { id: subscriptionId } = await subscription(id);
    await desk.till.api.call('POST', `/v1/subscriptions/${subscriptionId}/cancel`);
    await afterThePeriod(id);
    await collect();
    expect(await renewals(id)).toEqual([]);
  });

  it('that was asked for and not answered is not charged once the subscription is canceled', async () => {
    const id = await subscribed();
    const { id: subscriptionId } = await subscription(id);
    await afterThePeriod(id);
    const stop = desk.till.stripe.fail('*', 'cut before');
    await expect(collect()).rejects.toThrow('STRIPE_UNREACHABLE');
    stop();
    await desk.till.api.call('POST', `/v1/subscriptions/${subscriptionId}/cancel`);
    expect(await subscription(id)).toMatchObject({ status: 'canceled', ended_because: 'requested' });
    await desk.payments();
    expect(desk.intents(await renewals(id))).toEqual([]);
    expect(await renewals(id)).toMatchObject([{ state: 'failed', failure: { code: 'not_charged' } }]);
    const told = await desk.sql(
      `select n.event from talktime.payment_news n join talktime.payments p using (partner_id, payment_id)
       where p.partner_id = $1 and p.customer_id = $2`,
      [desk.partnerId, id],
    );
    expect(told).toEqual([]);
  });

  it('is not charged while its owner is on the page that confirms it', async () => {
    const id = await subscribed(CARDS.wantsOwner);
    await afterThePeriod(id);
    await collect();
    const [renewal] = await renewals(id);
    const { text } = await desk.till.api.call('POST', `/pay/confirm/${desk.partnerId}/${renewal.id}`, {
      key: null,
      raw: '',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    const url = /class="button" href="([^"]+)"/.exec(text)![1];
    const session = desk.till.stripe.all('checkoutSession').find((one) => one.url === url)!;
    await afterThePeriod(id, 1);
    await collect();
    expect(await renewals(id)).toHaveLength(1);
    desk.till.stripe.expire(session.id);
    await desk.till.heard();
    await collect();
    expect(await renewals(id)).toHaveLength(2);
  });
});
