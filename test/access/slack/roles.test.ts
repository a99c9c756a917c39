import { getSlackRole, listSlackRoles, removeSlackRole, setSlackRole } from '@talktime/core/access';
import { slackRoleSet } from '@talktime/core/contract';
import { Database } from '@talktime/core/database';
import { createTestDatabase, type TestDatabase } from '../../setup/database';
import { PARTNER } from '../../setup/world';
import { ACMES, MIA, OLGA, partnerWithCustomers, slackAudit } from './people';

let test: TestDatabase;
let partnerId: string;
beforeAll(async () => void (test = await createTestDatabase()));
afterAll(() => test.drop());
beforeEach(async () => void (partnerId = await partnerWithCustomers(test)));

const give = (person: typeof OLGA, input: object, database: Database = test.database) =>
  setSlackRole(database, partnerId, PARTNER, person, slackRoleSet.parse(input));
const roles = async () =>
  (await listSlackRoles(test.database, partnerId)).map(({ user_id, role }) => `${user_id} ${role}`);

describe('a role', () => {
  it('is given, replaced, read and taken away, and each change is audited', async () => {
    await give(OLGA, { role: 'owner' });
    expect(await give(MIA, { role: 'manager', max_credits: '12.5' })).toMatchObject({
      team_id: 'T0BRIGHT',
      user_id: 'U0MIA',
      role: 'manager',
      customer_id: null,
      max_credits: 12.5,
    });
    await give(MIA, { role: 'customer', customer_id: 'acme' });
    expect(await getSlackRole(test.database, partnerId, MIA)).toMatchObject({
      role: 'customer',
      customer_id: 'acme',
      max_credits: null,
    });
    await removeSlackRole(test.database, partnerId, PARTNER, MIA);
    await expect(getSlackRole(test.database, partnerId, MIA)).rejects.toMatchObject({ code: 'SLACK_ROLE_NOT_FOUND' });
    await expect(removeSlackRole(test.database, partnerId, PARTNER, MIA)).rejects.toMatchObject({
      code: 'SLACK_ROLE_NOT_FOUND',
    });
    expect(await slackAudit(test, partnerId)).toEqual([
      'key:partner slack_role.set slack:T0BRIGHT/U0OLGA {"role": "owner", "customer_id": null, "max_credits": null}',
      'key:partner slack_role.set slack:T0BRIGHT/U0MIA {"role": "manager", "customer_id": null, "max_credits": 12.5}',
      'key:partner slack_role.set slack:T0BRIGHT/U0MIA {"role": "customer", "customer_id": "acme", "max_credits": null}',
      'key:partner slack_role.removed slack:T0BRIGHT/U0MIA {}',
    ]);
  });

  it('is one (team, user): the same user id in another workspace is somebody else', async () => {
    await give(OLGA, { role: 'owner' });
    await give({ ...OLGA, teamId: 'T0OTHER' }, { role: 'viewer' });
    expect(await roles()).toEqual(['U0OLGA owner', 'U0OLGA viewer']);
  });

  it('is listed with the owners first', async () => {
    await give(ACMES, { role: 'customer', customer_id: 'acme' });
    await give(MIA, { role: 'viewer' });
    await give(OLGA, { role: 'owner' });
    expect(await roles()).toEqual(['U0OLGA owner', 'U0ANNA customer', 'U0MIA viewer']);
  });

  it.each<[string, object, string]>([
    ['customer without a customer', { role: 'customer' }, 'REQUEST_INVALID'],
    ['viewer with a customer', { role: 'viewer', customer_id: 'acme' }, 'REQUEST_INVALID'],
    ['viewer with a cap', { role: 'viewer', max_credits: '5' }, 'REQUEST_INVALID'],
    ['customer of nobody', { role: 'customer', customer_id: 'nobody' }, 'CUSTOMER_NOT_FOUND'],
    ['manager with a negative cap', { role: 'manager', max_credits: '-1' }, 'REQUEST_INVALID'],
    ['manager with a cap of seven decimals', { role: 'manager', max_credits: '0.0000001' }, 'NUMBER_PRECISION'],
  ])('%s is refused, and nothing changes', async (_what, input, code) => {
    await expect(give(MIA, input)).rejects.toMatchObject({ code });
    expect(await roles()).toEqual([]);
    expect(await slackAudit(test, partnerId)).toEqual([]);
  });
});

describe('the last owner', () => {
  it('stays: is neither removed nor made anything else, and keeps what they have', async () => {
    await give(OLGA, { role: 'owner' });
    await give(MIA, { role: 'manager' });
    await expect(removeSlackRole(test.database, partnerId, PARTNER, OLGA)).rejects.toMatchObject({
      code: 'SLACK_LAST_OWNER',
    });
    await expect(give(OLGA, { role: 'viewer' })).rejects.toMatchObject({ code: 'SLACK_LAST_OWNER' });
    await give(OLGA, { role: 'owner', max_credits: '100' });
    await give(MIA, { role: 'owner' });
    await give(OLGA, { role: 'viewer' });
    expect(await roles()).toEqual(['U0MIA owner', 'U0OLGA viewer']);
  });

  it('is left when two owners go at once, in two processes', async () => {
    const other = new Database({ url: test.url });
    for (let round = 0; round < 10; round++) {
      await give(OLGA, { role: 'owner' });
      await give(MIA, { role: 'owner' });
      const leaving = await Promise.allSettled([
        round % 2 ? give(OLGA, { role: 'viewer' }) : removeSlackRole(test.database, partnerId, PARTNER, OLGA),
        removeSlackRole(other, partnerId, PARTNER, MIA),
      ]);
      expect(leaving.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect((await roles()).filter((role) => role.endsWith('owner'))).toHaveLength(1);
    }
    await other.close();
  });
});

it('there are 1,000 roles at most, and those that there are can still be changed', async () => {
  await test.superuser(
    `insert into talktime.slack_roles (partner_id, team_id, user_id, role)
     select $1, 'T0BRIGHT', 'U0' || lpad(n::text, 6, '0'), 'viewer' from generate_series(1, 1000) n`,
    [partnerId],
  );
  await expect(give(MIA, { role: 'viewer' })).rejects.toMatchObject({ code: 'SLACK_ROLE_LIMIT' });
  await give({ teamId: 'T0BRIGHT', userId: 'U0000001' }, { role: 'owner' });
  expect(await listSlackRoles(test.database, partnerId)).toHaveLength(1000);
});

it("a partner sees, changes and removes nothing of another's", async () => {
  await give(OLGA, { role: 'owner' });
  const other = await partnerWithCustomers(test, 'Another');
  expect(await listSlackRoles(test.database, other)).toEqual([]);
  await expect(removeSlackRole(test.database, other, PARTNER, OLGA)).rejects.toMatchObject({
    code: 'SLACK_ROLE_NOT_FOUND',
  });
  await setSlackRole(test.database, other, PARTNER, OLGA, { role: 'viewer' });
  expect(await roles()).toEqual(['U0OLGA owner']);
});
