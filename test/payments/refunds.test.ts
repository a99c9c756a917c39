import { settleDuePayments } from '@talktime/core/payments';
import { Selling } from './selling';

let selling: Selling;
/** How far Stripe's clock is ahead, in milliseconds. */
let ahead: number;
beforeEach(async () => {
  ahead = 0;
  selling = await Selling.open({ now: () => Date.now() + ahead });
  await selling.alerting.world.customer('acme', '0');
});
afterEach(() => selling.close());

const refundsAtStripe = () => selling.fake.all('refund', selling.account);

describe('Giving money back', () => {
  it('refunds a part, then the rest; the credits go with it', async () => {
    const { id } = await selling.buy('60');
    const part = await selling.refund(id, { amount: '20', reason: 'duplicate' });
    expect(part).toMatchObject({
      refunded: 20,
      refunds: [{ amount: 20, status: 'succeeded', reason: 'duplicate' }],
      replayed: false,
    });
    expect(await selling.posted()).toBe(4000);
    expect(await selling.refund(id)).toMatchObject({ refunded: 60 });
    expect(await selling.posted()).toBe(0);
  });

  it('never more than is left', async () => {
    const { id } = await selling.buy('60');
    await selling.refund(id, { amount: '50' });
    await expect(selling.refund(id, { amount: '10.01' })).rejects.toMatchObject({
      code: 'REFUND_LIMIT',
      detail: 'Of 60.00 USD paid, 10.00 USD can still be given back.',
    });
    await selling.refund(id, { amount: '10' });
    await expect(selling.refund(id)).rejects.toMatchObject({ code: 'REFUND_LIMIT' });
    await expect(selling.refund(id, { amount: '0' })).rejects.toMatchObject({ code: 'REFUND_LIMIT' });
  });

  it('two at once do not give back more than there is', async () => {
    const { id } = await selling.buy('60');
    const both = await Promise.allSettled([selling.refund(id, { amount: '40' }), selling.refund(id, { amount: '40' })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await selling.posted()).toBe(2000);
  });

  it('the same key refunds once; with other content it is a conflict', async () => {
    const { id } = await selling.buy('60');
    const body = { amount: '20', idempotency_key: 'once' };
    await selling.refund(id, body);
    expect(await selling.refund(id, { ...body, amount: '20.00' })).toMatchObject({ refunded: 20, replayed: true });
    expect(refundsAtStripe()).toHaveLength(1);
    await expect(selling.refund(id, { ...body, amount: '21' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('nothing of what was not paid', async () => {
    const { id } = await selling.buy('60', 'acme', { with: 'delayed' });
    await expect(selling.refund(id)).rejects.toMatchObject({ code: 'PAYMENT_NOT_PAID' });
  });

  it('when the answer is lost, it is asked again by itself, and refunds once', async () => {
    const { id } = await selling.buy('60');
    selling.fake.script('POST /v1/refunds', 'cut after', 'cut after');
    await expect(selling.refund(id, { amount: '20' })).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    expect((await selling.details(id)).refunds).toMatchObject([{ amount: 20, status: 'requested' }]);
    await expect(selling.refund(id, { amount: '50' })).rejects.toMatchObject({ code: 'REFUND_LIMIT' });

    await selling.alerting.test.superuser(
      `update talktime.refund_requests set created_at = created_at - interval '2 minutes'`,
    );
    await settleDuePayments(selling.context, selling.partnerId, new AbortController().signal);
    expect(await selling.details(id)).toMatchObject({ refunded: 20, refunds: [{ amount: 20, status: 'succeeded' }] });
    expect(refundsAtStripe()).toHaveLength(1);
    expect(await selling.posted()).toBe(4000);
  });

  it('when the answer was lost and Stripe has forgotten the key, the same request refunds once', async () => {
    const { id } = await selling.buy('60');
    const body = { amount: '20', idempotency_key: 'lost' };
    selling.fake.script('POST /v1/refunds', 'cut after', 'cut after');
    await expect(selling.refund(id, body)).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    ahead = 25 * 60 * 60 * 1000;
    expect(await selling.refund(id, body)).toMatchObject({ refunded: 20, replayed: true });
    expect(refundsAtStripe()).toHaveLength(1);
    expect(await selling.posted()).toBe(4000);
  });

  it('when Stripe was never reached, the job makes it', async () => {
    const { id } = await selling.buy('60');
    selling.fake.script('POST /v1/refunds', 'cut before', 'cut before');
    await expect(selling.refund(id, { amount: '20' })).rejects.toMatchObject({ code: 'STRIPE_UNREACHABLE' });
    expect(refundsAtStripe()).toHaveLength(0);
    await selling.alerting.test.superuser(
      `update talktime.refund_requests set created_at = created_at - interval '2 minutes'`,
    );
    await settleDuePayments(selling.context, selling.partnerId, new AbortController().signal);
    expect(refundsAtStripe()).toHaveLength(1);
    expect(await selling.posted()).toBe(4000);
  });

  it('what Stripe refuses is said, and does not use the key up', async () => {
    const { id, intent } = await selling.buy('60');
    const dispute = selling.fake.dispute(intent, { amount: 1000 });
    const body = { amount: '20', idempotency_key: 'again' };
    await expect(selling.refund(id, body)).rejects.toMatchObject({ code: 'STRIPE_REFUSED' });
    expect((await selling.details(id)).refunds).toMatchObject([
      { status: 'refused', failure: expect.stringContaining('charged back') },
    ]);
    dispute.is_charge_refundable = true;
    await selling.refund(id, body);
    expect((await selling.details(id)).refunds).toMatchObject([{ amount: 20, status: 'succeeded', failure: null }]);
  });

  it('shows disputes with their moment to answer by', async () => {
    const { id, intent } = await selling.buy('60');
    selling.fake.dispute(intent, { amount: 1000, reason: 'fraudulent' });
    await selling.settle(id);
    expect((await selling.details(id)).disputes).toMatchObject([
      { amount: 10, reason: 'fraudulent', status: 'needs_response', answer_by: expect.stringMatching(/^20/) },
    ]);
  });

  it('of what was paid to the host only with a host key', async () => {
    const { id } = await selling.buy('60');
    await selling.alerting.test.superuser(`update talktime.payments set account = 'host' where payment_id = $1`, [id]);
    await expect(selling.refund(id)).rejects.toMatchObject({ code: 'HOST_KEY_REQUIRED' });
  });
});
