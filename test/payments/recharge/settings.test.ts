import { CARDS, Desk } from './desk';

let desk: Desk;
beforeAll(async () => void (desk = await Desk.open()));
afterEach(async () => {
  desk.till.stripe.clearFaults();
  await desk.stopReplicas();
  await desk.later('0');
});
afterAll(() => desk.close());

const SETTINGS = { enabled: true, threshold: '100', target: '1000', monthly_money: '50' };

describe('switching it on', () => {
  it('at or below the threshold tops up at once; at zero, too', async () => {
    await desk.startReplicas(1);
    for (const credits of [80, 0]) {
      const id = await desk.customer(credits, { enabled: false });
      await desk.set(id, SETTINGS);
      await desk.until(async () => (await desk.posted(id)) === 1000, 1000);
    }
  });

  it('above the threshold does not', async () => {
    const id = await desk.customer(500, { enabled: false });
    await desk.startReplicas(1);
    await desk.set(id, SETTINGS);
    await desk.quietly();
    expect(await desk.attempts(id)).toEqual([]);
  });

  it('again, or saving the same once more, charges nothing twice', async () => {
    const id = await desk.customer(80, { enabled: false });
    await desk.startReplicas(2);
    await Promise.all([1, 2, 3, 4].map(() => desk.set(id, SETTINGS)));
    await desk.until(async () => (await desk.posted(id)) === 1000);
    await desk.set(id, SETTINGS);
    await desk.quietly();
    expect(await desk.attempts(id)).toHaveLength(1);
  });

  it('for several wallets at once, each is topped up', async () => {
    const ids = [await desk.customer(10, { enabled: false }), await desk.customer(20, { enabled: false })];
    await desk.startReplicas(1);
    await Promise.all(ids.map((id) => desk.set(id, SETTINGS)));
    for (const id of ids) await desk.until(async () => (await desk.posted(id)) === 1000);
  });
});

describe('the settings', () => {
  it('are kept, and what is left out stays as it is', async () => {
    const id = await desk.customer(500);
    expect(await desk.set(id, { enabled: false })).toMatchObject({
      enabled: false,
      state: 'off',
      threshold: 100,
      target: 1000,
      amount: null,
      monthly_money: 500,
      monthly_count: 10,
    });
    expect(await desk.set(id, { enabled: true, amount: '700' })).toMatchObject({ target: null, amount: 700 });
  });

  it('are off and empty before anybody has set them', async () => {
    const id = await desk.customer(500, {}, null);
    expect(await desk.get(id)).toMatchObject({
      enabled: false,
      state: 'off',
      threshold: null,
      waits: null,
      card: null,
      this_month: { count: 0, money: 0 },
    });
    expect(await desk.set(id, { enabled: false })).toMatchObject({ state: 'off', threshold: null });
  });

  it.each([
    [{ ...SETTINGS, amount: '5' }, 'REQUEST_INVALID'],
    [{ ...SETTINGS, target: '100' }, 'REQUEST_INVALID'],
    [{ ...SETTINGS, threshold: '-1' }, 'REQUEST_INVALID'],
    [{ ...SETTINGS, monthly_money: '0' }, 'REQUEST_INVALID'],
    [{ ...SETTINGS, monthly_money: '8.99' }, 'REQUEST_INVALID'],
    [{ ...SETTINGS, target: '300' }, 'TOP_UP_LIMIT'],
    [{ ...SETTINGS, target: '900000', monthly_money: '10000' }, 'TOP_UP_LIMIT'],
    [{ enabled: true }, 'REQUEST_INVALID'],
    [{ enabled: true, threshold: '100', target: '1000' }, 'REQUEST_INVALID'],
    [{ ...SETTINGS, threshold: '1.0000001' }, 'NUMBER_PRECISION'],
    [{ ...SETTINGS, monthly_count: 0 }, 'REQUEST_INVALID'],
  ])('that make no sense are refused, and nothing changes: %j', async (body, code) => {
    const id = await desk.customer(500, {}, null);
    await desk.saveCard(id);
    expect((await desk.put(id, body)).body.code).toBe(code);
    expect(await desk.get(id)).toMatchObject({ state: 'off', threshold: null });
  });

  it('are a customer’s own to read and change with a key that is limited to it, and nobody else’s', async () => {
    const id = await desk.customer(500);
    const other = await desk.customer(500);
    const key = await desk.till.api.keyWith(['read', 'manage'], id);
    const ask = (customer: string) => desk.till.api.get(`/v1/auto-recharge?customer_id=${customer}`, { key });
    expect((await ask(id)).status).toBe(200);
    expect((await ask(other)).body.code).toBe('CUSTOMER_KEY_LIMITED');
    expect((await desk.till.api.get('/v1/auto-recharge?wallet=partner', { key })).body.code).toBe(
      'CUSTOMER_KEY_LIMITED',
    );
    const reader = await desk.till.api.keyWith(['read', 'top-up']);
    const denied = await desk.till.api.call('PUT', `/v1/auto-recharge?customer_id=${id}`, {
      key: reader,
      body: { enabled: false },
    });
    expect(denied.body.code).toBe('SCOPE_MISSING');
  });

  it('are of one partner: another one sees and charges nothing of it', async () => {
    const id = await desk.customer(500);
    const { body: stranger } = await desk.till.api.call('POST', '/v1/partners', {
      key: desk.till.api.hostKey,
      body: { name: 'Somebody else' },
    });
    const answer = await desk.till.api.call('GET', `/v1/auto-recharge?customer_id=${id}`, {
      key: desk.till.api.hostKey,
      partner: stranger.id,
    });
    expect(answer.body.code).toBe('CUSTOMER_NOT_FOUND');
  });

  it('are changed in the audit log', async () => {
    const id = await desk.customer(500);
    const rows = await desk.sql<{ action: string }>(
      'select action from talktime.audit_log where partner_id = $1 and subject = $2 order by at',
      [desk.partnerId, id],
    );
    expect(rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['card_setup.opened', 'auto_recharge.set']),
    );
  });
});

describe('a card', () => {
  it('is saved without paying, and shows its brand, last four and expiry and nothing else', async () => {
    const id = await desk.customer(0, {}, null);
    await desk.saveCard(id, CARDS.other);
    const { body } = await desk.till.api.get(`/v1/cards?customer_id=${id}`);
    expect(body).toEqual({
      card: { brand: 'mastercard', last4: '4444', expires: expect.stringMatching(/^\d{4}-\d\d$/) },
    });
    expect(await desk.posted(id)).toBe(0);
  });

  it('is saved by a checkout that asks for it, too', async () => {
    const id = await desk.customer(0, {}, null);
    await desk.till.buy(id, { amount: '60', save_card: true });
    expect((await desk.get(id)).card).toMatchObject({ last4: '4242' });
  });

  it('counts when its owner comes back, before Stripe’s webhook does', async () => {
    const id = await desk.customer(0, {}, null);
    const { till } = desk;
    const { body } = await till.api.post('/v1/cards/setup', { customer_id: id });
    const session = till.stripe.all('checkoutSession').find(({ url }) => url === body.url)!;
    till.stripe.pay(session.id);
    const path = new URL(till.stripe.successUrl(session.id)).pathname;
    const page = await till.api.get(`${path}?session=${session.id}`, { key: null });
    expect(page.text).toContain('The card is saved');
    expect((await desk.get(id)).card).toMatchObject({ last4: '4242' });
    for (const wrong of [`${path}?session=cs_test_nobody`, path, '/pay/card-saved/nobody?session=x'])
      expect((await till.api.get(wrong, { key: null })).status).toBe(404);
  });

  it('that was replaced does not come back when Stripe tells of it late, nor one that was removed', async () => {
    const id = await desk.customer(0, {}, null);
    await desk.saveCard(id, CARDS.works);
    await desk.quietly(1100); // Stripe counts in seconds
    await desk.saveCard(id, CARDS.other);
    const told = desk.till.stripe
      .events()
      .filter(({ type }) => type === 'setup_intent.succeeded')
      .slice(-2);
    const again = async () => {
      for (const event of told)
        await desk.sql(
          'update directory.stripe_events set done_at = null, next_attempt_at = now() where event_id = $1',
          [event.id],
        );
      await desk.till.due();
    };
    await again();
    expect((await desk.get(id)).card).toMatchObject({ last4: '4444' });
    await desk.till.api.call('DELETE', `/v1/cards?customer_id=${id}`);
    await again();
    expect((await desk.get(id)).card).toBeNull();
  });

  it('of somebody else is not believed, whatever the metadata say', async () => {
    const [victim, thief] = [await desk.customer(0, {}, null), await desk.customer(0, {}, null)];
    await desk.saveCard(victim, CARDS.works);
    await desk.saveCard(thief, CARDS.other);
    const intent = desk.till.stripe.all('setupIntent').at(-1)!;
    intent.metadata = { ...intent.metadata, talktime_wallet: String(await desk.walletOf(victim)) };
    const event = desk.till.stripe
      .events()
      .filter(({ type }) => type === 'setup_intent.succeeded')
      .at(-1)!;
    await desk.sql('update directory.stripe_events set done_at = null, next_attempt_at = now() where event_id = $1', [
      event.id,
    ]);
    await desk.till.due();
    expect((await desk.get(victim)).card).toMatchObject({ last4: '4242' });
  });

  it('is charged on the partner’s connected account where its customers pay there, with the host’s share', async () => {
    const { till } = desk;
    const account = till.stripe.addAccount();
    await desk.sql(
      `update talktime.payment_settings set sells_on = 'own', stripe_account = $2, charges_enabled = true, application_fee = 20000 where partner_id = $1`,
      [desk.partnerId, account],
    );
    try {
      const id = await desk.customer(500, {}, null);
      const { body } = await till.api.post('/v1/cards/setup', { customer_id: id });
      const session = till.stripe.all('checkoutSession', account).find(({ url }) => url === body.url)!;
      till.stripe.pay(session.id);
      await till.heard();
      await desk.set(id, SETTINGS);
      await desk.spend(id, 450);
      expect(await desk.looked(id)).toBe('paid');
      expect(till.stripe.all('paymentIntent', account)).toMatchObject([{ amount: 950, application_fee_amount: 19 }]);
      expect(await desk.posted(id)).toBe(1000);
    } finally {
      await desk.sql(`update talktime.payment_settings set sells_on = 'host' where partner_id = $1`, [desk.partnerId]);
    }
  });
});

it('a card is removed also while the account that it is kept on is not sold on', async () => {
  const id = await desk.customer(500);
  const [saved] = await desk.sql<{ payment_method: string }>(
    'select payment_method from talktime.stripe_customers where partner_id = $1 and wallet_id = $2',
    [desk.partnerId, await desk.walletOf(id)],
  );
  await desk.till.host('PATCH', '/v1/payment-settings', { sells_on: 'own' });
  const removed = await desk.till.api.call('DELETE', `/v1/cards?customer_id=${id}`);
  await desk.till.host('PATCH', '/v1/payment-settings', { sells_on: 'host' });
  expect(removed.status).toBe(204);
  expect((await desk.till.api.get(`/v1/cards?customer_id=${id}`)).body).toEqual({ card: null });
  expect(desk.till.stripe.get('paymentMethod', saved!.payment_method).customer).toBeNull();
  expect(await desk.get(id)).toMatchObject({ enabled: false });
});
