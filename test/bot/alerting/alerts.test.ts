import { getCustomer, getPartner, updatePartner } from '@talktime/core/customers';
import { listSlackChannels } from '@talktime/core/access';
import type { StoredMessage } from '../../../server/demo/slack';
import type { TestDatabase } from '../../setup/database';
import { PARTNER, World } from '../../setup/world';
import { checked, openAgency, reads, saidTo, type Agency } from './agency';

let test: TestDatabase;
let agency: Agency;
beforeAll(async () => void (test = await World.open()));
beforeEach(async () => void (agency = await openAgency(test)));
afterEach(() => agency.close());
afterAll(() => test.drop());

const partner = async () => (await getPartner(test.database, agency.world.partnerId)).settings;
const customer = async () => (await getCustomer(test.database, agency.world.partnerId, 'acme')).settings;
const channels = async () =>
  (await listSlackChannels(test.database, agency.world.partnerId)).map((link) => [link.channel_id, link.customer_id]);
const alertsTo = (slack_channel: string | null) =>
  updatePartner(test.database, agency.world.partnerId, PARTNER, { slack_channel });
/** The customer acme, at 1000 credits, comes down to 760: below its threshold of 800. */
const goLow = () => agency.world.call({ id: 'down', seconds: 60 * 20, customerId: 'acme' });
const inAlerts = () => agency.slack.messages.filter(({ channel, thread_ts }) => channel === 'C0ALERTS' && !thread_ts);
const alert = (): Promise<StoredMessage> =>
  agency.slack.until(() => inAlerts().find(({ text }) => text.includes('low on credits')), 'an alert');

describe('/credits alerts', () => {
  it('says what is set: nowhere to go, then where, when, and what is open', async () => {
    const { mia } = agency;
    const nowhere = await agency.ask(mia, '/credits alerts');
    expect(nowhere).toContain('nowhere yet');
    expect(nowhere).toContain('/credits alerts here');
    await alertsTo('C0ALERTS');
    await goLow();
    const said = await agency.ask(mia, '/credits alerts');
    expect(said).toContain('🔔 Alerts: 1 open');
    expect(said).toContain('<#C0ALERTS>');
    expect(said).toContain('760 credits');
    expect(said).toContain('talktime_acknowledge');
  });

  it('of one customer: its channel, its threshold', async () => {
    const said = await agency.ask(agency.mia, '/credits alerts acme');
    expect(said).toContain('<#C0ACME>');
    expect(said).toContain('low at 800 credits');
    expect(said).toContain('not low');
  });

  it('a viewer sees it and changes nothing', async () => {
    const { viv } = agency;
    expect(await agency.ask(viv, '/credits alerts')).toContain('Alerts');
    expect(await agency.ask(viv, '/credits alerts test')).toContain('for owners and managers');
    expect(await agency.ask(viv, '/credits alerts snooze 2h')).toContain('for owners and managers');
    await viv.command('/credits alerts here', { channel: 'C0CREDITS' });
    await reads(viv, 'for owners and managers');
    expect(await partner()).toMatchObject({ slack_channel: null });
  });

  it('shows what no longer arrives, with a button that tries it again', async () => {
    const { mia, slack } = agency;
    await alertsTo('C0LOBBY'); // the app is not in it
    agency.deliver();
    await goLow();
    await slack.until(() => slack.calls.find(({ args }) => args.channel === 'C0LOBBY'), 'an attempt');
    let said = '';
    for (let tries = 0; tries < 20 && !said.includes('Nothing arrives'); tries++)
      said = await agency.ask(mia, '/credits alerts');
    expect(said).toContain('🚨 Alerts: some do not arrive');
    expect(said).toContain('/invite');
    slack.state.channels.get('C0LOBBY')!.apps.add(agency.teamId);
    await mia.press(slack.ephemerals.at(-1)!, 'talktime_route_retry');
    await slack.until(() => slack.messages.find(({ channel, text }) => channel === 'C0LOBBY' && text.includes('low')));
  });
});

describe('/credits alerts here', () => {
  it('warns who will read it, posts a line, and sends alerts there', async () => {
    const { mia, slack } = agency;
    await mia.command('/credits alerts here', { channel: 'C0ALERTS' });
    expect(await reads(mia, 'name every customer')).toContain('other companies');
    await mia.submit({ twice: true });
    await reads(mia, 'alerts come to');
    expect(await partner()).toMatchObject({ slack_channel: 'C0ALERTS' });
    expect(checked(slack.messages.at(-1)!)).toContain('alerts come here from now on');
    await mia.close({ all: true });
    await mia.command('/credits alerts here', { channel: 'C0ALERTS' });
    await reads(mia, 'come to this channel already');
  });

  it('where the app is not, says how to invite it and changes nothing', async () => {
    const { mia } = agency;
    await mia.command('/credits alerts here', { channel: 'C0LOBBY' });
    await reads(mia, 'from now on');
    await mia.submit();
    expect(await reads(mia, '/invite @Talktime')).toContain('Nothing was changed');
    expect(await partner()).toMatchObject({ slack_channel: null });
  });

  it('is refused in a customer’s channel: alerts name every customer', async () => {
    const { mia } = agency;
    await mia.command('/credits alerts here', { channel: 'C0ACME' });
    expect(await reads(mia, 'name every customer')).toContain('acme');
    expect(mia.modal?.content.submit).toBeUndefined();
  });

  it('with a customer, says what its people will see, and makes the channel that customer’s', async () => {
    const { mia, slack, world } = agency;
    await world.customer('zen', '100', { show_pricing_information: true });
    await mia.command('/credits alerts here zen', { channel: 'C0CREDITS' });
    const said = await reads(mia, 'Everybody in it');
    expect(said).toContain('price per minute');
    expect(said).toContain('nothing of your costs');
    await mia.submit();
    await reads(mia, 'Done');
    expect(await channels()).toEqual([
      ['C0ACME', 'acme'],
      ['C0CREDITS', 'zen'],
    ]);
    expect(checked(slack.messages.at(-1)!)).toContain('zen');
  });

  it('does not make the partner’s own channel a customer’s', async () => {
    const { mia } = agency;
    await alertsTo('C0ALERTS');
    await mia.command('/credits alerts here acme', { channel: 'C0ALERTS' });
    await reads(mia, 'Your own alerts come to this channel');
    expect(await channels()).toEqual([['C0ACME', 'acme']]);
  });
});

describe('/credits alerts off', () => {
  it('stops the partner’s alerts after a confirmation', async () => {
    const { mia } = agency;
    await mia.command('/credits alerts off', { channel: 'C0CREDITS' });
    await reads(mia, 'nothing is to be switched off');
    await mia.close({ all: true });
    await alertsTo('C0ALERTS');
    await mia.command('/credits alerts off', { channel: 'C0CREDITS' });
    await reads(mia, 'nobody hears');
    await mia.submit();
    await reads(mia, 'Done');
    expect(await partner()).toMatchObject({ slack_channel: null });
  });

  it('takes a customer’s channel away', async () => {
    const { mia } = agency;
    await mia.command('/credits alerts off acme', { channel: 'C0CREDITS' });
    await reads(mia, 'may ask about its credits any more');
    await mia.submit();
    await reads(mia, 'Done');
    expect(await channels()).toEqual([]);
  });
});

describe('/credits alerts levels', () => {
  it('edits the levels of all customers, the pause and the addresses', async () => {
    const { max } = agency;
    await max.command('/credits alerts levels', { channel: 'C0CREDITS' });
    await max.fill({ 'kind.0': 'low.percent', 'value.0': '25 %', 'kind.1': 'critical.minutes', 'value.1': '10' });
    await max.fill({ interval: '30', emails: 'ops@example.com, mia@example.com' });
    expect((await max.submit()).errors).toEqual({});
    await reads(max, 'Saved');
    expect(await partner()).toMatchObject({
      customer_alert_levels: [
        { status: 'low', kind: 'percent', value: 25 },
        { status: 'critical', kind: 'minutes', value: 10 },
      ],
      alert_interval_minutes: 30,
      alert_emails: ['ops@example.com', 'mia@example.com'],
    });
    expect(await agency.ask(max, '/credits alerts')).toContain('low at 25 % of the last top-up');
  });

  it('gives a customer its own, and takes them back', async () => {
    const { max } = agency;
    await max.command('/credits alerts levels acme', { channel: 'C0CREDITS' });
    await max.fill({ whose: 'own', 'kind.0': 'critical.days', 'value.0': '2' });
    await max.submit();
    await reads(max, 'Saved');
    expect(await customer()).toMatchObject({ alert_levels: [{ status: 'critical', kind: 'days', value: 2 }] });
    await max.close({ all: true });
    await max.command('/credits alerts levels acme', { channel: 'C0CREDITS' });
    await max.fill({ whose: 'defaults' });
    await max.submit();
    await reads(max, 'Saved');
    expect(await customer()).toMatchObject({ alert_levels: null });
  });

  it('says at the input what makes no sense, and changes nothing', async () => {
    const { max } = agency;
    const levelsModal = () => max.command('/credits alerts levels', { channel: 'C0CREDITS' });
    await levelsModal();
    await max.fill({ 'kind.2': 'low.percent', 'value.2': '250' });
    expect((await max.submit()).errors).toEqual({ at: expect.stringContaining('from 1 to 100') });
    await max.fill({ 'value.2': null });
    expect((await max.submit()).errors).toEqual({ at: 'Say at how many.' });
    await max.fill({ 'value.2': '20', emails: 'not an address' });
    expect(Object.values((await max.submit()).errors).join()).toContain('e-mail address');
    await max.fill({ emails: null, interval: 'soon' });
    expect(Object.values((await max.submit()).errors).join()).toContain('whole minutes');
    expect(await partner()).toMatchObject({ customer_alert_levels: [], alert_interval_minutes: 0 });
  });

  it('in a customer’s channel edits that one alone', async () => {
    const { max } = agency;
    await max.command('/credits alerts levels', { channel: 'C0ACME' });
    expect(await reads(max, 'acme')).not.toContain('all your customers have');
    await max.fill({ whose: 'own', 'kind.0': 'low.credits', 'value.0': '500' });
    await max.submit();
    await reads(max, 'Saved');
    expect(await customer()).toMatchObject({ alert_levels: [{ status: 'low', kind: 'credits', value: 500 }] });
    expect(await partner()).toMatchObject({ customer_alert_levels: [] });
  });
});

describe('the buttons of an alert', () => {
  beforeEach(async () => {
    await alertsTo('C0ALERTS');
    agency.deliver();
  });

  it('acknowledged: the message names who has it; who presses later is told who', async () => {
    const { viv, max, slack } = agency;
    await goLow();
    await viv.press(await alert(), 'talktime_acknowledge', { twice: true });
    await slack.until(() =>
      inAlerts().find((each) => JSON.stringify(each.blocks).includes('Acknowledged by <@U0VIV>')),
    );
    expect(inAlerts()).toHaveLength(1);
    expect(slack.ephemerals).toHaveLength(0);
    expect(await agency.ask(max, '/credits alerts')).toContain('in hand: <@U0VIV>');
  });

  it('snoozed from a modal: the message says until when and by whom; worse news comes all the same', async () => {
    const { max, slack, world } = agency;
    await goLow();
    await max.press(await alert(), 'talktime_snooze');
    await reads(max, 'acme');
    await max.fill({ length: '4h' });
    await max.submit({ twice: true });
    await reads(max, 'quiet until');
    await slack.until(() => inAlerts().find((each) => JSON.stringify(each.blocks).includes('Snoozed until')));
    expect(await agency.ask(max, '/credits alerts')).toContain('💤 quiet until');
    await world.call({ id: 'out', seconds: 60 * 64, customerId: 'acme' });
    await slack.until(() => inAlerts().find(({ text }) => text.includes('out of credits')));
  });

  it('of an episode that has ended: this alert is over', async () => {
    const { mia, max, slack, world } = agency;
    await goLow();
    const old = { ...(await alert()) };
    await world.topUp('acme', '5000');
    await slack.until(() => inAlerts().find(({ text }) => text.includes('recovered')));
    await mia.press(old, 'talktime_acknowledge');
    expect((await mia.until(() => slack.ephemerals.at(-1))).text).toBe('This alert is over.');
    await max.press(old, 'talktime_snooze');
    await reads(max, 'This alert is over');
  });

  it('a viewer does not snooze, and a stranger does nothing', async () => {
    const { viv, carl } = agency;
    await goLow();
    await viv.press(await alert(), 'talktime_snooze');
    await reads(viv, 'for owners and managers');
    await carl.press(await alert(), 'talktime_acknowledge');
    await agency.slack.until(() => agency.slack.ephemerals.at(-1)?.text.includes('This is for people with a role'));
    expect(await agency.ask(viv, '/credits alerts')).not.toContain('in hand');
  });
});

describe('/credits alerts snooze', () => {
  it('with a duration keeps a customer, or all that is open, quiet at once', async () => {
    const { max } = agency;
    expect(await agency.ask(max, '/credits alerts snooze 2h')).toContain('nothing to keep quiet');
    await alertsTo('C0ALERTS');
    await goLow();
    expect(await agency.ask(max, '/credits alerts snooze acme 1d')).toContain('alerts are quiet until');
    expect(await agency.ask(max, '/credits alerts snooze 2h')).toContain('1 open alert is quiet until');
    expect(await agency.ask(max, '/credits alerts snooze acme 90d')).toContain('within the next 30 days');
  });

  it('without one asks which and for how long', async () => {
    const { max } = agency;
    await alertsTo('C0ALERTS');
    await goLow();
    await max.command('/credits alerts snooze', { channel: 'C0CREDITS' });
    await max.fill({ which: 'all', length: 'morning' });
    await max.submit();
    await reads(max, '1 open alert is quiet until');
    expect(saidTo(max)).toContain('Worse news');
  });
});

describe('/credits alerts test', () => {
  it('says that it arrived, where the alerts go', async () => {
    const { max, slack } = agency;
    await alertsTo('C0ALERTS');
    agency.deliver();
    expect(await agency.ask(max, '/credits alerts test')).toContain('✅ The test alert arrived in <#C0ALERTS>');
    const tests = (channel: string) =>
      slack.messages.filter((each) => each.channel === channel && each.text.includes('A test of Talktime'));
    expect(tests('C0ALERTS')).toHaveLength(1);
    expect(await agency.ask(max, '/credits alerts test', 'C0ACME')).toContain('arrived in <#C0ACME>');
    expect(tests('C0ACME')).toHaveLength(1);
  });

  it('says why not', async () => {
    const { max } = agency;
    expect(await agency.ask(max, '/credits alerts test')).toContain('No channel is set for alerts');
    await alertsTo('C0LOBBY');
    agency.deliver();
    expect(await agency.ask(max, '/credits alerts test')).toContain('/invite @Talktime');
  });
});
