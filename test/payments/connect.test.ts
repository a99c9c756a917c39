import { checkAccount } from '@talktime/core/payments';
import { Till } from './till';

let till: Till;

beforeAll(async () => void (till = await Till.open()));
afterAll(() => till.close());

/** A partner that sells on its own account, with a customer. */
class Seller {
  account = '';

  private constructor(
    readonly partnerId: string,
    readonly key: string,
    readonly customer: string,
  ) {}

  static async open(name: string, { onboarded = true } = {}): Promise<Seller> {
    const partner = await till.api.call('POST', '/v1/partners', { key: till.api.hostKey, body: { name } });
    const key = await till.api.call('POST', '/v1/api-keys', {
      key: till.api.hostKey,
      partner: partner.body.id,
      body: { name, scopes: ['read', 'top-up', 'manage'] },
    });
    // The same id at every partner: it is each one's own.
    const seller = new Seller(partner.body.id, key.body.key, 'cus_same');
    await seller.call('POST', '/v1/customers', {
      id: seller.customer,
      name: `${name}'s`,
      settings: { ai_credits_enabled: true, price_per_minute: { credits: '12' } },
    });
    if (onboarded) await seller.onboard();
    return seller;
  }

  async onboard(): Promise<void> {
    const { body } = await this.call('POST', '/v1/stripe/connect', {});
    this.account = body.account;
    till.stripe.completeOnboarding(this.account);
    await till.heard();
  }

  call(method: string, path: string, body?: unknown) {
    return till.api.call(method, path, { key: this.key, body });
  }

  host(method: string, path: string, body?: unknown) {
    return till.api.call(method, path, { key: till.api.hostKey, partner: this.partnerId, body });
  }

  checkout(amount = '60') {
    return this.call('POST', '/v1/checkouts', { customer_id: this.customer, amount, idempotency_key: till.key() });
  }

  sessionOf(paymentId: string): string {
    return till.stripe
      .all('checkoutSession', this.account)
      .find((session) => session.client_reference_id === paymentId)!.id;
  }

  async buy(amount?: string): Promise<string> {
    const { body } = await this.checkout(amount);
    till.stripe.pay(this.sessionOf(body.id));
    await till.heard();
    return body.id;
  }

  async payment(id: string): Promise<any> {
    return (await this.call('GET', `/v1/payments/${id}`)).body;
  }

  intentOf(paymentId: string): string {
    return till.stripe
      .all('paymentIntent', this.account)
      .find((intent) => intent.metadata.talktime_payment === paymentId)!.id;
  }

  async posted(): Promise<number> {
    return (await this.call('GET', `/v1/balance?customer_id=${this.customer}`)).body.posted;
  }

  async connection(): Promise<any> {
    return (await this.call('GET', '/v1/stripe/connect')).body;
  }

  async audited(): Promise<string[]> {
    const rows = await till.api.database.superuser<{ action: string }>(
      `select action from talktime.audit_log where partner_id = $1 and action like 'stripe.%' order by at`,
      [this.partnerId],
    );
    return rows.map(({ action }) => action);
  }
}

describe('connecting an account', () => {
  it('makes one whose owner is the merchant, once, and says what Stripe wants yet', async () => {
    const seller = await Seller.open('Alder', { onboarded: false });
    expect(await seller.connection()).toMatchObject({ account: null, connected: false, charges_enabled: false });
    const { status, body } = await seller.call('POST', '/v1/stripe/connect', { country: 'DE' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      account: expect.stringMatching(/^acct_/),
      connected: true,
      charges_enabled: false,
      due: ['What kind of business it is', 'A bank account for payouts', "The acceptance of Stripe's terms"],
      reason: 'Stripe has not been told yet who the business is.',
      onboarding: { url: expect.stringMatching(/^http/) },
    });
    expect(till.stripe.state.account(body.account).details).toMatchObject({
      country: 'DE',
      controller: {
        fees: { payer: 'account' },
        losses: { payments: 'stripe' },
        requirement_collection: 'stripe',
        stripe_dashboard: { type: 'full' },
      },
      metadata: { talktime_partner: seller.partnerId },
    });
    const again = await seller.call('POST', '/v1/stripe/connect', {});
    expect(again.body.account).toBe(body.account);
    expect(again.body.onboarding.url).not.toBe(body.onboarding.url);
    expect(await seller.audited()).toEqual(['stripe.connected']);
  });

  it('makes one account, when the answer of Stripe is lost', async () => {
    const seller = await Seller.open('Birch', { onboarded: false });
    const before = till.stripe.state.accounts.size;
    till.stripe.script('POST /v1/accounts', 'cut after', 'cut after');
    expect(await seller.call('POST', '/v1/stripe/connect', {})).toMatchObject({ status: 503 });
    expect(await seller.call('POST', '/v1/stripe/connect', {})).toMatchObject({ status: 200 });
    expect(till.stripe.state.accounts.size).toBe(before + 1);
  });

  it('makes one account for many who ask at once', async () => {
    const seller = await Seller.open('Bamboo', { onboarded: false });
    const before = till.stripe.state.accounts.size;
    await Promise.all(Array.from({ length: 6 }, () => seller.call('POST', '/v1/stripe/connect', {})));
    expect(await seller.call('POST', '/v1/stripe/connect', {})).toMatchObject({ status: 200 });
    expect(till.stripe.state.accounts.size).toBe(before + 1);
  });

  it("shows its owner what happens next, and makes another link when Stripe's has run out", async () => {
    const seller = await Seller.open('Cedar', { onboarded: false });
    const { body } = await seller.call('POST', '/v1/stripe/connect', {});
    const params = till.stripe.requestsTo('POST /v1/account_links').at(-1)!.params;
    const pathOf = (address: unknown) => new URL(String(address)).pathname;
    const page = async (path: string) => {
      const response = await fetch(till.api.url + path);
      return [response.status, await response.text()] as const;
    };
    const [, early] = await page(pathOf(params.return_url));
    expect(early).toContain('Stripe wants to know more');
    expect(early).toContain('A bank account for payouts');
    const links = till.stripe.requestsTo('POST /v1/account_links').length;
    const [status, again] = await page(pathOf(params.refresh_url));
    expect([status, /\/setup\/acct_/.test(again)]).toEqual([200, true]);
    expect(till.stripe.requestsTo('POST /v1/account_links').length).toBe(links + 1);

    till.stripe.webhooks.hold();
    till.stripe.completeOnboarding(body.account);
    const [, done] = await page(pathOf(params.return_url));
    expect(done).toContain('Payments can be taken');
    expect((await seller.checkout()).status).toBe(201); // whoever comes back tells, before any webhook
    await till.stripe.webhooks.release();
    await till.idle();
    expect((await page('/pay/connect/made-up'))[0]).toBe(404);
    expect((await page('/pay/connect/made-up/again'))[0]).toBe(404);
  });

  it("is the whole partner's business, with the scope to manage", async () => {
    const seller = await Seller.open('Dogwood', { onboarded: false });
    const keyWith = async (scopes: string[], customer_id?: string) =>
      (await seller.host('POST', '/v1/api-keys', { name: 'k', scopes, customer_id })).body.key;
    const asked = till.stripe.requests.length;
    for (const [key, code] of [
      [await keyWith(['read', 'top-up']), 'SCOPE_MISSING'],
      [await keyWith(['manage'], seller.customer), 'CUSTOMER_KEY_LIMITED'],
    ])
      for (const method of ['POST', 'DELETE'])
        expect(
          await till.api.call(method, '/v1/stripe/connect', { key, ...(method === 'POST' && { body: {} }) }),
        ).toMatchObject({ status: 403, body: { code } });
    expect(till.stripe.requests.length).toBe(asked);
  });
});

describe('selling on connected accounts', () => {
  it('is each partner on its own, beside the host: customers, payments, events, refunds', async () => {
    const [elm, fir] = [await Seller.open('Elm'), await Seller.open('Fir')];
    const bought = await elm.host('POST', '/v1/checkouts', {
      wallet: 'partner',
      credits: '1000',
      idempotency_key: till.key(),
    });
    const [elms, firs] = [await elm.buy('60'), await fir.buy('25')];
    till.stripe.pay(till.sessionOf(bought.body.id));
    await till.heard();

    expect([await elm.posted(), await fir.posted()]).toEqual([6000, 2500]);
    expect((await elm.call('GET', '/v1/balance?wallet=partner')).body.posted).toBe(1000);
    for (const seller of [elm, fir]) {
      expect(till.stripe.all('customer', seller.account)).toHaveLength(1);
      expect(till.stripe.all('paymentIntent', seller.account)).toHaveLength(1);
    }
    // Nobody sees the other's.
    expect((await fir.call('GET', `/v1/payments/${elms}`)).status).toBe(404);
    expect((await fir.call('GET', '/v1/payments')).body.items.map(({ id }: { id: string }) => id)).toEqual([firs]);

    till.stripe.refund(elm.intentOf(elms), { amount: 2000 });
    await till.heard();
    expect([await elm.posted(), await fir.posted()]).toEqual([4000, 2500]);
    expect(await elm.payment(elms)).toMatchObject({ refunded: 20 });
    till.stripe.dispute(fir.intentOf(firs));
    await till.heard();
    expect(await fir.payment(firs)).toMatchObject({ disputed: 25 });
    expect(await till.findings()).toEqual([]);
  });

  it("takes the host's share, in whole cents, and of nothing that the host sells itself", async () => {
    const seller = await Seller.open('Ginkgo');
    expect((await seller.call('PATCH', '/v1/payment-settings', { application_fee: '0.02' })).status).toBe(403);
    await seller.host('PATCH', '/v1/payment-settings', { application_fee: '0.0275' });
    const id = await seller.buy('9.99');
    expect(till.stripe.get('paymentIntent', seller.intentOf(id)).application_fee_amount).toBe(27); // 27.47
    await seller.host('PATCH', '/v1/payment-settings', { application_fee: '0.5' });
    const half = await seller.buy('5.01');
    expect(till.stripe.get('paymentIntent', seller.intentOf(half)).application_fee_amount).toBe(251);
    const { body } = await seller.host('POST', '/v1/checkouts', {
      wallet: 'partner',
      amount: '10',
      idempotency_key: till.key(),
    });
    const sent = till.stripe.requestsTo('POST /v1/checkout/sessions').at(-1)!;
    expect([body.wallet, sent.account, JSON.stringify(sent.params).includes('application_fee')]).toEqual([
      'partner',
      till.stripe.hostId,
      false,
    ]);
  });

  it("gives the host's share back, too, when the partner gives money back", async () => {
    const seller = await Seller.open('Gum');
    await seller.host('PATCH', '/v1/payment-settings', { application_fee: '0.1' });
    const id = await seller.buy('60');
    const { status } = await seller.call('POST', `/v1/payments/${id}/refunds`, {
      amount: '20',
      idempotency_key: till.key(),
    });
    expect(status).toBeLessThan(300);
    expect(till.stripe.requestsTo('POST /v1/refunds').at(-1)).toMatchObject({
      account: seller.account,
      params: { amount: '2000', refund_application_fee: 'true' },
    });
    await till.heard();
    expect(await seller.posted()).toBe(4000);
  });

  it('stops as soon as Stripe switches charges off, and goes on with what is open', async () => {
    const seller = await Seller.open('Hazel');
    const { body: open } = await seller.checkout();
    till.stripe.setChargesEnabled(seller.account, false);
    await till.heard();
    expect(await seller.checkout()).toMatchObject({ status: 409, body: { code: 'PAYMENTS_NOT_READY' } });
    expect(await seller.connection()).toMatchObject({
      connected: true,
      charges_enabled: false,
      reason: 'Stripe wants to know more before payments can be taken again.',
    });
    till.stripe.pay(seller.sessionOf(open.id));
    await till.heard();
    expect(await seller.posted()).toBe(6000);
    till.stripe.setChargesEnabled(seller.account, true);
    await till.heard();
    expect((await seller.checkout()).status).toBe(201);
    expect(await seller.audited()).toEqual([
      'stripe.connected',
      'stripe.charges_enabled',
      'stripe.charges_disabled',
      'stripe.charges_enabled',
    ]);
  });

  it('is found out about once a day, should the event be lost', async () => {
    const seller = await Seller.open('Ivy');
    till.stripe.webhooks.hold();
    till.stripe.setChargesEnabled(seller.account, false);
    await checkAccount(till.api.payments!, seller.partnerId);
    expect(await seller.checkout()).toMatchObject({ status: 409, body: { code: 'PAYMENTS_NOT_READY' } });
    // Events that come late, and say what was before, change nothing: Stripe is asked anew.
    till.stripe.setChargesEnabled(seller.account, true);
    await till.stripe.webhooks.deliver({ order: 'backwards', times: 2 });
    await till.stripe.webhooks.release();
    await till.heard();
    expect(await seller.connection()).toMatchObject({ charges_enabled: true });
  });

  it('ends when its owner takes the access away, and begins again on a new account', async () => {
    const seller = await Seller.open('Juniper');
    const paid = await seller.buy();
    const first = seller.account;
    till.stripe.deauthorize(first);
    await till.heard();
    expect(await seller.checkout()).toMatchObject({ status: 409, body: { code: 'PAYMENTS_NOT_READY' } });
    const { reason } = await seller.connection();
    expect(reason).toContain('no access to the account any more');
    expect(await seller.call('POST', `/v1/payments/${paid}/sync`)).toMatchObject({
      body: { code: 'STRIPE_REFUSED', detail: expect.stringContaining('connects it again') },
    });
    await seller.onboard();
    expect(seller.account).not.toBe(first);
    await seller.buy('10');
    expect(await seller.posted()).toBe(7000);
    // What is on the first account cannot be compared any more; all else is.
    const compared = await seller.call('POST', '/v1/payments/reconcile', { mend: true });
    expect(compared).toMatchObject({ status: 200, body: { compared: { at_stripe: 1, here: 1 }, differences: [] } });
  });

  it('ends here when the partner disconnects, settles what is open, and is taken up again on the same account', async () => {
    const seller = await Seller.open('Kapok');
    const { body: open } = await seller.checkout();
    expect(await seller.call('DELETE', '/v1/stripe/connect')).toMatchObject({
      status: 200,
      body: { connected: false, charges_enabled: false, account: seller.account },
    });
    expect((await seller.checkout()).body.code).toBe('PAYMENTS_NOT_READY');
    till.stripe.pay(seller.sessionOf(open.id));
    await till.heard();
    expect(await seller.posted()).toBe(6000);
    till.stripe.setChargesEnabled(seller.account, true); // an event does not connect it again
    await till.heard();
    expect((await seller.checkout()).body.code).toBe('PAYMENTS_NOT_READY');
    const account = seller.account;
    await seller.onboard();
    expect(seller.account).toBe(account);
    expect((await seller.checkout()).status).toBe(201);
  });
});

describe('events of connected accounts', () => {
  it('are known by a secret of their own', async () => {
    const seller = await Seller.open('Larch');
    const { client, options } = till.api.payments!.stripe;
    const payload = JSON.stringify({
      id: 'evt_x',
      object: 'event',
      type: 'account.updated',
      account: seller.account,
      data: { object: { id: seller.account, object: 'account' } },
    });
    const send = async (path: string, secret: string) => {
      const signature = client.webhooks.generateTestHeaderString({ payload, secret });
      const response = await fetch(till.api.url + path, {
        method: 'POST',
        body: payload,
        headers: { 'content-type': 'application/json', 'stripe-signature': signature },
      });
      return response.status;
    };
    expect(await send('/stripe/webhook', options.connectWebhookSecret!)).toBe(401);
    expect(await send('/stripe/connect/webhook', options.webhookSecret)).toBe(401);
    expect(await send('/stripe/connect/webhook', options.connectWebhookSecret!)).toBe(200);
    await till.heard();
  });

  it('touch no payment of another partner, and none of the host’s account, whatever they name', async () => {
    const [victim, thief] = [await Seller.open('Maple'), await Seller.open('Nettle')];
    const { body: open } = await victim.checkout('1000');
    const { body: hosts } = await victim.host('POST', '/v1/checkouts', {
      wallet: 'partner',
      amount: '1000',
      idempotency_key: till.key(),
    });
    // The thief's own account is the thief's: what is sold there, and what it is said to be for.
    const { client } = till.api.payments!.stripe;
    const at = { stripeAccount: thief.account };
    const customer = await client.customers.create({ name: 'Thief' }, at);
    for (const { id } of [open, hosts]) {
      const metadata = { talktime_partner: victim.partnerId, talktime_payment: id };
      const session = await client.checkout.sessions.create(
        {
          mode: 'payment',
          customer: customer.id,
          client_reference_id: id,
          line_items: [
            { quantity: 1, price_data: { currency: 'usd', unit_amount: 100_000, product_data: { name: 'x' } } },
          ],
          metadata,
          payment_intent_data: { metadata },
          success_url: 'https://shop.example',
        },
        at,
      );
      till.stripe.pay(session.id);
    }
    await till.heard();
    expect(await victim.posted()).toBe(0);
    expect((await victim.call('GET', '/v1/balance?wallet=partner')).body.posted).toBe(0);
    expect([(await victim.payment(open.id)).state, (await victim.payment(hosts.id)).state]).toEqual(['open', 'open']);
    expect(await thief.posted()).toBe(0);
  });

  it('of an account that nobody here has are left alone', async () => {
    const stranger = till.stripe.addAccount();
    till.stripe.setChargesEnabled(stranger, false);
    await till.heard();
    const [row] = await till.api.database.superuser<{ outcome: string }>(
      `select outcome from directory.stripe_events where account = $1`,
      [stranger],
    );
    expect(row!.outcome).toBe('an account that is not known here');
  });
});
