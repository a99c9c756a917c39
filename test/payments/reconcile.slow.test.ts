import Stripe from 'stripe';
import type { Difference, Reconciliation } from '@talktime/core/contract';
import { reconciliationJob } from '@talktime/core/jobs';
import { HOST_ACCOUNT, reconcile, reconcileHost, StripeBook } from '@talktime/core/payments';
import { Till } from './till';

let till: Till;
beforeAll(async () => void (till = await Till.open()));
afterAll(() => till.close());
// Each test leaves its differences behind; the next one looks at its own.
afterEach(async () => {
  till.stripe.clearFaults();
  await till.stripe.webhooks.release({ drop: () => true });
});

const A_WEEK_AGO = () => new Date(Date.now() - 7 * 24 * 3600 * 1000);
const context = () => till.api.payments!;
const compared = (mend = false, since = A_WEEK_AGO()): Promise<Reconciliation> =>
  reconcile(context(), till.api.partnerId, { since, mend });
const about = (id: string) => (each: Difference) => each.payment_id === id || each.payment_intent === id;
const codes = (differences: readonly Difference[]) => differences.map(({ code }) => code);
const differencesOf = async (id: string, mend = false) => (await compared(mend)).differences.filter(about(id));
const stripe = () => new Stripe(till.stripe.key, till.stripe.config);

/** Stripe's webhooks of what `work` does are lost. */
async function unheard(work: () => unknown): Promise<void> {
  till.stripe.webhooks.hold();
  work();
  await till.stripe.webhooks.release({ drop: () => true });
}

const change = (id: string, what: string, ...values: unknown[]) =>
  till.api.database.superuser(`update talktime.payments set ${what} where payment_id = $1`, [id, ...values]);

describe('when Stripe and the ledger agree', () => {
  it('there is nothing to name, also of what was refunded, disputed, reversed by hand, or never paid', async () => {
    await till.customer('cus_fine');
    await till.buy('cus_fine');
    const refunded = await till.buy('cus_fine');
    till.stripe.refund(till.intentOf(refunded), { amount: 2000 });
    const disputed = await till.buy('cus_fine');
    till.stripe.dispute(till.intentOf(disputed), { amount: 1500 });
    const reversed = await till.buy('cus_fine');
    const { operation_id: operation } = await till.payment(reversed);
    await till.heard();
    const body = { operation_id: operation, amount: '2500', note: 'a gift', idempotency_key: till.key() };
    expect((await till.host('POST', '/v1/reversals', body)).status).toBe(201);
    till.stripe.refund(till.intentOf(reversed), {});
    await till.checkout('cus_fine');
    await till.buy('cus_fine', undefined, { with: '4000000000000002' });
    await till.heard();
    const report = await compared();
    expect(report).toMatchObject({ differences: [], mended: [] });
    expect(report.compared).toEqual({ at_stripe: 5, here: 6 });
  });

  it('payments that are made meanwhile are no differences', async () => {
    await till.customer('cus_meanwhile');
    const { session } = await till.checkout('cus_meanwhile');
    let isFirst = true;
    const end = till.stripe.beforeAnswer(async ({ address }) => {
      if (address !== 'GET /v1/refunds' || !isFirst) return;
      isFirst = false;
      till.stripe.pay(session);
      await till.stripe.webhooks.settled();
    });
    expect((await compared()).differences).toEqual([]);
    end();
    await till.heard();
  });
});

describe('PAID_NOT_CREDITED', () => {
  it('names what was paid and never heard of, and mending credits it once', async () => {
    await till.customer('cus_unheard');
    const { id, session } = await till.checkout('cus_unheard');
    await unheard(() => till.stripe.pay(session));

    const [difference, ...others] = await differencesOf(id);
    expect(others).toEqual([]);
    expect(difference).toMatchObject({ code: 'PAID_NOT_CREDITED', customer_id: 'cus_unheard', account: 'host' });
    expect(difference!.payment_intent).toBe(till.intentOf(id));
    expect(difference!.detail).toBe('60.00 USD were paid for 6000 credits, and they are not in the wallet.');
    expect(difference!.next).toContain(`talktime reconcile stripe --payment ${id} --mend`);
    expect(await till.posted('cus_unheard')).toBe(0);

    const report = await compared(true);
    expect(codes(report.mended.filter(about(id)))).toEqual(['PAID_NOT_CREDITED']);
    expect(report.differences).toEqual([]);
    expect(await till.posted('cus_unheard')).toBe(6000);
    expect(await compared(true)).toMatchObject({ mended: [], differences: [] });
    expect(await till.posted('cus_unheard')).toBe(6000);
  });

  it('finds it also when the process ended before it knew of the checkout', async () => {
    await till.customer('cus_crash');
    const { id, session } = await till.checkout('cus_crash');
    await change(id, `checkout_session = null, checkout_url = null, state = 'created'`);
    await unheard(() => till.stripe.pay(session));
    expect(codes(await differencesOf(id))).toEqual(['PAID_NOT_CREDITED']);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.posted('cus_crash')).toBe(6000);
  });

  it('finds it on the account of the partner’s own', async () => {
    const account = till.stripe.addAccount();
    await till.api.database.superuser(
      `with known as (insert into directory.stripe_accounts values ($2, $1))
       update talktime.payment_settings set stripe_account = $2, charges_enabled = true, sells_on = 'own' where partner_id = $1`,
      [till.api.partnerId, account],
    );
    await till.customer('cus_connected');
    const body = { customer_id: 'cus_connected', amount: '60', idempotency_key: till.key() };
    const { id } = (await till.api.post('/v1/checkouts', body)).body;
    await till.host('PATCH', '/v1/payment-settings', { sells_on: 'host' });
    const [session] = till.stripe.all('checkoutSession', account);
    await unheard(() => till.stripe.pay(session!.id));
    expect(await differencesOf(id)).toMatchObject([{ code: 'PAID_NOT_CREDITED', account }]);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.posted('cus_connected')).toBe(6000);
  });
});

describe('what moved back', () => {
  const bought = async (customer: string) => {
    await till.customer(customer);
    const id = await till.buy(customer);
    return { id, intent: till.intentOf(id) };
  };

  it('REFUND_NOT_TAKEN: a refund that nobody heard of is taken by mending', async () => {
    const { id, intent } = await bought('cus_refund');
    await unheard(() => till.stripe.refund(intent, { amount: 2000 }));
    expect(await differencesOf(id)).toMatchObject([
      {
        code: 'REFUND_NOT_TAKEN',
        detail: '20.00 USD of 60.00 USD were refunded, which is 2000 credits; it is 0 here.',
      },
    ]);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.posted('cus_refund')).toBe(4000);
  });

  it('REFUND_NOT_TAKEN: of a payment that is older than the time that is compared', async () => {
    const { id, intent } = await bought('cus_old');
    const month = 30 * 24 * 3600;
    till.stripe.get('paymentIntent', intent).created -= month;
    await change(id, 'created_at = created_at - make_interval(secs => $2)', month);
    await unheard(() => till.stripe.refund(intent, { amount: 600 }));
    expect(codes(await differencesOf(id))).toEqual(['REFUND_NOT_TAKEN']);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.posted('cus_old')).toBe(5400);
  });

  it('TAKEN_NOT_REFUNDED: a refund that failed unheard is given back by mending', async () => {
    const { id, intent } = await bought('cus_failed');
    const refund = till.stripe.refund(intent, { amount: 2000, status: 'pending' });
    await till.heard();
    expect(await till.posted('cus_failed')).toBe(4000);
    await unheard(() => till.stripe.failRefund(refund.id));
    expect(codes(await differencesOf(id))).toEqual(['TAKEN_NOT_REFUNDED']);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.posted('cus_failed')).toBe(6000);
  });

  it('DISPUTE_NOT_HELD, HELD_WITHOUT_DISPUTE: disputes that open and are won unheard', async () => {
    const { id, intent } = await bought('cus_dispute');
    let dispute = '';
    await unheard(() => void (dispute = till.stripe.dispute(intent, { amount: 3000 }).id));
    expect(codes(await differencesOf(id))).toEqual(['DISPUTE_NOT_HELD']);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.balance('cus_dispute')).toMatchObject({ posted: 6000, disputed: 3000 });
    await unheard(() => till.stripe.setDispute(dispute, 'won'));
    expect(codes(await differencesOf(id))).toEqual(['HELD_WITHOUT_DISPUTE']);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.balance('cus_dispute')).toMatchObject({ posted: 6000, disputed: 0 });
  });

  it('LOSS_NOT_TAKEN, and TAKEN_NOT_LOST: disputes that are lost, and won after all, unheard', async () => {
    const { id, intent } = await bought('cus_lost');
    const dispute = till.stripe.dispute(intent, { amount: 3000 });
    await till.heard();
    await unheard(() => till.stripe.setDispute(dispute.id, 'lost'));
    expect(codes(await differencesOf(id))).toEqual(['LOSS_NOT_TAKEN', 'HELD_WITHOUT_DISPUTE']);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.balance('cus_lost')).toMatchObject({ posted: 3000, disputed: 0 });
    till.stripe.get('dispute', dispute.id).status = 'won';
    expect(codes(await differencesOf(id))).toEqual(['TAKEN_NOT_LOST']);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.posted('cus_lost')).toBe(6000);
  });

  it('RECORD_BEHIND: what is kept of the payment says something else than Stripe, and the credits are right', async () => {
    const { id, intent } = await bought('cus_behind');
    till.stripe.refund(intent, { amount: 2000 });
    await till.heard();
    await change(id, 'refunded = 0');
    expect(codes(await differencesOf(id))).toEqual(['RECORD_BEHIND']);
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.posted('cus_behind')).toBe(4000);
  });
});

describe('what can only be named', () => {
  it('UNKNOWN_PAYMENT: is never credited by its metadata, and not named any more once it is credited by hand', async () => {
    await till.customer('cus_unknown');
    const intent = await paidByHand({
      talktime_partner: till.api.partnerId,
      talktime_payment: 'pay_0123456789abcdef0123',
    });
    const [difference] = await differencesOf(intent, true);
    expect(difference).toMatchObject({ code: 'UNKNOWN_PAYMENT', payment_id: null });
    expect(difference!.next).toContain(`POST /v1/top-ups with the idempotency_key "${intent}"`);
    await till.api.post('/v1/top-ups', {
      customer_id: 'cus_unknown',
      amount: '500',
      note: `Paid before the restore: ${intent}`,
      idempotency_key: intent,
    });
    expect(await differencesOf(intent)).toEqual([]);
  });

  it('UNKNOWN_PAYMENT: a second PaymentIntent that names a payment which has one', async () => {
    await till.customer('cus_second');
    const id = await till.buy('cus_second');
    const intent = await paidByHand({ talktime_partner: till.api.partnerId, talktime_payment: id });
    expect(codes(await differencesOf(intent, true))).toEqual(['UNKNOWN_PAYMENT']);
    expect(await till.posted('cus_second')).toBe(6000);
    await till.api.post('/v1/top-ups', { customer_id: 'cus_second', amount: '1', idempotency_key: intent });
  });

  it('UNKNOWN_PARTNER: for the host, and for no partner', async () => {
    const stranger = '00000000-0000-4000-8000-000000000000';
    const intent = await paidByHand({ talktime_partner: stranger, talktime_payment: 'pay_0123456789abcdef0123' });
    expect(await differencesOf(intent)).toEqual([]);
    const ofHost = await reconcileHost(context(), new StripeBook(context().stripe, A_WEEK_AGO()));
    expect(ofHost).toMatchObject([{ code: 'UNKNOWN_PARTNER', payment_intent: intent, account: HOST_ACCOUNT }]);
    expect(ofHost[0]!.detail).toContain(stranger);
  });

  it('payments of the account that are not ours are nobody’s', async () => {
    await paidByHand({});
    expect((await compared()).differences).toEqual([]);
  });

  it('MISMATCH: what was paid is not what was asked for; credited by hand it is not named any more', async () => {
    await till.customer('cus_mismatch');
    const { id, session } = await till.checkout('cus_mismatch');
    await change(id, 'amount = amount + 100');
    till.stripe.pay(session);
    await till.heard();
    const [difference] = await differencesOf(id, true);
    expect(difference).toMatchObject({ code: 'MISMATCH' });
    expect(difference!.detail).toMatch(/^60\.00 USD were paid, and 61\.00 USD were asked for/);
    expect(await till.posted('cus_mismatch')).toBe(0);
    const intent = till.intentOf(id);
    await till.api.post('/v1/top-ups', { customer_id: 'cus_mismatch', amount: '6000', idempotency_key: intent });
    expect(await differencesOf(id)).toEqual([]);
  });

  it('STUCK: says what the ledger refused, and mending credits it once that is mended', async () => {
    await till.customer('cus_full');
    await till.host('POST', '/v1/top-ups', {
      customer_id: 'cus_full',
      amount: '7999999999',
      idempotency_key: till.key(),
    });
    const id = await till.buy('cus_full');
    const [difference] = await differencesOf(id, true);
    expect(difference).toMatchObject({ code: 'STUCK' });
    expect(difference!.detail).toContain('a wallet stays within 8,000,000,000');
    await till.host('POST', '/v1/adjustments', {
      customer_id: 'cus_full',
      amount: '-1000000',
      note: 'too many',
      idempotency_key: till.key(),
    });
    expect(await differencesOf(id, true)).toEqual([]);
    expect(await till.posted('cus_full')).toBe(7999999999 - 1000000 + 6000);
  });

  it('AMOUNT_DIFFERS and WALLET_DIFFERS: a payment’s terms that were changed behind its back', async () => {
    await till.customer('cus_terms');
    await till.customer('cus_other');
    const id = await till.buy('cus_terms');
    await change(id, 'credits = credits + 1000000, bonus = 5000000');
    expect(await differencesOf(id, true)).toMatchObject([
      {
        code: 'AMOUNT_DIFFERS',
        detail: '6001 and a bonus of 5 credits were sold, and 6000 were credited.',
      },
    ]);
    await change(
      id,
      `credits = credits - 1000000, bonus = 0, customer_id = 'cus_other',
       wallet_id = (select wallet_id from talktime.customers where customer_id = 'cus_other')`,
    );
    expect(await differencesOf(id, true)).toMatchObject([
      { code: 'WALLET_DIFFERS', detail: 'It was sold to cus_other, and credited to cus_terms.' },
    ]);
    await change(
      id,
      `customer_id = 'cus_terms', wallet_id = (select wallet_id from talktime.customers where customer_id = 'cus_terms')`,
    );
    expect(await differencesOf(id)).toEqual([]);
  });

  it('CREDITED_NOT_PAID: credits for what Stripe says was never paid, and for what it does not have', async () => {
    await till.customer('cus_free');
    const unpaid = await stripe().paymentIntents.create({
      amount: 6000,
      currency: 'usd',
      metadata: { talktime_partner: till.api.partnerId, talktime_payment: 'pay_ffffffffffffffffffff' },
    });
    for (const payment of [unpaid.id, 'pi_made_up'])
      await context().ledger.submit(till.api.partnerId, {
        kind: 'payment',
        actor: { id: 'somebody', host: true },
        payment,
        wallet: { customerId: 'cus_free' },
        amount: 6_000_000_000n as never,
        bonus: 0n as never,
        grant: 'paid',
        costBasis: 60_000_000n,
      });
    const { differences } = await compared(true);
    expect(differences).toMatchObject([
      { code: 'CREDITED_NOT_PAID', payment_intent: unpaid.id, customer_id: 'cus_free', account: 'host' },
      { code: 'CREDITED_NOT_PAID', payment_intent: 'pi_made_up', customer_id: 'cus_free' },
    ]);
    expect(differences[0]!.detail).toContain('requires_payment_method');
    await till.api.database.superuser(`delete from talktime.payment_credits where payment = any($1)`, [
      [unpaid.id, 'pi_made_up'],
    ]);
  });

  it('NOT_AT_STRIPE: a PaymentIntent that the account does not have', async () => {
    await till.customer('cus_gone');
    const id = await till.buy('cus_gone');
    const intent = till.intentOf(id);
    await change(id, `payment_intent = 'pi_of_another_mode'`);
    const differences = (await compared(true)).differences;
    expect(differences.filter(about(id))).toMatchObject([
      { code: 'NOT_AT_STRIPE', payment_intent: 'pi_of_another_mode' },
    ]);
    // And what was credited has lost its payment.
    expect(codes(differences.filter(about(intent)))).toEqual(['UNKNOWN_PAYMENT']);
    await change(id, 'payment_intent = $2', intent);
    expect((await compared()).differences).toEqual([]);
  });

  it('STUCK_EVENT: an event that could not be worked on is named, and worked on by mending', async () => {
    await till.customer('cus_stuck');
    const id = await till.buy('cus_stuck');
    await till.api.database.superuser(
      `insert into directory.stripe_events (account, event_id, type, object_id, attempts, next_attempt_at, outcome)
       values ('host', 'evt_stuck', 'payment_intent.succeeded', $1, 5, clock_timestamp() + interval '1 hour', 'Stripe did not answer')`,
      [till.intentOf(id)],
    );
    const before = await compared();
    expect(before.differences).toMatchObject([{ code: 'STUCK_EVENT', account: 'host' }]);
    expect(before.differences[0]!.detail).toBe(
      'evt_stuck (payment_intent.succeeded) waits after 5 attempts: Stripe did not answer',
    );
    const after = await compared(true);
    expect([codes(after.mended), after.differences]).toEqual([['STUCK_EVENT'], []]);
    expect(await till.posted('cus_stuck')).toBe(6000);
  });
});

describe('every day, and by the API', () => {
  it('the job mends what it can and keeps what it found, for the partner to read', async () => {
    await till.customer('cus_daily');
    const { id, session } = await till.checkout('cus_daily');
    await unheard(() => till.stripe.pay(session));
    await reconciliationJob(context()).run(new AbortController().signal);
    expect(await till.posted('cus_daily')).toBe(6000);
    const { body } = await till.api.get('/v1/payments/reconciliation');
    expect(codes(body.report.mended)).toEqual(['PAID_NOT_CREDITED']);
    expect(body.report).toMatchObject({
      differences: [],
      mended: [{ payment_id: id, title: 'Paid, and not credited' }],
    });
    const audited = await till.api.database.superuser(
      `select actor, change from talktime.audit_log where action = 'payments.reconciled' order by at desc limit 1`,
    );
    expect(audited).toEqual([
      { actor: 'stripe', change: { differences: [], mended: [['PAID_NOT_CREDITED', till.intentOf(id)]] } },
    ]);
  });

  it('compares at once when asked, at most 31 days, for whoever may manage the whole partner', async () => {
    await till.customer('cus_api');
    const { id, session } = await till.checkout('cus_api');
    await unheard(() => till.stripe.pay(session));
    const looked = await till.api.post('/v1/payments/reconcile', { mend: false });
    expect(codes(looked.body.differences)).toEqual(['PAID_NOT_CREDITED']);
    expect((await till.api.get('/v1/payments/reconciliation')).body.report).toEqual(looked.body);
    const mended = await till.api.post('/v1/payments/reconcile', { since: new Date(Date.now() - 864e5).toISOString() });
    expect(mended.body).toMatchObject({ differences: [], mended: [{ payment_id: id }] });

    const long = await till.api.post('/v1/payments/reconcile', { since: '2026-01-01T00:00:00Z' });
    expect(long).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    const ofCustomer = await till.api.keyWith(['manage'], 'cus_api');
    for (const [method, path, body] of [
      ['GET', '/v1/payments/reconciliation', undefined],
      ['POST', '/v1/payments/reconcile', {}],
    ] as const)
      expect((await till.api.call(method, path, { key: ofCustomer, body })).status).toBe(403);
    const readsOnly = await till.api.keyWith(['read']);
    expect((await till.api.get('/v1/payments/reconciliation', { key: readsOnly })).status).toBe(403);
  });

  it('the doctor says what the newest comparison left, until nothing is left', async () => {
    const found = async () => (await till.api.get('/v1/doctor')).body.findings.map(({ code }: any) => code);
    const intent = await paidByHand({
      talktime_partner: till.api.partnerId,
      talktime_payment: 'pay_00000000000000000000',
    });
    await till.api.post('/v1/payments/reconcile', {});
    const { body } = await till.api.get('/v1/doctor');
    expect(body.findings.find(({ code }: any) => code === 'PAYMENTS_DIFFER')).toMatchObject({
      state: 'broken',
      detail: expect.stringMatching(/^The daily comparison left 1 difference\. Stripe has a payment/),
      next: expect.stringContaining(intent),
    });
    await till.customer('cus_doctor');
    await till.api.post('/v1/top-ups', { customer_id: 'cus_doctor', amount: '5', idempotency_key: intent });
    await till.api.post('/v1/payments/reconcile', {});
    expect(await found()).not.toContain('PAYMENTS_DIFFER');
  });

  it('says so when Stripe cannot be asked', async () => {
    till.stripe.fail('GET /v1/payment_intents', 'unavailable');
    const answer = await till.api.post('/v1/payments/reconcile', {});
    expect(answer).toMatchObject({ status: 503, body: { code: 'STRIPE_UNREACHABLE' } });
  });
});

/** A payment that somebody made at Stripe themselves. */
async function paidByHand(metadata: Record<string, string>): Promise<string> {
  const intent = await stripe().paymentIntents.create({
    amount: 500,
    currency: 'usd',
    metadata,
    payment_method: 'pm_card_visa',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    confirm: true,
  });
  await till.heard();
  return intent.id;
}
