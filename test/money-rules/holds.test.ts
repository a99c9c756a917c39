import { authorizeCall, extendCall, releaseCall, timeOutHolds } from '@talktime/core/calls';
import type { SettingsPatch } from '@talktime/core/contract';
import { updateCustomer, updatePartner } from '@talktime/core/customers';
import { adjust, reverse } from '@talktime/core/ledger';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';

describe('the money rules, on holds', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => void (world = await World.create(test)));
  afterAll(() => test.drop());

  const authorize = (call_id: string, more: object = {}) =>
    authorizeCall(world.talktime, world.partnerId, PARTNER, {
      provider: 'retell',
      call_id,
      customer_id: 'acme',
      minimum_seconds: 30,
      ...more,
    });
  const extend = (call_id: string) =>
    extendCall(world.talktime, world.partnerId, PARTNER, { provider: 'retell', call_id });
  const release = (call_id: string) =>
    releaseCall(world.talktime, world.partnerId, PARTNER, { provider: 'retell', call_id });
  const end = (id: string, seconds: number, more: object = {}) => world.call({ id, seconds, ...more });
  const settings = (patch: Partial<SettingsPatch>) =>
    updateCustomer(test.database, world.partnerId, PARTNER, 'acme', { settings: patch });
  const held = async (wallet = 1) =>
    Number(
      (
        await test.superuser<{ held: string }>(
          'select held::text from talktime.wallets where partner_id = $1 and wallet_id = $2',
          [world.partnerId, wallet],
        )
      )[0]!.held,
    ) / 1e6;
  const flagged = async () =>
    Number(
      (
        await test.superuser<{ sum: string }>(
          'select coalesce(sum(flagged), 0)::text as sum from talktime.transfers where partner_id = $1',
          [world.partnerId],
        )
      )[0]!.sum,
    ) / 1e6;

  describe('rule 6, floor and cap', () => {
    const sixty = { initial_seconds: 60, increment_seconds: 60 };
    it.each([
      ['100', { grace_seconds: 30, max_call_seconds: 600 }, 530, 106],
      ['100', { grace_seconds: 30, max_call_seconds: 600, rounding: sixty }, 540, 108],
      ['100', { max_call_seconds: 120 }, 120, 24],
      ['0', { grace_seconds: 30, max_call_seconds: 600 }, 30, 6],
      ['1', { overdraft: '50', max_call_seconds: 600 }, 255, 51],
    ])('posted %s with %j: cap %s s, hold %s', async (posted, patch, cap, hold) => {
      await world.customer('acme', posted, patch);
      expect(await authorize('1')).toMatchObject({
        hold: { cap_seconds: cap, held: hold, state: 'live' },
        replayed: false,
      });
      expect([await held(), await world.posted('acme')]).toEqual([hold, Number(posted)]);
    });

    it('refuses at zero without grace, and changes nothing', async () => {
      await world.customer('acme', '0', { max_call_seconds: 600 });
      const before = await world.fingerprint();
      await expect(authorize('1')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      expect(await world.fingerprint()).toBe(before);
      await world.topUp('acme', '6');
      expect(await authorize('1')).toMatchObject({ hold: { cap_seconds: 30 } });
    });

    it('refuses a second call while the first holds all, which ends at 61 s: posted 87.8, the rest released', async () => {
      await world.customer('acme', '100', { grace_seconds: 30, max_call_seconds: 600 });
      await authorize('1');
      await expect(authorize('2')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      expect(await end('1', 61)).toMatchObject({
        result: { amount: -12.2, balance_after: 87.8, receipt: { hold: 106, flagged_debt: 0 } },
      });
      expect(await held()).toBe(0);
      expect(await authorize('2')).toMatchObject({ hold: { cap_seconds: 469 } });
    });

    it('lets four calls of 24 onto 100 at once, and not a fifth for 20 s', async () => {
      await world.customer('acme', '100', { max_call_seconds: 120 });
      const outcomes = await Promise.allSettled(['1', '2', '3', '4', '5', '6'].map((id) => authorize(id)));
      expect(outcomes.filter((each) => each.status === 'fulfilled')).toHaveLength(4);
      expect(await held()).toBe(96);
    });

    it('asks for at least what the provider can be told', async () => {
      await world.customer('acme', '8', { max_call_seconds: 600 }); // 40 s
      await expect(authorize('1', { minimum_seconds: 60 })).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      expect(await authorize('1')).toMatchObject({ hold: { cap_seconds: 40 } });
    });

    it("holds the partner's credits with AI credits off", async () => {
      await updatePartner(test.database, world.partnerId, PARTNER, { price_per_minute: { credits: '8' } });
      await world.topUp('partner', '40');
      await world.customer('acme', '0', { ai_credits_enabled: false, max_call_seconds: 120 });
      expect(await authorize('1')).toMatchObject({ hold: { payer: 'partner', cap_seconds: 120, held: 16 } });
      expect(await held(0)).toBe(16);
    });

    it('needs a rate', async () => {
      await world.customer('acme', '100', { price_per_minute: undefined });
      await expect(authorize('1')).rejects.toMatchObject({ code: 'RATE_REQUIRED' });
    });

    it('answers the same hold when asked again', async () => {
      await world.customer('acme', '100', { max_call_seconds: 120 });
      const first = await authorize('1');
      expect(await authorize('1')).toEqual({ ...first, replayed: true });
      expect(await held()).toBe(24);
    });

    it('answers each step again as it did at first, whatever happened since', async () => {
      await world.customer('acme', '10', { max_call_seconds: 600 });
      const authorized = await authorize('1');
      await world.topUp('acme', '40');
      const extended = await extend('1');
      await world.call({ id: 'another', seconds: 5, customerId: 'acme' });
      expect(await authorize('1')).toEqual({ ...authorized, replayed: true });
      expect(await extend('1')).toEqual({ ...extended, replayed: true });
      const released = await release('1');
      await world.call({ id: 'a third', seconds: 5, customerId: 'acme' });
      expect(await release('1')).toEqual({ ...released, replayed: true });
    });
  });

  describe('rule 7, what a hold promises', () => {
    it('freezes payer, rate, rounding and floor', async () => {
      await world.customer('acme', '100', { max_call_seconds: 120 });
      await authorize('1');
      await settings({
        ai_credits_enabled: false,
        price_per_minute: { credits: '24' },
        rounding: { initial_seconds: 60, increment_seconds: 60 },
        grace_seconds: 10,
      });
      expect(await end('1', 61)).toMatchObject({
        result: { payer: 'customer', amount: -12.2, receipt: { rate: { version: 1 } } },
      });
    });

    it('posts a price up to the hold as ordinary, whatever was taken meanwhile; only the excess is tested', async () => {
      await world.customer('acme', '30', { max_call_seconds: 120 });
      await authorize('1'); // 24 held for 120 s
      // What only a refund may do: take what is held.
      await test.superuser('update talktime.wallets set posted = -20000000 where partner_id = $1 and wallet_id = 1', [
        world.partnerId,
      ]);
      expect(await end('1', 110)).toMatchObject({ result: { amount: -22, receipt: { flagged_debt: 0 } } });
      expect(await flagged()).toBe(0);
    });

    it.each([
      [120, 24, 0, 0],
      [123, 24, 0, 0], // up to 3 s past the cap is the cap
      [124, 24.8, 0, 0], // there is room for it
      [180, 36, 0, 0],
      [181, 24, 12.2, 0], // implausible: the cap now, the rest in review
    ])('an end at %s s of a cap of 120 s: %s charged, %s in review', async (seconds, charged, inReview, debt) => {
      await world.customer('acme', '100', { max_call_seconds: 120 });
      await authorize('1');
      const { result } = await end('1', seconds);
      const receipt = 'receipt' in result ? result.receipt : null;
      expect(
        [100 - (await world.posted('acme')), receipt?.in_review ?? 0, await flagged()].map(
          (each) => Math.round(each * 1e6) / 1e6,
        ),
      ).toEqual([charged, inReview, debt]);
    });

    it('cap 530, reported 3,600 s: 106 now, 614 in review', async () => {
      await world.customer('acme', '100', { grace_seconds: 30, max_call_seconds: 600 });
      await authorize('1');
      expect(await end('1', 3600)).toMatchObject({
        result: { amount: -106, receipt: { in_review: 614, flagged_debt: 0 } },
      });
      expect(await end('1', 66, { rank: 3 })).toMatchObject({ result: { amount: 92.8, receipt: { price: 13.2 } } });
    });

    it('fixes payer and rate also after it timed out, but promises no credits', async () => {
      await world.customer('acme', '24', { max_call_seconds: 120 });
      await authorize('1');
      await test.superuser(
        `update talktime.holds set authorized_at = authorized_at - interval '25 hours' where partner_id = $1`,
        [world.partnerId],
      );
      expect(await timeOutHolds(world.talktime, world.partnerId)).toBe(1);
      expect(await timeOutHolds(world.talktime, world.partnerId)).toBe(0);
      expect(await held()).toBe(0);
      await adjust(world.talktime.ledger, world.partnerId, PARTNER, {
        customer_id: 'acme',
        amount: '-24',
        note: 'moved',
        idempotency_key: 'a',
      });
      await settings({ price_per_minute: { credits: '24' } });
      expect(await end('1', 60)).toMatchObject({ result: { amount: -12, receipt: { flagged_debt: 12 } } });
    });
  });

  describe('a hold', () => {
    it('is released once, for good', async () => {
      await world.customer('acme', '100', { max_call_seconds: 120 });
      await authorize('1');
      expect(await release('1')).toMatchObject({ hold: { state: 'released', held: 0 }, replayed: false });
      expect(await release('1')).toMatchObject({ replayed: true });
      expect(await held()).toBe(0);
      await expect(authorize('1')).rejects.toMatchObject({ code: 'HOLD_ENDED' });
      await expect(release('2')).rejects.toMatchObject({ code: 'HOLD_NOT_FOUND' });
    });

    it('is not released once the call was charged, and a charged call is not authorised', async () => {
      await world.customer('acme', '100', { max_call_seconds: 120 });
      await authorize('1');
      await end('1', 60);
      await expect(release('1')).rejects.toMatchObject({ code: 'HOLD_ENDED' });
      await end('2', 60, { customerId: 'acme' });
      await expect(authorize('2')).rejects.toMatchObject({ code: 'CALL_ENDED' });
    });

    it('is extended as far as the balance goes by now, and never lowered', async () => {
      await world.customer('acme', '10', { max_call_seconds: 600 });
      expect(await authorize('1')).toMatchObject({ hold: { cap_seconds: 50 } });
      expect(await extend('1')).toMatchObject({ hold: { cap_seconds: 50 }, replayed: true });
      await world.topUp('acme', '40');
      expect(await extend('1')).toMatchObject({ hold: { cap_seconds: 250, held: 50 }, replayed: false });
      await settings({ max_call_seconds: 100 });
      expect(await extend('1')).toMatchObject({ hold: { cap_seconds: 250 }, replayed: true });
      await end('1', 250);
      expect([await world.posted('acme'), await held()]).toEqual([0, 0]);
    });

    it('keeps what it holds from amounts and take-backs', async () => {
      await world.customer('acme', '30', { max_call_seconds: 120 });
      const [line] = await test.superuser<{ operation_id: string }>(
        'select operation_id from talktime.operations where partner_id = $1',
        [world.partnerId],
      );
      await authorize('1');
      await expect(
        adjust(world.talktime.ledger, world.partnerId, PARTNER, {
          customer_id: 'acme',
          amount: '-7',
          note: 'n',
          idempotency_key: 'a',
        }),
      ).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      await expect(
        reverse(world.talktime.ledger, world.partnerId, HOST, {
          operation_id: line!.operation_id,
          idempotency_key: 'r',
        }),
      ).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    });

    it('leaves an unauthorised call only what other calls do not hold: posted 100, two holds of 50, 30: posted 70, 30 flagged', async () => {
      await world.customer('acme', '100', { max_call_seconds: 250 });
      await authorize('1');
      await authorize('2');
      expect(await held()).toBe(100);
      await end('3', 150, { customerId: 'acme' });
      expect([await world.posted('acme'), await flagged()]).toEqual([70, 30]);
    });

    it('belongs to the customer that it was authorised for', async () => {
      await world.customer('acme', '100', { max_call_seconds: 120 });
      await world.customer('other', '100');
      await authorize('1');
      await expect(authorize('1', { customer_id: 'other' })).rejects.toMatchObject({ code: 'CALL_CUSTOMER_MISMATCH' });
      await expect(end('1', 60, { customerId: 'other' })).rejects.toMatchObject({ code: 'CALL_CUSTOMER_MISMATCH' });
      expect(await end('1', 60)).toMatchObject({ result: { customer_id: 'acme' } }); // no clue is needed
    });
  });

  describe('limits', () => {
    it('of calls at once', async () => {
      await world.customer('acme', '100', { max_call_seconds: 60, max_concurrent_calls: 2 });
      await authorize('1');
      await authorize('2');
      await expect(authorize('3')).rejects.toMatchObject({ code: 'CONCURRENT_CALLS_LIMIT' });
      await end('1', 10);
      expect(await authorize('3')).toMatchObject({ hold: { state: 'live' } });
    });

    it.each(['max_spend_per_day', 'max_spend_per_month'] as const)('of spending: %s', async (limit) => {
      await world.customer('acme', '1000', { max_call_seconds: 600, [limit]: '30' });
      await end('1', 60, { customerId: 'acme' }); // 12
      expect(await authorize('2')).toMatchObject({ hold: { cap_seconds: 90, held: 18 } });
      await expect(authorize('3')).rejects.toMatchObject({ code: 'SPEND_LIMIT' });
      await end('2', 30); // 6
      expect(await authorize('3')).toMatchObject({ hold: { cap_seconds: 60 } });
      await settings({ [limit]: null });
      expect(await extend('3')).toMatchObject({ hold: { cap_seconds: 600 } });
    });
  });
});
