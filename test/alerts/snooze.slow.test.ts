import { acknowledgeAlert, endQuiet, openEpisodes, quietAlerts, snoozeAlerts, wakeAlerts } from '@talktime/core/alerts';
import { ACMES, Alerting, noticeOf, PARTNERS } from './alerting';

const ANNA = { id: 'slack:T0BRIGHT/U0ANNA', host: false };
const BEN = { id: 'slack:T0BRIGHT/U0BEN', host: false };
const HOUR = 60 * 60 * 1000;

describe('an alert', () => {
  let alerting: Alerting;
  let wallet: number;
  beforeEach(async () => {
    alerting = await Alerting.open();
    await alerting.customer();
    wallet = await alerting.walletOf('acme');
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
  });
  afterEach(() => alerting.close());

  const inAnHour = () => new Date(Date.now() + HOUR);
  const snooze = (until = inAnHour(), actor = ANNA) =>
    snoozeAlerts(alerting.test.database, alerting.partnerId, actor, wallet, until);
  const acknowledge = (actor = ANNA, episode = 1) =>
    acknowledgeAlert(alerting.test.database, alerting.partnerId, actor, wallet, episode);
  const last = () => alerting.channel.deliveries.at(-1)!;
  const audited = async (action: string) =>
    alerting.test.superuser('select actor, subject from talktime.audit_log where action = $1', [action]);

  it('that is acknowledged names who did, once, and until its episode ends', async () => {
    expect(await acknowledge()).toMatchObject({ by: ANNA.id });
    expect(await acknowledge(BEN)).toMatchObject({ by: ANNA.id });
    await alerting.settled();
    expect(noticeOf(last()).acknowledged).toMatchObject({ by: ANNA.id });
    expect(last()).toMatchObject({ previous: { ts: '1.0' }, thread: null });
    expect(alerting.channel.deliveries).toHaveLength(2);
    expect(await audited('alert.acknowledged')).toEqual([{ actor: ANNA.id, subject: 'acme' }]);
    expect(await openEpisodes(alerting.test.database, alerting.partnerId)).toMatchObject([
      { customerId: 'acme', status: 'low', episode: 1, acknowledged: { by: ANNA.id }, snoozed: null },
    ]);
    await alerting.world.topUp('acme', '100');
    await alerting.settled();
    await alerting.spend('acme', 9);
    await alerting.settled();
    expect(noticeOf(last())).toMatchObject({ episode: 2, acknowledged: null });
    expect(await acknowledge(BEN, 1)).toBeNull();
  });

  it('that is snoozed shows until when and by whom; at its end it is told once more, in the channel', async () => {
    const until = inAnHour();
    await snooze(until);
    await snooze(until, BEN); // the same again
    await alerting.settled();
    expect(noticeOf(last()).snoozed).toMatchObject({ by: ANNA.id, until });
    expect(last().thread).toBeNull();
    expect(alerting.channel.deliveries).toHaveLength(2);
    expect(await audited('alerts.snoozed')).toHaveLength(1);
    await alerting.pass(HOUR / 1000);
    await alerting.delivered(3);
    await alerting.settled();
    expect(last()).toMatchObject({
      thread: { broadcast: true, entries: [{ event: 'snooze_ended', status: 'low' }] },
      content: { notice: { snoozed: null } },
    });
    expect(alerting.channel.deliveries).toHaveLength(3);
  });

  it('that is snoozed is told of what is worse, which ends the snooze', async () => {
    await snooze();
    await alerting.spend('acme', 10);
    await alerting.until(() => alerting.channel.told.includes('acme exhausted'));
    await alerting.settled();
    expect(last()).toMatchObject({ thread: { broadcast: true }, content: { notice: { snoozed: null } } });
  });

  it('that is snoozed and over says so without a sound, and is not told again at the end', async () => {
    await snooze();
    await alerting.world.topUp('acme', '500');
    await alerting.until(() => alerting.channel.told.includes('acme recovered'));
    await alerting.settled();
    expect(last().thread).toMatchObject({ broadcast: false });
    const before = alerting.channel.deliveries.length;
    await alerting.pass(HOUR / 1000);
    await new Promise((done) => setTimeout(done, 500));
    expect(alerting.channel.deliveries).toHaveLength(before);
  });

  it('of a new episode waits for the end of the snooze, unless somebody wakes it', async () => {
    await alerting.world.topUp('acme', '100');
    await alerting.settled();
    await snooze();
    await alerting.spend('acme', 9); // low again
    await alerting.until(async () => (await alerting.waiting()) === 1);
    await new Promise((done) => setTimeout(done, 300));
    const before = alerting.channel.deliveries.length;
    await wakeAlerts(alerting.test.database, alerting.partnerId, BEN, wallet);
    await alerting.settled();
    expect(alerting.channel.deliveries).toHaveLength(before + 1);
    expect(noticeOf(last())).toMatchObject({ event: 'low', episode: 2, snoozed: null });
  });

  it("keeps a customer's own channel informed while the partner snoozes", async () => {
    await alerting.link();
    await alerting.world.topUp('acme', '100');
    await alerting.settled();
    await snooze();
    await alerting.spend('acme', 9);
    await alerting.until(() => alerting.channel.to(ACMES).length === 1);
  });

  it('is snoozed for 30 days at most', async () => {
    for (const until of [new Date(Date.now() - 1), new Date(Date.now() + 31 * 24 * HOUR), new Date(NaN)])
      await expect(snooze(until)).rejects.toThrow('REQUEST_INVALID');
  });
});

describe('while a recharge is under way', () => {
  let alerting: Alerting;
  let wallet: number;
  beforeEach(async () => {
    alerting = await Alerting.open();
    await alerting.customer();
    wallet = await alerting.walletOf('acme');
    alerting.start();
    await quiet(inMinutes(10));
    await alerting.spend('acme', 1);
    await alerting.until(async () => (await alerting.waiting()) === 1);
  });
  afterEach(() => alerting.close());

  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);
  const quiet = (until: Date) =>
    alerting.test.database.asPartner(alerting.partnerId, (transaction) =>
      quietAlerts(transaction, alerting.partnerId, wallet, until),
    );
  const end = (outcome: Parameters<typeof endQuiet>[3]) =>
    alerting.test.database.asPartner(alerting.partnerId, (transaction) =>
      endQuiet(transaction, alerting.partnerId, wallet, outcome),
    );
  it('alerts are held back, and told with the last state once it is done', async () => {
    await new Promise((done) => setTimeout(done, 300));
    expect(alerting.channel.deliveries).toEqual([]);
    await alerting.world.topUp('acme', '500');
    await end('done');
    await alerting.settled();
    expect(alerting.channel.told).toEqual(['acme recovered']);
  });

  it('a failure is told at once, whatever else holds, and shown in the channel', async () => {
    await end({ failed: 'Your card was declined.' });
    await alerting.settled();
    expect(alerting.channel.told).toEqual(['acme recharge_failed']);
    expect(noticeOf(alerting.channel.deliveries[0]!)).toMatchObject({
      detail: 'Your card was declined.',
      status: 'low',
    });
    await quiet(inMinutes(10));
    await snoozeAlerts(alerting.test.database, alerting.partnerId, ANNA, wallet, inMinutes(60));
    await end({ failed: 'Again.' });
    await alerting.until(() => alerting.channel.deliveries.at(-1)!.thread !== null);
    expect(alerting.channel.deliveries.at(-1)).toMatchObject({
      thread: { broadcast: true, entries: [{ event: 'recharge_failed', detail: 'Again.' }] },
    });
  });

  it('they go out after a quarter of an hour whatever became of it', async () => {
    await quiet(inMinutes(500));
    await alerting.pass(15 * 60);
    await alerting.settled();
    expect(alerting.channel.to(PARTNERS).map(({ content }) => content.kind)).toEqual(['episode']);
    expect(alerting.channel.told).toEqual(['acme low']);
  });
});
