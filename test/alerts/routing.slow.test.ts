import { updatePartner } from '@talktime/core/customers';
import { PARTNER } from '../setup/world';
import { ACMES, Alerting, noticeOf, PARTNERS, toldIn } from './alerting';

describe('what happened', () => {
  let alerting: Alerting;
  beforeEach(async () => void (alerting = await Alerting.open()));
  afterEach(() => alerting.close());

  it("reaches the partner's channel, the customer's own, and the e-mails of both", async () => {
    await alerting.customer('acme', { show_pricing_information: true });
    await alerting.customer('harbor');
    await alerting.link();
    await alerting.link('C0HARBOR', 'harbor', 'T0OTHER');
    await alerting.emails(['ops@bright.example'], ['anna@acme.example']);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    const { channel } = alerting;
    expect(channel.deliveries.map(({ to, audience, content }) => [to, audience, toldIn(content)]).sort()).toEqual([
      ['email:anna@acme.example', 'customer', 'acme low'],
      ['email:ops@bright.example', 'partner', 'acme low'],
      [ACMES, 'customer', 'acme low'],
      [PARTNERS, 'partner', 'acme low'],
    ]);
    expect(noticeOf(channel.to(ACMES)[0]!).showsPricing).toBe(true);
    await alerting.spend('harbor', 1);
    await alerting.settled();
    expect(channel.to('slack:T0OTHER:C0HARBOR').map(({ content }) => toldIn(content))).toEqual(['harbor low']);
    expect(channel.to(ACMES)).toHaveLength(1);
  });

  it("of the partner's own wallet, or while calls are not paid by the customer, is no customer's matter", async () => {
    await alerting.customer('acme', { ai_credits_enabled: false });
    await alerting.link();
    await updatePartner(alerting.test.database, alerting.partnerId, PARTNER, {
      low_credit_threshold: '100',
      low_credit_notifications_enabled: true,
      price_per_minute: { credits: '8' },
    });
    await alerting.world.topUp('partner', '105');
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    expect(alerting.channel.deliveries.map(({ to, content }) => [to, toldIn(content)])).toEqual([
      [PARTNERS, 'partner low'],
    ]);
  });

  it('is not told to a mailbox when it is a little better, but when it is over', async () => {
    await alerting.customer();
    await alerting.emails(['ops@bright.example']);
    alerting.start();
    await alerting.spend('acme', 10);
    await alerting.settled();
    await alerting.world.topUp('acme', '70');
    await alerting.settled();
    await alerting.world.topUp('acme', '100');
    await alerting.settled();
    const events = (route: string) => alerting.channel.to(route).map(({ content }) => toldIn(content));
    expect(events('email:ops@bright.example')).toEqual(['acme exhausted', 'acme recovered']);
    expect(events(PARTNERS)).toEqual(['acme exhausted', 'acme improved', 'acme recovered']);
  });

  it('goes to a new channel once the partner chose one, with a message of its own', async () => {
    await alerting.customer();
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    await updatePartner(alerting.test.database, alerting.partnerId, PARTNER, { slack_channel: 'C0NEW' });
    await alerting.spend('acme', 10);
    await alerting.settled();
    await alerting.world.topUp('acme', '500');
    await alerting.settled();
    expect(alerting.channel.deliveries.map(({ to, previous }) => [to, previous?.ts ?? null])).toEqual([
      [PARTNERS, null],
      ['slack:T0BRIGHT:C0NEW', null],
      ['slack:T0BRIGHT:C0NEW', '2.0'],
    ]);
  });

  it('does not tell a channel of the end of what it was never told', async () => {
    await alerting.customer();
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    await alerting.link();
    await alerting.world.topUp('acme', '500');
    await alerting.settled();
    expect(alerting.channel.to(ACMES)).toEqual([]);
  });
});

describe('the interval between episodes', () => {
  let alerting: Alerting;
  beforeEach(async () => {
    alerting = await Alerting.open();
    await alerting.customer();
    await alerting.interval(60);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    await alerting.world.topUp('acme', '100'); // 198
    await alerting.settled();
  });
  afterEach(() => alerting.close());

  it('holds the next one back, which is told once with its last state when it is over', async () => {
    const { channel } = alerting;
    await alerting.spend('acme', 9); // 90: low again
    await alerting.until(async () => (await alerting.waiting()) === 1);
    await alerting.world.topUp('acme', '100');
    await new Promise((done) => setTimeout(done, 300));
    expect(channel.deliveries).toHaveLength(2);
    await alerting.pass(60 * 60);
    await alerting.settled();
    expect(channel.told.slice(2)).toEqual(['acme recovered']);
    expect(channel.deliveries[2]).toMatchObject({ previous: null, thread: null });
  });

  it('does not hold back that the balance has run out', async () => {
    await alerting.spend('acme', 9);
    await alerting.spend('acme', 10);
    await alerting.settled();
    expect(alerting.channel.told.slice(2)).toEqual(['acme exhausted']);
  });
});

describe('a digest', () => {
  let alerting: Alerting;
  beforeEach(async () => void (alerting = await Alerting.open()));
  afterEach(() => alerting.close());
  const ids = (count: number) => Array.from({ length: count }, (_, n) => `c${n}`);

  it('gathers the further ones when more than five open within a minute, and is changed in place', async () => {
    const { channel } = alerting;
    for (const id of ids(8)) await alerting.customer(id);
    alerting.start();
    for (const id of ids(8)) {
      await alerting.spend(id, 1);
      await alerting.until(async () => (await unrouted()) === 0); // one by one, as they come
    }
    await alerting.until(() => channel.told.includes('digest of 3'), 25);
    expect(channel.told.filter((told) => told.endsWith('low'))).toHaveLength(5);
    const digest = channel.deliveries.at(-1)!;
    expect(digest).toMatchObject({ previous: null, thread: null });
    // Better: changed silently. Worse: in its thread, shown in the channel.
    await alerting.world.topUp('c7', '500');
    await alerting.settled();
    expect(channel.deliveries.at(-1)).toMatchObject({ messageId: digest.messageId, thread: null });
    await alerting.spend('c6', 10);
    await alerting.settled();
    expect(channel.deliveries.at(-1)).toMatchObject({
      messageId: digest.messageId,
      previous: { channel: 'C0ALERTS' },
      thread: { broadcast: true, entries: [{ event: 'exhausted', customerId: 'c6' }] },
    });
  });

  it('takes all of what crosses together, at most 50 in one', async () => {
    const { channel } = alerting;
    await Promise.all(ids(60).map((id) => alerting.customer(id)));
    await Promise.all(ids(60).map((id) => alerting.spend(id, 1)));
    alerting.start();
    await alerting.until(async () => (await unrouted()) === 0);
    expect(channel.deliveries).toEqual([]); // it gathers
    await alerting.pass(10);
    await alerting.settled();
    expect([...channel.told].sort()).toEqual(['digest of 10', 'digest of 50']);
    const members = channel.deliveries.flatMap(({ content }) => (content.kind === 'digest' ? content.notices : []));
    expect(new Set(members.map(({ customerId }) => customerId)).size).toBe(60);
  });

  const unrouted = async () => {
    const [row] = await alerting.test.superuser<{ n: number }>(
      'select count(*)::int as n from talktime.outbox where routed_at is null',
    );
    return row!.n;
  };
});
