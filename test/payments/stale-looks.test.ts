import { paymentContext, settlePayment, StripeAccess } from '@talktime/core/payments';
import { Till } from './till';

/** Two replicas look at one payment; what the slower one saw is older than what the faster one did. */
let till: Till;
beforeAll(async () => void (till = await Till.open()));
afterAll(() => till.close());

/** Another process with the same database and the same Stripe. */
function replica() {
  const { database, ledger, publicUrl, stripe } = till.api.payments!;
  return paymentContext({ database, ledger, publicUrl, stripe: new StripeAccess(stripe.options) });
}

/** Holds the next answer to an address until it is let go. */
function holdAnswer(address: string) {
  let letGo = () => {};
  let isHeld = () => {};
  const held = new Promise<void>((resolve) => (isHeld = resolve));
  const until = new Promise<void>((resolve) => (letGo = resolve));
  let isFirst = true;
  const end = till.stripe.beforeAnswer(async (request) => {
    if (request.address !== address || !isFirst) return;
    isFirst = false;
    isHeld();
    await until;
  });
  return { held, letGo: () => (letGo(), end()) };
}

it('an old look does not give back what a newer one has taken', async () => {
  await till.customer('cus_slow');
  const id = await till.buy('cus_slow');
  till.stripe.webhooks.hold();
  const slow = holdAnswer('GET /v1/refunds');
  const looking = settlePayment(replica(), till.api.partnerId, id); // sees no refund
  await slow.held;
  till.stripe.refund(till.intentOf(id), { amount: 2000 });
  await settlePayment(replica(), till.api.partnerId, id);
  expect(await till.posted('cus_slow')).toBe(4000);
  slow.letGo();
  expect(await looking).toMatchObject({ refunded: 20 });
  expect(await till.posted('cus_slow')).toBe(4000);
  expect((await till.statement('cus_slow')).map(({ kind }) => kind)).toEqual(['refund', 'payment']);
  await till.stripe.webhooks.release();
  await till.idle();
  expect(await till.findings()).toEqual([]);
});

it('an old look does not undo a payment that has arrived since', async () => {
  await till.customer('cus_early');
  const { id, session } = await till.checkout('cus_early');
  till.stripe.webhooks.hold();
  const slow = holdAnswer('GET /v1/checkout/sessions/:id');
  const looking = settlePayment(replica(), till.api.partnerId, id); // sees it open
  await slow.held;
  till.stripe.pay(session);
  await settlePayment(replica(), till.api.partnerId, id);
  slow.letGo();
  expect(await looking).toMatchObject({ state: 'paid' });
  expect(await till.posted('cus_early')).toBe(6000);
  await till.stripe.webhooks.release();
  await till.idle();
});

it('many looks at once, in several processes, end with one credit and each with an answer', async () => {
  await till.customer('cus_many');
  const { id, session } = await till.checkout('cus_many');
  till.stripe.webhooks.hold();
  till.stripe.pay(session);
  const replicas = [replica(), replica(), replica()];
  const looks = Array.from({ length: 12 }, (_, index) => settlePayment(replicas[index % 3]!, till.api.partnerId, id));
  for (const { state } of await Promise.all(looks)) expect(state).toBe('paid');
  expect(await till.posted('cus_many')).toBe(6000);
  await till.stripe.webhooks.release();
  await till.idle();
});
