import { linkSlackChannel, listSlackChannels, slackAccess, unlinkSlackChannel } from '@talktime/core/access';
import { updatePartner } from '@talktime/core/customers';
import { createTestDatabase, type TestDatabase } from '../../setup/database';
import { PARTNER } from '../../setup/world';
import { ACMES, partnerWithCustomers, slackAudit } from './people';

let test: TestDatabase;
let partnerId: string;
beforeAll(async () => void (test = await createTestDatabase()));
afterAll(() => test.drop());
beforeEach(async () => void (partnerId = await partnerWithCustomers(test)));

const link = (channel: string, customer: string) =>
  linkSlackChannel(test.database, partnerId, PARTNER, channel, customer);
const links = async (of = partnerId) =>
  (await listSlackChannels(test.database, of)).map(({ channel_id, customer_id }) => `${channel_id} ${customer_id}`);

describe("a customer's channel", () => {
  it('is linked, given to another, and unlinked, and each change is audited', async () => {
    await link('C0SHARED', 'acme');
    await link('C0SECOND', 'acme');
    await link('C0SHARED', 'zen');
    expect(await links()).toEqual(['C0SECOND acme', 'C0SHARED zen']);
    await unlinkSlackChannel(test.database, partnerId, PARTNER, 'C0SHARED');
    await unlinkSlackChannel(test.database, partnerId, PARTNER, 'C0SHARED');
    expect(await links()).toEqual(['C0SECOND acme']);
    const lines = await slackAudit(test, partnerId);
    expect(lines.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'key:partner slack_channel.linked C0SHARED',
      'key:partner slack_channel.linked C0SECOND',
      'key:partner slack_channel.linked C0SHARED',
      'key:partner slack_channel.unlinked C0SHARED',
    ]);
  });

  it('is of a customer that there is', async () => {
    await expect(link('C0SHARED', 'nobody')).rejects.toMatchObject({ code: 'CUSTOMER_NOT_FOUND' });
    expect(await links()).toEqual([]);
  });

  it("is never the partner's own, whichever was first: that one names every customer", async () => {
    await updatePartner(test.database, partnerId, PARTNER, { slack_channel: 'C0ALERTS' });
    await expect(link('C0ALERTS', 'acme')).rejects.toMatchObject({ code: 'SLACK_CHANNEL_TAKEN' });
    await link('C0SHARED', 'acme');
    await expect(updatePartner(test.database, partnerId, PARTNER, { slack_channel: 'C0SHARED' })).rejects.toMatchObject(
      { code: 'SLACK_CHANNEL_TAKEN' },
    );
    expect(await links()).toEqual(['C0SHARED acme']);
  });

  it("is not both, however close together somebody links it and somebody makes it the partner's own", async () => {
    for (let round = 0; round < 10; round++) {
      const channel = `C0ROUND${round}`;
      const outcomes = await Promise.allSettled([
        link(channel, 'acme'),
        updatePartner(test.database, partnerId, PARTNER, { slack_channel: channel }),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('opens that customer to whoever is in it, and to nobody in the workspace of another partner', async () => {
    await updatePartner(test.database, partnerId, PARTNER, { slack_team_id: 'T0BRIGHT' });
    const other = await partnerWithCustomers(test, 'Another');
    await updatePartner(test.database, other, PARTNER, { slack_team_id: 'T0OTHER' });
    await link('C0SHARED', 'acme');
    const heardIn = (teamId: string) => ({ teamId, enterpriseId: null });
    expect(await slackAccess(test.database, ACMES, heardIn('T0BRIGHT'), 'C0SHARED')).toEqual({
      partnerId,
      role: 'customer',
      customerId: 'acme',
      maxCredits: 0n,
    });
    expect(await slackAccess(test.database, ACMES, heardIn('T0BRIGHT'), 'C0ELSE')).toBeNull();
    expect(await slackAccess(test.database, ACMES, heardIn('T0OTHER'), 'C0SHARED')).toBeNull();
    expect(await links(other)).toEqual([]);
    await unlinkSlackChannel(test.database, other, PARTNER, 'C0SHARED');
    expect(await links()).toEqual(['C0SHARED acme']);
    await updatePartner(test.database, partnerId, PARTNER, { slack_team_id: null });
    await updatePartner(test.database, other, PARTNER, { slack_team_id: null });
  });
});
