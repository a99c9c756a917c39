import { linkSlackChannel, setSlackRole } from '@talktime/core/access';
import { peopleData } from '../../server/slack/people';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';

describe('who may do what, decided on the Home tab', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => {
    world = await World.create(test);
    await world.customer('cus_acme', '100');
    await setSlackRole(test.database, world.partnerId, PARTNER, MIA, { role: 'owner' });
  });

  const MIA = { teamId: 'T0BRIGHT', userId: 'U0MIA' };
  const BEN = { teamId: 'T0BRIGHT', userId: 'U0BEN' };
  const ACTOR = { ...MIA, enterpriseId: null };
  const data = () => peopleData(test.database);
  const give = (role: 'owner' | 'manager' | 'viewer' | 'customer', more = {}, person = BEN) =>
    data().setRole(world.partnerId, ACTOR, person, { role, customerId: null, maxCredits: null, ...more });

  it('lists roles with the names of customers, owners first', async () => {
    expect(await give('customer', { customerId: 'cus_acme' })).toEqual({ kind: 'changed' });
    expect(await data().roles(world.partnerId)).toMatchObject([
      { user_id: 'U0MIA', role: 'owner', customer_name: null },
      { user_id: 'U0BEN', role: 'customer', customer_name: 'cus_acme' },
    ]);
    expect(await data().ownersOf(world.partnerId, 'T0BRIGHT', 3)).toEqual([MIA]);
    expect(await data().ownersOf(world.partnerId, 'T0OTHER', 3)).toEqual([]);
  });

  it('says what is wrong at the input that it is about', async () => {
    expect(await give('customer')).toMatchObject({ kind: 'refused', field: 'customer' });
    expect(await give('customer', { customerId: 'cus_nobody' })).toMatchObject({ kind: 'refused', field: 'customer' });
    expect(await give('viewer', { maxCredits: '5' })).toMatchObject({ kind: 'refused', field: 'max_credits' });
    expect(await give('manager', { maxCredits: 'many' })).toMatchObject({ kind: 'refused', field: 'max_credits' });
    expect(await data().roles(world.partnerId)).toHaveLength(1);
  });

  it('keeps the last owner', async () => {
    expect(await give('viewer', {}, MIA)).toMatchObject({ kind: 'refused', code: 'SLACK_LAST_OWNER' });
    expect(await data().removeRole(world.partnerId, ACTOR, MIA)).toMatchObject({
      kind: 'refused',
      code: 'SLACK_LAST_OWNER',
    });
    await give('owner');
    expect(await data().removeRole(world.partnerId, ACTOR, MIA)).toEqual({ kind: 'changed' });
  });

  it('lists and unlinks customers’ channels, and writes down who did', async () => {
    await linkSlackChannel(test.database, world.partnerId, PARTNER, 'C0ACME', 'cus_acme');
    expect(await data().channelLinks(world.partnerId)).toMatchObject([
      { channel_id: 'C0ACME', customer_name: 'cus_acme' },
    ]);
    await data().unlinkChannel(world.partnerId, ACTOR, 'C0ACME');
    expect(await data().channelLinks(world.partnerId)).toEqual([]);
    const [row] = await test.superuser<{ actor: string }>(
      `select actor from talktime.audit_log where partner_id = $1 and action = 'slack_channel.unlinked'`,
      [world.partnerId],
    );
    expect(row!.actor).toBe('slack:T0BRIGHT/U0MIA');
  });

  it('sets what members see and what roles may move', async () => {
    const wanted = { members_may_view: false, manager_max_credits: '500', owner_max_credits: null };
    expect(await data().setSlackSettings(world.partnerId, ACTOR, wanted)).toEqual({ kind: 'changed' });
    expect(await data().slackSettings(world.partnerId)).toEqual({
      members_may_view: false,
      manager_max_credits: 500,
      owner_max_credits: null,
    });
    const wrong = { ...wanted, owner_max_credits: 'lots' };
    expect(await data().setSlackSettings(world.partnerId, ACTOR, wrong)).toMatchObject({
      kind: 'refused',
      field: 'owner_max_credits',
    });
  });
});
