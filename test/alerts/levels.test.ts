import {
  appliedLevels,
  levelsOf,
  paceOf,
  readStanding,
  runway,
  type LevelContext,
  type LevelSetting,
} from '@talktime/core/alerts';
import { partnerUpdate, planCreate, settingsPatch } from '@talktime/core/contract';
import {
  getCustomer,
  getPartner,
  getThreshold,
  listByRunway,
  updateCustomer,
  updatePartner,
} from '@talktime/core/customers';
import { createCustomer, reevaluatePaces } from '@talktime/core/customers';
import { alertLevelsJob, usageRetentionJob } from '@talktime/core/jobs';
import { reverse, topUp, verify } from '@talktime/core/ledger';
import { PER_SECOND } from '@talktime/core/money';
import { applyPlan, createPlan } from '@talktime/core/plans';
import type { TestDatabase } from '../setup/database';
import { credits, HOST, PARTNER, World } from '../setup/world';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const BEGIN = Date.UTC(2026, 10, 23, 9, 30);

describe('what a level comes to', () => {
  const rate = { creditsPerMinute: credits('12'), rounding: PER_SECOND };
  const pace = paceOf(Array.from({ length: 10 }, () => credits('20')));
  const all: LevelContext = { lastTopUp: credits('500'), rate, pace };
  const nothing: LevelContext = { lastTopUp: null, rate: null, pace: null };
  const level = (kind: LevelSetting['kind'], value: string): LevelSetting => ({
    status: 'low',
    kind,
    value: credits(value),
  });

  it.each([
    ['credits', '80', '80'],
    ['percent', '25', '125'],
    ['percent', '33.333333', '166.666665'],
    ['minutes', '30', '360'],
    ['minutes', '0.5', '6'],
    ['days', '3', '60'],
    ['days', '1.5', '30'],
  ] as const)('%s %s: %s credits, of 500 bought, at 12 a minute and 20 a day', (kind, value, at) => {
    expect(levelsOf(null, [level(kind, value)], all)).toEqual([{ ...level(kind, value), at: credits(at) }]);
  });

  it.each(['percent', 'minutes', 'days'] as const)(
    'in %s does not apply where there is nothing to take it of',
    (kind) => {
      expect(appliedLevels(levelsOf(null, [level(kind, '5')], nothing))).toEqual([]);
    },
  );

  it('rounds minutes as calls are: half a minute of a whole one is a whole one', () => {
    const whole = { ...rate, rounding: { initialSeconds: 60, incrementSeconds: 60 } };
    expect(levelsOf(null, [level('minutes', '0.5')], { ...all, rate: whole })[0]!.at).toBe(credits('12'));
  });

  it('has the low credit threshold for one of them, and shows the highest first', () => {
    const applied = appliedLevels(levelsOf(credits('70'), [level('credits', '80'), level('percent', '1')], all));
    expect(applied.map(({ kind, at }) => [kind, at])).toEqual([
      ['credits', credits('80')],
      ['credits', credits('70')],
      ['percent', credits('5')],
    ]);
  });
});

describe('levels in the ledger', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => {
    await clock(0);
    world = await World.create(test);
  });
  afterAll(() => test.drop());

  /** The ledger's clock stands, so that no test runs over the end of an hour; this sets it so many milliseconds ahead. */
  const clock = (ahead: number) =>
    test.superuser(
      `create or replace function talktime.clock() returns timestamptz language sql volatile
       as $$ select timestamptz '${new Date(BEGIN + ahead).toISOString()}' $$`,
    );
  const events = async () =>
    (
      await test.superuser<{ event: string; name: string }>(
        `select o.event, coalesce(c.customer_id, 'partner') as name
         from talktime.outbox o left join talktime.customers c using (partner_id, wallet_id)
         where o.partner_id = $1 order by o.created_at, o.sequence, o.wallet_id`,
        [world.partnerId],
      )
    ).map(({ event, name }) => `${name} ${event}`);
  const settings = (customer: string, patch: object) =>
    updateCustomer(test.database, world.partnerId, PARTNER, customer, { settings: settingsPatch.parse(patch) });
  const partner = (patch: object) => updatePartner(test.database, world.partnerId, PARTNER, partnerUpdate.parse(patch));
  const spend = (customer: string | 'partner', amount: string) =>
    world.talktime.ledger.submit(world.partnerId, {
      kind: 'deduction',
      actor: PARTNER,
      key: world.key(),
      wallet: customer === 'partner' ? 'partner' : { customerId: customer },
      amount: credits(amount),
    });
  const status = async (customer: string) =>
    (await getThreshold(test.database, world.partnerId, { customerId: customer })).status;
  /** Uses `amount` at the beginning of each of so many days, and goes to the end of the last. */
  const useFor = async (customer: string, count: number, amount: string) => {
    for (let day = 0; day < count; day++) {
      await clock(day * DAY);
      await spend(customer, amount);
    }
    await clock(count * DAY);
  };
  const TOLD = { low_credit_notifications_enabled: true };
  const low = (kind: LevelSetting['kind'], value: string) => ({ status: 'low' as const, kind, value });
  const critical = (kind: LevelSetting['kind'], value: string) => ({ status: 'critical' as const, kind, value });

  it('tells low, then critical, then exhausted, and the recovery', async () => {
    await world.customer('acme', '100', { ...TOLD, alert_levels: [low('credits', '60'), critical('credits', '20')] });
    for (const amount of ['40', '39', '1', '20']) await spend('acme', amount);
    await world.topUp('acme', '30');
    await world.topUp('acme', '300');
    expect(await events()).toEqual(
      ['low', 'critical', 'exhausted', 'improved', 'recovered'].map((event) => `acme ${event}`),
    );
  });

  it('takes percent of what was last bought: by top-up or plan, not by a bonus, an adjustment or what comes back', async () => {
    await world.customer('acme', '0', { ...TOLD, alert_levels: [low('percent', '50')] });
    const level = async () =>
      (await getThreshold(test.database, world.partnerId, { customerId: 'acme' })).levels.find(
        ({ kind }) => kind === 'percent',
      )?.at;
    expect(await level()).toBeUndefined();
    const bought = await topUp(world.talktime.ledger, world.partnerId, HOST, {
      customer_id: 'acme',
      amount: '100',
      kind: 'paid',
      idempotency_key: world.key(),
    });
    expect(await level()).toBe(50);
    await topUp(world.talktime.ledger, world.partnerId, HOST, {
      customer_id: 'acme',
      amount: '7',
      kind: 'bonus',
      idempotency_key: world.key(),
    });
    const used = await spend('acme', '10');
    await reverse(world.talktime.ledger, world.partnerId, HOST, {
      operation_id: (used.result as { operation_id: string }).operation_id,
      idempotency_key: world.key(),
    });
    await reverse(world.talktime.ledger, world.partnerId, HOST, {
      operation_id: bought.operation_id,
      amount: '30',
      idempotency_key: world.key(),
    });
    expect(await level()).toBe(50);
    await createPlan(
      test.database,
      world.partnerId,
      PARTNER,
      planCreate.parse({ id: 'pack', name: 'Pack', credits: '400', price: '4' }),
    );
    await applyPlan(world.talktime, world.partnerId, PARTNER, 'pack', {
      customer_id: 'acme',
      idempotency_key: world.key(),
    });
    expect(await level()).toBe(200);
    expect(await events()).toEqual([]);
  });

  it('looks again when a rate changes what minutes come to', async () => {
    await world.customer('acme', '130', { ...TOLD, alert_levels: [low('minutes', '10')] });
    expect(await status('acme')).toBe('ok');
    await settings('acme', { price_per_minute: { credits: '13' } });
    expect(await events()).toEqual(['acme low']);
    await settings('acme', { price_per_minute: { credits: '10' } });
    expect(await events()).toEqual(['acme low', 'acme recovered']);
  });

  it('looks again when credits expire', async () => {
    await world.customer('acme', '100', { ...TOLD, alert_levels: [low('percent', '20')] });
    await topUp(world.talktime.ledger, world.partnerId, HOST, {
      customer_id: 'acme',
      amount: '1000',
      kind: 'paid',
      expires_at: new Date(BEGIN + DAY).toISOString(),
      idempotency_key: world.key(),
    });
    await clock(2 * DAY);
    await world.talktime.ledger.submit(world.partnerId, { kind: 'mature', walletId: 1 });
    expect(await events()).toEqual(['acme low']); // 100 left, of 1000 bought
  });

  it('tells of days at the pace, as many as are shown', async () => {
    await world.customer('acme', '200', { ...TOLD, alert_levels: [low('days', '10')] });
    await useFor('acme', 9, '10');
    expect(await events()).toEqual([]); // 110 are left: 11 days
    await spend('acme', '10');
    expect(await events()).toEqual(['acme low']);
    const shown = await getThreshold(test.database, world.partnerId, { customerId: 'acme' });
    expect(shown).toMatchObject({ status: 'low', posted: 100, days_left: 10 });
    expect(shown.levels[0]).toEqual({ status: 'low', kind: 'days', value: 10, at: 100 });
  });

  it('raises a level in days while nothing is posted, when the pace has risen', async () => {
    await world.customer('acme', '300', { ...TOLD, alert_levels: [critical('days', '3')] });
    await useFor('acme', 7, '10');
    await spend('acme', '150'); // 80 are left: 8 days, as long as this day is not over
    expect(await events()).toEqual([]);
    await alertLevelsJob(test.database).run(new AbortController().signal);
    expect(await events()).toEqual([]);
    await clock(8 * DAY);
    await alertLevelsJob(test.database).run(new AbortController().signal);
    expect(await events()).toEqual(['acme critical']);
    expect(await reevaluatePaces(test.database, world.partnerId)).toBe(1);
  });

  describe("the partner's", () => {
    it('levels count for customers that have none of their own', async () => {
      await world.customer('plain', '100', TOLD);
      await world.customer('own', '100', { ...TOLD, alert_levels: [low('credits', '10')] });
      await world.customer('none', '100', { ...TOLD, alert_levels: [] });
      await partner({ customer_alert_levels: [low('credits', '150')] });
      expect(await events()).toEqual(['plain low']);
      await settings('own', { alert_levels: null });
      expect(await events()).toEqual(['plain low', 'own low']);
      await partner({ customer_alert_levels: [] });
      expect((await events()).sort()).toEqual(['own low', 'own recovered', 'plain low', 'plain recovered']);
    });

    it('levels are looked at again for more customers than are loaded at once', async () => {
      const count = 520;
      await test.superuser(
        `insert into talktime.wallets (partner_id, wallet_id, posted, sequence)
         select $1, n, 50000000, 1 from generate_series(1, $2) n`,
        [world.partnerId, count],
      );
      await test.superuser(
        `insert into talktime.customers (partner_id, customer_id, wallet_id, name, low_credit_notifications_enabled)
         select $1, 'customer-' || n, n, 'Customer ' || n, true from generate_series(1, $2) n`,
        [world.partnerId, count],
      );
      await partner({ customer_alert_levels: [low('credits', '60')] });
      expect(await events()).toHaveLength(count);
    });

    it('own wallet has levels, too', async () => {
      await world.topUp('partner', '1000');
      await partner({
        ...TOLD,
        price_per_minute: { credits: '8' },
        alert_levels: [low('percent', '40'), critical('minutes', '5')],
      });
      await spend('partner', '600');
      await spend('partner', '360');
      expect(await events()).toEqual(['partner low', 'partner critical']);
      const { wallet, levels } = await test.database.asPartner(world.partnerId, (transaction) =>
        readStanding(transaction, world.partnerId, 0),
      );
      expect([wallet, levels.map(({ kind, at }) => [kind, at])]).toEqual([
        'partner',
        [
          ['percent', credits('400')],
          ['minutes', credits('40')],
        ],
      ]);
    });

    it('settings are stored and shown', async () => {
      await partner({
        alert_levels: [low('percent', '12.5')],
        alert_interval_minutes: 30,
        alert_emails: ['Ops@Example.com ', 'night@example.com'],
      });
      await world.customer('acme', '0', { alert_levels: [critical('days', '2')], alert_emails: ['pay@acme.example'] });
      expect((await getPartner(test.database, world.partnerId)).settings).toMatchObject({
        alert_levels: [{ status: 'low', kind: 'percent', value: 12.5 }],
        customer_alert_levels: [],
        alert_interval_minutes: 30,
        alert_emails: ['ops@example.com', 'night@example.com'],
      });
      expect((await getCustomer(test.database, world.partnerId, 'acme')).settings).toMatchObject({
        alert_levels: [{ status: 'critical', kind: 'days', value: 2 }],
        alert_emails: ['pay@acme.example'],
      });
    });
  });

  it.each([
    ['a percentage above 100', [low('percent', '101')]],
    ['nothing', [low('credits', '0')]],
    ['more days than a year has', [low('days', '366')]],
    ['a fraction of a day', [low('days', '0.5')]],
    ['the same twice', [low('credits', '10'), critical('credits', '10.0')]],
    ['critical above low', [low('credits', '10'), critical('credits', '20')]],
  ])('refuses %s', async (_, levels) => {
    await world.customer('acme', '0');
    await expect(settings('acme', { alert_levels: levels })).rejects.toMatchObject({ code: 'ALERT_LEVEL_INVALID' });
    expect((await getCustomer(test.database, world.partnerId, 'acme')).settings.alert_levels).toBeNull();
  });

  it.each([
    ['more than 10 levels', { alert_levels: Array.from({ length: 11 }, (_, n) => low('credits', String(n + 1))) }],
    ['an unknown kind', { alert_levels: [{ ...low('credits', '5'), kind: 'euros' }] }],
    ['more than 10 addresses', { alert_emails: Array.from({ length: 11 }, (_, n) => `a${n}@example.com`) }],
    ['an address twice', { alert_emails: ['a@example.com', 'A@example.com'] }],
    ['what is no address', { alert_emails: ['a@'] }],
  ])('does not take %s', (_, patch) => {
    expect(settingsPatch.safeParse(patch).success).toBe(false);
  });

  describe('the pace', () => {
    it('is of the whole history of a busy wallet, and the same wherever it is shown', async () => {
      await world.customer('acme', '1000', TOLD);
      await useFor('acme', 4, '25');
      const [{ days_left: days, runway: range }, read, { items }] = [
        await getThreshold(test.database, world.partnerId, { customerId: 'acme' }),
        await test.database.asPartner(world.partnerId, (transaction) => readStanding(transaction, world.partnerId, 1)),
        await listByRunway(test.database, world.partnerId, { lowOnly: false, limit: 10 }),
      ];
      expect(days).toBe(36);
      expect(read).toMatchObject({ runway: range });
      expect(items).toMatchObject([{ customerId: 'acme', runway: range }]);
    });

    it('is kept for the hour, and added up again when the hour is over and nobody has kept it yet', async () => {
      await world.customer('acme', '1000', { ...TOLD, alert_levels: [low('days', '3')] });
      await world.customer('unused', '100');
      await useFor('acme', 15, '20');
      const shown = async () => [
        await getThreshold(test.database, world.partnerId, { customerId: 'acme' }),
        (await listByRunway(test.database, world.partnerId, { lowOnly: false, limit: 10 })).items,
      ];
      const kept = () =>
        test.superuser('select wallet_id, used, pace from talktime.usage_windows where partner_id = $1', [
          world.partnerId,
        ]);
      const before = await shown();
      expect(before).toMatchObject([
        { days_left: 35, levels: [{ at: 60 }, { at: 0 }] },
        [{ customerId: 'acme' }, { runway: null }],
      ]);
      await alertLevelsJob(test.database).run(new AbortController().signal);
      const twenty = (days: number) => Array.from({ length: days }, () => '20000000');
      expect(await kept()).toEqual([{ wallet_id: 1, used: twenty(15), pace: twenty(7) }]);
      expect(await shown()).toEqual(before);
      await test.superuser('update talktime.wallet_usage set used = used / 2 where partner_id = $1', [world.partnerId]);
      expect(await shown()).toEqual(before);
      await clock(15 * DAY + HOUR); // half of it, and nothing in the last of 15 days
      const later = await shown();
      expect(later).toMatchObject([
        { days_left: 77.4, levels: [{ at: 27.142857 }, {}] },
        [{ runway: { days: 77.4 } }, {}],
      ]);
      await alertLevelsJob(test.database).run(new AbortController().signal);
      expect(await shown()).toEqual(later);
      expect(await kept()).toMatchObject([{ used: ['0', ...Array.from({ length: 14 }, () => '10000000')] }]);
    });

    it('is none, kept or not, when as much came back as was used', async () => {
      await world.customer('acme', '1000', TOLD);
      await useFor('acme', 2, '25');
      await test.superuser('update talktime.wallet_usage set used = 0 where partner_id = $1', [world.partnerId]);
      const listed = () => listByRunway(test.database, world.partnerId, { lowOnly: false, limit: 10 });
      const before = await listed();
      await alertLevelsJob(test.database).run(new AbortController().signal);
      expect((await listed()).items).toEqual(before.items);
      expect(before.items[0]).toMatchObject({ runway: null, posted: credits('950') });
    });

    it('says nothing before a whole day', async () => {
      await world.customer('acme', '1000');
      await spend('acme', '100');
      await clock(DAY - HOUR);
      const told = () =>
        test.database.asPartner(world.partnerId, (transaction) =>
          runway(transaction, world.partnerId, { walletId: 1, posted: credits('900') }),
        );
      expect(await told()).toBeNull();
      await clock(DAY);
      expect(await told()).toMatchObject({ days: 9 });
    });

    it('counts what came back off what was used, and what a call costs the partner', async () => {
      await partner({ track_cost: true });
      await world.topUp('partner', '1000');
      await world.customer('acme', '1000');
      await world.call({ id: 'a', seconds: 600, customerId: 'acme', cost: { amount: 300_000n, currency: 'USD' } });
      const call = await world.call({ id: 'b', seconds: 300, customerId: 'acme' });
      await reverse(world.talktime.ledger, world.partnerId, HOST, {
        operation_id: (call.result as { operation_id: string }).operation_id,
        idempotency_key: world.key(),
      });
      const hours = await test.superuser(
        'select wallet_id, used from talktime.wallet_usage where partner_id = $1 order by wallet_id',
        [world.partnerId],
      );
      expect(hours).toEqual([
        { wallet_id: 0, used: '30000000' },
        { wallet_id: 1, used: '120000000' },
      ]);
    });

    it('is recomputed by verify, which names an hour that is wrong', async () => {
      await world.customer('acme', '1000');
      await useFor('acme', 2, '25');
      const codes = async () =>
        (await verify(test.database, { partnerId: world.partnerId })).findings.map(({ code, walletId }) => [
          code,
          walletId,
        ]);
      expect(await codes()).toEqual([]);
      await test.superuser('update talktime.wallet_usage set used = used + 1 where partner_id = $1', [world.partnerId]);
      expect(await codes()).toEqual([
        ['USAGE_WRONG', 1],
        ['USAGE_WRONG', 1],
      ]);
      await test.superuser('delete from talktime.wallet_usage where partner_id = $1', [world.partnerId]);
      expect(await codes()).toHaveLength(2);
    });

    it('forgets hours after 60 days, and verify misses none of them', async () => {
      await world.customer('acme', '1000');
      await useFor('acme', 2, '25');
      await clock(61 * DAY);
      await spend('acme', '5');
      await usageRetentionJob(test.database).run(new AbortController().signal);
      const rows = await test.superuser('select used from talktime.wallet_usage where partner_id = $1 order by hour', [
        world.partnerId,
      ]);
      expect(rows.length).toBeLessThan(3);
      expect(rows.at(-1)).toEqual({ used: '5000000' });
      expect((await verify(test.database, { partnerId: world.partnerId })).findings).toEqual([]);
    });
  });

  describe('customers by runway', () => {
    const listed = async (page: { lowOnly?: boolean; limit?: number; cursor?: string; skip?: number } = {}) =>
      listByRunway(test.database, world.partnerId, { lowOnly: false, limit: 50, ...page });

    it('come soonest first, then by status and balance, page by page', async () => {
      await world.topUp('partner', '500');
      for (const id of ['slow', 'fast', 'gone']) await world.customer(id, '100');
      for (const id of ['unused', 'smaller']) await world.customer(id, id === 'unused' ? '60' : '50');
      await world.customer('low', '40', { low_credit_threshold: '45' });
      await createCustomer(test.database, world.partnerId, PARTNER, { id: 'paid', name: 'Paid by the partner' });
      await spend('slow', '10');
      await spend('fast', '50');
      await spend('gone', '100');
      await clock(DAY);
      const order = ['gone', 'fast', 'slow', 'low', 'smaller', 'unused', 'paid'];
      const all = await listed();
      expect(all.items.map(({ customerId }) => customerId)).toEqual(order);
      expect(all).toMatchObject({ total: 7, omitted: 0, next_cursor: null });
      expect(all.items[1]).toMatchObject({ payer: 'customer', status: 'ok', minutesLeft: 4.16, runway: { days: 1 } });
      expect(all.items.at(-1)).toMatchObject({ payer: 'partner', posted: credits('500'), minutesLeft: null });
      const paged: string[] = [];
      for (let cursor: string | undefined, more = true; more; ) {
        const page = await listed({ limit: 3, cursor });
        paged.push(...page.items.map(({ customerId }) => customerId));
        cursor = page.next_cursor ?? undefined;
        more = cursor !== undefined;
      }
      expect(paged).toEqual(order);
      expect((await listed({ limit: 2, skip: 4 })).items.map(({ customerId }) => customerId)).toEqual(
        order.slice(4, 6),
      );
      expect((await listed({ lowOnly: true })).items.map(({ customerId }) => customerId)).toEqual(['gone', 'low']);
      await expect(listed({ cursor: 'bm8' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    });
  });
});
