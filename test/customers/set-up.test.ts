import { planCreate } from '@talktime/core/contract';
import { readSetUp, updateCustomer, updatePartner } from '@talktime/core/customers';
import { createPlan } from '@talktime/core/plans';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';

describe('how far a partner is with its set-up', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => void (world = await World.create(test)));

  const read = () => readSetUp(test.database, world.partnerId);
  const set = (id: string, settings: Parameters<typeof updateCustomer>[4]['settings']) =>
    updateCustomer(test.database, world.partnerId, PARTNER, id, { settings });

  it('without a customer is nothing, and lacks nobody', async () => {
    expect(await read()).toEqual({
      customers: 0,
      plans: 0,
      payments: 'none',
      ...Object.fromEntries(
        ['enabled', 'priced', 'watched', 'notified', 'filled', 'visible'].map((name) => [
          name,
          { done: 0, next: null },
        ]),
      ),
    });
  });

  it('counts customers with AI Credits on, and names the first that lacks something', async () => {
    await world.customer('cus_a', '100', { low_credit_threshold: '50', low_credit_notifications_enabled: true });
    await world.customer('cus_b', '0');
    await world.customer('cus_off', '0', { ai_credits_enabled: false });
    const setUp = await read();
    expect(setUp).toMatchObject({
      customers: 3,
      enabled: { done: 2, next: { id: 'cus_off' } },
      priced: { done: 2, next: null },
      watched: { done: 1, next: { id: 'cus_b', name: 'cus_b' } },
      notified: { done: 1, next: { id: 'cus_b' } },
      filled: { done: 1, next: { id: 'cus_b' } },
      visible: { done: 0, next: { id: 'cus_a' } },
    });
  });

  it('takes levels for a threshold: the customer’s own, or the partner’s for its customers', async () => {
    const levels = [{ status: 'low' as const, kind: 'percent' as const, value: '20' }];
    await world.customer('cus_a', '100');
    await world.customer('cus_b', '100');
    await set('cus_a', { alert_levels: levels });
    expect((await read()).watched).toMatchObject({ done: 1, next: { id: 'cus_b' } });
    await updatePartner(test.database, world.partnerId, PARTNER, { customer_alert_levels: levels });
    expect((await read()).watched).toEqual({ done: 2, next: null });
    await set('cus_b', { alert_levels: [] });
    expect((await read()).watched).toMatchObject({ done: 1, next: { id: 'cus_b' } });
  });

  it('is filled by credits that are used up since, and not by none', async () => {
    await world.customer('cus_a', '12');
    await world.call({ id: 'call-1', seconds: 60, customerId: 'cus_a' });
    expect(await world.posted('cus_a')).toBe(0);
    expect((await read()).filled).toEqual({ done: 1, next: null });
  });

  it('counts plans that are for sale', async () => {
    const plan = (id: string, active: boolean) =>
      createPlan(
        test.database,
        world.partnerId,
        PARTNER,
        planCreate.parse({ id, name: id, credits: '10', price: '1', active }),
      );
    await plan('plan_on', true);
    await plan('plan_off', false);
    expect((await read()).plans).toBe(1);
  });

  it('is of this partner alone', async () => {
    const other = await World.create(test);
    await other.customer('cus_other', '100');
    expect((await read()).customers).toBe(0);
  });
});
