import { removeSlackRole, setSlackRole, updateSlackSettings } from '@talktime/core/access';
import { updateCustomer, updatePartner } from '@talktime/core/customers';
import type { Person, StoredView } from '../../server/demo/slack';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';
import { openAgency, reads, type Agency } from './agency';

/** What somebody's Home tab says. */
const textOf = (view: StoredView | null) => JSON.stringify(view?.content.blocks ?? []);

describe('the Home tab', () => {
  let test: TestDatabase;
  let agency: Agency;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => {
    agency = await openAgency(test);
    await agency.world.topUp('partner', '5000', HOST);
    await updatePartner(test.database, agency.world.partnerId, HOST, { slack_channel: 'C0OWN' });
    await settings({ low_credit_threshold: '20', low_credit_notifications_enabled: true });
  });
  afterEach(() => agency.close());

  const publishes = ({ id }: Person) =>
    agency.slack.transcript.filter(
      (entry) => entry.kind === 'view' && entry.change === 'published' && entry.userId === id,
    ).length;
  const opened = async (person: Person): Promise<string> => {
    const before = publishes(person);
    await person.openHome();
    await person.until(() => publishes(person) > before);
    return person.until(() => !/Being (added up|sorted)/.test(textOf(person.home)) && textOf(person.home));
  };
  const settings = (changes: Parameters<typeof updateCustomer>[4]['settings']) =>
    updateCustomer(test.database, agency.world.partnerId, PARTNER, 'cus_acme', { settings: changes });

  it('is the console for the partner’s people, each by their role', async () => {
    const owner = await opened(agency.mia);
    for (const part of ['5,000 credits', 'cus_acme', '100 credits', 'You are an owner', 'People and roles'])
      expect(owner).toContain(part);
    const manager = await opened(agency.max);
    expect(manager).toContain('you move up to 500 credits at once');
    expect(manager).not.toContain('People and roles');
    const viewer = await opened(agency.viv);
    expect(viewer).toContain('You are a viewer');
    expect(viewer).not.toContain('talktime_home_topup');
  });

  it('is their own balance for a customer’s people, as far as they may see it', async () => {
    expect(await opened(agency.carl)).not.toContain('100 credits');
    await settings({ show_pricing_information: true });
    const shown = await opened(agency.carl);
    expect(shown).toContain('100 credits');
    expect(shown).not.toContain('5,000');
    expect(shown).not.toContain('talktime_home');
  });

  it('says to somebody without a role whom to ask', async () => {
    const { partnerId } = agency.world;
    await removeSlackRole(test.database, partnerId, HOST, { teamId: agency.teamId, userId: 'U0VIV' });
    await updateSlackSettings(test.database, partnerId, HOST, { members_may_view: false });
    const stranger = await opened(agency.viv);
    expect(stranger).toContain('ask <@U0MIA> to give you one');
    expect(stranger).not.toContain('cus_acme');
  });

  it('in a workspace that belongs to nobody says what to do', async () => {
    await updatePartner(test.database, agency.world.partnerId, HOST, { slack_team_id: null });
    expect(await opened(agency.mia)).toContain(agency.teamId);
  });

  it('tops up, and shows the new balance by itself', async () => {
    await opened(agency.mia);
    await agency.mia.press('home', 'cus_acme');
    await agency.mia.fill({ 'Credits to add': '50' });
    await agency.mia.submit();
    await reads(agency.mia, 'Balance afterwards');
    await agency.mia.submit();
    await reads(agency.mia, 'Done');
    await agency.mia.until(() => textOf(agency.mia.home).includes('150 credits'));
    expect(await agency.world.posted('cus_acme')).toBe(150);
  });

  it('shows what commands show, in a modal', async () => {
    await opened(agency.mia);
    await agency.mia.press('home', 'All customers');
    await reads(agency.mia, 'credits 100');
    // A list's own buttons show their page in the same modal.
    await agency.mia.press('modal', 'Only low ones');
    await reads(agency.mia, 'No customer is low on credits');
    await agency.mia.press('home', 'Report');
    await reads(agency.mia, 'No calls');
  });

  it('gives a role, with what is wrong said where it is', async () => {
    await opened(agency.mia);
    await agency.mia.press('home', 'Give a role');
    await agency.mia.fill({ Who: 'viv', Role: 'Customer’s person' });
    expect((await agency.mia.submit()).errors).toEqual({ Customer: expect.stringContaining('is needed') });
    await agency.mia.fill({ Role: 'Manager', 'Most credits that one action may move': '250' });
    expect((await agency.mia.submit()).errors).toEqual({});
    await reads(agency.mia, 'is a manager now');
    await agency.mia.until(() => textOf(agency.mia.home).includes('<@U0VIV> · manager, up to 250 credits at once'));
    expect(await opened(agency.viv)).toContain('You are a manager');
  });

  it('takes a role away, but not the last owner’s', async () => {
    await opened(agency.mia);
    await agency.mia.press('home', `${agency.teamId}.U0VIV`);
    await agency.mia.submit();
    await reads(agency.mia, 'has no role any more');
    await agency.mia.until(() => !textOf(agency.mia.home).includes('<@U0VIV>'));
    await agency.mia.press('home', `${agency.teamId}.U0MIA`);
    await agency.mia.submit();
    await reads(agency.mia, 'is the last owner');
  });

  it('unlinks a customer’s channel', async () => {
    expect(await opened(agency.mia)).toContain('<#C0ACME>');
    await agency.mia.press('home', 'Unlink');
    await agency.mia.submit();
    await agency.mia.until(() => !textOf(agency.mia.home).includes('<#C0ACME>'));
  });

  it('changes what Slack’s people may do', async () => {
    await opened(agency.mia);
    await agency.mia.press('home', 'Slack settings');
    await agency.mia.fill({ 'Most credits that one action of a manager may move': 'lots' });
    expect(Object.values((await agency.mia.submit()).errors)).toEqual([expect.stringContaining('not an amount')]);
    await agency.mia.fill({ 'Most credits that one action of a manager may move': '750' });
    await agency.mia.submit();
    await agency.mia.until(() => textOf(agency.mia.home).includes('a manager moves up to 750 credits'));
  });

  it('does not listen to a button that somebody’s role does not have', async () => {
    const stale = await opened(agency.max);
    expect(stale).toContain('talktime_home_topup');
    await setSlackRole(
      test.database,
      agency.world.partnerId,
      HOST,
      { teamId: agency.teamId, userId: 'U0MAX' },
      { role: 'viewer' },
    );
    await agency.max.press('home', 'Adjust');
    await reads(agency.max, 'This is for owners and managers');
  });

  it('tells a fault with its reference, and nothing of what is inside', async () => {
    const broken = await openAgency(test, {
      changed: () => ({ console: () => Promise.reject(new Error('connection to 10.0.0.7 refused')) }),
    });
    try {
      await broken.mia.openHome();
      const said = await broken.mia.until(() => broken.mia.home && textOf(broken.mia.home));
      expect(said).toContain('the fault is on our side');
      expect(said).not.toContain('10.0.0.7');
    } finally {
      await broken.close();
    }
  });

  it('is published before a margin that takes long, and again with it', async () => {
    let add = () => {};
    const slow = await openAgency(test, {
      changed: (data) => ({
        monthMargin: (partnerId) => new Promise((resolve) => (add = () => resolve(data.monthMargin(partnerId)))),
      }),
    });
    try {
      await slow.mia.openHome();
      await slow.mia.until(() => textOf(slow.mia.home).includes('Being added up'));
      add();
      await slow.mia.until(() => textOf(slow.mia.home).includes('No calls yet this month'));
    } finally {
      await slow.close();
    }
  });
});
