import { forgetEvents } from '@talktime/core/payments';
import { Till } from './till';

let till: Till;
beforeAll(async () => void (till = await Till.open()));
afterEach(async () => {
  till.stripe.clearFaults();
  expect(await till.findings()).toEqual([]);
});
afterAll(() => till.close());

const open = (body: object, key?: string) =>
  till.api.call('POST', '/v1/checkouts', { body: { idempotency_key: till.key(), ...body }, ...(key && { key }) });

describe('a checkout', () => {
  it('credits what was paid once, however often Stripe tells it', async () => {
    await till.customer('cus_once');
    const { id, session } = await till.checkout('cus_once');
    expect(await till.payment(id)).toMatchObject({ state: 'open', amount: 60, currency: 'USD', credits: 6000 });
    expect(await till.posted('cus_once')).toBe(0);

    till.stripe.pay(session);
    await till.heard();
    for (const event of till.stripe.events().slice(-5)) await till.stripe.webhooks.resend(event.id);
    await till.idle();

    expect(await till.posted('cus_once')).toBe(6000);
    const paid = await till.payment(id);
    expect(paid).toMatchObject({ state: 'paid', url: null, refunded: 0, payment_intent: till.intentOf(id) });
    expect(paid.receipt_url).toMatch(/^http/);
    expect(await till.statement('cus_once')).toMatchObject([{ kind: 'payment', amount: 6000 }]);
  });

  it('opens for a customer whom somebody deleted at Stripe, or whose key was of another account', async () => {
    await till.customer('cus_deleted');
    const first = await till.checkout('cus_deleted');
    const payer = till.stripe.get('checkoutSession', first.session).customer as string;
    till.stripe.state.account(till.stripe.hostId).all('customer').delete(payer);
    await till.buy('cus_deleted', { amount: '20' });
    expect(await till.posted('cus_deleted')).toBe(2000);
  });

  it('once paid stays paid when somebody edits its metadata at Stripe', async () => {
    await till.customer('cus_edit');
    const id = await till.buy('cus_edit');
    const intent = till.stripe.get('paymentIntent', till.intentOf(id));
    intent.metadata = {};
    expect((await till.api.call('POST', `/v1/payments/${id}/sync`)).body).toMatchObject({ state: 'paid' });
    expect(await till.posted('cus_edit')).toBe(6000);
  });

  it('is asked of Stripe with our customer, our reference and half an hour, and nothing that we do not need', async () => {
    await till.customer('cus_asked');
    const { id } = await till.checkout('cus_asked', { amount: '12.50', save_card: true });
    const [request] = till.stripe.requestsTo('POST /v1/checkout/sessions').slice(-1);
    expect(request).toMatchObject({ account: till.stripe.hostId, status: 200 });
    expect(request!.idempotencyKey).toContain(`checkout:${id}`);
    const session = till.stripe.get('checkoutSession', till.sessionOf(id));
    expect(session).toMatchObject({ mode: 'payment', client_reference_id: id, amount_total: 1250, currency: 'usd' });
    expect(session.expires_at - session.created).toBeGreaterThanOrEqual(30 * 60);
    expect(session.customer).toMatch(/^cus_/);
    expect(session.metadata).toEqual({ talktime_partner: till.api.partnerId, talktime_payment: id });
    till.stripe.pay(session.id);
    const intent = till.stripe.get('paymentIntent', till.intentOf(id));
    expect(intent.metadata).toEqual(session.metadata);
    expect(intent.setup_future_usage).toBe('off_session');
    await till.heard();
  });

  it('is the same one for the same key, and refused for other content under it', async () => {
    await till.customer('cus_key');
    const key = till.key();
    const first = await open({ customer_id: 'cus_key', amount: '20', idempotency_key: key });
    const again = await open({ customer_id: 'cus_key', amount: '20', idempotency_key: key });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    const written = await open({ customer_id: 'cus_key', amount: '20.00', idempotency_key: key });
    expect(written).toMatchObject({ status: 200, body: { id: first.body.id } });
    expect(await open({ customer_id: 'cus_key', amount: '21', idempotency_key: key })).toMatchObject({
      status: 409,
      body: { code: 'IDEMPOTENCY_CONFLICT' },
    });
  });

  it('can be opened soon after Stripe failed to make the customer, whose failure it repeats for a day', async () => {
    await till.customer('cus_fails');
    till.stripe.script('POST /v1/customers', 'server error');
    expect((await open({ customer_id: 'cus_fails', amount: '20' })).body.code).toBe('STRIPE_UNREACHABLE');
    expect((await open({ customer_id: 'cus_fails', amount: '20' })).body.code).toBe('STRIPE_UNREACHABLE');
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 10 * 60 * 1000);
    const later = await open({ customer_id: 'cus_fails', amount: '20' });
    clock.mockRestore();
    expect(later).toMatchObject({ status: 201, body: { state: 'open' } });
  });

  it('asked for by many at once with one key is one checkout', async () => {
    await till.customer('cus_burst');
    const before = till.stripe.all('checkoutSession').length;
    const key = till.key();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => open({ customer_id: 'cus_burst', amount: '20', idempotency_key: key })),
    );
    const ids = new Set(answers.filter(({ status }) => status < 300).map(({ body }) => body.id));
    // Stripe answers 409 to the same key at once; that is told, and the same key works again.
    for (const { status, body } of answers) if (status >= 300) expect(body.code).toBe('STRIPE_UNREACHABLE');
    expect(ids.size).toBe(1);
    expect(till.stripe.all('checkoutSession').length).toBe(before + 1);
  });

  it('whose answer is lost is opened by asking again, and not twice', async () => {
    await till.customer('cus_lost');
    const before = till.stripe.all('checkoutSession').length;
    const body = { customer_id: 'cus_lost', amount: '20', idempotency_key: till.key() };
    till.stripe.script('POST /v1/checkout/sessions', 'cut after', 'cut after');
    expect(await open(body)).toMatchObject({ status: 503, body: { code: 'STRIPE_UNREACHABLE' } });
    const again = await open(body);
    expect(again).toMatchObject({ status: 200, body: { state: 'open' } });
    expect(till.stripe.all('checkoutSession').length).toBe(before + 1);
  });

  it('sells a plan by the terms of this moment, with its bonus and its expiry', async () => {
    await till.customer('cus_plan');
    await till.api.call('POST', '/v1/plans', {
      body: {
        id: 'minutes-100',
        name: '100 minutes',
        minutes: '100',
        price: '60',
        bonus: '50',
        expires_after_days: 30,
      },
    });
    const { id, session } = await till.checkout('cus_plan', { plan_id: 'minutes-100' });
    await till.api.call('PATCH', '/v1/plans/minutes-100', { body: { price: '90', minutes: '10', bonus: '0' } });
    till.stripe.pay(session);
    await till.heard();
    expect(await till.payment(id)).toMatchObject({ state: 'paid', amount: 60, credits: 1200, bonus: 50 });
    expect(await till.posted('cus_plan')).toBe(1250);
    const { body } = await till.api.call('GET', '/v1/grants?customer_id=cus_plan');
    expect(body.items.map(({ kind, amount }: any) => [kind, amount]).sort()).toEqual([
      ['bonus', 50],
      ['plan', 1200],
    ]);
    for (const grant of body.items)
      expect(Date.parse(grant.expires_at) - Date.parse(grant.effective_at)).toBe(30 * 24 * 3600 * 1000);
  });

  it('that nobody pays expires, and credits nothing', async () => {
    await till.customer('cus_late');
    const { id, session } = await till.checkout('cus_late');
    till.stripe.expire(session);
    await till.heard();
    expect(await till.payment(id)).toMatchObject({ state: 'expired', url: null });
    expect(await till.posted('cus_late')).toBe(0);
  });

  it('stays open when a card is declined, and is paid with another', async () => {
    await till.customer('cus_card');
    const { id, session } = await till.checkout('cus_card');
    expect(till.stripe.pay(session, { with: '4000000000000002' })).toBe('declined');
    await till.heard();
    expect(await till.payment(id)).toMatchObject({ state: 'open' });
    till.stripe.pay(session);
    await till.heard();
    expect(await till.payment(id)).toMatchObject({ state: 'paid', failure: null });
    expect(await till.posted('cus_card')).toBe(6000);
  });

  it('paid by a delayed method credits when the money has come, and not when it does not', async () => {
    await till.customer('cus_delay');
    const comes = await till.checkout('cus_delay', { amount: '10' });
    const fails = await till.checkout('cus_delay', { amount: '20' });
    for (const { session } of [comes, fails]) expect(till.stripe.pay(session, { with: 'delayed' })).toBe('processing');
    await till.heard();
    expect(await till.payment(comes.id)).toMatchObject({ state: 'processing' });
    expect(await till.posted('cus_delay')).toBe(0);
    till.stripe.resolveDelayed(comes.session, true);
    till.stripe.resolveDelayed(fails.session, false);
    await till.heard();
    expect(await till.payment(comes.id)).toMatchObject({ state: 'paid' });
    expect(await till.payment(fails.id)).toMatchObject({ state: 'failed', failure: { message: expect.any(String) } });
    expect(await till.posted('cus_delay')).toBe(1000);
  });

  it('is credited from the page that the payer comes back to, when no webhook arrives', async () => {
    await till.customer('cus_back', { show_pricing_information: true });
    const { id, session } = await till.checkout('cus_back');
    till.stripe.webhooks.hold();
    till.stripe.pay(session);
    const back = new URL(till.stripe.successUrl(session));
    expect(back.searchParams.get('session')).toBe(session);
    const page = await fetch(till.api.url + back.pathname + back.search);
    expect(await page.text()).toContain('6,000 credits are in the balance');
    expect(await till.posted('cus_back')).toBe(6000);
    // Without the session it is nobody's.
    expect((await fetch(`${till.api.url}${back.pathname}?session=cs_guess`)).status).toBe(404);
    await till.stripe.webhooks.release();
    await till.idle();
    expect(await till.posted('cus_back')).toBe(6000);
    expect(await till.payment(id)).toMatchObject({ state: 'paid' });
  });

  it('is credited by asking, when nothing was heard', async () => {
    await till.customer('cus_sync');
    const { id, session } = await till.checkout('cus_sync');
    till.stripe.webhooks.hold();
    till.stripe.pay(session);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => till.api.call('POST', `/v1/payments/${id}/sync`)),
    );
    expect(answers.some(({ body }) => body.state === 'paid')).toBe(true);
    expect(await till.posted('cus_sync')).toBe(6000);
    await till.stripe.webhooks.release();
    await till.idle();
  });

  it('of which another amount was paid credits nothing, and says what is wrong', async () => {
    await till.customer('cus_other');
    const { id, session } = await till.checkout('cus_other');
    // Somebody with access to the account at Stripe changes what is asked for.
    Object.assign(till.stripe.get('checkoutSession', session), { amount_subtotal: 100, amount_total: 100 });
    till.stripe.pay(session);
    await till.heard();
    expect(await till.payment(id)).toMatchObject({
      state: 'mismatch',
      failure: { code: 'amount_mismatch', message: 'Stripe received 1.00 USD, and 60.00 USD were asked for.' },
    });
    expect(await till.posted('cus_other')).toBe(0);
  });

  it('adds tax by Stripe when that is switched on, and credits what was bought without it', async () => {
    await till.customer('cus_tax');
    await till.api.call('PATCH', '/v1/payment-settings', { body: { automatic_tax: true } });
    const { id, session } = await till.checkout('cus_tax');
    await till.api.call('PATCH', '/v1/payment-settings', { body: { automatic_tax: false } });
    till.stripe.pay(session, { country: 'DE', postalCode: '10115' });
    await till.heard();
    expect(till.stripe.get('paymentIntent', till.intentOf(id)).amount_received).toBeGreaterThan(6000);
    expect(await till.payment(id)).toMatchObject({ state: 'paid', amount: 60 });
    expect(await till.posted('cus_tax')).toBe(6000);
  });

  it("raises the partner's own wallet when the partner has paid the host", async () => {
    const opened = await open({ wallet: 'partner', credits: '1000.5' });
    expect(opened.body).toMatchObject({ wallet: 'partner', customer_id: null, amount: 10.01, credits: 1000.5 });
    till.stripe.pay(till.sessionOf(opened.body.id));
    await till.heard();
    expect((await till.balance('partner')).posted).toBe(1000.5);
  });

  it.each([
    ['a plan and an amount', { amount: '10', plan_id: 'x' }, 400, 'REQUEST_INVALID'],
    ['nothing', {}, 400, 'REQUEST_INVALID'],
    ['less than the least', { amount: '4.99' }, 422, 'TOP_UP_LIMIT'],
    ['more than the most', { credits: '100001' }, 422, 'TOP_UP_LIMIT'],
    ['what no coin pays', { amount: '10.001' }, 422, 'PRICE_NOT_PAYABLE'],
    ['nothing at all', { amount: '0' }, 400, 'AMOUNT_NOT_POSITIVE'],
    ['a plan that is not there', { plan_id: 'none' }, 404, 'PLAN_NOT_FOUND'],
  ])('for %s is refused, and Stripe is not asked', async (_what, body, status, code) => {
    if (!(await till.api.call('GET', '/v1/customers/cus_refused')).body.id) await till.customer('cus_refused');
    const asked = till.stripe.requests.length;
    expect(await open({ customer_id: 'cus_refused', ...body })).toMatchObject({ status, body: { code } });
    expect(till.stripe.requests.length).toBe(asked);
  });

  it('needs a Stripe account of the partner, unless the host lets it sell on the host’s', async () => {
    await till.customer('cus_own');
    await till.host('PATCH', '/v1/payment-settings', { sells_on: 'own' });
    expect(await open({ customer_id: 'cus_own', amount: '10' })).toMatchObject({
      status: 409,
      body: { code: 'PAYMENTS_NOT_READY' },
    });
    expect(await till.api.call('PATCH', '/v1/payment-settings', { body: { sells_on: 'host' } })).toMatchObject({
      status: 403,
      body: { code: 'HOST_KEY_REQUIRED' },
    });
    await till.host('PATCH', '/v1/payment-settings', { sells_on: 'host' });
  });
});

describe("Stripe's webhooks", () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${till.api.url}/stripe/webhook`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });

  it('are refused unless Stripe signed them, just now', async () => {
    const code = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];
    const { webhooks } = till.api.payments!.stripe.client;
    const payload = JSON.stringify({ id: 'evt_1', object: 'event', type: 'x', data: { object: { id: 'pi_1' } } });
    const sign = (secret: string, timestamp: number) => ({
      'stripe-signature': webhooks.generateTestHeaderString({ payload, secret, timestamp }),
    });
    const now = Math.floor(Date.now() / 1000);
    const { webhookSecret } = till.api.payments!.stripe.options;
    expect(await code(await post(payload))).toEqual([401, 'SIGNATURE_MISSING']);
    expect(await code(await post(payload, sign('whsec_another', now)))).toEqual([401, 'SIGNATURE_INVALID']);
    expect(await code(await post(payload, sign(webhookSecret, now - 600)))).toEqual([401, 'SIGNATURE_EXPIRED']);
    expect(await code(await post(`${payload} `, sign(webhookSecret, now)))).toEqual([401, 'SIGNATURE_INVALID']);
  });

  it('about what is not ours are taken and left alone', async () => {
    const { client } = till.api.payments!.stripe;
    const stranger = await client.customers.create({ name: 'Somebody else' });
    await client.checkout.sessions.create({
      mode: 'payment',
      customer: stranger.id,
      line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'Shoes' } } }],
      success_url: 'https://shop.example',
    });
    till.stripe.pay(till.stripe.all('checkoutSession').at(-1)!.id);
    await till.heard();
    const rows = await till.api.database.superuser<{ outcome: string }>(
      `select outcome from directory.stripe_events order by received_at desc limit 1`,
    );
    expect(rows[0]!.outcome).toBe('nothing of ours');
  });

  it('that name a payment of ours which they are not about credit nothing', async () => {
    await till.customer('cus_forged');
    const { id } = await till.checkout('cus_forged', { amount: '1000' });
    const { client } = till.api.payments!.stripe;
    const session = await client.checkout.sessions.create({
      mode: 'payment',
      customer: (await client.customers.create({ name: 'Forger' })).id,
      line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 100, product_data: { name: 'x' } } }],
      metadata: { talktime_partner: till.api.partnerId, talktime_payment: id },
      payment_intent_data: { metadata: { talktime_partner: till.api.partnerId, talktime_payment: id } },
      success_url: 'https://shop.example',
    });
    till.stripe.pay(session.id);
    await till.heard();
    expect(await till.posted('cus_forged')).toBe(0);
    expect((await till.payment(id)).state).not.toBe('paid');
  });
});

it('events are forgotten after a month, also those that were tried in vain all the time', async () => {
  const { database } = till.api;
  await database.superuser(
    `insert into directory.stripe_events (account, event_id, type, object_id, received_at, next_attempt_at, done_at)
     select 'acct_forgotten', id, 'refund.created', 're_1', clock_timestamp() - days * interval '1 day', 'infinity',
            case when done then clock_timestamp() - days * interval '1 day' end
     from (values ('done', 31, true), ('in vain', 31, false), ('waits', 29, false), ('lately', 29, true)) e (id, days, done)`,
  );
  await forgetEvents(database.database);
  const left = await database.superuser<{ event_id: string }>(
    `delete from directory.stripe_events where account = 'acct_forgotten' returning event_id`,
  );
  expect(left.map(({ event_id: id }) => id).sort()).toEqual(['lately', 'waits']);
});
