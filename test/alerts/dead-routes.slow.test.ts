import { deadRoutes, listAlerts, retryAlert, reviveRoute, sendTestAlert } from '@talktime/core/alerts';
import { updatePartner } from '@talktime/core/customers';
import { PARTNER } from '../setup/world';
import { ACMES, Alerting, INSTALLER, PARTNERS, toldIn } from './alerting';

const DEAD = {
  kind: 'dead',
  reason: 'The app is not in channel C0ALERTS (not_in_channel).',
  routeIsDead: true,
} as const;

describe('a route that is dead', () => {
  let alerting: Alerting;
  beforeEach(async () => {
    alerting = await Alerting.open();
    await alerting.customer();
    await alerting.customer('harbor');
  });
  afterEach(() => alerting.close());

  const told = (route: string) => alerting.channel.to(route).map(({ content }) => toldIn(content));
  const dead = () => deadRoutes(alerting.test.database, alerting.partnerId);
  const alerts = async (state?: 'waiting' | 'delivered' | 'dead') =>
    (await listAlerts(alerting.test.database, alerting.partnerId, { state, limit: 50 })).items;

  it("is not tried again; the partner's alerts go to the installer, and one message tells which, why and what to do", async () => {
    const { channel } = alerting;
    await alerting.install();
    channel.scripts.set(PARTNERS, [DEAD, DEAD]);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    await alerting.spend('harbor', 1);
    await alerting.settled();
    expect(told(PARTNERS)).toEqual(['acme low']);
    expect(told(INSTALLER).sort()).toEqual(['acme low', 'harbor low', 'route_dead']);
    expect(channel.to(INSTALLER).find(({ content }) => content.kind === 'route_dead')).toMatchObject({
      content: { dead: { route: { kind: 'slack', channel: 'C0ALERTS' }, audience: 'partner', reason: DEAD.reason } },
    });
    expect(await dead()).toMatchObject([{ route: PARTNERS, audience: 'partner', reason: DEAD.reason, waiting: 1 }]);
    expect(await alerts('dead')).toMatchObject([{ route: PARTNERS, customer_ids: ['acme'], last_error: DEAD.reason }]);
    // What goes on in the episode goes on in the direct message.
    await alerting.spend('acme', 10);
    await alerting.settled();
    expect(channel.to(INSTALLER).at(-1)).toMatchObject({
      previous: { channel: 'U0INSTALLER' },
      content: { notice: { event: 'exhausted' } },
    });
  });

  it('falls back to an owner where nobody is known to have installed the app', async () => {
    await alerting.test.superuser(
      `insert into talktime.slack_roles (partner_id, team_id, user_id, role) values ($1, 'T0BRIGHT', 'U0OWNER', 'owner')`,
      [alerting.partnerId],
    );
    alerting.channel.scripts.set(PARTNERS, [DEAD]);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    expect(told('dm:T0BRIGHT:U0OWNER').sort()).toEqual(['acme low', 'route_dead']);
  });

  it('without anybody to tell keeps what was for it, with the reason, and delivers it once it is revived', async () => {
    const { channel, test, partnerId } = alerting;
    channel.scripts.set(PARTNERS, [DEAD]);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    await alerting.spend('harbor', 1);
    await alerting.settled();
    expect(channel.deliveries).toHaveLength(1);
    expect((await alerts('dead')).map(({ customer_ids }) => customer_ids).sort()).toEqual([['acme'], ['harbor']]);
    await alerting.world.topUp('harbor', '500'); // over: of no interest any more
    await alerting.settled();
    await reviveRoute(test.database, partnerId, PARTNER, PARTNERS);
    await alerting.settled();
    expect(told(PARTNERS)).toEqual(['acme low', 'acme low']);
    expect(await dead()).toEqual([]);
    await expect(reviveRoute(test.database, partnerId, PARTNER, PARTNERS)).rejects.toThrow('ALERT_ROUTE_UNKNOWN');
  });

  it('when it is a direct message itself, or the token, ends there', async () => {
    await alerting.install();
    alerting.channel.scripts.set(PARTNERS, [DEAD]);
    alerting.channel.scripts.set(INSTALLER, [{ ...DEAD, reason: 'token_revoked' }]);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    expect((await dead()).map(({ route }) => route).sort()).toEqual([INSTALLER, PARTNERS]);
    // The app is installed anew: both are tried again without anybody's doing.
    await alerting.install();
    await alerting.spend('harbor', 1);
    await alerting.settled();
    expect(await dead()).toEqual([]);
    expect(told(PARTNERS)).toContain('harbor low');
  });

  it("that is a customer's has no stand-in, and the partner is told; linked anew it is tried again", async () => {
    await alerting.install();
    await alerting.link();
    alerting.channel.scripts.set(ACMES, [{ ...DEAD, reason: 'is_archived' }]);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    expect(told(PARTNERS)).toEqual(['acme low']);
    expect(told(INSTALLER)).toEqual(['route_dead']);
    expect(alerting.channel.to(INSTALLER)[0]).toMatchObject({
      content: { dead: { audience: 'customer', customer: { id: 'acme' }, reason: 'is_archived' } },
    });
    await alerting.link();
    await alerting.spend('acme', 10);
    await alerting.settled();
    expect(told(ACMES)).toEqual(['acme low', 'acme exhausted']);
  });

  it('is revived by an alert that was tried again and arrived', async () => {
    const { channel, test, partnerId } = alerting;
    channel.scripts.set(PARTNERS, [DEAD]);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    const [alert] = await alerts('dead');
    expect(await retryAlert(test.database, partnerId, PARTNER, alert!.id)).toMatchObject({ state: 'waiting' });
    await alerting.settled();
    expect(await dead()).toEqual([]);
    expect(await alerts('delivered')).toMatchObject([{ id: alert!.id, state: 'delivered' }]);
  });
});

describe('an alert that has nowhere to go', () => {
  let alerting: Alerting;
  beforeEach(async () => {
    alerting = await Alerting.open();
    await alerting.customer();
    await updatePartner(alerting.test.database, alerting.partnerId, PARTNER, { slack_channel: null });
  });
  afterEach(() => alerting.close());

  it('is kept with the reason, and goes where alerts go when it is tried again', async () => {
    const { channel, test, partnerId } = alerting;
    channel.scripts.set('none', [{ kind: 'dead', reason: 'No Slack channel is set', routeIsDead: false }]);
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    const list = () => listAlerts(test.database, partnerId, { limit: 10, customerId: 'acme' });
    const [alert] = (await list()).items;
    expect(alert).toMatchObject({ route: 'none', state: 'dead', last_error: 'No Slack channel is set' });
    await updatePartner(test.database, partnerId, PARTNER, { slack_channel: 'C0ALERTS' });
    await retryAlert(test.database, partnerId, PARTNER, alert!.id);
    await alerting.settled();
    expect(channel.to(PARTNERS).map(({ content }) => toldIn(content))).toEqual(['acme low']);
  });

  it('goes to the installer when there is one', async () => {
    await alerting.install();
    alerting.start();
    await alerting.spend('acme', 1);
    await alerting.settled();
    expect(alerting.channel.deliveries.map(({ to }) => to)).toEqual([INSTALLER]);
  });

  it('can be tried out: a test message to a route that alerts go to, and to no other', async () => {
    const { channel, test, partnerId } = alerting;
    await expect(sendTestAlert(test.database, partnerId, PARTNER)).rejects.toThrow('ALERT_ROUTE_UNKNOWN');
    await updatePartner(test.database, partnerId, PARTNER, { slack_channel: 'C0ALERTS' });
    await alerting.link();
    await sendTestAlert(test.database, partnerId, PARTNER);
    await sendTestAlert(test.database, partnerId, PARTNER, ACMES);
    await expect(sendTestAlert(test.database, partnerId, PARTNER, 'slack:T0BRIGHT:C0ELSE')).rejects.toThrow(
      'ALERT_ROUTE_UNKNOWN',
    );
    alerting.start();
    await alerting.settled();
    expect(channel.deliveries.map(({ to, audience, content }) => [to, audience, content.kind]).sort()).toEqual([
      [ACMES, 'customer', 'test'],
      [PARTNERS, 'partner', 'test'],
    ]);
  });
});
