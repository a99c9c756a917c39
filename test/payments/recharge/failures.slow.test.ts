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

const CHARGE = 'POST /v1/payment_intents';

/** A customer whose balance is at its threshold. */
async function low(card: string = CARDS.works, settings: object = {}): Promise<string> {
  const id = await desk.customer(500, settings, card);
  await desk.spend(id, 450);
  return id;
}

describe('a charge that fails', () => {
  it('by the bank: nothing is added, the reason is told, and it is tried again after an hour at the earliest', async () => {
    const id = await low(CARDS.declined);
    expect(await desk.looked(id)).toBe('failed');
    expect(await desk.posted(id)).toBe(50);
    const [attempt] = await desk.attempts(id);
    expect(attempt).toMatchObject({ state: 'failed', failure: { code: 'generic_decline' }, operation_id: null });
    expect(await desk.told(id)).toEqual([
      '9.50 USD could not be charged. Your card was declined. It is tried again in an hour.',
    ]);
    expect((await desk.get(id)).waits).toMatchObject({ code: 'failed_lately' });
    await desk.later('59 minutes');
    expect(await desk.looked(id)).toBe('failed_lately');
    await desk.later('61 minutes');
    expect(await desk.looked(id)).toBe('failed');
  });

  it('without a card it cannot be switched on, and says how to get one', async () => {
    const id = await desk.customer(500, {}, null);
    expect(await desk.put(id, { enabled: true, threshold: '100', target: '1000', monthly_money: '50' })).toMatchObject({
      status: 409,
      body: { code: 'CARD_REQUIRED', detail: expect.stringContaining('/v1/cards/setup') },
    });
    await desk.spend(id, 450);
    expect(await desk.looked(id)).toBe('off');
  });

  it('a card that was removed is charged no more, and the top-ups are off', async () => {
    const id = await low();
    const [before] = desk.till.stripe.requestsTo('POST /v1/payment_methods/:id/detach').slice(-1);
    expect(before).toBeUndefined();
    expect((await desk.till.api.call('DELETE', `/v1/cards?customer_id=${id}`)).status).toBe(204);
    expect(desk.till.stripe.requestsTo('POST /v1/payment_methods/:id/detach')).toHaveLength(1);
    expect(await desk.get(id)).toMatchObject({ state: 'off', card: null });
    expect(await desk.looked(id)).toBe('off');
    expect((await desk.till.api.call('DELETE', `/v1/cards?customer_id=${id}`)).status).toBe(204);
  });

  it('a card that is gone at Stripe fails with its reason, and counts', async () => {
    const id = await low();
    await desk.sql(
      `update talktime.stripe_customers set payment_method = 'pm_that_is_gone' where partner_id = $1 and wallet_id = $2`,
      [desk.partnerId, await desk.walletOf(id)],
    );
    expect(await desk.looked(id)).toBe('failed');
    expect((await desk.attempts(id))[0].failure.code).toBe('stripe_refused');
    expect(await desk.get(id)).toMatchObject({ failures: 1, waits: { code: 'failed_lately' } });
  });

  it('a wallet whose automatic top-ups were never set up is left alone, whatever it holds', async () => {
    const id = await desk.customer(500, {}, null);
    await desk.startReplicas(1, 1);
    await desk.spend(id, 500);
    await desk.quietly();
    expect(await desk.attempts(id)).toEqual([]);
  });

  it('a threshold of 0 tops up when the balance is gone, and not before', async () => {
    const id = await desk.customer(500, { threshold: '0' });
    await desk.spend(id, 499);
    expect(await desk.looked(id)).toBe('above_threshold');
    await desk.spend(id, 1);
    expect(await desk.looked(id)).toBe('paid');
  });
});

describe('a charge of which the outcome is not known', () => {
  it('done, and the connection cut: asked for again with the same key, it is one charge', async () => {
    const id = await low();
    desk.till.stripe.script(CHARGE, 'cut after');
    expect(await desk.looked(id)).toBe('paid'); // the package asks again by itself
    const attempts = await desk.attempts(id);
    expect(desk.intents(attempts)).toHaveLength(1);
    const keys = desk.till.stripe.requestsTo(CHARGE).slice(-2);
    expect(new Set(keys.map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set([`recharge:${attempts[0].id}`]));
  });

  it('done, and no answer to any request: Stripe is asked what it has, and the credits are there', async () => {
    const id = await low();
    desk.till.stripe.script(CHARGE, 'server error after');
    expect(await desk.looked(id)).toBe('paid');
    expect(desk.intents(await desk.attempts(id))).toHaveLength(1);
    expect(await desk.posted(id)).toBe(1000);
  });

  it('not done, Stripe away: it stays one attempt, no other is made, and the job brings it to an end', async () => {
    const id = await low();
    const stop = desk.till.stripe.fail('*', 'cut before');
    await expect(desk.look(id)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    expect(await desk.looked(id)).toBe('under_way');
    await expect(desk.payments()).rejects.toThrow();
    expect((await desk.attempts(id)).map(({ state }) => state)).toEqual(['created']);
    stop();
    await desk.payments();
    expect(await desk.attempts(id)).toMatchObject([{ state: 'paid' }]);
    expect(await desk.posted(id)).toBe(1000);
  });

  it('not done within an hour: it is given up, is not the card’s failure, and nothing is charged late', async () => {
    const id = await low();
    const stop = desk.till.stripe.fail('*', 'cut before');
    await expect(desk.look(id)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    stop();
    await desk.sql(
      `update talktime.payments set created_at = created_at - interval '61 minutes' where partner_id = $1 and customer_id = $2 and kind = 'recharge'`,
      [desk.partnerId, id],
    );
    await desk.payments();
    expect(await desk.attempts(id)).toMatchObject([{ state: 'failed', failure: { code: 'not_charged' } }]);
    expect(desk.intents(await desk.attempts(id))).toEqual([]);
    expect(await desk.get(id)).toMatchObject({ failures: 0, waits: { code: 'failed_lately' } });
  });

  it('done, and nothing heard for a day: it is found at Stripe by its metadata, without its key', async () => {
    const id = await low();
    desk.till.stripe.script(CHARGE, 'server error after');
    const stop = desk.till.stripe.fail('GET /v1/payment_intents', 'cut before');
    await expect(desk.look(id)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    stop();
    await desk.sql(
      `update talktime.payments set created_at = created_at - interval '30 hours' where partner_id = $1 and customer_id = $2 and kind = 'recharge'`,
      [desk.partnerId, id],
    );
    const asked = desk.till.stripe.requestsTo(CHARGE).length;
    // What Stripe has is older, too, by then.
    const [intent] = desk.intents(await desk.attempts(id));
    intent!.created -= 30 * 3600;
    await desk.payments();
    expect(desk.till.stripe.requestsTo(CHARGE)).toHaveLength(asked);
    expect(await desk.attempts(id)).toMatchObject([{ state: 'paid', payment_intent: intent!.id }]);
    expect(await desk.posted(id)).toBe(1000);
  });

  it('switched off meanwhile: nothing new is charged, and what was charged is credited', async () => {
    const never = await low();
    let stop = desk.till.stripe.fail('*', 'cut before');
    await expect(desk.look(never)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    stop();
    await desk.set(never, { enabled: false });
    await desk.payments();
    expect(await desk.attempts(never)).toMatchObject([{ state: 'failed', failure: { code: 'not_charged' } }]);

    const done = await low();
    desk.till.stripe.script(CHARGE, 'server error after');
    stop = desk.till.stripe.fail('GET /v1/payment_intents', 'cut before');
    await expect(desk.look(done)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    stop();
    await desk.set(done, { enabled: false });
    await desk.payments();
    expect(await desk.attempts(done)).toMatchObject([{ state: 'paid' }]);
  });

  it('the process ends between Stripe’s answer and our commit: the next one credits it, once', async () => {
    const id = await low();
    // The answer is there, and the database is not: nothing of it is kept.
    const stop = desk.till.stripe.beforeAnswer(async ({ method, path }) => {
      if (method !== 'POST' || path !== '/v1/payment_intents') return;
      await desk.sql('alter table talktime.payments rename to payments_away');
    });
    await expect(desk.look(id)).rejects.toThrow();
    stop();
    await desk.sql('alter table talktime.payments_away rename to payments');
    expect(await desk.attempts(id)).toMatchObject([{ state: 'created', payment_intent: null }]);
    expect(await desk.posted(id)).toBe(50);
    await desk.payments();
    await desk.payments();
    expect(desk.intents(await desk.attempts(id))).toHaveLength(1);
    expect(await desk.posted(id)).toBe(1000);
  });

  it('alerts of the balance wait while it is under way', async () => {
    const id = await low();
    const stop = desk.till.stripe.fail('*', 'cut before');
    await expect(desk.look(id)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    const quiet = async () =>
      (
        await desk.sql<{ until: Date | null }>(
          'select quiet_until as until from talktime.alert_states where partner_id = $1 and wallet_id = $2',
          [desk.partnerId, await desk.walletOf(id)],
        )
      )[0]!.until;
    expect(new Date((await quiet())!).getTime()).toBeGreaterThan(Date.now() + 10 * 60_000);
    stop();
    await desk.payments();
    expect(await quiet()).toBeNull();
  });
});

describe('a bank that wants the owner of the card', () => {
  it('is asked once: the charge is let go, and its owner confirms by a link and is charged once', async () => {
    const id = await low(CARDS.wantsOwner);
    await desk.startReplicas(1, 1);
    await desk.until(async () => (await desk.get(id)).state === 'needs_action');
    await desk.until(async () => (await desk.attempts(id))[0].state === 'failed');
    await desk.stopReplicas();
    const [attempt] = await desk.attempts(id);
    expect(attempt.failure.code).toBe('authentication_required');
    expect(desk.intents([attempt])).toMatchObject([{ status: 'canceled' }]);
    const { action_url: url } = await desk.get(id);
    expect(url).toBe(`https://talktime.example/pay/confirm/${desk.partnerId}/${attempt.id}`);
    expect(await desk.told(id)).toEqual([
      `9.50 USD could not be charged: the bank wants the owner of the card to confirm it. Confirm and pay here: ${url}`,
    ]);
    await desk.later('3 hours');
    expect(await desk.looked(id)).toBe('needs_action'); // no blind retry

    const path = new URL(url).pathname;
    const page = await desk.till.api.get(path, { key: null });
    expect(page.status).toBe(200);
    expect(page.text).toContain('Confirm a payment of 9.50 USD');
    const [first, again] = [await confirm(path), await confirm(path)];
    expect(first).toBe(again);
    const session = desk.till.stripe.all('checkoutSession').find((one) => one.url === first)!;
    expect(desk.till.stripe.pay(session.id, { with: CARDS.works, authenticates: true })).toBe('paid');
    await desk.till.heard();
    expect(await desk.posted(id)).toBe(1000);
    expect(await desk.get(id)).toMatchObject({ state: 'active', failures: 0, action_url: null });
    expect((await desk.till.api.get(path, { key: null })).text).toContain('The payment was made');
    expect(await confirm(path)).toBeNull();
  });

  it('a page that was left and ran out is opened anew', async () => {
    const id = await low(CARDS.wantsOwner);
    expect(await desk.looked(id)).toBe('failed');
    const path = new URL((await desk.get(id)).action_url).pathname;
    const first = await confirm(path);
    desk.till.stripe.expire(desk.till.stripe.all('checkoutSession').find((one) => one.url === first)!.id);
    await desk.till.heard();
    const second = await confirm(path);
    expect(second).toMatch(/^http/);
    expect(second).not.toBe(first);
    expect(await desk.get(id)).toMatchObject({ state: 'needs_action' });
  });

  it('another card ends the waiting; the link then leads to nothing', async () => {
    const id = await low(CARDS.wantsOwner);
    expect(await desk.looked(id)).toBe('failed');
    const path = new URL((await desk.get(id)).action_url).pathname;
    await desk.saveCard(id, CARDS.other);
    expect(await desk.get(id)).toMatchObject({ state: 'active', card: { last4: '4444' } });
    expect(await desk.looked(id)).toBe('paid');
    expect(await confirm(path)).toBeNull();
    expect((await desk.till.api.get(path, { key: null })).text).toContain('does not wait for anybody');
  });

  it('off and on again tries once more, for those who have spoken with their bank', async () => {
    const id = await low(CARDS.wantsOwner);
    expect(await desk.looked(id)).toBe('failed');
    await desk.set(id, { enabled: true });
    expect(await desk.get(id)).toMatchObject({ state: 'needs_action' });
    await desk.set(id, { enabled: false });
    expect(await desk.set(id, { enabled: true })).toMatchObject({ state: 'active' });
  });

  it('the process ends before the charge is let go: the job does it', async () => {
    const id = await low(CARDS.wantsOwner);
    const stop = desk.till.stripe.fail('POST /v1/payment_intents/:id/cancel', 'cut before');
    await expect(desk.look(id)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    expect(await desk.attempts(id)).toMatchObject([{ state: 'needs_action' }]);
    stop();
    await desk.payments();
    expect(await desk.attempts(id)).toMatchObject([{ state: 'failed' }]);
    expect(await desk.get(id)).toMatchObject({ state: 'needs_action' });
  });

  it('the address cannot be guessed, nor used for a payment of another kind', async () => {
    const { id } = await desk.till.checkout(await desk.customer(0, {}, null));
    for (const path of [
      `/pay/confirm/${desk.partnerId}/${id}`,
      `/pay/confirm/${desk.partnerId}/pay_00000000000000000000`,
      '/pay/confirm/nobody/pay_00000000000000000000',
    ])
      expect((await desk.till.api.get(path, { key: null })).status).toBe(404);
  });
});

/** Presses the button of the page: the address of Stripe's page that it leads to; null when there is none. */
async function confirm(path: string): Promise<string | null> {
  const { text } = await desk.till.api.call('POST', path, {
    key: null,
    raw: '',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  return /class="button" href="([^"]+)"/.exec(text)?.[1] ?? null;
}
