import { getSlackSettings, setSlackRole, slackAccess, updateSlackSettings } from '@talktime/core/access';
import { slackSettingsPatch } from '@talktime/core/contract';
import { updatePartner } from '@talktime/core/customers';
import { createTestDatabase, type TestDatabase } from '../../setup/database';
import { PARTNER } from '../../setup/world';
import { MIA, OLGA, partnerWithCustomers, slackAudit } from './people';

let test: TestDatabase;
let partnerId: string;
beforeAll(async () => {
  test = await createTestDatabase();
  partnerId = await partnerWithCustomers(test);
  await updatePartner(test.database, partnerId, PARTNER, { slack_team_id: 'T0BRIGHT' });
});
afterAll(() => test.drop());

const change = (patch: object) =>
  updateSlackSettings(test.database, partnerId, PARTNER, slackSettingsPatch.parse(patch));
const access = (person: typeof OLGA) =>
  slackAccess(test.database, person, { teamId: 'T0BRIGHT', enterpriseId: null }, null);

it('are the usual ones until they are changed: a manager moves 10,000 credits at most, an owner any amount', async () => {
  expect(await getSlackSettings(test.database, partnerId)).toEqual({
    members_may_view: null,
    manager_max_credits: 10_000,
    owner_max_credits: null,
  });
  expect(await access(MIA)).toMatchObject({ role: 'viewer' }); // bound by hand: members may view
});

it('change one by one, are kept, and apply at once', async () => {
  await setSlackRole(test.database, partnerId, PARTNER, OLGA, { role: 'owner' });
  await setSlackRole(test.database, partnerId, PARTNER, MIA, { role: 'manager' });
  expect(await access(MIA)).toMatchObject({ role: 'manager', maxCredits: 10_000_000_000n });

  expect(await change({ members_may_view: false })).toMatchObject({ manager_max_credits: 10_000 });
  expect(await access({ teamId: 'T0BRIGHT', userId: 'U0NOBODY' })).toBeNull();

  await change({ manager_max_credits: '250.5', owner_max_credits: '5000' });
  expect(await access(MIA)).toMatchObject({ maxCredits: 250_500_000n });
  expect(await access(OLGA)).toMatchObject({ maxCredits: 5_000_000_000n });

  expect(await change({ manager_max_credits: null, members_may_view: null })).toEqual({
    members_may_view: null,
    manager_max_credits: null,
    owner_max_credits: 5000,
  });
  expect(await access(MIA)).toMatchObject({ maxCredits: null });
  expect((await slackAudit(test, partnerId)).filter((line) => line.includes('settings'))).toEqual([
    'key:partner slack_settings.updated slack {"fields": ["members_may_view"]}',
    'key:partner slack_settings.updated slack {"fields": ["manager_max_credits", "owner_max_credits"]}',
    'key:partner slack_settings.updated slack {"fields": ["manager_max_credits", "members_may_view"]}',
  ]);
});

it('two changes at once both hold', async () => {
  await Promise.all([change({ manager_max_credits: '1' }), change({ owner_max_credits: '2' })]);
  expect(await getSlackSettings(test.database, partnerId)).toMatchObject({
    manager_max_credits: 1,
    owner_max_credits: 2,
  });
});

it.each([
  ['-1', 'REQUEST_INVALID'],
  ['0.0000001', 'NUMBER_PRECISION'],
])('a cap of %s is refused', async (cap, code) => {
  await expect(change({ manager_max_credits: cap })).rejects.toMatchObject({ code });
});

it("are a partner's own", async () => {
  const other = await partnerWithCustomers(test, 'Another');
  await updateSlackSettings(test.database, other, PARTNER, { members_may_view: true });
  expect((await getSlackSettings(test.database, partnerId)).members_may_view).toBeNull();
});
