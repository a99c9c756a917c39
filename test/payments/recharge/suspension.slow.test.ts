import Stripe from 'stripe';
import { CARDS, Desk } from './desk';

let desk: Desk;
beforeAll(async () => void (desk = await Desk.open()));
afterEach(async () => {
  desk.till.stripe.clearFaults();
  await desk.stopReplicas();
  await desk.later('0');
  expect(await desk.till.findings()).toEqual([]);
});
afterAll(() => desk.close());

/** Three failures, an hour and a bit apart. */
async function suspended(): Promise<string> {
  const id = await desk.customer(500, {}, CARDS.declined);
  await desk.spend(id, 450);
  for (const hours of [0, 2, 4]) {
    await desk.later(`${hours} hours`);
    expect(await desk.looked(id)).toBe('failed');
  }
  return id;
}

describe('after three failures in a row', () => {
  it('nothing is charged any more, however much time goes by and whatever is spent', async () => {
    const id = await suspended();
    expect(await desk.get(id)).toMatchObject({
      state: 'suspended',
      failures: 3,
      failed_because: 'Your card was declined.',
      waits: { code: 'suspended', message: expect.stringContaining('another card') },
    });
    expect((await desk.told(id)).at(-1)).toBe(
      '9.50 USD could not be charged. Your card was declined. Automatic top-ups are suspended after 3 failures in a row. Add another card to end it.',
    );
    await desk.later('40 days');
    await desk.spend(id, 10);
    expect(await desk.looked(id)).toBe('suspended');
    expect(await desk.attempts(id)).toHaveLength(3);
  });

  it('the same card entered again ends nothing', async () => {
    const id = await suspended();
    await desk.saveCard(id, CARDS.declined);
    await desk.later('9 hours');
    expect(await desk.looked(id)).toBe('suspended');
    expect(await desk.attempts(id)).toHaveLength(3);
  });

  it('neither does switching it off and on, nor removing the card and entering it again', async () => {
    const id = await suspended();
    await desk.set(id, { enabled: false });
    expect(await desk.set(id, { enabled: true })).toMatchObject({ state: 'suspended' });
    await desk.till.api.call('DELETE', `/v1/cards?customer_id=${id}`);
    await desk.saveCard(id, CARDS.declined);
    expect(await desk.set(id, { enabled: true })).toMatchObject({ state: 'suspended', failures: 3 });
  });

  it('another card ends it, and the balance is topped up at once', async () => {
    const id = await suspended();
    await desk.startReplicas(1);
    await desk.saveCard(id, CARDS.works);
    await desk.until(async () => (await desk.posted(id)) === 1000);
    expect(await desk.get(id)).toMatchObject({ state: 'active', failures: 0, failed_because: null });
  });

  it('another card that is declined, too, begins to count anew', async () => {
    const id = await suspended();
    await desk.saveCard(id, '4000000000009995').catch(() => undefined); // its bank does not even let it be saved
    expect(await desk.get(id)).toMatchObject({ state: 'suspended' });
    await desk.saveCard(id, CARDS.other);
    expect(await desk.get(id)).toMatchObject({ state: 'active', failures: 0 });
  });

  it('a success in between begins to count anew', async () => {
    const id = await desk.customer(500, {}, CARDS.works);
    await desk.spend(id, 450);
    const decline = async (hours: number) => {
      await desk.later(`${hours} hours`);
      await desk.sql(
        `update talktime.stripe_customers set payment_method = 'pm_that_is_gone_' || payment_method where partner_id = $1 and wallet_id = $2`,
        [desk.partnerId, await desk.walletOf(id)],
      );
      const became = await desk.looked(id);
      await desk.sql(
        `update talktime.stripe_customers set payment_method = replace(payment_method, 'pm_that_is_gone_', '') where partner_id = $1 and wallet_id = $2`,
        [desk.partnerId, await desk.walletOf(id)],
      );
      return became;
    };
    expect([await decline(0), await decline(2)]).toEqual(['failed', 'failed']);
    await desk.later('4 hours');
    expect(await desk.looked(id)).toBe('paid');
    expect(await desk.get(id)).toMatchObject({ failures: 0 });
    await desk.spend(id, 950);
    expect([await decline(6), await decline(8)]).toEqual(['failed', 'failed']);
    expect(await desk.get(id)).toMatchObject({ state: 'active', failures: 2 });
  });

  it('a failure of the card that was replaced while it was under way says nothing of the new one', async () => {
    const id = await desk.customer(500, {}, CARDS.declined);
    await desk.spend(id, 450);
    let isSaved = false;
    const stop = desk.till.stripe.beforeAnswer(async ({ method, path }) => {
      if (method !== 'POST' || path !== '/v1/payment_intents' || isSaved) return;
      isSaved = true;
      await desk.saveCard(id, CARDS.works);
    });
    expect(await desk.looked(id)).toBe('failed');
    stop();
    expect(await desk.get(id)).toMatchObject({ state: 'active', failures: 0 });
    expect(await desk.looked(id)).toBe('paid');
  });

  it.each([
    ['Stripe is not reached for hours', 'cut before'],
    ['Stripe does not accept the key of the service', 'key refused'],
  ] as const)('%s: no card is to blame, so nothing is suspended', async (_, fault) => {
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    for (const hours of [0, 2, 4, 6]) {
      await desk.later(`${hours} hours`);
      const stop = fault === 'cut before' ? desk.till.stripe.fail('*', fault) : withoutAccess();
      await desk.look(id).catch(() => undefined);
      stop();
      await desk.sql(
        `update talktime.payments set created_at = created_at - interval '61 minutes'
         where partner_id = $1 and customer_id = $2 and kind = 'recharge' and state = 'created'`,
        [desk.partnerId, id],
      );
      await desk.payments();
      expect((await desk.attempts(id)).at(-1)).toMatchObject({ state: 'failed', failure: { code: 'not_charged' } });
      expect(await desk.get(id)).toMatchObject({ state: 'active', failures: 0, waits: { code: 'failed_lately' } });
    }
    await desk.later('8 hours');
    expect(await desk.looked(id)).toBe('paid');
  });
});

/** As if the key of the service had been revoked. */
function withoutAccess(): () => void {
  const { client } = desk.context.stripe;
  const refuse = () => Promise.reject(new Stripe.errors.StripeAuthenticationError({ type: 'invalid_request_error' }));
  const spies = [
    jest.spyOn(client.paymentIntents, 'create').mockImplementation(refuse),
    jest.spyOn(client.paymentIntents, 'list').mockImplementation(() => {
      throw new Stripe.errors.StripeAuthenticationError({ type: 'invalid_request_error' });
    }),
  ];
  return () => spies.forEach((spy) => spy.mockRestore());
}
