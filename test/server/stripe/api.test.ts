import Stripe from 'stripe';
import { startFakeStripe, type FakeStripe } from '../../../server/demo/stripe';

let fake: FakeStripe;
let stripe: Stripe;
let customer: string;
beforeEach(async () => {
  fake = await startFakeStripe({
    keys: { sk_test_allisallowedhere: 'all', rk_test_readsonlyrefunds: { refund: 'read' } },
  });
  stripe = new Stripe(fake.key, { ...fake.config, maxNetworkRetries: 0 });
  customer = (await stripe.customers.create({ name: 'Mia' })).id;
});
afterEach(() => fake.close());

/** As nobody would send it who uses the package. */
const raw = async (
  method: 'GET' | 'POST',
  path: string,
  form: Record<string, string> = {},
  headers: Record<string, string> = {},
) => {
  const query = new URLSearchParams(form).toString();
  const response = await fetch(`${fake.origin}${path}${method === 'GET' && query ? `?${query}` : ''}`, {
    method,
    headers: {
      authorization: `Bearer ${fake.key}`,
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
    body: method === 'POST' ? query : undefined,
  });
  return { status: response.status, ...((await response.json()) as { error?: Record<string, unknown> }) };
};

async function charged(amount = 6_000, number?: string, account?: string): Promise<Stripe.PaymentIntent> {
  const card = fake.addCard(customer, number);
  return stripe.paymentIntents.create(
    { amount, currency: 'usd', customer, payment_method: card.id, confirm: true, off_session: true },
    account === undefined ? {} : { stripeAccount: account },
  );
}

describe('the API refuses what Stripe refuses', () => {
  it.each<[string, 'GET' | 'POST', string, Record<string, string>, number, Record<string, unknown>]>([
    ['an unknown parameter', 'POST', '/v1/customers', { nmae: 'x' }, 400, { code: 'parameter_unknown', param: 'nmae' }],
    [
      'an unknown parameter further in',
      'POST',
      '/v1/checkout/sessions',
      { mode: 'payment', 'line_items[0][price_data][amount]': '5' },
      400,
      { code: 'parameter_unknown', param: 'line_items[0][price_data][amount]' },
    ],
    [
      'a missing one',
      'POST',
      '/v1/payment_intents',
      { currency: 'usd' },
      400,
      { code: 'parameter_missing', param: 'amount' },
    ],
    [
      'no mode',
      'POST',
      '/v1/checkout/sessions',
      { success_url: 'https://x.example' },
      400,
      { code: 'parameter_missing', param: 'mode' },
    ],
    [
      'no integer',
      'POST',
      '/v1/payment_intents',
      { amount: '12.5', currency: 'usd' },
      400,
      { code: 'parameter_invalid_integer', param: 'amount' },
    ],
    ['too little', 'POST', '/v1/payment_intents', { amount: '49', currency: 'usd' }, 400, { code: 'amount_too_small' }],
    [
      'an empty value',
      'POST',
      '/v1/payment_intents',
      { amount: '500', currency: 'usd', customer: '' },
      400,
      { code: 'parameter_invalid_empty', param: 'customer' },
    ],
    [
      'no boolean',
      'POST',
      '/v1/payment_intents',
      { amount: '500', currency: 'usd', confirm: 'yes' },
      400,
      { param: 'confirm' },
    ],
    [
      'a choice that is none',
      'POST',
      '/v1/checkout/sessions',
      { mode: 'gift' },
      400,
      { message: 'Invalid mode: must be one of payment, setup, or subscription', param: 'mode' },
    ],
    [
      'payment_method_types',
      'POST',
      '/v1/payment_intents',
      { amount: '500', currency: 'usd', 'payment_method_types[0]': 'card' },
      400,
      { code: 'parameter_unknown' },
    ],
    [
      'payment_method_types in Checkout',
      'POST',
      '/v1/checkout/sessions',
      { mode: 'payment', 'payment_method_types[0]': 'card' },
      400,
      { code: 'parameter_unknown' },
    ],
    [
      'a customer that is not there',
      'POST',
      '/v1/payment_intents',
      { amount: '500', currency: 'usd', customer: 'cus_no' },
      400,
      { code: 'resource_missing', param: 'customer', message: "No such customer: 'cus_no'" },
    ],
    [
      'an address of nothing',
      'GET',
      '/v1/payment_intents/pi_no',
      {},
      404,
      { code: 'resource_missing', param: 'intent' },
    ],
    ['a call that it does not have', 'GET', '/v1/nothing', {}, 404, { type: 'invalid_request_error' }],
    ['what cannot be expanded', 'GET', '/v1/customers', { 'expand[0]': 'data.wallet' }, 400, { param: 'expand' }],
    [
      'a cursor of nothing',
      'GET',
      '/v1/customers',
      { starting_after: 'cus_no' },
      400,
      { code: 'resource_missing', param: 'starting_after' },
    ],
    [
      'a page too long',
      'GET',
      '/v1/customers',
      { limit: '101' },
      400,
      { code: 'parameter_invalid_integer', param: 'limit' },
    ],
    [
      'a fee on the own account',
      'POST',
      '/v1/payment_intents',
      { amount: '500', currency: 'usd', application_fee_amount: '5' },
      400,
      { param: 'application_fee_amount' },
    ],
  ])('%s', async (_, method, path, form, status, error) => {
    const before = fake.events().length;
    expect(await raw(method, path, form)).toMatchObject({ status, error: { type: 'invalid_request_error', ...error } });
    expect(fake.events()).toHaveLength(before);
  });

  it('no key, a wrong key, another version, an account of somebody else', async () => {
    expect(await raw('GET', '/v1/customers', {}, { authorization: '' })).toMatchObject({ status: 401 });
    expect(await raw('GET', '/v1/customers', {}, { authorization: 'Bearer sk_test_wrong0000000000' })).toMatchObject({
      status: 401,
      error: { message: 'Invalid API Key provided: sk_test_wro********0000' },
    });
    expect(await raw('GET', '/v1/customers', {}, { 'stripe-version': '2020-08-27' })).toMatchObject({ status: 400 });
    expect(await raw('GET', '/v1/customers', {}, { 'stripe-account': 'acct_no' })).toMatchObject({
      status: 403,
      error: { code: 'account_invalid' },
    });
  });

  it('a restricted key what it is not allowed', async () => {
    const restricted = new Stripe('rk_test_readsonlyrefunds', { ...fake.config, maxNetworkRetries: 0 });
    expect((await restricted.refunds.list()).data).toEqual([]);
    await expect(restricted.refunds.create({ charge: 'ch_1' })).rejects.toMatchObject({
      type: 'StripePermissionError',
      statusCode: 403,
    });
    await expect(restricted.customers.list()).rejects.toThrow(/rak_customer_read/);
  });
});

describe('customers and lists', () => {
  it('a customer is made, changed and read; an empty value takes one away', async () => {
    await stripe.customers.update(customer, { email: 'mia@bright.example', metadata: { a: '1', b: '2' } });
    await stripe.customers.update(customer, { name: '', metadata: { a: '' } });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({
      email: 'mia@bright.example',
      name: null,
      metadata: { b: '2' },
    });
  });

  it('lists come newest first, a page at a time, by time and by what they belong to', async () => {
    let now = 1_800_000_000_000;
    const clocked = await startFakeStripe({ now: () => now });
    stripe = new Stripe(clocked.key, clocked.config);
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.push((await stripe.customers.create()).id);
      now += 60_000;
    }
    ids.reverse();
    const first = await stripe.customers.list({ limit: 2 });
    expect([first.data.map(({ id }) => id), first.has_more]).toEqual([ids.slice(0, 2), true]);
    const all: string[] = [];
    for await (const { id } of stripe.customers.list({ limit: 2 })) all.push(id);
    expect(all).toEqual(ids);
    const back = await stripe.customers.list({ limit: 2, ending_before: ids[3] });
    expect([back.data.map(({ id }) => id), back.has_more]).toEqual([ids.slice(1, 3), true]);
    const late = await stripe.customers.list({ created: { gte: 1_800_000_180 } });
    expect(late.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    await clocked.close();
  });
});

describe('payments without their owner', () => {
  it('a saved card is charged', async () => {
    const intent = await charged();
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 6_000 });
    const read = await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge', 'payment_method'] });
    const charge = read.latest_charge as Stripe.Charge;
    expect(charge).toMatchObject({ amount: 6_000, customer, payment_intent: intent.id, disputed: false });
    expect((await fetch(charge.receipt_url ?? '')).status).toBe(200);
    const listed = await stripe.paymentIntents.list({ customer, expand: ['data.latest_charge'] });
    expect(listed.data).toMatchObject([{ latest_charge: { id: charge.id } }]);
  });

  it.each([
    ['4000000000000341', 'card_declined', 'generic_decline'],
    ['4000000000009995', 'card_declined', 'insufficient_funds'],
    ['4000000000000069', 'expired_card', ''], // The package's own '' where Stripe says nothing.,
    ['4000002760003184', 'authentication_required', 'authentication_required'],
  ])('%s: 402 %s, with the PaymentIntent inside', async (number, code, declineCode) => {
    const error = await charged(6_000, number).catch((thrown: unknown) => thrown as Stripe.errors.StripeCardError);
    expect(error).toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
      code,
      decline_code: declineCode,
      payment_intent: { status: 'requires_payment_method', last_payment_error: { code } },
      payment_method: { card: { last4: number.slice(-4) } },
    });
    const [charge] = fake.all('charge');
    expect(charge).toMatchObject({ status: 'failed', paid: false, failure_code: code });
    expect(
      fake
        .events()
        .map(({ type }) => type)
        .slice(-2),
    ).toEqual(['charge.failed', 'payment_intent.payment_failed']);
  });

  it('a card that asks unless it was set up is charged once it was, and declined when it was not', async () => {
    const card = fake.addCard(customer, '4000002500003155', { isSetUp: false });
    const pay = () =>
      stripe.paymentIntents.create({
        amount: 500,
        currency: 'usd',
        customer,
        payment_method: card.id,
        confirm: true,
        off_session: true,
      });
    await expect(pay()).rejects.toMatchObject({ code: 'authentication_required' });
    const { id } = await stripe.checkout.sessions.create({
      mode: 'setup',
      currency: 'usd',
      customer,
      success_url: 'https://x.example',
    });
    fake.pay(id, { with: '4000002500003155' });
    const saved = fake.all('paymentMethod').at(-1);
    expect(
      await stripe.paymentIntents.create({
        amount: 500,
        currency: 'usd',
        customer,
        payment_method: saved?.id,
        confirm: true,
        off_session: true,
      }),
    ).toMatchObject({ status: 'succeeded' });
  });

  it('with its owner there, the bank is asked: a page, a yes, and it is paid', async () => {
    const card = fake.addCard(customer, '4000002760003184');
    const intent = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      customer,
      payment_method: card.id,
      confirm: true,
      return_url: 'https://talktime.example/back',
    });
    expect(intent.status).toBe('requires_action');
    const url = intent.next_action?.redirect_to_url?.url ?? '';
    expect(await (await fetch(url)).text()).toContain('$5.00');
    const answered = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ answer: 'yes' }),
      redirect: 'manual',
    });
    expect(answered.headers.get('location')).toBe('https://talktime.example/back');
    expect(fake.get('paymentIntent', intent.id).status).toBe('succeeded');
  });

  it('a card belongs to one customer, and is gone once it was taken away', async () => {
    const card = fake.addCard(customer);
    const other = await stripe.customers.create();
    const pay = (who: string) =>
      stripe.paymentIntents.create({
        amount: 500,
        currency: 'usd',
        customer: who,
        payment_method: card.id,
        confirm: true,
        off_session: true,
      });
    await expect(pay(other.id)).rejects.toMatchObject({ code: 'resource_missing', param: 'payment_method' });
    await expect(stripe.paymentMethods.attach(card.id, { customer: other.id })).rejects.toThrow(
      /already been attached/,
    );
    await stripe.paymentMethods.detach(card.id);
    expect((await stripe.paymentMethods.list({ customer })).data).toEqual([]);
  });

  it('a card by its test name is attached, or refused when the bank says no to that already', async () => {
    const method = await stripe.paymentMethods.attach('pm_card_mastercard', { customer });
    expect(method).toMatchObject({ customer, card: { brand: 'mastercard', last4: '4444' } });
    await expect(stripe.paymentMethods.attach('pm_card_visa_chargeDeclined', { customer })).rejects.toMatchObject({
      statusCode: 402,
      code: 'card_declined',
    });
  });

  it('can be canceled until it has succeeded', async () => {
    const intent = await stripe.paymentIntents.create({ amount: 500, currency: 'usd' });
    expect(await stripe.paymentIntents.cancel(intent.id, { cancellation_reason: 'abandoned' })).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'abandoned',
    });
    const paid = await charged();
    await expect(stripe.paymentIntents.cancel(paid.id)).rejects.toMatchObject({
      code: 'payment_intent_unexpected_state',
    });
  });
});

describe('refunds and disputes', () => {
  it('a charge is refunded in parts, never more than it was', async () => {
    const intent = await charged();
    const refund = await stripe.refunds.create({
      payment_intent: intent.id,
      amount: 2_000,
      reason: 'requested_by_customer',
    });
    expect(refund).toMatchObject({ status: 'succeeded', amount: 2_000, payment_intent: intent.id });
    await expect(stripe.refunds.create({ payment_intent: intent.id, amount: 4_001 })).rejects.toThrow(
      /\$40\.01.*\$40\.00/,
    );
    await stripe.refunds.create({ charge: refund.charge as string });
    await expect(stripe.refunds.create({ payment_intent: intent.id })).rejects.toMatchObject({
      code: 'charge_already_refunded',
    });
    const charge = await stripe.charges.retrieve(refund.charge as string, { expand: ['refunds'] });
    expect(charge).toMatchObject({ amount_refunded: 6_000, refunded: true, refunds: { data: [{}, {}] } });
    expect((await stripe.refunds.list({ payment_intent: intent.id })).data.map(({ amount }) => amount)).toEqual([
      4_000, 2_000,
    ]);
  });

  it('a pending refund counts until it fails', async () => {
    const intent = await charged();
    const refund = fake.refund(intent.id, { amount: 2_000, status: 'pending' });
    const charge = () => stripe.charges.retrieve(intent.latest_charge as string);
    expect(await charge()).toMatchObject({ amount_refunded: 2_000 });
    fake.failRefund(refund.id);
    expect(await charge()).toMatchObject({ amount_refunded: 0 });
    expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({
      status: 'failed',
      failure_reason: 'expired_or_canceled_card',
    });
    expect(
      fake
        .events()
        .map(({ type }) => type)
        .slice(-3),
    ).toEqual(['refund.updated', 'charge.refund.updated', 'refund.failed']);
  });

  it('a dispute takes the money, and gives it back when it is won; the charge cannot be refunded meanwhile', async () => {
    const intent = await charged();
    const { id } = fake.dispute(intent.id, { amount: 3_000 });
    expect(await stripe.charges.retrieve(intent.latest_charge as string)).toMatchObject({ disputed: true });
    await expect(stripe.refunds.create({ payment_intent: intent.id })).rejects.toMatchObject({
      code: 'charge_disputed',
    });
    expect(await stripe.disputes.update(id, { evidence: { uncategorized_text: 'It rang.' } })).toMatchObject({
      status: 'under_review',
      evidence: { uncategorized_text: 'It rang.' },
    });
    fake.setDispute(id, 'won');
    const { data } = await stripe.disputes.list({ payment_intent: intent.id });
    expect(data).toMatchObject([{ status: 'won', amount: 3_000 }]);
    const { data: events } = await stripe.events.list({ types: ['charge.dispute.*'] });
    expect(events.map(({ type }) => type).reverse()).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.updated',
      'charge.dispute.closed',
      'charge.dispute.funds_reinstated',
    ]);
    await expect(stripe.disputes.close(id)).rejects.toThrow(/already closed/);
  });

  it('a warning takes nothing until it becomes a dispute', async () => {
    const intent = await charged();
    const { id } = fake.dispute(intent.id, { status: 'warning_needs_response' });
    const withdrawn = () => fake.events().filter(({ type }) => type === 'charge.dispute.funds_withdrawn').length;
    expect(withdrawn()).toBe(0);
    fake.setDispute(id, 'needs_response');
    expect(withdrawn()).toBe(1);
    await stripe.disputes.close(id);
    expect(fake.get('dispute', id).status).toBe('lost');
  });
});

describe('connected accounts', () => {
  it('are strangers to each other, and pay a fee to the platform', async () => {
    const account = fake.addAccount();
    const options = { stripeAccount: account };
    await expect(stripe.customers.retrieve(customer, {}, options)).rejects.toMatchObject({ statusCode: 404 });
    const theirs = await stripe.customers.create({}, options);
    const card = fake.addCard(theirs.id);
    const intent = await stripe.paymentIntents.create(
      {
        amount: 6_000,
        currency: 'usd',
        customer: theirs.id,
        payment_method: card.id,
        confirm: true,
        off_session: true,
        application_fee_amount: 300,
      },
      options,
    );
    const charge = await stripe.charges.retrieve(intent.latest_charge as string, {}, options);
    expect(charge).toMatchObject({
      application_fee_amount: 300,
      application_fee: expect.stringMatching(/^fee_/) as string,
    });
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
    expect(fake.events(account).every((event) => event.account === account)).toBe(true);
  });

  it('take payments once their owner has told Stripe who they are', async () => {
    const { id } = await stripe.accounts.create({ type: 'standard', country: 'DE' });
    const pay = () => stripe.paymentIntents.create({ amount: 500, currency: 'eur' }, { stripeAccount: id });
    await expect(pay()).rejects.toThrow(/cannot currently make charges/);
    const link = await stripe.accountLinks.create({
      account: id,
      type: 'account_onboarding',
      return_url: 'https://talktime.example/back',
      refresh_url: 'https://talktime.example/again',
    });
    const answered = await fetch(link.url, {
      method: 'POST',
      body: new URLSearchParams({ answer: 'yes' }),
      redirect: 'manual',
    });
    expect(answered.headers.get('location')).toBe('https://talktime.example/back');
    expect(await stripe.accounts.retrieve(id)).toMatchObject({ charges_enabled: true, details_submitted: true });
    expect(await pay()).toMatchObject({ status: 'requires_payment_method' });
    expect(fake.events(id).map(({ type }) => type)).toContain('account.updated');
  });
});

describe('meters', () => {
  it('sum what was used, once for each identifier, without what was taken back', async () => {
    const meter = await stripe.billing.meters.create({
      display_name: 'Minutes',
      event_name: 'minutes',
      default_aggregation: { formula: 'sum' },
    });
    const use = (identifier: string, value: string) =>
      stripe.billing.meterEvents.create({
        event_name: 'minutes',
        identifier,
        payload: { stripe_customer_id: customer, value },
      });
    await use('entry-1', '61');
    await use('entry-2', '30');
    await expect(use('entry-1', '61')).rejects.toMatchObject({ code: 'duplicate_meter_event' });
    await stripe.billing.meterEventAdjustments.create({
      event_name: 'minutes',
      type: 'cancel',
      cancel: { identifier: 'entry-2' },
    });
    const start = Math.floor(Date.now() / 60_000) * 60;
    const { data } = await stripe.billing.meters.listEventSummaries(meter.id, {
      customer,
      start_time: start - 60,
      end_time: start + 120,
    });
    expect(data).toMatchObject([{ aggregated_value: 61, meter: meter.id }]);
    await expect(
      stripe.billing.meterEvents.create({
        event_name: 'seconds',
        payload: { stripe_customer_id: customer, value: '1' },
      }),
    ).rejects.toMatchObject({ code: 'no_meter' });
  });
});
