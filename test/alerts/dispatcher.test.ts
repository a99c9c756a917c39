import {
  alertQueue,
  pauseAfter,
  startDispatcher,
  type AlertChannel,
  type AlertNotice,
  type DeliveryOutcome,
  type Dispatcher,
  type PostedMessage,
} from '@talktime/core/alerts';
import { updatePartner } from '@talktime/core/customers';
import { credits, PARTNER, World } from '../setup/world';
import type { TestDatabase } from '../setup/database';

/** A channel that writes down what it is given, and answers by script. */
class RecordingChannel implements AlertChannel {
  readonly calls: { notice: AlertNotice; previous: PostedMessage | null; channel: string | undefined }[] = [];
  script: (DeliveryOutcome | Error)[] = [];

  async deliver(
    notice: AlertNotice,
    route: { channel: string } | null,
    previous: PostedMessage | null,
  ): Promise<DeliveryOutcome> {
    this.calls.push({ notice, previous, channel: route?.channel });
    const next = this.script.shift();
    if (next instanceof Error) throw next;
    return (
      next ?? {
        kind: 'delivered',
        message: previous ?? { channel: route?.channel ?? 'C0', ts: `${this.calls.length}.0` },
      }
    );
  }
}

describe('the dispatcher', () => {
  let test: TestDatabase;
  let world: World;
  let channel: RecordingChannel;
  const running: Dispatcher[] = [];
  const errors: string[] = [];

  beforeEach(async () => {
    test = await World.open();
    world = await World.create(test);
    channel = new RecordingChannel();
    errors.length = 0;
    await updatePartner(test.database, world.partnerId, PARTNER, { slack_channel: 'C012345' });
    await world.customer('acme', '110', { low_credit_threshold: '100', low_credit_notifications_enabled: true });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
    await test.drop();
  });

  const start = (sweepSeconds = 30) => {
    running.push(
      startDispatcher({
        database: test.database,
        url: test.url,
        queue: alertQueue(test.database, channel),
        sweepSeconds,
        onError: (error) => errors.push(error.message),
      }),
    );
  };
  const until = async (condition: () => boolean | Promise<boolean>) => {
    for (let tries = 0; tries < 400; tries++) {
      if (await condition()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`It did not happen within 10 s; errors: ${errors.join('; ')}`);
  };
  const spend = (id: string, seconds: number) => world.call({ id, seconds, customerId: 'acme' });
  const waiting = async () =>
    Number(
      (
        await test.superuser<{ n: string }>(
          'select count(*)::text as n from talktime.outbox where delivered_at is null and dead_at is null',
        )
      )[0]!.n,
    );

  it('is woken by the commit, and posts one message an episode, updated in place', async () => {
    start();
    await spend('1', 60);
    await until(() => channel.calls.length === 1);
    expect(channel.calls[0]).toMatchObject({
      channel: 'C012345',
      previous: null,
      notice: {
        customerId: 'acme',
        event: 'low',
        status: 'low',
        posted: credits('98'),
        lowCreditThreshold: credits('100'),
        minutesLeft: 8.16,
        money: credits('0.98'),
      },
    });
    await world.topUp('acme', '100');
    await until(() => channel.calls.length === 2);
    expect(channel.calls[1]).toMatchObject({
      previous: { channel: 'C012345', ts: '1.0' },
      notice: { event: 'recovered', status: 'ok', posted: credits('198') },
    });
    await spend('2', 600);
    await until(() => channel.calls.length === 3);
    expect(channel.calls[2]).toMatchObject({ previous: null, notice: { event: 'low' } });
  });

  it('finds by its sweep what happened while nobody listened, and tells the last state of it once', async () => {
    await spend('1', 60);
    await spend('2', 600);
    start();
    await until(async () => (await waiting()) === 0);
    expect(channel.calls).toHaveLength(1);
    expect(channel.calls[0]).toMatchObject({ notice: { event: 'exhausted', posted: credits('-22') } });
  });

  it('tries again after a failure, and keeps later alerts of the wallet behind it', async () => {
    channel.script = [
      { kind: 'retry', reason: 'Slack answered 500', retryAfterSeconds: 0.3 },
      new Error('connection reset'),
    ];
    start();
    await spend('1', 60);
    await until(() => channel.calls.length === 1);
    await spend('2', 600);
    await until(async () => (await waiting()) === 0);
    expect(channel.calls.map((each) => each.notice.event)).toEqual(['low', 'exhausted', 'exhausted']);
    expect(errors[0]).toContain('Slack answered 500');
  });

  it('puts aside what cannot be delivered, with the reason', async () => {
    channel.script = [{ kind: 'dead', reason: 'channel_not_found' }];
    start();
    await spend('1', 60);
    await until(async () => (await waiting()) === 0);
    const rows = await test.superuser('select last_error, dead_at is not null as dead from talktime.outbox');
    expect(rows).toEqual([{ last_error: 'channel_not_found', dead: true }]);
  });

  it('delivers once when two replicas share the work', async () => {
    start(0.05);
    start(0.05);
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const id = `customer-${index}`;
        await world.customer(id, '110', { low_credit_threshold: '100', low_credit_notifications_enabled: true });
        await world.call({ id, seconds: 60, customerId: id });
      }),
    );
    await until(async () => channel.calls.length >= 10 && (await waiting()) === 0);
    expect(channel.calls.map((each) => each.notice.customerId).sort()).toEqual(
      Array.from({ length: 10 }, (_, index) => `customer-${index}`).sort(),
    );
  });
});

describe('a delivery that failed', () => {
  it('pauses longer after each attempt, up to a quarter of an hour', () => {
    expect([1, 2, 3, 20].map(pauseAfter)).toEqual([1, 2, 4, 900]);
  });
});
