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

describe('an automatic top-up', () => {
  it('comes within a second after a deduction brings the balance to the threshold, up to the target', async () => {
    const id = await desk.customer(500);
    await desk.startReplicas(1);
    await desk.spend(id, 450);
    await desk.until(async () => (await desk.posted(id)) === 1000, 1000);
    const [attempt] = await desk.attempts(id);
    expect(attempt).toMatchObject({ kind: 'recharge', state: 'paid', credits: 950, amount: 9.5, currency: 'USD' });
    expect(await desk.get(id)).toMatchObject({
      state: 'active',
      this_month: { count: 1, money: 9.5 },
      waits: { code: 'above_threshold' },
      card: { brand: 'visa', last4: '4242' },
    });
  });

  it('asks Stripe for the saved card, off session, with the key of the attempt and nothing that we do not need', async () => {
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    expect(await desk.looked(id)).toBe('paid');
    const [attempt] = await desk.attempts(id);
    const [request] = desk.till.stripe.requestsTo('POST /v1/payment_intents').slice(-1);
    expect(request).toMatchObject({ idempotencyKey: `recharge:${attempt.id}`, status: 200 });
    expect(Object.keys(request!.params).sort()).toEqual([
      'amount',
      'automatic_payment_methods',
      'confirm',
      'currency',
      'customer',
      'description',
      'metadata',
      'off_session',
      'payment_method',
    ]);
    expect(request!.params).toMatchObject({ amount: '950', currency: 'usd', off_session: 'true', confirm: 'true' });
  });

  it('does not come above the threshold', async () => {
    const id = await desk.customer(500);
    await desk.startReplicas(1);
    await desk.spend(id, 399);
    await desk.quietly();
    expect(await desk.posted(id)).toBe(101);
    expect(await desk.attempts(id)).toEqual([]);
  });

  it('comes exactly at the threshold, at zero and below it', async () => {
    const at = await desk.customer(500);
    await desk.spend(at, 400);
    expect(await desk.looked(at)).toBe('paid');
    expect(await desk.posted(at)).toBe(1000);

    const empty = await desk.customer(500);
    await desk.spend(empty, 500);
    expect(await desk.looked(empty)).toBe('paid');
    expect(await desk.posted(empty)).toBe(1000);

    const inDebt = await desk.customer(500);
    await desk.call(inDebt, 50); // 600 credits
    expect(await desk.posted(inDebt)).toBe(-100);
    expect(await desk.looked(inDebt)).toBe('paid');
    expect(await desk.posted(inDebt)).toBe(1000);
    expect((await desk.attempts(inDebt))[0]).toMatchObject({ credits: 1100, amount: 11 });
  });

  it('adds an amount instead, where an amount is set', async () => {
    const id = await desk.customer(500, { target: undefined, amount: '600' });
    await desk.spend(id, 450);
    expect(await desk.looked(id)).toBe('paid');
    expect(await desk.posted(id)).toBe(650);
  });

  it('does not come when it is off, and no longer after it was switched off', async () => {
    const never = await desk.customer(500, { enabled: false });
    await desk.startReplicas(1);
    await desk.spend(never, 450);
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    await desk.until(async () => (await desk.posted(id)) === 1000);
    expect(await desk.set(id, { enabled: false })).toMatchObject({ state: 'off', threshold: 100, target: 1000 });
    await desk.spend(id, 950);
    await desk.quietly();
    expect(await desk.posted(id)).toBe(50);
    expect(await desk.attempts(never)).toEqual([]);
    expect(await desk.looked(id)).toBe('off');
  });

  it('comes again each time the balance falls', async () => {
    const id = await desk.customer(500);
    await desk.startReplicas(1);
    for (const round of [1, 2]) {
      await desk.spend(id, round === 1 ? 450 : 950);
      await desk.until(async () => (await desk.attempts(id)).filter(({ state }) => state === 'paid').length === round);
    }
    expect(await desk.posted(id)).toBe(1000);
  });

  it('goes on, as often as the limits allow, where one amount does not lift the balance above the threshold', async () => {
    const id = await desk.customer(500, { threshold: '5000', target: undefined, amount: '600' });
    await desk.startReplicas(1);
    await desk.spend(id, 1);
    await desk.until(async () => (await desk.attempts(id)).length === 2);
    await desk.quietly();
    expect(await desk.posted(id)).toBe(500 - 1 + 1200);
    expect((await desk.get(id)).waits).toMatchObject({ code: 'too_soon' });
  });

  it('keeps the balance, the statement and the proof in agreement', async () => {
    const id = await desk.customer(500);
    await desk.spend(id, 450);
    await desk.look(id);
    const lines = await desk.till.statement(id);
    expect(lines.map(({ kind, amount }) => [kind, amount])).toContainEqual(['payment', 950]);
    expect(await desk.posted(id)).toBe(1000);
  });

  it('charges at the value of a credit, up to the coin: not a coin less, whole credits however many', async () => {
    const id = await desk.customer(500, { target: '1100.5' });
    await desk.spend(id, 450.123456);
    expect(await desk.looked(id)).toBe('paid');
    expect(await desk.posted(id)).toBe(1100.5);
    expect((await desk.attempts(id))[0]).toMatchObject({ credits: 1050.623456, amount: 10.51 });
  });

  it('follows the customer’s own settings, and takes a changed threshold at its word', async () => {
    const id = await desk.customer(500);
    await desk.startReplicas(1);
    await desk.set(id, { enabled: true, threshold: '20' });
    await desk.spend(id, 450);
    await desk.quietly();
    expect(await desk.attempts(id)).toEqual([]);
    await desk.spend(id, 31);
    await desk.until(async () => (await desk.posted(id)) === 1000);
  });

  it('is found by the sweep when no notification told', async () => {
    const id = await desk.customer(500);
    await desk.spend(id, 450); // nobody listens
    await desk.startReplicas(1);
    await desk.until(async () => (await desk.posted(id)) === 1000);
  });

  it('comes for the partner’s own wallet, which pays the host', async () => {
    const { till } = desk;
    const link = await till.api.post('/v1/cards/setup', { wallet: 'partner' });
    const session = till.stripe.all('checkoutSession').find(({ url }) => url === link.body.url)!;
    till.stripe.pay(session.id, { with: CARDS.works });
    await till.heard();
    await till.host('POST', '/v1/top-ups', {
      wallet: 'partner',
      amount: '50',
      kind: 'paid',
      idempotency_key: till.key(),
    });
    await desk.startReplicas(1);
    const set = await till.api.call('PUT', '/v1/auto-recharge?wallet=partner', {
      body: { enabled: true, threshold: '100', target: '2000', monthly_money: '100' },
    });
    expect(set).toMatchObject({ status: 200, body: { wallet: 'partner', customer_id: null, state: 'active' } });
    await desk.until(async () => (await till.balance('partner')).posted === 2000);
  });
});
