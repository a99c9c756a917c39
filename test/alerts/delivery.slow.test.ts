import { Alerting, ACMES, noticeOf, PARTNERS } from './alerting';

describe('a delivery that fails', () => {
  let alerting: Alerting;
  beforeEach(async () => {
    alerting = await Alerting.open();
    await alerting.customer();
  });
  afterEach(() => alerting.close());

  const message = async () => {
    const [row] = await alerting.test.superuser<{
      version: number;
      shown: number;
      attempts: number;
      doubts: number;
      dead_because: string | null;
      last_error: string | null;
    }>('select version, shown, attempts, doubts, dead_because, last_error from talktime.alert_messages');
    return row!;
  };

  it('is tried again after a pause, with the last state, and counts as no doubt when nothing was posted', async () => {
    const { channel } = alerting;
    channel.script.push({ kind: 'retry', reason: 'Slack answered ratelimited.' }, new Error('a fault of ours'));
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.delivered(1);
    await alerting.spend('acme', 10);
    await alerting.settled();
    expect(channel.told).toEqual(['acme low', 'acme exhausted', 'acme exhausted']);
    expect(channel.deliveries.map(({ doubtful }) => doubtful)).toEqual([false, false, false]);
    expect(channel.deliveries[2]!.at - channel.deliveries[1]!.at).toBeGreaterThan(1_900);
    expect(await message()).toMatchObject({ version: 2, shown: 2, attempts: 0, doubts: 0, last_error: null });
    expect(alerting.errors[0]).toContain('Slack answered ratelimited.');
  });

  it('by 429 closes the whole route for as long as it says, and counts among no attempts', async () => {
    const { channel } = alerting;
    await alerting.customer('harbor');
    channel.scripts.set(PARTNERS, [{ kind: 'retry', reason: '429', retryAfterSeconds: 3 }]);
    await alerting.spend('acme', 1);
    await alerting.spend('harbor', 1);
    alerting.start();
    await alerting.settled();
    const [first, ...later] = channel.deliveries;
    for (const { at } of later) expect(at - first!.at).toBeGreaterThanOrEqual(2_950);
    expect(channel.told.slice(1).sort()).toEqual(['acme low', 'harbor low']);
    expect((await message()).attempts).toBe(0);
  });

  it('is posted again when the answer to its post was lost, says so, and counts the doubt', async () => {
    const { channel } = alerting;
    channel.script.push({ kind: 'retry', reason: 'the connection was cut', perhapsPosted: true });
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    expect(channel.deliveries).toMatchObject([
      { doubtful: false, doubled: false, previous: null },
      { doubtful: true, doubled: true, previous: null },
    ]);
    expect(await message()).toMatchObject({ doubts: 1 });
    // What may be there twice goes on saying so; the next post is in no doubt.
    await alerting.spend('acme', 10);
    await alerting.delivered(3);
    expect(channel.deliveries[2]).toMatchObject({ doubtful: false, doubled: true });
  });

  it('is taken over when the process that had claimed it is gone, as a doubt', async () => {
    const { channel } = alerting;
    channel.script.push('hang');
    const lost = alerting.start({ leaseSeconds: 1 });
    await alerting.spend('acme', 1);
    await alerting.delivered(1);
    alerting.start({ leaseSeconds: 1, sweepSeconds: 0.2 });
    await alerting.delivered(2);
    expect(channel.deliveries[1]).toMatchObject({ doubtful: true, doubled: true });
    // The first comes back late: it is no longer its lease, and what it says of the message does not count.
    channel.letGo();
    await lost.stop();
    await alerting.settled();
    expect(await alerting.test.superuser('select ts, doubts from talktime.alert_messages')).toEqual([
      { ts: '2.0', doubts: 1 },
    ]);
  });

  it('is given up after twelve attempts, with the reason, until there is news', async () => {
    const { channel, test } = alerting;
    channel.script.push(...Array.from({ length: 12 }, () => ({ kind: 'retry', reason: 'down' }) as const));
    alerting.start();
    await alerting.spend('acme', 1);
    for (let attempt = 1; attempt <= 12; attempt++) {
      await alerting.delivered(attempt);
      await alerting.until(async () => (await message()).last_error !== null);
      await test.superuser('update talktime.alert_messages set next_attempt_at = clock_timestamp()');
      await alerting.pass(5);
    }
    await alerting.settled();
    expect(await message()).toMatchObject({ dead_because: 'attempts', last_error: 'down', attempts: 12, shown: 0 });
    await alerting.spend('acme', 10);
    await alerting.settled();
    expect(channel.told.at(-1)).toBe('acme exhausted');
    expect(await message()).toMatchObject({ dead_because: null, shown: 2, attempts: 0 });
  });

  it('for its content puts aside that message alone', async () => {
    const { channel } = alerting;
    await alerting.customer('harbor');
    channel.script.push({ kind: 'dead', reason: 'invalid_blocks', routeIsDead: false });
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    expect(await message()).toMatchObject({ dead_because: 'message', last_error: 'invalid_blocks' });
    await alerting.spend('harbor', 1);
    await alerting.settled();
    expect(channel.told).toEqual(['acme low', 'harbor low']);
  });

  it('because the message is gone is posted anew, at once', async () => {
    const { channel } = alerting;
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    channel.script.push({ kind: 'gone', reason: 'message_not_found' });
    await alerting.spend('acme', 10);
    await alerting.settled();
    expect(channel.deliveries.map(({ previous, thread }) => [previous?.ts ?? null, thread !== null])).toEqual([
      [null, false],
      ['1.0', true],
      [null, false],
    ]);
    expect(await message()).toMatchObject({ shown: 2, doubts: 0 });
  });

  it('holds up no other route of the partner', async () => {
    const { channel } = alerting;
    await alerting.link();
    channel.scripts.set(PARTNERS, ['hang']);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.until(() => channel.to(ACMES).length === 1 && channel.to(PARTNERS).length === 1);
    await alerting.spend('acme', 10);
    await alerting.until(() => channel.to(ACMES).length === 2);
    expect(channel.to(PARTNERS)).toHaveLength(1);
  });
});

describe('the pace of a channel', () => {
  let alerting: Alerting;
  beforeEach(async () => void (alerting = await Alerting.open()));
  afterEach(() => alerting.close());

  it('is at most a post a second, over all replicas; updates do not count', async () => {
    const { channel, test } = alerting;
    for (const id of ['a', 'b', 'c', 'd']) await alerting.customer(id);
    for (const id of ['a', 'b', 'c', 'd']) await alerting.spend(id, 1);
    alerting.start({ sweepSeconds: 0.05 });
    alerting.start({ sweepSeconds: 0.05 });
    await alerting.settled();
    const moments = channel.to(PARTNERS).map(({ at }) => at);
    expect(moments).toHaveLength(4);
    for (const [index, at] of moments.entries())
      if (index > 0) expect(at - moments[index - 1]!).toBeGreaterThanOrEqual(1_000);
    expect(new Set(channel.to(PARTNERS).map((delivery) => noticeOf(delivery).customerId)).size).toBe(4);
    await test.superuser('update talktime.alert_messages set version = version + 1');
    const before = Date.now();
    await alerting.wake();
    await alerting.settled();
    expect(channel.deliveries).toHaveLength(8);
    expect(Math.max(...channel.deliveries.map(({ at }) => at)) - before).toBeLessThan(1_500);
  });
});
