import { createPlan, applyPlan, listPlans } from '@talktime/core/plans';
import { planCreate, type SettingsPatch } from '@talktime/core/contract';
import { updateCustomer } from '@talktime/core/customers';
import { adjust, deductAmount, getStatement, reverse, topUp, type Command } from '@talktime/core/ledger';
import { credits, HOST, PARTNER, World } from '../setup/world';
import type { TestDatabase } from '../setup/database';

describe('the money rules, on amounts', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => void (world = await World.create(test)));
  afterAll(() => test.drop());

  const submit = (command: object) =>
    world.talktime.ledger.submit(world.partnerId, { actor: PARTNER, ...command } as Command);

  describe('rule 9, amounts below the floor', () => {
    it.each([
      ['100', {}, '100', true],
      ['100', {}, '100.000001', false],
      ['0', { grace_seconds: 30 }, '6', true],
      ['0', { grace_seconds: 30 }, '6.000001', false],
      ['10', { overdraft: '5' }, '15', true],
      ['10', { overdraft: '5' }, '15.000001', false],
    ] as [string, Partial<SettingsPatch>, string, boolean][])(
      'posted %s with %j: %s, %s',
      async (posted, settings, amount, allowed) => {
        await world.customer('acme', posted, settings);
        const before = await world.fingerprint();
        const attempts = [
          () =>
            deductAmount(world.talktime.ledger, world.partnerId, PARTNER, {
              source: 'amount',
              customer_id: 'acme',
              amount,
              idempotency_key: 'k',
            }),
          () =>
            adjust(world.talktime.ledger, world.partnerId, PARTNER, {
              customer_id: 'acme',
              amount: `-${amount}`,
              note: 'n',
              idempotency_key: 'k',
            }),
        ];
        if (allowed) {
          expect(await attempts[0]!()).toMatchObject({ outcome: 'deducted', amount: -Number(amount) });
        } else {
          for (const attempt of attempts)
            await expect(attempt()).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS', status: 402 });
          expect(await world.fingerprint()).toBe(before);
        }
      },
    );

    it('strands nobody when an overdraft is lowered, and each posting keeps the floor it was tested against', async () => {
      await world.customer('acme', '0', { overdraft: '50' });
      await submit({ kind: 'deduction', key: 'a', wallet: { customerId: 'acme' }, amount: credits('40') });
      await updateCustomer(test.database, world.partnerId, PARTNER, 'acme', { settings: { overdraft: '0' } });
      expect(await world.posted('acme')).toBe(-40);
      await expect(
        submit({ kind: 'deduction', key: 'b', wallet: { customerId: 'acme' }, amount: credits('1') }),
      ).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      await world.topUp('acme', '45');
      await submit({ kind: 'deduction', key: 'b', wallet: { customerId: 'acme' }, amount: credits('1') });
      const rows = await test.superuser<{ floor: string }>(
        `select (floor / 1000000)::text as floor from talktime.transfers where partner_id = $1 and debit_account > 0 order by debit_sequence`,
        [world.partnerId],
      );
      expect(rows).toEqual([{ floor: '-50' }, { floor: '0' }]);
    });

    it('refuses a balance beyond the limit', async () => {
      await world.customer('acme', '7999999999');
      await expect(world.topUp('acme', '1')).rejects.toMatchObject({ code: 'WALLET_LIMIT' });
      expect(await world.posted('acme')).toBe(7_999_999_999);
    });
  });

  describe('rule 14, idempotency keys', () => {
    const body = { customer_id: 'acme', amount: '10', kind: 'paid' as const, idempotency_key: 'invoice-1' };

    it('applies once, and answers the first result for ever', async () => {
      await world.customer('acme', '0');
      const first = await topUp(world.talktime.ledger, world.partnerId, PARTNER, body);
      await world.topUp('acme', '5');
      expect(await topUp(world.talktime.ledger, world.partnerId, PARTNER, body)).toEqual({ ...first, replayed: true });
      expect(await world.posted('acme')).toBe(15);
    });

    it('takes another spelling of the same content, and other notes, for the same', async () => {
      await world.customer('acme', '0');
      await topUp(world.talktime.ledger, world.partnerId, PARTNER, { ...body, note: 'first' });
      expect(
        await topUp(world.talktime.ledger, world.partnerId, HOST, { ...body, amount: '10.00', note: 'other' }),
      ).toMatchObject({ replayed: true });
      expect(await world.posted('acme')).toBe(10);
    });

    it.each([{ amount: '11' }, { kind: 'bonus' as const }, { customer_id: 'other' }])(
      'refuses the key with other content: %j',
      async (change) => {
        await world.customer('acme', '0');
        await world.customer('other', '0');
        await topUp(world.talktime.ledger, world.partnerId, PARTNER, body);
        const before = await world.fingerprint();
        await expect(
          topUp(world.talktime.ledger, world.partnerId, PARTNER, { ...body, ...change }),
        ).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', status: 409 });
        await expect(
          adjust(world.talktime.ledger, world.partnerId, PARTNER, {
            customer_id: 'acme',
            amount: '10',
            note: 'n',
            idempotency_key: 'invoice-1',
          }),
        ).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
        expect(await world.fingerprint()).toBe(before);
      },
    );

    it('is not consumed by a refusal: the same key works after a top-up', async () => {
      await world.customer('acme', '5');
      const deduction = { source: 'amount' as const, customer_id: 'acme', amount: '10', idempotency_key: 'sms-1' };
      await expect(deductAmount(world.talktime.ledger, world.partnerId, PARTNER, deduction)).rejects.toMatchObject({
        code: 'INSUFFICIENT_CREDITS',
      });
      await world.topUp('acme', '5');
      expect(await deductAmount(world.talktime.ledger, world.partnerId, PARTNER, deduction)).toMatchObject({
        replayed: false,
        balance_after: 0,
      });
    });

    it('belongs to one partner, and is apart from the keys of calls', async () => {
      await world.customer('acme', '0');
      const other = await World.create(test);
      await other.customer('acme', '0');
      const key = 'call:retell:default:call-1::rev:1';
      for (const each of [world, other]) {
        await topUp(each.talktime.ledger, each.partnerId, PARTNER, { ...body, idempotency_key: key });
        await each.call({ id: 'call-1', seconds: 30, customerId: 'acme' });
        expect(await each.posted('acme')).toBe(4);
      }
    });
  });

  describe('rule 18, take-backs', () => {
    it('never total more than the top-up, and by hand not below the floor', async () => {
      await world.customer('acme', '0');
      const bought = await topUp(world.talktime.ledger, world.partnerId, PARTNER, {
        customer_id: 'acme',
        amount: '100',
        kind: 'paid',
        idempotency_key: 'buy',
      });
      const back = (amount: string | undefined, key: string) =>
        reverse(world.talktime.ledger, world.partnerId, PARTNER, {
          operation_id: bought.operation_id,
          amount,
          idempotency_key: key,
        });
      await back('30', 'r1');
      await expect(back('70.000001', 'r2')).rejects.toMatchObject({ code: 'REVERSAL_TOO_LARGE' });
      await world.call({ seconds: 60, customerId: 'acme' });
      await expect(back('70', 'r2')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      expect(await back('58', 'r2')).toMatchObject({ balance_after: 0 });
      await expect(back(undefined, 'r3')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    });

    it('are not taken back themselves', async () => {
      await world.customer('acme', '100');
      const spent = await deductAmount(world.talktime.ledger, world.partnerId, PARTNER, {
        source: 'amount',
        customer_id: 'acme',
        amount: '10',
        idempotency_key: 'd',
      });
      const id = 'operation_id' in spent ? spent.operation_id : '';
      const reversal = await reverse(world.talktime.ledger, world.partnerId, PARTNER, {
        operation_id: id,
        idempotency_key: 'r',
      });
      expect(reversal).toMatchObject({ amount: 10, balance_after: 100 });
      await expect(
        reverse(world.talktime.ledger, world.partnerId, PARTNER, {
          operation_id: reversal.operation_id,
          idempotency_key: 'rr',
        }),
      ).rejects.toMatchObject({ code: 'NOT_REVERSIBLE' });
    });
  });

  describe('rule 19, plans', () => {
    const plan = (input: object) => createPlan(test.database, world.partnerId, PARTNER, planCreate.parse(input));
    const apply = (planId: string, key: string) =>
      applyPlan(world.talktime, world.partnerId, PARTNER, planId, { customer_id: 'acme', idempotency_key: key });

    it("converts minutes at the customer's rate when applied", async () => {
      await world.customer('acme', '0');
      await plan({ id: 'hundred', name: '100 minutes', minutes: '100', price: '60' });
      expect(await apply('hundred', 'order-1')).toMatchObject({ amount: 1200, balance_after: 1200, kind: 'plan' });
      await updateCustomer(test.database, world.partnerId, PARTNER, 'acme', {
        settings: { price_per_minute: { credits: '6' } },
      });
      expect(await apply('hundred', 'order-1')).toMatchObject({ amount: 1200, replayed: true });
      expect(await apply('hundred', 'order-2')).toMatchObject({ amount: 600 });
    });

    it('needs a rate for minutes', async () => {
      await world.customer('acme', '0', { price_per_minute: undefined });
      await plan({ id: 'minutes', name: '100 minutes', minutes: '100', price: '60' });
      await plan({ id: 'credits', name: '1,000 credits', credits: '1000', price: '10' });
      await expect(apply('minutes', 'k')).rejects.toMatchObject({ code: 'RATE_REQUIRED' });
      expect(await apply('credits', 'k')).toMatchObject({ balance_after: 1000 });
    });

    it('shows a customer what it may see (rule 21)', async () => {
      await world.customer('acme', '0');
      await plan({ id: 'a', name: 'A', credits: '1', price: '1' });
      await plan({ id: 'b', name: 'B', credits: '1', price: '1', popular: true });
      await plan({ id: 'c', name: 'C', credits: '1', price: '1', popular: true });
      await plan({ id: 'off', name: 'Off', credits: '1', price: '1', active: false });
      const seen = async () =>
        (await listPlans(test.database, world.partnerId, { customerId: 'acme' })).items.map((each) => each.id);
      const restrict = (ids: string[]) =>
        updateCustomer(test.database, world.partnerId, PARTNER, 'acme', {
          settings: { restrict_credit_plan_visibility: true, visible_credit_plan_ids: ids },
        });
      expect(await seen()).toEqual(['a', 'b', 'c']);
      await restrict(['b', 'off']);
      expect(await seen()).toEqual(['b']);
      await restrict([]);
      expect(await seen()).toEqual([]);
      const all = await listPlans(test.database, world.partnerId);
      expect(all.items.filter((each) => each.popular).map((each) => each.id)).toEqual(['c']);
      await expect(apply('off', 'k')).rejects.toMatchObject({ code: 'PLAN_INACTIVE' });
    });
  });

  describe('rule 22, writing', () => {
    it('is serial under concurrent writers of two replicas: nothing lost, nothing twice', async () => {
      await world.customer('acme', '1000');
      const replicas = [world, world.replica()];
      const reports = Array.from({ length: 300 }, (_, index) =>
        replicas[index % 2]!.call({ id: `call-${index % 100}`, seconds: 30, customerId: 'acme' }),
      );
      const answers = await Promise.all(reports);
      expect(answers.filter((each) => !each.replayed)).toHaveLength(100);
      expect(await world.posted('acme')).toBe(400);
      const statement = await getStatement(test.database, world.partnerId, { customerId: 'acme' }, { limit: 200 });
      const balances = statement.lines.map((line) => line.balance).reverse();
      expect(balances).toEqual([1000, ...Array.from({ length: 100 }, (_, index) => 1000 - 6 * (index + 1))]);
    });

    it('lets a failed operation fail alone', async () => {
      await world.customer('acme', '10');
      const outcomes = await Promise.allSettled(
        ['6', '6', '4'].map((amount, index) =>
          submit({ kind: 'deduction', key: `k${index}`, wallet: { customerId: 'acme' }, amount: credits(amount) }),
        ),
      );
      expect(outcomes.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await world.posted('acme')).toBe(0);
    });
  });

  describe('append-only', () => {
    it.each([
      'update talktime.transfers set amount = 1',
      'delete from talktime.transfers',
      'truncate talktime.transfers',
      "update talktime.operations set actor = 'x'",
      'delete from talktime.operations',
      'truncate talktime.operations cascade',
      'delete from talktime.audit_log',
    ])('refuses, even to the owner: %s', async (sql) => {
      await world.customer('acme', '10');
      await expect(test.superuser(sql)).rejects.toThrow(/append-only/);
      await expect(test.database.asPartner(world.partnerId, (transaction) => transaction.query(sql))).rejects.toThrow(
        /permission denied/,
      );
    });
  });
});
