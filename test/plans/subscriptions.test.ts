import { planCreate, planUpdate } from '@talktime/core/contract';
import { updateCustomer, updatePartner } from '@talktime/core/customers';
import { authorizeCall } from '@talktime/core/calls';
import { applyWithin, bookDue, getStatement, listGrants, operationOf, verify, voidGrant } from '@talktime/core/ledger';
import {
  applyPlan,
  cancelSubscription,
  changeSubscription,
  createPlan,
  getSubscription,
  listSubscriptions,
  renewDue,
  renewPeriod,
  resumeSubscription,
  startSubscription,
  subscriptionsDue,
  updatePlan,
} from '@talktime/core/plans';
import { getBalance } from '@talktime/core/customers';
import type { TestDatabase } from '../setup/database';
import { credits, HOST, PARTNER, World } from '../setup/world';

const DAY = 24 * 3_600_000;
const WEEK = 7 * DAY;
const NEVER = new AbortController().signal;

describe('subscriptions', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => {
    await clock(0);
    world = await World.create(test);
    await world.customer('acme', '0');
  });
  afterAll(() => test.drop());
  afterEach(async () => {
    const report = await verify(test.database, { partnerId: world.partnerId });
    expect(report.findings).toEqual([]);
  });

  /** Sets the ledger's clock so many milliseconds ahead. */
  const clock = (ahead: number) =>
    test.superuser(
      `create or replace function talktime.clock() returns timestamptz language sql volatile
       as $$ select clock_timestamp() + interval '${ahead} milliseconds' $$`,
    );
  const create = (input: object) => createPlan(test.database, world.partnerId, PARTNER, planCreate.parse(input));
  const edit = (id: string, change: object) =>
    updatePlan(test.database, world.partnerId, PARTNER, id, planUpdate.parse(change));
  const weekly = (more: object = {}, rollover: object | null = null) =>
    create({
      id: 'weekly',
      name: 'Weekly',
      credits: '100',
      price: '9',
      recurring: { period: 'week', rollover },
      ...more,
    });
  const apply = (planId = 'weekly', key = world.key()) =>
    applyPlan(world.talktime, world.partnerId, PARTNER, planId, { customer_id: 'acme', idempotency_key: key });
  const renew = () => renewDue(test.database, world.partnerId, NEVER);
  const at = async (ahead: number) => (await clock(ahead), renew());
  const balance = async () => (await getBalance(test.database, world.partnerId, { customerId: 'acme' })).posted;
  const history = async () => {
    const { lines } = await getStatement(test.database, world.partnerId, { customerId: 'acme' }, { limit: 50 });
    return lines.map((line) => [line.kind, line.amount, line.balance]);
  };
  const live = async () =>
    (await listGrants(test.database, world.partnerId, { customerId: 'acme' }, { limit: 50 })).items.filter(
      (grant) => grant.state === 'active',
    );
  const current = async () => {
    const { items } = await listSubscriptions(test.database, world.partnerId, { customerId: 'acme' });
    return items.at(-1)!;
  };
  const spend = (seconds: number, id = world.key()) => world.call({ id, seconds, customerId: 'acme' });
  const audits = async () =>
    (
      await test.superuser<{ action: string }>(
        `select action from talktime.audit_log where partner_id = $1 and action like 'subscription.%' order by at`,
        [world.partnerId],
      )
    ).map((row) => row.action);

  it('starts with the application: the first period is granted now and goes at its end', async () => {
    await weekly();
    const applied = await apply('weekly', 'order-1');
    const ends = new Date(Date.parse(applied.subscription!.starts_at) + WEEK).toISOString();
    expect(applied).toMatchObject({
      amount: 100,
      plan: { id: 'weekly', credits: 100, recurring: { period: 'week', every: 1, rollover: null } },
      subscription: { id: applied.operation_id, period: 1, ends_at: ends },
      grant: { kind: 'plan', expires_at: ends },
    });
    expect(await current()).toMatchObject({
      id: applied.operation_id,
      customer_id: 'acme',
      plan: { id: 'weekly', name: 'Weekly', credits: 100, price: 9 },
      next_plan: null,
      status: 'active',
      period: 1,
      period_end: ends,
      renews_at: ends,
      collects: 'nothing',
    });
    expect(await apply('weekly', 'order-1')).toEqual({ ...applied, replayed: true });
    expect(await balance()).toBe(100);
    expect(await audits()).toEqual(['subscription.started']);
  });

  it('starts once, however many ask at once', async () => {
    await weekly();
    const replica = world.replica();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        applyPlan((index % 2 ? world : replica).talktime, world.partnerId, PARTNER, 'weekly', {
          customer_id: 'acme',
          idempotency_key: 'order-1',
        }),
      ),
    );
    expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1);
    expect((await listSubscriptions(test.database, world.partnerId)).items).toHaveLength(1);
    expect(await balance()).toBe(100);
  });

  it('refuses a second one, says what to do, and grants nothing', async () => {
    await weekly();
    await create({ id: 'monthly', name: 'Monthly', credits: '500', price: '40', recurring: { period: 'month' } });
    const { operation_id } = await apply();
    const before = await world.fingerprint();
    await expect(apply('monthly')).rejects.toMatchObject({
      code: 'SUBSCRIPTION_EXISTS',
      message: expect.stringContaining(`POST /v1/subscriptions/${operation_id}/change`),
    });
    expect(await world.fingerprint()).toBe(before);
  });

  it('grants each period as the one before expires, and half of what is left rolls over, up to the cap', async () => {
    await weekly({}, { share: '0.5', cap: '30' });
    await apply();
    await spend(300); // 60 credits
    expect(await at(WEEK)).toBe(1);
    expect(await history()).toEqual([
      ['rollover', 20, 120],
      ['plan', 100, 100],
      ['expiry', -40, 0],
      ['call', -60, 40],
      ['plan', 100, 100],
    ]);
    expect(await current()).toMatchObject({ period: 2, status: 'active' });
    expect(await at(2 * WEEK)).toBe(1); // 120 unused: 60, of which 30
    expect(await balance()).toBe(130);
    expect(await renew()).toBe(0);
  });

  it('counts what was rolled over as unused again, but no bonus', async () => {
    await weekly({ bonus: '10' }, { share: '1' });
    await apply();
    expect(await balance()).toBe(110);
    await at(WEEK);
    expect(await balance()).toBe(210);
    await at(2 * WEEK);
    expect(await balance()).toBe(310);
    expect((await live()).map((grant) => [grant.kind, grant.amount])).toEqual([
      ['plan', 200],
      ['plan', 100],
      ['bonus', 10],
    ]);
  });

  it('rolls nothing over of what somebody voided', async () => {
    await weekly({}, { share: '1' });
    await apply();
    await at(WEEK);
    const [rolled] = await live();
    await voidGrant(world.talktime.ledger, world.partnerId, PARTNER, rolled!.grant_id, { idempotency_key: 'void' });
    await at(2 * WEEK);
    expect(await balance()).toBe(200);
  });

  it('counts what a live call held as unused, once the new credits serve the call', async () => {
    await weekly({}, { share: '0.5' });
    await apply();
    const { hold } = await authorizeCall(world.talktime, world.partnerId, PARTNER, {
      provider: 'retell',
      call_id: 'long',
      customer_id: 'acme',
      minimum_seconds: 30,
    });
    expect(hold.held).toBe(100);
    await at(WEEK);
    expect(await balance()).toBe(150);
    await world.call({ id: 'long', seconds: 300, customerId: 'acme' });
    expect(await balance()).toBe(90);
  });

  it('tells nobody that the balance was used up for the moment between two periods', async () => {
    await updateCustomer(test.database, world.partnerId, PARTNER, 'acme', {
      settings: { low_credit_notifications_enabled: true, low_credit_threshold: '10' },
    });
    await weekly();
    await apply();
    await clock(WEEK);
    expect(await bookDue(test.database, world.talktime.ledger, world.partnerId)).toBe(0); // left to the renewal
    await renew();
    expect(await balance()).toBe(100);
    const told = () => test.superuser('select event from talktime.outbox where partner_id = $1', [world.partnerId]);
    expect(await told()).toEqual([]);
    await cancelSubscription(test.database, world.partnerId, PARTNER, (await current()).id);
    await clock(2 * WEEK);
    await bookDue(test.database, world.talktime.ledger, world.partnerId);
    expect(await told()).toEqual([{ event: 'exhausted' }]);
  });

  it('makes up for a downtime: the period that lasts is granted, those that went by are not', async () => {
    await weekly({}, { share: '0.5' });
    await apply();
    await spend(100); // 20 credits: 80 unused
    expect(await at(4 * WEEK + DAY)).toBe(1);
    expect(await history()).toEqual([
      ['rollover', 40, 140],
      ['plan', 100, 100],
      ['expiry', -80, 0],
      ['call', -20, 80],
      ['plan', 100, 100],
    ]);
    const { period, period_start, period_end, created_at } = await current();
    expect(period).toBe(5);
    expect(Date.parse(period_start) - Date.parse(created_at)).toBe(4 * WEEK);
    expect(Date.parse(period_end) - Date.parse(created_at)).toBe(5 * WEEK);
  });

  it('renews once when two replicas do it at the same time', async () => {
    await weekly({}, { share: '1' });
    await apply();
    await clock(WEEK);
    await Promise.all(Array.from({ length: 6 }, renew));
    expect(await balance()).toBe(200);
    expect((await current()).period).toBe(2);
  });

  it('keeps the terms that were sold, whatever becomes of the plan', async () => {
    await weekly();
    await apply();
    await edit('weekly', { credits: '1', price: '99', name: 'Dearer', active: false });
    await at(WEEK);
    expect(await balance()).toBe(100);
    expect(await current()).toMatchObject({ period: 2, plan: { name: 'Weekly', credits: 100, price: 9 } });
  });

  it('converts minutes when a period begins; without a rate it is past due until there is one', async () => {
    await weekly({ credits: undefined, minutes: '10' });
    expect(await apply()).toMatchObject({ amount: 120 });
    await updateCustomer(test.database, world.partnerId, PARTNER, 'acme', {
      settings: { price_per_minute: { credits: '15' } },
    });
    await at(WEEK);
    expect(await balance()).toBe(150);
  });

  describe('with allocated funding', () => {
    beforeEach(async () => {
      await updatePartner(test.database, world.partnerId, HOST, { funding: 'allocated' });
      await world.topUp('partner', '150');
      await weekly({ bonus: '10' }, { share: '0.5' });
      await apply();
    });

    it('is past due while the partner lacks the credits, and renews when it has them', async () => {
      await at(WEEK);
      expect(await current()).toMatchObject({
        status: 'past_due',
        period: 1,
        last_error: expect.stringContaining('110 credits were asked for and 40 can be spent'),
      });
      expect([await world.posted('partner'), await balance()]).toEqual([40, 0]);
      expect(await renew()).toBe(0);
      await at(WEEK + 11 * 60_000);
      expect(await audits()).toEqual(['subscription.started', 'subscription.past_due']);
      await world.topUp('partner', '70');
      expect(await at(WEEK + DAY)).toBe(1);
      expect([await world.posted('partner'), await balance()]).toEqual([0, 160]);
      expect(await current()).toMatchObject({ status: 'active', period: 2, last_error: null });
      expect(await audits()).toEqual(['subscription.started', 'subscription.past_due', 'subscription.renewed']);
    });

    it('ends at once when it is canceled past due', async () => {
      await at(WEEK);
      const { id } = await current();
      expect(await cancelSubscription(test.database, world.partnerId, PARTNER, id)).toMatchObject({
        status: 'canceled',
        ended_because: 'requested',
      });
      await world.topUp('partner', '1000');
      expect(await at(WEEK + DAY)).toBe(0);
      expect(await balance()).toBe(0);
    });
  });

  describe('changing one', () => {
    let id: string;
    beforeEach(async () => {
      await weekly({}, { share: '0.5' });
      await create({
        id: 'daily',
        name: 'Daily',
        credits: '7',
        price: '1',
        recurring: { period: 'day', every: 2 },
      });
      id = (await apply()).operation_id;
    });
    const cancel = () => cancelSubscription(test.database, world.partnerId, PARTNER, id);
    const resume = () => resumeSubscription(test.database, world.partnerId, PARTNER, id);
    const change = (planId: string) => changeSubscription(test.database, world.partnerId, PARTNER, id, planId);

    it('ends with its period when canceled, and another can begin then', async () => {
      const canceled = await cancel();
      expect(canceled).toMatchObject({ status: 'active', cancel_at_period_end: true, renews_at: null });
      expect(await cancel()).toEqual(canceled);
      expect(await balance()).toBe(100);
      await at(WEEK);
      expect(await balance()).toBe(0);
      expect(await getSubscription(test.database, world.partnerId, id)).toMatchObject({
        status: 'canceled',
        ended_at: canceled.period_end,
        ended_because: 'requested',
      });
      await expect(resume()).rejects.toMatchObject({ code: 'SUBSCRIPTION_ENDED' });
      await expect(change('daily')).rejects.toMatchObject({ code: 'SUBSCRIPTION_ENDED' });
      expect((await cancel()).status).toBe('canceled');
      await apply('daily');
      expect(await balance()).toBe(7);
      expect(await audits()).toEqual([
        'subscription.started',
        'subscription.canceled',
        'subscription.ended',
        'subscription.started',
      ]);
    });

    it('goes on when the cancellation is taken back', async () => {
      await cancel();
      expect(await resume()).toMatchObject({ cancel_at_period_end: false, renews_at: expect.any(String) });
      await resume();
      await at(WEEK);
      expect(await balance()).toBe(150);
      expect(await audits()).toEqual(['subscription.started', 'subscription.canceled', 'subscription.resumed']);
    });

    it('changes the plan with the next period, on the terms of when that was asked for', async () => {
      const changed = await change('daily');
      expect(changed).toMatchObject({ plan: { id: 'weekly' }, next_plan: { id: 'daily', credits: 7 } });
      expect(await change('daily')).toEqual(changed);
      await edit('daily', { credits: '1000' });
      await at(WEEK);
      expect(await balance()).toBe(57); // half of the 100 that were left, and 7
      const after = await current();
      expect(after).toMatchObject({ plan: { id: 'daily', credits: 7 }, next_plan: null, period: 2 });
      expect(Date.parse(after.period_end) - Date.parse(changed.period_end)).toBe(2 * DAY);
      await at(WEEK + 2 * DAY);
      expect(await balance()).toBe(7); // this plan rolls nothing over
      expect(await current()).toMatchObject({ period: 3 });
    });

    it('takes a change back by changing to the present plan', async () => {
      await change('daily');
      expect(await change('weekly')).toMatchObject({ next_plan: null });
      await at(WEEK);
      expect(await current()).toMatchObject({ plan: { id: 'weekly' } });
    });

    it('refuses what makes no sense', async () => {
      await create({ id: 'pack', name: 'Pack', credits: '1', price: '1' });
      await create({
        id: 'off',
        name: 'Off',
        credits: '1',
        price: '1',
        active: false,
        recurring: { period: 'month' },
      });
      await expect(change('pack')).rejects.toMatchObject({ code: 'PLAN_NOT_RECURRING' });
      await expect(change('off')).rejects.toMatchObject({ code: 'PLAN_INACTIVE' });
      await expect(change('none')).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND' });
      await cancel();
      await expect(change('daily')).rejects.toMatchObject({ code: 'SUBSCRIPTION_ENDING' });
      id = '018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69';
      await expect(cancel()).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' });
    });
  });

  it('lets payments grant a period, and brings over only what rolls over', async () => {
    const plan = {
      planId: 'weekly',
      name: 'Weekly',
      size: { credits: credits('100') },
      bonus: credits('0'),
      price: credits('9'),
      currency: 'USD',
      recurring: { unit: 'week' as const, every: 1, rollover: { share: 500_000n, cap: null } },
    };
    await weekly();
    const paid = (key: string, expiresAt: number) => ({
      kind: 'top_up' as const,
      actor: HOST,
      key,
      wallet: { customerId: 'acme' },
      amount: credits('100'),
      grant: 'paid' as const,
      expiresAt,
    });
    const startsAt = Date.now();
    const id = await test.database.asPartner(world.partnerId, async (transaction) => {
      const first = operationOf(await applyWithin(transaction, world.partnerId, paid('pi_1', startsAt + WEEK)));
      const start = {
        customerId: 'acme',
        terms: plan,
        collects: 'card' as const,
        operationId: first.operation_id,
        startsAt,
      };
      const started = await startSubscription(transaction, world.partnerId, HOST, start);
      expect(await startSubscription(transaction, world.partnerId, HOST, start)).toEqual(started);
      return started.subscriptionId;
    });
    expect(await at(WEEK)).toBe(0);
    await test.database.asPartner(world.partnerId, async (transaction) => {
      const [due] = await subscriptionsDue(transaction, world.partnerId, 'card');
      expect(due).toMatchObject({ subscriptionId: id, period: 1 });
      const { operation_id } = operationOf(
        await applyWithin(transaction, world.partnerId, paid('pi_2', startsAt + 2 * WEEK)),
      );
      expect(await renewPeriod(transaction, world.partnerId, HOST, id, operation_id)).toMatchObject({ period: 2 });
      expect(await renewPeriod(transaction, world.partnerId, HOST, id, operation_id)).toBeNull();
    });
    expect(await current()).toMatchObject({ period: 2, status: 'active', collects: 'card' });
    // The stand-in for a payment grants "paid", not "plan", so nothing of it counts as unused.
    expect(await balance()).toBe(100);
  });
});
