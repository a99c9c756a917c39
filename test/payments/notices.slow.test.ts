import { createWebhook, redeliver, retryAlert, listAlerts, listDeliveries } from '@talktime/core/alerts';
import { webhookCreate } from '@talktime/core/contract';
import type { AlertDelivery, PaymentNotice } from '@talktime/core/alerts';
import { ACMES, INSTALLER, PARTNERS } from '../alerts/alerting';
import { credits, PARTNER } from '../setup/world';
import { Selling } from './selling';

let selling: Selling;
beforeEach(async () => {
  selling = await Selling.open();
  await selling.alerting.world.customer('acme', '0');
});
afterEach(() => selling.close());

const told = (route = PARTNERS) => selling.alerting.channel.to(route).map(eventOf);
const eventOf = (delivery: AlertDelivery) => noticeOf(delivery).latest.event;

function noticeOf({ content }: Pick<AlertDelivery, 'content'>): PaymentNotice {
  if (content.kind !== 'payment') throw new Error(`It is a ${content.kind}`);
  return content.notice;
}

async function settled(): Promise<void> {
  await selling.alerting.until(async () => {
    const [row] = await selling.alerting.test.superuser<{ n: number }>(
      'select count(*)::int as n from talktime.payment_news where routed_at is null',
    );
    return row!.n === 0 && (await selling.alerting.waiting()) === 0;
  });
}

describe('What the partner hears of a payment', () => {
  it('nothing when it was paid and credited: the statement has it', async () => {
    selling.alerting.start();
    await selling.buy();
    await settled();
    expect(await selling.posted()).toBe(6000);
    expect(told()).toEqual([]);
  });

  it('a refund, with the credits that were taken back, once however often Stripe is asked', async () => {
    selling.alerting.start();
    const { id, intent } = await selling.buy();
    selling.fake.refund(intent, { amount: 2000 });
    await selling.settle(id);
    await selling.settle(id);
    await settled();

    expect(told()).toEqual(['refunded']);
    expect(noticeOf(selling.alerting.channel.deliveries[0]!)).toMatchObject({
      customerId: 'acme',
      received: 60_000_000n,
      refunded: 20_000_000n,
      taken: credits('2000'),
      posted: credits('4000'),
      latest: { amount: 20_000_000n, credits: credits('2000') },
    });
    expect(await selling.posted()).toBe(4000);
  });

  it('is one message a payment, updated in place, with its history in the thread', async () => {
    selling.alerting.start();
    const { id, intent } = await selling.buy();
    const refund = selling.fake.refund(intent, { amount: 2000 });
    await selling.settle(id);
    await settled();
    selling.fake.failRefund(refund.id);
    await selling.settle(id);
    await settled();

    expect(told()).toEqual(['refunded', 'refund_failed']);
    const [first, second] = selling.alerting.channel.to(PARTNERS);
    expect(first).toMatchObject({ previous: null, thread: null });
    expect(second).toMatchObject({
      previous: { ts: '1.0' },
      thread: { broadcast: true },
      content: { news: [{ event: 'refund_failed', amount: 20_000_000n, credits: credits('2000') }] },
    });
    expect(await selling.posted()).toBe(6000);
  });

  it('a dispute holds, until it is won', async () => {
    selling.alerting.start();
    const { id, intent } = await selling.buy();
    const dispute = selling.fake.dispute(intent, { amount: 3000, reason: 'product_not_received' });
    await selling.settle(id);
    await settled();
    const opened = noticeOf(selling.alerting.channel.deliveries.at(-1)!);
    expect(opened).toMatchObject({
      disputed: 30_000_000n,
      held: credits('3000'),
      posted: credits('6000'),
      latest: { event: 'dispute_opened', reason: 'product_not_received', credits: credits('3000') },
    });
    expect(opened.latest.answerBy!.getTime()).toBeGreaterThan(Date.now());

    selling.fake.setDispute(dispute.id, 'under_review');
    await selling.settle(id);
    selling.fake.setDispute(dispute.id, 'won');
    await selling.settle(id);
    await settled();
    expect(told()).toEqual(['dispute_opened', 'dispute_won']);
    expect(noticeOf(selling.alerting.channel.deliveries.at(-1)!)).toMatchObject({
      held: 0n,
      latest: { credits: credits('3000') },
    });
  });

  it('a dispute that is lost takes back, and the notice says how far in debt', async () => {
    selling.alerting.start();
    const { id, intent } = await selling.buy('60');
    await selling.alerting.world.call({ id: 'call-1', seconds: 300 * 60, customerId: 'acme' }); // 3,600 credits
    const dispute = selling.fake.dispute(intent);
    await selling.settle(id);
    selling.fake.setDispute(dispute.id, 'lost');
    await selling.settle(id);
    await settled();
    expect(told().at(-1)).toBe('dispute_lost');
    expect(noticeOf(selling.alerting.channel.deliveries.at(-1)!)).toMatchObject({
      lost: 60_000_000n,
      posted: credits('-3600'),
      latest: { credits: credits('6000') },
    });
  });

  it('an inquiry of a bank takes nothing, and becomes a dispute', async () => {
    selling.alerting.start();
    const { id, intent } = await selling.buy();
    const dispute = selling.fake.dispute(intent, { status: 'warning_needs_response' });
    await selling.settle(id);
    await settled();
    expect(noticeOf(selling.alerting.channel.deliveries.at(-1)!)).toMatchObject({ held: 0n, disputed: 0n });
    selling.fake.setDispute(dispute.id, 'needs_response');
    await selling.settle(id);
    await settled();
    expect(told()).toEqual(['inquiry_opened', 'dispute_opened']);
  });

  it('a delayed payment that does not come', async () => {
    selling.alerting.start();
    const { id, session } = await selling.buy('60', 'acme', { with: 'delayed' });
    expect((await selling.details(id)).state).toBe('processing');
    selling.fake.resolveDelayed(session, false);
    await selling.settle(id);
    await settled();
    expect(told()).toEqual(['failed']);
    expect(await selling.posted()).toBe(0);
  });

  it('paid and not credited: why; and that it is credited once it is', async () => {
    selling.alerting.start();
    // The wallet is nearly full, so the ledger refuses the credits.
    await selling.alerting.world.topUp('acme', '7999999999');
    const { id } = await selling.buy();
    expect((await selling.details(id)).state).toBe('stuck');
    await selling.settle(id);
    await settled();
    expect(told()).toEqual(['stuck']);
    const notice = noticeOf(selling.alerting.channel.deliveries.at(-1)!);
    expect(notice).toMatchObject({ isCredited: false, state: 'stuck', received: 60_000_000n });
    expect(notice.latest.reason).toContain('8,000,000,000');

    for (const id of ['call-1', 'call-2'])
      await selling.alerting.world.call({ id, seconds: 300 * 60, customerId: 'acme' });
    await selling.settle(id);
    await settled();
    expect(told()).toEqual(['stuck', 'mended']);
    expect((await selling.details(id)).state).toBe('paid');
  });

  it('nothing of it reaches the customer’s own channel', async () => {
    selling.alerting.start();
    await selling.alerting.link();
    const { id, intent } = await selling.buy();
    selling.fake.dispute(intent);
    await selling.settle(id);
    await settled();
    expect(told()).toEqual(['dispute_opened']);
    expect(selling.alerting.channel.to(ACMES)).toEqual([]);
  });

  it('goes on as a direct message when the channel is gone, and is in the list of alerts', async () => {
    await selling.alerting.install();
    selling.alerting.start();
    selling.alerting.channel.scripts.set(PARTNERS, [
      { kind: 'dead', reason: 'The channel is archived.', routeIsDead: true },
    ]);
    const { id, intent } = await selling.buy();
    selling.fake.refund(intent, { amount: 2000 });
    await selling.settle(id);
    await settled();
    const kinds = selling.alerting.channel.to(INSTALLER).map(({ content }) => content.kind);
    expect(kinds.sort()).toEqual(['payment', 'route_dead']);
    const { items } = await listAlerts(selling.alerting.test.database, selling.partnerId, {
      limit: 10,
      customerId: 'acme',
    });
    expect(items.map(({ kind, state, customer_ids }) => [kind, state, customer_ids]).sort()).toEqual([
      ['payment', 'dead', ['acme']],
      ['payment', 'delivered', ['acme']],
    ]);
  });

  it('what had nowhere to go goes where alerts go once somebody said so', async () => {
    await selling.alerting.test.superuser('update talktime.partners set slack_channel = null where partner_id = $1', [
      selling.partnerId,
    ]);
    selling.alerting.channel.scripts.set('none', [{ kind: 'dead', reason: 'Nowhere to go.', routeIsDead: false }]);
    selling.alerting.start();
    const { id, intent } = await selling.buy();
    selling.fake.refund(intent, { amount: 2000 });
    await selling.settle(id);
    await settled();
    expect(told('none')).toEqual(['refunded']);
    await selling.alerting.test.superuser(
      `update talktime.partners set slack_channel = 'C0ALERTS' where partner_id = $1`,
      [selling.partnerId],
    );
    const { items } = await listAlerts(selling.alerting.test.database, selling.partnerId, { limit: 10, state: 'dead' });
    await retryAlert(selling.alerting.test.database, selling.partnerId, PARTNER, items[0]!.id);
    await settled();
    expect(told()).toEqual(['refunded']);
  });
});

describe('What webhooks are told of payments', () => {
  it('each thing once, with the payment as it is then', async () => {
    const { talktime } = selling.alerting.world;
    const types = [
      'payment.succeeded',
      'payment.refunded',
      'payment.disputed',
      'payment.dispute_closed',
      'payment.failed',
    ] as const;
    const webhook = await createWebhook(
      talktime,
      selling.partnerId,
      PARTNER,
      webhookCreate.parse({ url: 'http://127.0.0.1:9/hook', events: [...types] }),
      'any',
    );
    const { id, intent } = await selling.buy();
    selling.fake.refund(intent, { amount: 1000 });
    await selling.settle(id);
    const dispute = selling.fake.dispute(intent, { amount: 1000 });
    await selling.settle(id);
    selling.fake.setDispute(dispute.id, 'won');
    await selling.settle(id);
    await selling.settle(id);
    const delayed = await selling.buy('60', 'acme', { with: 'delayed' });
    selling.fake.resolveDelayed(delayed.session, false);
    await selling.settle(delayed.id);

    const deliveries = await listDeliveries(talktime.database, selling.partnerId, webhook.id, { limit: 20 });
    expect(deliveries.map(({ type }) => type).sort()).toEqual([...types].sort());
    await redeliver(talktime.database, selling.partnerId, PARTNER, webhook.id, deliveries[0]!.event_id);
  });
});
