import { levelsOf, rearmLevel, statusOf, transition, type AlertState, type Status } from '@talktime/core/alerts';
import { getThreshold, updateCustomer, updatePartner } from '@talktime/core/customers';
import { credits, PARTNER, World } from '../setup/world';
import type { TestDatabase } from '../setup/database';

describe('rule 20, status', () => {
  it.each([
    ['100', '110'],
    ['5', '6'], // a tenth would be less than one credit
    ['0', '1'],
  ])('is armed again above level * 1.1, at least a credit above it: %s -> %s', (level, rearm) => {
    expect(rearmLevel(credits(level))).toBe(credits(rearm));
  });

  it('follows the example: level 100', () => {
    const seen: Status[] = [];
    let current: Status = 'ok';
    for (const posted of ['100.1', '100', '105', '110', '110.1', '99', '0', '0.5', '1.1', '111']) {
      current = statusOf(credits(posted), levelsOf(credits('100')), current);
      seen.push(current);
    }
    expect(seen).toEqual(['ok', 'low', 'low', 'low', 'ok', 'low', 'exhausted', 'exhausted', 'low', 'ok']);
  });

  it('tells once an episode, again when worse, and the recovery', () => {
    let alert: AlertState = { status: 'ok', told: 'ok', episode: 1 };
    const told: (string | null)[] = [];
    for (const posted of ['100', '90', '0', '-5', '50', '40', '0', '200', '90']) {
      const next = transition(alert, {
        posted: credits(posted),
        levels: levelsOf(credits('100')),
        notificationsEnabled: true,
        everPosted: true,
      });
      alert = next.alert;
      told.push(next.event);
    }
    expect(told).toEqual(['low', null, 'exhausted', null, 'improved', null, 'exhausted', 'recovered', 'low']);
    expect(alert).toEqual({ status: 'low', told: 'low', episode: 2 });
  });

  describe('in the ledger', () => {
    let test: TestDatabase;
    let world: World;
    beforeAll(async () => void (test = await World.open()));
    beforeEach(async () => void (world = await World.create(test)));
    afterAll(() => test.drop());

    const LOW = { low_credit_threshold: '100', low_credit_notifications_enabled: true };
    const events = async () =>
      (
        await test.superuser<{ event: string; episode: number }>(
          'select event, episode from talktime.outbox where partner_id = $1 order by created_at, sequence',
          [world.partnerId],
        )
      ).map((row) => `${row.episode} ${row.event}`);
    const settings = (patch: object) =>
      updateCustomer(test.database, world.partnerId, PARTNER, 'acme', { settings: patch });

    it('writes the alert in the transaction of the posting', async () => {
      await world.customer('acme', '110.1', LOW);
      await world.call({ id: '1', seconds: 50, customerId: 'acme' }); // 100.1
      expect(await events()).toEqual([]);
      const crossed = await world.call({ id: '2', seconds: 1, customerId: 'acme' }); // 99.9
      expect(crossed.result).toMatchObject({ status: 'low' });
      await world.call({ id: '2', seconds: 1, customerId: 'acme' });
      await world.call({ id: '3', seconds: 600, customerId: 'acme' });
      await world.topUp('acme', '50');
      await world.topUp('acme', '200');
      expect(await events()).toEqual(['1 low', '1 exhausted', '1 improved', '1 recovered']);
    });

    it('is silent about a wallet that was never filled, and about notifications that are off', async () => {
      await world.customer('acme', '0', LOW);
      await world.topUp('acme', '500');
      await settings({ low_credit_notifications_enabled: false });
      await world.call({ seconds: 2400, customerId: 'acme' });
      await world.topUp('acme', '500');
      expect(await events()).toEqual([]);
    });

    it('tells at once when a threshold is set above the balance, or notifications are switched on below it', async () => {
      await world.customer('acme', '150', LOW);
      await settings({ low_credit_threshold: '200' });
      await settings({ low_credit_threshold: '200', grace_seconds: 5 });
      expect(await events()).toEqual(['1 low']);
      await settings({ low_credit_threshold: null });
      await settings({ low_credit_notifications_enabled: false, low_credit_threshold: '150' });
      await settings({ low_credit_notifications_enabled: true });
      expect(await events()).toEqual(['1 low', '1 recovered', '2 low']);
    });

    it('answers exhausted for a free call of a wallet that was never filled', async () => {
      await world.customer('acme', '0');
      const { result } = await world.call({ seconds: 40, outcome: 'unconnected', customerId: 'acme' });
      expect(result).toMatchObject({ amount: 0, balance_after: 0, status: 'exhausted' });
    });

    it("reports the payer's status: with AI credits off, the partner's and not the empty wallet's (rule 5)", async () => {
      await updatePartner(test.database, world.partnerId, PARTNER, {
        price_per_minute: { credits: '8' },
        low_credit_threshold: '50',
      });
      await world.topUp('partner', '80');
      await world.customer('acme', '0', { ai_credits_enabled: false });
      expect(await getThreshold(test.database, world.partnerId, { customerId: 'acme' })).toMatchObject({
        payer: 'partner',
        status: 'ok',
        posted: 80,
        minutes_left: 10,
      });
      await settings({ ai_credits_enabled: true });
      expect(await getThreshold(test.database, world.partnerId, { customerId: 'acme' })).toMatchObject({
        payer: 'customer',
        status: 'exhausted',
        posted: 0,
      });
    });
  });
});
