import { pauseAfter } from '@talktime/core/alerts';
import { updatePartner } from '@talktime/core/customers';
import { credits, PARTNER, World } from '../setup/world';
import { Alerting, noticeOf, PARTNERS } from './alerting';

describe('the dispatcher', () => {
  let alerting: Alerting;
  beforeEach(async () => {
    alerting = await Alerting.open();
    await alerting.customer();
  });
  afterEach(() => alerting.close());

  it('is woken by the commit, and posts one message an episode, updated in place', async () => {
    const { channel, world } = alerting;
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.delivered(1);
    expect(channel.deliveries[0]).toMatchObject({
      to: PARTNERS,
      previous: null,
      thread: null,
      doubtful: false,
      content: {
        kind: 'episode',
        notice: {
          customerId: 'acme',
          event: 'low',
          status: 'low',
          episode: 1,
          posted: credits('98'),
          lowCreditThreshold: credits('100'),
          closesAbove: credits('110'),
          minutesLeft: 8.16,
          money: credits('0.98'),
        },
      },
    });
    await world.topUp('acme', '100');
    await alerting.delivered(2);
    expect(channel.deliveries[1]).toMatchObject({
      previous: { channel: 'C0ALERTS', ts: '1.0' },
      thread: { broadcast: false, entries: [{ event: 'recovered', status: 'ok', posted: credits('198') }] },
      content: { notice: { event: 'recovered', status: 'ok', posted: credits('198') } },
    });
    await alerting.spend('acme', 10);
    await alerting.delivered(3);
    expect(channel.deliveries[2]).toMatchObject({ previous: null, content: { notice: { event: 'low', episode: 2 } } });
  });

  it('finds by its sweep what happened while nobody listened, and tells the last state of it once', async () => {
    await alerting.spend('acme', 1);
    await alerting.spend('acme', 10);
    alerting.start();
    await alerting.settled();
    expect(alerting.channel.told).toEqual(['acme exhausted']);
    expect(noticeOf(alerting.channel.deliveries[0]!).posted).toBe(credits('-22'));
  });

  it('tells in the thread, and in the channel, of what got worse while the message was on its way', async () => {
    const { channel } = alerting;
    channel.script.push('hang');
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.delivered(1);
    await alerting.spend('acme', 10);
    channel.letGo();
    await alerting.settled();
    expect(channel.told).toEqual(['acme low', 'acme exhausted']);
    expect(channel.deliveries[1]).toMatchObject({
      previous: { ts: '1.0' },
      thread: { broadcast: true, entries: [{ event: 'exhausted', posted: credits('-22') }] },
    });
  });

  it('delivers once when two replicas share the work', async () => {
    // Without a channel there is no pace, and no digest, to wait for.
    await updatePartner(alerting.test.database, alerting.partnerId, PARTNER, { slack_channel: null });
    alerting.start({ sweepSeconds: 0.05 });
    alerting.start({ sweepSeconds: 0.05 });
    const ids = Array.from({ length: 10 }, (_, index) => `customer-${index}`);
    await Promise.all(
      ids.map(async (id) => {
        await alerting.customer(id);
        await alerting.spend(id, 1);
      }),
    );
    await alerting.until(async () => alerting.channel.deliveries.length >= 10 && (await alerting.waiting()) === 0);
    expect([...alerting.channel.told].sort()).toEqual(ids.map((id) => `${id} low`).sort());
  });

  it('does not let a partner whose channel hangs hold up another', async () => {
    const { channel, test } = alerting;
    channel.scripts.set(PARTNERS, ['hang']);
    await alerting.spend('acme', 1);
    const other = await World.create(test);
    await other.customer('harbor', '110', { low_credit_threshold: '100', low_credit_notifications_enabled: true });
    await other.call({ id: 'c', seconds: 60, customerId: 'harbor' });
    alerting.start();
    await alerting.until(() => channel.told.includes('acme low') && channel.told.includes('harbor low'));
  });
});

describe('a delivery that failed', () => {
  it('pauses longer after each attempt, up to a quarter of an hour', () => {
    expect([1, 2, 3, 20].map(pauseAfter)).toEqual([1, 2, 4, 900]);
  });
});
