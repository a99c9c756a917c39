import { planCreate, planUpdate, type SettingsPatch } from '@talktime/core/contract';
import { updatePartner } from '@talktime/core/customers';
import { listGrants, verify } from '@talktime/core/ledger';
import { applyPlan, createPlan, getPlan, termsForSale, updatePlan } from '@talktime/core/plans';
import type { TestDatabase } from '../setup/database';
import { credits, HOST, PARTNER, World } from '../setup/world';

describe('plans', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => void (world = await World.create(test)));
  afterAll(() => test.drop());
  afterEach(async () => {
    const report = await verify(test.database, { partnerId: world.partnerId });
    expect(report.findings).toEqual([]);
  });

  const create = (input: object) => createPlan(test.database, world.partnerId, PARTNER, planCreate.parse(input));
  const update = (id: string, change: object) =>
    updatePlan(test.database, world.partnerId, PARTNER, id, planUpdate.parse(change));
  const apply = (planId: string, key = world.key()) =>
    applyPlan(world.talktime, world.partnerId, PARTNER, planId, { customer_id: 'acme', idempotency_key: key });
  const customer = (settings: Partial<SettingsPatch> = {}) => world.customer('acme', '0', settings);
  const grants = async () =>
    (await listGrants(test.database, world.partnerId, { customerId: 'acme' }, { limit: 50 })).items;
  const sale = (planId: string) =>
    test.database.asPartner(world.partnerId, (transaction) =>
      termsForSale(transaction, world.partnerId, 'acme', planId),
    );
  const audits = () =>
    test.superuser<{ action: string; change: object }>(
      `select action, change from talktime.audit_log where partner_id = $1 and subject = 'pack' order by at`,
      [world.partnerId],
    );

  const PACK = { id: 'pack', name: 'Starter', credits: '100', bonus: '10', price: '9', expires_after_days: 30 };

  it('gives the credits, and the bonus as a grant of its own that goes with them', async () => {
    await customer();
    await create(PACK);
    const applied = await apply('pack', 'order-1');
    expect(applied).toMatchObject({ kind: 'plan', amount: 100, balance_after: 110, replayed: false });
    const expires = new Date(Date.parse(applied.at) + 30 * 24 * 3_600_000).toISOString();
    expect(await grants()).toEqual([
      expect.objectContaining({ kind: 'plan', amount: 100, expires_at: expires, operation_id: applied.operation_id }),
      expect.objectContaining({
        kind: 'bonus',
        amount: 10,
        expires_at: expires,
        operation_id: applied.plan!.bonus_operation_id,
      }),
    ]);
  });

  it('keeps with the application what exactly was sold, whatever becomes of the plan', async () => {
    await customer();
    await create(PACK);
    const first = await apply('pack', 'order-1');
    expect(first.plan).toEqual({
      id: 'pack',
      name: 'Starter',
      credits: 100,
      minutes: null,
      bonus: 10,
      bonus_operation_id: expect.any(String),
      price: 9,
      currency: 'USD',
      expires_after_days: 30,
      recurring: null,
    });
    await update('pack', { name: 'Dearer', credits: '1', bonus: '0', price: '99', active: false });
    expect(await apply('pack', 'order-1')).toEqual({ ...first, replayed: true });
    expect(await world.posted('acme')).toBe(110);
    await expect(apply('pack', 'order-2')).rejects.toMatchObject({ code: 'PLAN_INACTIVE' });
  });

  it('does it once, however many ask at once through two processes', async () => {
    await customer();
    await create(PACK);
    const replica = world.replica();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        applyPlan((index % 2 ? world : replica).talktime, world.partnerId, PARTNER, 'pack', {
          customer_id: 'acme',
          idempotency_key: 'order-1',
        }),
      ),
    );
    expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.operation_id)).size).toBe(1);
    expect(await world.posted('acme')).toBe(110);
  });

  it('cannot be kept from its bonus by somebody who takes the key first', async () => {
    await customer();
    await create(PACK);
    for (const key of ['bonus:order-1', 'plan bonus:order-1']) await apply('pack', key);
    expect(await apply('pack', 'order-1')).toMatchObject({ replayed: false, balance_after: 330 });
  });

  it('changes a plan, tells who changed what, and takes popular from another', async () => {
    await create({ ...PACK, popular: true });
    await create({ id: 'other', name: 'Other', credits: '1', price: '1' });
    await update('other', { popular: true });
    const changed = await update('pack', { minutes: '50', price: '12.5', expires_after_days: null });
    expect(changed).toMatchObject({
      credits: null,
      minutes: 50,
      price: 12.5,
      expires_after_days: null,
      popular: false,
    });
    expect(await getPlan(test.database, world.partnerId, 'pack')).toEqual(changed);
    expect(await update('pack', { minutes: '50' })).toEqual(changed);
    expect(await audits()).toEqual([
      { action: 'plan.created', change: expect.objectContaining({ name: 'Starter', bonus: '10' }) },
      {
        action: 'plan.changed',
        change: {
          credits: { from: 100, to: null },
          minutes: { from: null, to: 50 },
          price: { from: 9, to: 12.5 },
          expires_after_days: { from: 30, to: null },
        },
      },
    ]);
  });

  it('refuses terms that make no sense, and changes nothing', async () => {
    const both = { ...PACK, recurring: { period: 'month' } };
    expect(planCreate.safeParse(both).success).toBe(false);
    await create(PACK);
    await expect(update('pack', { recurring: { period: 'month' } })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(
      update('pack', { expires_after_days: null, recurring: { period: 'month', rollover: { share: '1.1' } } }),
    ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(update('pack', { credits: '0' })).rejects.toMatchObject({ code: 'AMOUNT_NOT_POSITIVE' });
    await expect(update('pack', { bonus: '-1' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(update('none', { price: '1' })).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND' });
    expect(await getPlan(test.database, world.partnerId, 'pack')).toMatchObject({ credits: 100, recurring: null });
    expect(
      await update('pack', { expires_after_days: null, recurring: { period: 'month', rollover: { share: '0.5' } } }),
    ).toMatchObject({ recurring: { period: 'month', every: 1, rollover: { share: 0.5, cap: null } } });
  });

  it('takes credits and bonus from a partner with allocated funding, or neither', async () => {
    await updatePartner(test.database, world.partnerId, HOST, { funding: 'allocated' });
    await customer();
    await create(PACK);
    await world.topUp('partner', '105');
    const before = await world.fingerprint();
    await expect(apply('pack', 'order-1')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    expect(await world.fingerprint()).toBe(before);
    await world.topUp('partner', '5');
    await apply('pack', 'order-1');
    expect([await world.posted('partner'), await world.posted('acme')]).toEqual([0, 110]);
  });

  it('gives neither when the wallet has room for one of them alone', async () => {
    await customer();
    await create(PACK);
    await world.topUp('acme', '7999999899');
    const before = await world.fingerprint();
    await expect(apply('pack', 'order-1')).rejects.toMatchObject({ code: 'WALLET_LIMIT' });
    expect(await world.fingerprint()).toBe(before);
  });

  it('says on what terms a plan is sold: minutes at the rate of this moment', async () => {
    await customer();
    await create({ id: 'hundred', name: '100 minutes', minutes: '100', bonus: '5', price: '60' });
    expect(await sale('hundred')).toEqual({
      planId: 'hundred',
      name: '100 minutes',
      credits: credits('1200'),
      minutes: credits('100'),
      bonus: credits('5'),
      price: 60_000_000n,
      currency: 'USD',
      expiresAfterDays: null,
      recurring: null,
    });
    await create({
      id: 'monthly',
      name: 'Monthly',
      credits: '1000',
      price: '30',
      recurring: { period: 'month', every: 3, rollover: { share: '0.5', cap: '200' } },
    });
    expect((await sale('monthly')).recurring).toEqual({
      unit: 'month',
      every: 3,
      rollover: { share: 500_000n, cap: credits('200') },
    });
  });

  it('sells nothing that is off, free, without a rate, or not for this customer to see', async () => {
    await customer({
      price_per_minute: undefined,
      restrict_credit_plan_visibility: true,
      visible_credit_plan_ids: ['off', 'free', 'minutes'],
    });
    await create({ id: 'off', name: 'Off', credits: '1', price: '1', active: false });
    await create({ id: 'free', name: 'Free', credits: '1', price: '0' });
    await create({ id: 'minutes', name: 'Minutes', minutes: '1', price: '1' });
    await create({ id: 'hidden', name: 'Hidden', credits: '1', price: '1' });
    await expect(sale('off')).rejects.toMatchObject({ code: 'PLAN_INACTIVE' });
    await expect(sale('free')).rejects.toMatchObject({ code: 'PLAN_FREE' });
    await expect(sale('minutes')).rejects.toMatchObject({ code: 'RATE_REQUIRED' });
    await expect(sale('hidden')).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND' });
    await expect(sale('none')).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND' });
  });
});
