import { linkSlackChannel } from '@talktime/core/access';
import { authorizeCall, createEndpoint, recordDelivery, settleDelivery } from '@talktime/core/calls';
import {
  endpointCreate,
  FINDINGS,
  planCreate,
  type Finding,
  type FindingCode,
  type SettingsPatch,
} from '@talktime/core/contract';
import { addMapping, updatePartner } from '@talktime/core/customers';
import { diagnoseCustomer } from '@talktime/core/doctor';
import { createPlan } from '@talktime/core/plans';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World, type CallSpec } from '../setup/world';

/** Every setting of the checklist as the playbook wants it. */
const WELL: Partial<SettingsPatch> = {
  low_credit_threshold: '800',
  low_credit_notifications_enabled: true,
  show_pricing_information: true,
  customer_portal_enabled: true,
};

describe('the doctor, on a customer', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => void (world = await World.create(test, { rate: '6' })));
  afterAll(() => test.drop());

  const customer = (posted: string, settings: Partial<SettingsPatch> = {}) =>
    world.customer('acme', posted, { ...WELL, ...settings });
  const findings = async () => (await diagnoseCustomer(test.database, world.partnerId, 'acme')).diagnosis.findings;
  const codes = async () => (await findings()).map(({ code }) => code);
  const finding = async (code: FindingCode): Promise<Finding> => {
    const all = await findings();
    const found = all.find((each) => each.code === code);
    if (!found) throw new Error(`${code} was not found among ${all.map((each) => each.code).join(', ')}`);
    return found;
  };
  const map = (value = 'agent_acme') =>
    addMapping(test.database, world.partnerId, PARTNER, { kind: 'agent', value, customer_id: 'acme' });
  const call = (id: string, seconds = 60, more: Partial<CallSpec> = {}) =>
    world.call({ id, seconds, customerId: 'acme', ...more });
  const authorize = (call_id: string, more: object = {}) =>
    authorizeCall(world.talktime, world.partnerId, PARTNER, {
      provider: 'retell',
      call_id,
      customer_id: 'acme',
      minimum_seconds: 30,
      ...more,
    });
  /** Sets what calls have in common back in time. */
  const ago = (days: number, column: 'received_at' | 'started_at' = 'received_at') =>
    test.superuser(
      `update talktime.calls set ${column} = ${column} - make_interval(days => $2) where partner_id = $1`,
      [world.partnerId, days],
    );

  it('finds nothing to do where everything of the checklist is done', async () => {
    await customer('10000');
    await map();
    await call('1', 61, { cost: { amount: 60_000n, currency: 'USD' } });
    const { diagnosis } = await diagnoseCustomer(test.database, world.partnerId, 'acme');
    expect(diagnosis).toMatchObject({ state: 'ok', customer: { id: 'acme' }, broken_customers: null });
    expect(diagnosis.findings.map(({ code }) => code)).toEqual([
      'AI_CREDITS_ON',
      'PRICE_SET',
      'PRICE_ABOVE_COST',
      'BALANCE_FINE',
      'THRESHOLD_SET',
      'NOTIFICATIONS_ON',
      'CALLS_RECOGNISED',
      'SUSPENSE_EMPTY',
      'CALLS_ARRIVE',
      'CLIENT_SEES_BALANCE',
    ]);
    expect(diagnosis.findings.map(({ next }) => next)).toEqual(Array(10).fill(null));
  });

  it('says the worst first', async () => {
    await customer('0', { low_credit_threshold: null });
    expect((await findings()).map(({ state }) => state)).toEqual(
      (await findings()).map(({ state }) => state).sort((a, b) => 'bwo'.indexOf(a[0]!) - 'bwo'.indexOf(b[0]!)),
    );
    expect((await findings())[0]!.state).toBe('broken');
  });

  it('knows no customer of another partner', async () => {
    await customer('10');
    const other = await World.create(test);
    await expect(diagnoseCustomer(test.database, other.partnerId, 'acme')).rejects.toMatchObject({
      code: 'CUSTOMER_NOT_FOUND',
    });
  });

  describe('who pays', () => {
    it('AI Credits off: the partner does, and what is about the customer’s own balance is not asked', async () => {
      await world.topUp('partner', '50');
      await customer('0', { ai_credits_enabled: false, low_credit_notifications_enabled: false });
      expect(await finding('AI_CREDITS_OFF')).toMatchObject({ state: 'warning', mend: 'settings' });
      expect(await finding('PARTNER_BALANCE_FINE')).toMatchObject({ detail: 'Its calls are paid by you: 50 credits.' });
      expect(await codes()).not.toEqual(expect.arrayContaining(['BALANCE_EMPTY']));
      expect(await codes()).not.toEqual(expect.arrayContaining(['NOTIFICATIONS_OFF']));
    });

    it('AI Credits off and the partner’s own balance empty: calls are refused', async () => {
      await customer('500', { ai_credits_enabled: false });
      expect(await finding('PARTNER_BALANCE_EMPTY')).toMatchObject({ state: 'broken' });
      await expect(authorize('1')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    });

    it('AI Credits off and no price of the partner’s own: calls are refused', async () => {
      world = await World.create(test);
      await world.topUp('partner', '50');
      await customer('500', { ai_credits_enabled: false });
      expect(await finding('PARTNER_PRICE_MISSING')).toMatchObject({ state: 'broken' });
      await expect(authorize('1')).rejects.toMatchObject({ code: 'RATE_REQUIRED' });
      await updatePartner(test.database, world.partnerId, PARTNER, { price_per_minute: { credits: '6' } });
      expect(await codes()).not.toContain('PARTNER_PRICE_MISSING');
      await authorize('1');
    });
  });

  describe('price', () => {
    it('none: calls are refused', async () => {
      await customer('500', { price_per_minute: undefined });
      expect(await finding('PRICE_MISSING')).toMatchObject({ state: 'broken', mend: 'settings' });
      expect(await codes()).toContain('BALANCE_LOW');
      await expect(authorize('1')).rejects.toMatchObject({ code: 'RATE_REQUIRED' });
    });

    it('below the cost that calls told: markup and margin of what was sold', async () => {
      await customer('10000');
      await call('1', 60, { cost: { amount: 160_000n, currency: 'USD' } }); // sold for 0.12
      expect(await finding('PRICE_BELOW_COST')).toMatchObject({
        state: 'broken',
        mend: 'settings',
        detail:
          'The price does not cover the cost: 0.12 USD paid for calls that cost 0.16 USD, by the last 30 days, a markup of -25 %.',
      });
    });

    it('above it: both ratios are labelled', async () => {
      await customer('10000');
      await call('1', 60, { cost: { amount: 80_000n, currency: 'USD' } });
      expect((await finding('PRICE_ABOVE_COST')).detail).toBe(
        '0.12 USD paid for calls that cost 0.08 USD, by the last 30 days: a markup of 50 %, a margin of 33.3 %.',
      );
    });

    it('a cost that nobody told is not 0', async () => {
      await customer('10000');
      expect(await codes()).not.toContain('COST_UNKNOWN');
      await call('1');
      expect(await finding('COST_UNKNOWN')).toMatchObject({ state: 'warning' });
      await call('2', 60, { cost: { amount: 80_000n, currency: 'USD' } });
      expect(await codes()).not.toContain('COST_UNKNOWN');
    });
  });

  describe('balance and grace: what the doctor says of a new call is what the gate does', () => {
    const REFUSING = ['BALANCE_EMPTY', 'BALANCE_HELD', 'SPEND_LIMIT_REACHED', 'CONCURRENT_LIMIT_REACHED'];
    it.each<[string, string, Partial<SettingsPatch>, FindingCode]>([
      ['never filled', '0', {}, 'BALANCE_EMPTY'],
      ['less than the shortest call', '5.9', {}, 'BALANCE_EMPTY'],
      ['just the shortest call', '6', {}, 'BALANCE_LOW'],
      ['nothing, and 30 seconds of grace', '0', { grace_seconds: 30 }, 'BALANCE_IN_GRACE'],
      ['nothing, and 29 seconds of grace', '0', { grace_seconds: 29 }, 'BALANCE_EMPTY'],
      ['nothing, and an overdraft', '0', { overdraft: '100' }, 'BALANCE_IN_GRACE'],
      ['below the threshold', '700', {}, 'BALANCE_LOW'],
      ['above it', '10000', {}, 'BALANCE_FINE'],
      ['free calls', '0', { price_per_minute: { credits: '0' } }, 'BALANCE_FINE'],
      ['a limit of a day that is less than a call', '10000', { max_spend_per_day: '5' }, 'SPEND_LIMIT_REACHED'],
      ['a limit of a day that is a call', '10000', { max_spend_per_day: '6' }, 'BALANCE_FINE'],
    ])('%s', async (_what, posted, settings, code) => {
      await customer(posted, settings);
      const found = await codes();
      expect(found).toContain(code);
      const answer = authorize('1');
      if (found.some((each) => REFUSING.includes(each))) await expect(answer).rejects.toThrow();
      else await answer;
    });

    it('all of it reserved for a live call: held, and no longer when that has ended', async () => {
      await customer('100');
      await authorize('1', {});
      expect(await finding('BALANCE_HELD')).toMatchObject({ state: 'warning', mend: 'top_up' });
      await expect(authorize('2')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      await call('1', 30);
      expect(await codes()).not.toContain('BALANCE_HELD');
    });

    it('no grace is told at an empty balance, and at no other', async () => {
      await customer('0');
      expect(await finding('GRACE_OFF')).toMatchObject({ state: 'warning', mend: 'settings' });
      await world.topUp('acme', '1000');
      expect(await codes()).not.toContain('GRACE_OFF');
    });

    it('with grace it is not told', async () => {
      await customer('0', { grace_seconds: 30 });
      expect(await codes()).not.toContain('GRACE_OFF');
    });
  });

  describe('threshold and notifications', () => {
    it.each<[string, string, Partial<SettingsPatch>, FindingCode]>([
      ['none', '10000', { low_credit_threshold: null }, 'THRESHOLD_MISSING'],
      [
        'a level instead of a threshold',
        '10000',
        { low_credit_threshold: null, alert_levels: [{ status: 'low', kind: 'percent', value: '20' }] },
        'THRESHOLD_SET',
      ],
      [
        'a level of a top-up that never came',
        '0',
        { low_credit_threshold: null, alert_levels: [{ status: 'low', kind: 'percent', value: '20' }] },
        'THRESHOLD_SET',
      ],
      ['less than an hour of calls', '10000', { low_credit_threshold: '719' }, 'THRESHOLD_TOO_LOW'],
      ['an hour of calls', '10000', { low_credit_threshold: '720' }, 'THRESHOLD_SET'],
      ['above what a top-up brought', '700', { low_credit_threshold: '800' }, 'THRESHOLD_ABOVE_TOP_UP'],
    ])('%s', async (_what, posted, settings, code) => {
      await customer(posted, settings);
      const found = (await codes()).filter((each) => each.startsWith('THRESHOLD_'));
      expect(found).toEqual([code]);
    });

    it('a balance that came down to its threshold is low, and the threshold is fine', async () => {
      await customer('1000');
      await call('1', 60 * 30); // 360
      expect(await codes()).toEqual(expect.arrayContaining(['BALANCE_LOW', 'THRESHOLD_SET']));
    });

    it('an hour of calls is one at the customer’s own pace, where that is known', async () => {
      await customer('10000', { low_credit_threshold: '100' });
      await call('1', 60 * 20); // 240 in a day and a bit: 10 an hour
      await test.superuser(`update talktime.wallet_usage set hour = hour - interval '24 hours' where partner_id = $1`, [
        world.partnerId,
      ]);
      expect(await finding('THRESHOLD_SET')).toBeDefined();
    });

    it('notifications off, and on', async () => {
      await customer('10000', { low_credit_notifications_enabled: false });
      expect(await finding('NOTIFICATIONS_OFF')).toMatchObject({ state: 'warning', mend: 'settings' });
    });
  });

  describe('calls', () => {
    it('nothing mapped and no call yet: they would wait', async () => {
      await customer('10000');
      expect(await finding('MAPPING_MISSING')).toMatchObject({ state: 'broken', mend: 'suspense' });
      expect(await finding('CALLS_NONE_YET')).toMatchObject({ state: 'ok' });
      await map();
      expect(await codes()).toContain('CALLS_RECOGNISED');
    });

    it('nothing mapped, and calls that name the customer: fine', async () => {
      await customer('10000');
      await call('1');
      expect(await finding('CALLS_RECOGNISED')).toMatchObject({
        detail: expect.stringContaining('name it themselves'),
      });
    });

    it.each<[string, Partial<CallSpec['clues'] & object>]>([
      ['an agent that was mapped since', { agentId: 'agent_acme' }],
      ['an agent of calls that were its own', { agentId: 'agent_before' }],
    ])('in suspense, with %s: they look like its own', async (_what, clues) => {
      await customer('10000');
      await call('before', 60, { clues: { agentId: 'agent_before' } });
      await world.call({ id: 'waits', seconds: 60, clues });
      await world.call({ id: 'stranger', seconds: 60, clues: { agentId: 'agent_of_nobody' } });
      await map();
      expect(await finding('SUSPENSE_OWN')).toMatchObject({
        state: 'broken',
        mend: 'suspense',
        detail: expect.stringMatching(/^1 call waits/),
      });
    });

    it('in suspense, with a number that is mapped, on the side that is ours', async () => {
      await customer('10000');
      const clues = { fromNumber: '+14155550100', toNumber: '+14155550199', direction: 'inbound' as const };
      await world.call({ id: 'waits', seconds: 60, clues });
      const number = (value: string) =>
        addMapping(test.database, world.partnerId, PARTNER, { kind: 'phone_number', value, customer_id: 'acme' });
      await number('+14155550100'); // the caller
      expect(await codes()).toContain('SUSPENSE_EMPTY');
      await number('+14155550199');
      expect(await codes()).toContain('SUSPENSE_OWN');
    });

    it.each([
      [2, 5, 'CALLS_ARRIVE'],
      [3, 5, 'CALLS_STOPPED'],
      [3, 4, 'CALLS_ARRIVE'],
    ] as const)('%s days without a call after %s: %s', async (days, count, code) => {
      await customer('10000');
      for (let each = 0; each < count; each++) await call(`call-${each}`);
      await ago(days);
      expect(await codes()).toContain(code);
    });

    it('deliveries of its provider’s account that cannot be used are told, and others’ are not', async () => {
      await customer('10000');
      await call('1');
      const endpointOf = async (account: string) =>
        createEndpoint(
          world.talktime,
          world.partnerId,
          PARTNER,
          endpointCreate.parse({ provider: 'retell', account, secrets: ['a secret of retell'] }),
        );
      const unreadable = async (endpointId: string, body: string) => {
        const { inboxId } = await recordDelivery(test.database, world.partnerId, {
          endpointId,
          provider: 'retell',
          rawBody: Buffer.from(body),
          value: { body },
          settings: {},
          callId: null,
        });
        const outcome = { state: 'unreadable' as const, message: 'The call has no duration.', callId: null };
        await settleDelivery(test.database, world.partnerId, inboxId, outcome);
      };
      await unreadable((await endpointOf('elsewhere')).id, 'one');
      expect(await codes()).not.toContain('DELIVERIES_FAILING');
      const { id } = await endpointOf('default');
      await unreadable(id, 'two');
      await unreadable(id, 'three');
      expect(await finding('DELIVERIES_FAILING')).toMatchObject({
        state: 'broken',
        detail:
          '2 deliveries of the retell account default could not be used in the last 7 days. The last one: The call has no duration.',
      });
    });

    it('a hold of a call that must be over is stale; one of a call that may go on is not', async () => {
      await customer('10000', { max_call_seconds: 600 });
      await authorize('1');
      expect(await codes()).not.toContain('HOLDS_STALE');
      await test.superuser(
        `update talktime.holds set authorized_at = authorized_at - interval '26 minutes' where partner_id = $1`,
        [world.partnerId],
      );
      expect(await finding('HOLDS_STALE')).toMatchObject({
        state: 'warning',
        detail: expect.stringMatching(/^120 credits are held for 1 call/),
      });
    });

    it('all calls at once in use, and one left', async () => {
      await customer('100000', { max_concurrent_calls: 2 });
      await authorize('1');
      expect(await codes()).not.toContain('CONCURRENT_LIMIT_REACHED');
      await authorize('2');
      expect(await finding('CONCURRENT_LIMIT_REACHED')).toMatchObject({ mend: 'settings' });
      await expect(authorize('3')).rejects.toMatchObject({ code: 'CONCURRENT_CALLS_LIMIT' });
    });

    it('a limit of a month that its calls have used up', async () => {
      await customer('10000', { max_spend_per_month: '15' });
      await call('1', 50); // 10: a call of 30 s takes 6 more
      expect(await finding('SPEND_LIMIT_REACHED')).toMatchObject({
        state: 'broken',
        mend: 'settings',
        detail: 'Calls took 10 credits of the 15 credits that are allowed in a month: new calls are refused.',
      });
      await expect(authorize('2')).rejects.toMatchObject({ code: 'SPEND_LIMIT' });
    });
  });

  describe('what the client sees', () => {
    it.each<[boolean, boolean, FindingCode]>([
      [true, true, 'CLIENT_SEES_BALANCE'],
      [true, false, 'PRICING_HIDDEN'],
      [false, true, 'PORTAL_OFF'],
      [false, false, 'CLIENT_SEES_NOTHING'],
    ])('portal %s, pricing %s: %s', async (portal, pricing, code) => {
      await customer('10000', { customer_portal_enabled: portal, show_pricing_information: pricing });
      expect(await codes()).toContain(code);
    });

    it('a Slack channel is somewhere to look, too', async () => {
      await updatePartner(test.database, world.partnerId, PARTNER, { slack_team_id: 'T0DOCTOR' });
      await customer('10000', { customer_portal_enabled: false });
      expect(await codes()).toEqual(expect.arrayContaining(['PORTAL_OFF', 'CHANNEL_NOT_LINKED']));
      await linkSlackChannel(test.database, world.partnerId, PARTNER, 'C0ACME', 'acme');
      expect(await codes()).toEqual(expect.arrayContaining(['CLIENT_SEES_BALANCE', 'CHANNEL_LINKED']));
    });

    it('without a workspace nobody misses a channel', async () => {
      await customer('10000');
      expect((await codes()).filter((code) => code.startsWith('CHANNEL_'))).toEqual([]);
    });

    it.each<[string, Partial<SettingsPatch>, FindingCode | null]>([
      ['all plans', {}, 'PLANS_VISIBLE'],
      ['some', { restrict_credit_plan_visibility: true, visible_credit_plan_ids: ['starter'] }, 'PLANS_VISIBLE'],
      ['none chosen', { restrict_credit_plan_visibility: true }, 'PLANS_HIDDEN'],
      [
        'one that is not active',
        { restrict_credit_plan_visibility: true, visible_credit_plan_ids: ['old'] },
        'PLANS_HIDDEN',
      ],
    ])('%s', async (_what, settings, code) => {
      const plan = (id: string, active: boolean) =>
        createPlan(
          test.database,
          world.partnerId,
          PARTNER,
          planCreate.parse({ id, name: id, credits: '100', price: '1', active }),
        );
      await plan('starter', true);
      await plan('old', false);
      await customer('10000', settings);
      expect((await codes()).filter((each) => each.startsWith('PLANS_'))).toEqual([code]);
    });

    it('where nothing is sold, nobody misses a plan', async () => {
      await customer('10000');
      expect((await codes()).filter((each) => each.startsWith('PLANS_'))).toEqual([]);
    });
  });

  it('words every finding as a sentence, with what to do next wherever something is wrong', async () => {
    await customer('0', { low_credit_threshold: null, low_credit_notifications_enabled: false });
    await world.call({ id: 'waits', seconds: 60, clues: { agentId: 'agent_acme' } });
    await map();
    for (const { code, state, detail, next } of await findings()) {
      expect([code, FINDINGS[code][0]]).toEqual([code, state]);
      expect(detail).toMatch(/^[A-Z0-9-].*\.$/s);
      if (state !== 'ok') expect(next).toMatch(/\.$/);
    }
  });
});
