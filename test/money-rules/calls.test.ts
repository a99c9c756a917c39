import { deductionResult } from '@talktime/core/contract';
import { addMapping, updateCustomer, updatePartner } from '@talktime/core/customers';
import { dismissCall, assignCall, reassignCall } from '@talktime/core/calls';
import { reverse, type Answered } from '@talktime/core/ledger';
import { HOST, PARTNER, World } from '../setup/world';
import type { TestDatabase } from '../setup/database';

/** The call's deduction, checked against the contract. */
function deducted({ result, replayed }: Answered) {
  const parsed = deductionResult.parse({ ...result, replayed });
  if (parsed.outcome !== 'deducted' || !parsed.receipt)
    throw new Error(`Expected a call, got ${JSON.stringify(parsed)}`);
  return { ...parsed, receipt: parsed.receipt };
}

describe('the money rules, on calls', () => {
  let test: TestDatabase;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());

  describe('rule 3, which rate', () => {
    it('prices a call by the version in force when it started, and keeps it for corrections', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      const before = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await updateCustomer(test.database, world.partnerId, PARTNER, 'acme', {
        settings: { price_per_minute: { credits: '24' } },
      });

      const early = deducted(
        await world.call({ id: 'early', seconds: 60, customerId: 'acme', startedAt: before, order: 1 }),
      );
      expect(early.receipt).toMatchObject({ rate: { version: 1, credits_per_minute: 12 }, price: 12 });
      const late = deducted(await world.call({ id: 'late', seconds: 60, customerId: 'acme', order: 1 }));
      expect(late.receipt).toMatchObject({ rate: { version: 2 }, price: 24 });
      const corrected = deducted(await world.call({ id: 'early', seconds: 65, customerId: 'acme', order: 2 }));
      expect(corrected.receipt).toMatchObject({ rate: { version: 1 }, price: 13, previous_price: 12 });
    });

    it('puts a call into suspense when its payer has no rate', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100', { price_per_minute: undefined });
      const { result } = await world.call({ seconds: 61, customerId: 'acme' });
      expect(result).toMatchObject({ outcome: 'suspense', reason: 'rate_required' });
      expect(await world.posted('acme')).toBe(100);
    });
  });

  describe('rule 4, a partner cannot mint', () => {
    it('refuses every way of raising its own wallet without the host', async () => {
      const world = await World.create(test, { rate: '8' });
      await world.topUp('partner', '100');
      await world.customer('off', '0', { ai_credits_enabled: false });
      await world.customer('on', '100');
      const call = deducted(await world.call({ id: 'paid-by-partner', seconds: 60, customerId: 'off', rank: 1 }));
      expect(await world.posted('partner')).toBe(92);
      const before = await world.fingerprint();

      const refused = { code: 'HOST_KEY_REQUIRED' };
      await expect(world.topUp('partner', '1', PARTNER)).rejects.toMatchObject(refused);
      await expect(
        world.talktime.ledger.submit(world.partnerId, {
          kind: 'adjustment',
          actor: PARTNER,
          key: 'mint',
          wallet: 'partner',
          amount: 1n as never,
        }),
      ).rejects.toMatchObject(refused);
      const reversal = { operation_id: call.operation_id, idempotency_key: 'mint' };
      await expect(reverse(world.talktime.ledger, world.partnerId, PARTNER, reversal)).rejects.toMatchObject(refused);
      await expect(
        world.call({ id: 'paid-by-partner', seconds: 30, customerId: 'off', rank: 1 }),
      ).rejects.toMatchObject(refused);
      const [row] = await test.superuser<{ call_id: string }>(
        'select call_id from talktime.calls where partner_id = $1',
        [world.partnerId],
      );
      await expect(reassignCall(world.talktime, world.partnerId, PARTNER, row!.call_id, 'on')).rejects.toMatchObject(
        refused,
      );
      expect(await world.fingerprint()).toBe(before);

      await reverse(world.talktime.ledger, world.partnerId, HOST, reversal);
      expect(await world.posted('partner')).toBe(100);
    });
  });

  describe('rule 5, the payer', () => {
    it('is the customer with AI credits enabled, at its own rate', async () => {
      const world = await World.create(test, { rate: '8' });
      await world.customer('acme', '100');
      expect(deducted(await world.call({ seconds: 61, customerId: 'acme' }))).toMatchObject({
        payer: 'customer',
        amount: -12.2,
        balance_after: 87.8,
      });
      expect(await world.posted('partner')).toBe(0);
    });

    it("is the partner with AI credits off, at the partner's rate, in one posting", async () => {
      const world = await World.create(test, { rate: '8' });
      await world.topUp('partner', '100');
      await world.customer('acme', '50', { ai_credits_enabled: false });
      const call = deducted(await world.call({ seconds: 60, customerId: 'acme' }));
      expect(call).toMatchObject({
        payer: 'partner',
        wallet: 'partner',
        customer_id: 'acme',
        amount: -8,
        balance_after: 92,
      });
      expect(await world.posted('acme')).toBe(50);
    });

    it('stays with the call when the setting changes later', async () => {
      const world = await World.create(test, { rate: '8' });
      await world.customer('acme', '100');
      await world.call({ seconds: 60, customerId: 'acme', order: 1 });
      await updateCustomer(test.database, world.partnerId, PARTNER, 'acme', {
        settings: { ai_credits_enabled: false },
      });
      expect(deducted(await world.call({ seconds: 61, customerId: 'acme', order: 2 }))).toMatchObject({
        payer: 'customer',
        amount: -0.2,
      });
    });
  });

  describe('rule 8, a call that has ended is never refused', () => {
    it.each([
      ['100', {}, 61, 87.8, 0],
      ['0', {}, 61, -12.2, 12.2],
      ['5', { grace_seconds: 30 }, 61, -7.2, 1.2], // room 11
      ['5', { overdraft: '20' }, 61, -7.2, 0],
      ['5', { grace_seconds: 30, rounding: { initial_seconds: 60, increment_seconds: 60 } }, 61, -19, 7], // grace is worth a minute
    ])('debt: posted %s with %j, %s s: posted %s, %s flagged', async (posted, settings, seconds, after, flagged) => {
      const world = await World.create(test);
      await world.customer('acme', posted, settings);
      const call = deducted(await world.call({ seconds, customerId: 'acme' }));
      expect([await world.posted('acme'), call.receipt.flagged_debt]).toEqual([after, flagged]);
    });

    it("partner: posted 5, grace 30 s, 61 s, partner's rate 8: the customer pays 11, the partner 0.8", async () => {
      const world = await World.create(test, { rate: '8' });
      await world.topUp('partner', '100');
      await world.customer('acme', '5', { grace_seconds: 30, shortfall_policy: 'partner' });
      const call = deducted(await world.call({ seconds: 61, customerId: 'acme' }));
      expect(call.receipt).toMatchObject({ price: 12.2, paid_by_customer: 11, paid_by_partner: 0.8, flagged_debt: 0 });
      expect([await world.posted('acme'), await world.posted('partner')]).toEqual([-6, 99.2]);
    });

    it('partner: a wallet of the partner may go into debt', async () => {
      const world = await World.create(test, { rate: '12' });
      await world.customer('acme', '0', { shortfall_policy: 'partner' });
      expect(deducted(await world.call({ seconds: 60, customerId: 'acme' })).receipt).toMatchObject({
        paid_by_customer: 0,
        paid_by_partner: 12,
        flagged_debt: 12,
      });
      expect(await world.posted('partner')).toBe(-12);
    });

    it("tests a revision upward afresh, and takes a lower one off the partner's part first", async () => {
      const world = await World.create(test, { rate: '8' });
      await world.topUp('partner', '100');
      await world.customer('acme', '5', { shortfall_policy: 'partner' });
      await world.call({ seconds: 25, customerId: 'acme', order: 1 }); // 5: all from the customer
      await world.call({ seconds: 55, customerId: 'acme', order: 2 }); // 6 more: carried by the partner, 4 at its rate
      expect([await world.posted('acme'), await world.posted('partner')]).toEqual([0, 96]);
      await world.call({ seconds: 40, customerId: 'acme', order: 3 }); // 3 less: off the partner's 6
      expect([await world.posted('acme'), await world.posted('partner')]).toEqual([0, 98]);
      await world.call({ seconds: 20, customerId: 'acme', order: 4 }); // 4 less: 3 off the partner's, 1 back to the customer
      expect([await world.posted('acme'), await world.posted('partner')]).toEqual([1, 100]);
    });
  });

  describe('rule 10, identity and revisions', () => {
    it('charges a call once: ended 61 s, analysed 61 s, the API later 66 s', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      const ended = deducted(await world.call({ seconds: 61, customerId: 'acme', rank: 2, order: 1 }));
      expect(ended).toMatchObject({ amount: -12.2, replayed: false });
      const analysed = deducted(await world.call({ seconds: 61, customerId: 'acme', rank: 2, order: 2 }));
      expect(analysed).toMatchObject({ operation_id: ended.operation_id, replayed: true });
      const listed = deducted(await world.call({ seconds: 66, customerId: 'acme', rank: 3 }));
      expect(listed).toMatchObject({ amount: -1, receipt: { revision: 2, price: 13.2, previous_price: 12.2 } });
      expect(await world.posted('acme')).toBe(86.8);
    });

    it('answers the first result to facts seen before', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      const first = deducted(await world.call({ seconds: 61, customerId: 'acme', order: 1 }));
      await world.call({ seconds: 66, customerId: 'acme', rank: 3 });
      const again = deducted(await world.call({ seconds: 61, customerId: 'acme', order: 1 }));
      expect(again).toEqual({ ...first, replayed: true });
      expect(await world.posted('acme')).toBe(86.8);
    });

    it.each([
      ['a higher rank wins', { seconds: 61, rank: 1 }, { seconds: 66, rank: 2 }, 13.2],
      ['also when it comes first', { seconds: 66, rank: 2 }, { seconds: 61, rank: 1 }, 13.2],
      ['the later event wins at equal rank', { seconds: 61, order: 1 }, { seconds: 66, order: 2 }, 13.2],
      ['also when it comes first', { seconds: 66, order: 2 }, { seconds: 61, order: 1 }, 13.2],
      ['without an order fewer seconds stand', { seconds: 66 }, { seconds: 61 }, 12.2],
      ['also when they come first', { seconds: 61 }, { seconds: 66 }, 12.2],
    ] as const)('%s', async (_, first, second, price) => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      await world.call({ customerId: 'acme', ...first });
      await world.call({ customerId: 'acme', ...second });
      expect(await world.posted('acme')).toBeCloseTo(100 - price, 6);
    });

    it('compares a later report with the one that stands now, not with the first', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      await world.call({ customerId: 'acme', seconds: 61, rank: 1 });
      await world.call({ customerId: 'acme', seconds: 66, rank: 3 });
      expect(await world.call({ customerId: 'acme', seconds: 61, rank: 2 })).toMatchObject({ replayed: true });
      expect(await world.posted('acme')).toBe(86.8);
    });

    it('keeps what lost to fewer seconds for review', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      await world.call({ customerId: 'acme', seconds: 66 });
      await world.call({ customerId: 'acme', seconds: 61 });
      await world.call({ customerId: 'acme', seconds: 70 });
      const rows = await test.superuser<{ seconds: number; disposition: string }>(
        `select (facts ->> 'rawMilliseconds')::int / 1000 as seconds, disposition from talktime.call_facts where partner_id = $1 order by 1`,
        [world.partnerId],
      );
      expect(rows).toEqual([
        { seconds: 61, disposition: 'posted' },
        { seconds: 66, disposition: 'review' },
        { seconds: 70, disposition: 'review' },
      ]);
    });

    it('never changes a price for a change of cost alone', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      await world.call({ customerId: 'acme', seconds: 61, order: 1 });
      const { replayed } = await world.call({
        customerId: 'acme',
        seconds: 61,
        order: 2,
        cost: { amount: 82_000n, currency: 'USD' },
      });
      expect([replayed, await world.posted('acme')]).toEqual([true, 87.8]);
    });

    it('charges nothing for a call that did not connect, or failed at the provider', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      const missed = deducted(
        await world.call({ id: 'missed', customerId: 'acme', seconds: 40, outcome: 'unconnected' }),
      );
      expect(missed).toMatchObject({ amount: 0, receipt: { billed_seconds: 0, price: 0, raw_seconds: 40 } });
      const failed = deducted(await world.call({ id: 'failed', customerId: 'acme', seconds: 61, order: 1 }));
      expect(failed.amount).toBe(-12.2);
      expect(
        deducted(
          await world.call({ id: 'failed', customerId: 'acme', seconds: 61, order: 2, outcome: 'provider_fault' }),
        ).amount,
      ).toBe(12.2);
      expect(await world.posted('acme')).toBe(100);
    });

    it('keeps the same call id at another provider account, or another leg, apart', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      for (const [account, leg] of [
        ['a:b', ''],
        ['a', 'b:'],
        ['a', 'b'],
        ['b', ''],
      ] as const) {
        await world.talktime.ledger.submit(world.partnerId, {
          kind: 'call',
          actor: PARTNER,
          identity: { provider: 'retell', account, callId: 'same', leg },
          facts: { outcome: 'connected', rawMilliseconds: 60_000, cost: null, rank: 2, order: null },
          startedAt: null,
          clues: { agentId: null, fromNumber: null, toNumber: null, direction: null, metadataCustomerId: null },
          customerId: 'acme',
        });
      }
      expect(await world.posted('acme')).toBe(52);
    });
  });

  describe('rule 11, closed calls', () => {
    it('takes no revision and no redelivery once reversed, even partly', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      const call = deducted(await world.call({ seconds: 61, customerId: 'acme', order: 1 }));
      await reverse(world.talktime.ledger, world.partnerId, PARTNER, {
        operation_id: call.operation_id,
        amount: '2.2',
        idempotency_key: 'part',
      });
      expect(await world.posted('acme')).toBe(90);
      await world.call({ seconds: 61, customerId: 'acme', order: 1 });
      await world.call({ seconds: 120, customerId: 'acme', order: 2 });
      expect(await world.posted('acme')).toBe(90);
      await reverse(world.talktime.ledger, world.partnerId, PARTNER, {
        operation_id: call.operation_id,
        idempotency_key: 'rest',
      });
      expect(await world.posted('acme')).toBe(100);
      await expect(
        reverse(world.talktime.ledger, world.partnerId, PARTNER, {
          operation_id: call.operation_id,
          amount: '0.000001',
          idempotency_key: 'more',
        }),
      ).rejects.toMatchObject({ code: 'REVERSAL_TOO_LARGE' });
    });

    it('stays dismissed', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      const { result } = await world.call({ seconds: 61, clues: { agentId: 'agent_test' } });
      const callId = 'call_id' in result ? result.call_id : '';
      await dismissCall(world.talktime, world.partnerId, PARTNER, callId, 'our own test call');
      await addMapping(test.database, world.partnerId, PARTNER, {
        kind: 'agent',
        value: 'agent_test',
        customer_id: 'acme',
      });
      expect((await world.call({ seconds: 61, clues: { agentId: 'agent_test' } })).result).toMatchObject({
        outcome: 'ignored',
      });
      await expect(assignCall(world.talktime, world.partnerId, PARTNER, callId, 'acme')).rejects.toMatchObject({
        code: 'CALL_CLOSED',
      });
      expect(await world.posted('acme')).toBe(100);
    });

    it("is reassigned to the right customer in one operation, at that customer's rate", async () => {
      const world = await World.create(test);
      await world.customer('wrong', '100');
      await world.customer('right', '100', { price_per_minute: { credits: '6' } });
      await world.call({ seconds: 60, customerId: 'wrong', order: 1 });
      const [row] = await test.superuser<{ call_id: string }>(
        'select call_id from talktime.calls where partner_id = $1',
        [world.partnerId],
      );
      const moved = await reassignCall(world.talktime, world.partnerId, PARTNER, row!.call_id, 'right');
      expect(moved).toMatchObject({ outcome: 'deducted', customer_id: 'right', amount: -6, kind: 'reassign' });
      expect([await world.posted('wrong'), await world.posted('right')]).toEqual([100, 94]);
      expect(await reassignCall(world.talktime, world.partnerId, PARTNER, row!.call_id, 'right')).toMatchObject({
        replayed: true,
      });
      await world.call({ seconds: 70, order: 2 });
      expect([await world.posted('wrong'), await world.posted('right')]).toEqual([100, 93]);
    });
  });

  describe('rule 13, unknown and unmatched', () => {
    it('refuses a customer that is named and does not exist', async () => {
      const world = await World.create(test);
      const before = await world.fingerprint();
      await expect(world.callByFields('call-1', '61', 'nobody')).rejects.toMatchObject({
        code: 'CUSTOMER_NOT_FOUND',
        status: 404,
      });
      expect(await world.fingerprint()).toBe(before);
    });

    it('takes a call that matches nobody, or two customers, into suspense', async () => {
      const world = await World.create(test);
      await world.customer('a', '100');
      await world.customer('b', '100');
      const map = (kind: 'agent' | 'phone_number', value: string, customer_id: string) =>
        addMapping(test.database, world.partnerId, PARTNER, { kind, value, customer_id });
      await map('agent', 'agent_a', 'a');
      await map('phone_number', '+1 (415) 555-0199', 'b');
      expect((await world.call({ id: '1', seconds: 61, clues: { agentId: 'agent_x' } })).result).toMatchObject({
        outcome: 'suspense',
        reason: 'no_customer',
      });
      const both = { agentId: 'agent_a', toNumber: '+14155550199', direction: 'inbound' as const };
      expect((await world.call({ id: '2', seconds: 61, clues: both })).result).toMatchObject({
        outcome: 'suspense',
        reason: 'several_customers',
      });
      expect(
        (await world.call({ id: '3', seconds: 61, clues: { ...both, direction: 'outbound' } })).result,
      ).toMatchObject({ outcome: 'deducted', customer_id: 'a' });
      expect((await world.call({ id: '4', seconds: 61, clues: { metadataCustomerId: 'b' } })).result).toMatchObject({
        outcome: 'deducted',
        customer_id: 'b',
      });
      expect([await world.posted('a'), await world.posted('b')]).toEqual([87.8, 87.8]);
    });

    it('charges once when a call is assigned and delivered again at the same time', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      const { result } = await world.call({ seconds: 61, clues: { agentId: 'agent_new' } });
      const callId = 'call_id' in result ? result.call_id : '';
      await addMapping(test.database, world.partnerId, PARTNER, {
        kind: 'agent',
        value: 'agent_new',
        customer_id: 'acme',
      });
      await Promise.all([
        assignCall(world.talktime, world.partnerId, PARTNER, callId, 'acme'),
        world.call({ seconds: 61, clues: { agentId: 'agent_new' } }),
        assignCall(world.talktime, world.partnerId, PARTNER, callId, 'acme'),
        world.call({ seconds: 61, clues: { agentId: 'agent_new' } }),
      ]);
      expect(await world.posted('acme')).toBe(87.8);
    });

    it('prices a call out of suspense by the best report of it, at the rate of its date', async () => {
      const world = await World.create(test);
      await world.customer('acme', '100');
      const startedAt = Date.now();
      await world.call({ seconds: 61, order: 1, startedAt });
      const { result } = await world.call({ seconds: 66, order: 2, startedAt });
      await new Promise((resolve) => setTimeout(resolve, 5));
      await updateCustomer(test.database, world.partnerId, PARTNER, 'acme', {
        settings: { price_per_minute: { credits: '24' } },
      });
      await assignCall(world.talktime, world.partnerId, PARTNER, 'call_id' in result ? result.call_id : '', 'acme');
      expect(await world.posted('acme')).toBe(86.8);
      await updatePartner(test.database, world.partnerId, PARTNER, { name: 'Renamed' });
    });
  });
});
