import { authorizeCall } from '@talktime/core/calls';
import { getBalance, updatePartner } from '@talktime/core/customers';
import { reverse, verify, type Actor, type PaymentCredit, type PaymentTakeBack } from '@talktime/core/ledger';
import type { TestDatabase } from '../setup/database';
import { credits, HOST, PARTNER, World } from '../setup/world';

/** money-rules.md, rules 4, 8, 9 and 18: payments, and what becomes of them. */
describe('money rules: payments', () => {
  let test: TestDatabase;
  let world: World;

  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => {
    await clock(0);
    world = await World.create(test, { rate: '8' });
  });
  afterEach(async () => {
    const { findings } = await verify(test.database, { partnerId: world.partnerId });
    expect(findings).toEqual([]);
  });
  afterAll(() => test.drop());

  const DAY = 24 * 60 * 60 * 1000;
  const clock = (ahead: number) =>
    test.superuser(`create or replace function talktime.clock() returns timestamptz language sql volatile
      as $$ select clock_timestamp() + interval '${ahead} milliseconds' $$`);

  type Paid = Partial<Omit<PaymentCredit, 'amount' | 'bonus'>> & { readonly amount: string; readonly bonus?: string };
  const pay = ({ amount, bonus = '0', ...rest }: Paid) =>
    world.talktime.ledger.submit(world.partnerId, {
      kind: 'payment',
      actor: PARTNER,
      payment: 'pi_1',
      wallet: { customerId: 'acme' },
      amount: credits(amount),
      bonus: credits(bonus),
      grant: 'paid',
      costBasis: 60_000_000n,
      ...rest,
    });
  const NOTHING = { paid: 6000n, refunded: 0n, lost: 0n, disputed: 0n, openDisputes: 0 };
  const takeBack = (totals: Partial<PaymentTakeBack>, actor: Actor = PARTNER) =>
    world.talktime.ledger.submit(world.partnerId, { kind: 'take_back', actor, payment: 'pi_1', ...NOTHING, ...totals });
  const balance = (who: 'acme' | 'partner' = 'acme') =>
    getBalance(test.database, world.partnerId, who === 'partner' ? who : { customerId: who });
  const postings = () =>
    test.superuser<{
      kind: string;
      debit: number;
      credit: number;
      amount: number;
      flagged: number;
      flag: string | null;
    }>(
      `select o.kind, t.debit_account as debit, t.credit_account as credit, (t.amount / 1000000.0)::float8 as amount,
              (t.flagged / 1000000.0)::float8 as flagged, t.flag
       from talktime.transfers t join talktime.operations o using (partner_id, operation_id)
       where t.partner_id = $1 order by coalesce(t.debit_sequence, t.credit_sequence), t.line`,
      [world.partnerId],
    );

  it('credits a payment once, whoever reports it and how often', async () => {
    await world.customer('acme', '0');
    const first = await pay({ amount: '100', bonus: '10' });
    expect(first).toMatchObject({ replayed: false, result: { kind: 'payment', amount: 100, balance_after: 100 } });
    expect(await pay({ amount: '100', bonus: '10', actor: HOST })).toEqual({ ...first, replayed: true });
    await expect(pay({ amount: '200' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect(await balance()).toMatchObject({ posted: 110, disputed: 0, available: 110 });
    expect((await postings()).map(({ kind, debit, amount }) => [kind, debit, amount])).toEqual([
      ['payment', -2, 100],
      ['top_up', -3, 10],
    ]);
  });

  it('refuses to take back what was never credited', async () => {
    await world.customer('acme', '0');
    await expect(takeBack({ refunded: 6000n })).rejects.toMatchObject({ code: 'PAYMENT_NOT_CREDITED' });
  });

  it('rule 4: a payment into the wallet of the partner needs the host', async () => {
    await expect(pay({ amount: '100', wallet: 'partner' })).rejects.toMatchObject({ code: 'HOST_KEY_REQUIRED' });
    await pay({ amount: '100', wallet: 'partner', actor: HOST });
    expect(await balance('partner')).toMatchObject({ posted: 100 });
  });

  it('rule 18: takes pro rata on the running total', async () => {
    await world.customer('acme', '0');
    await pay({ amount: '100' });
    const taken = [];
    for (const refunded of [2000n, 4000n, 6000n]) taken.push((await takeBack({ refunded })).result);
    expect(taken).toMatchObject([{ amount: -33.333333 }, { amount: -33.333334 }, { amount: -33.333333 }]);
    expect(await balance()).toMatchObject({ posted: 0 });
    expect(await takeBack({ refunded: 6000n })).toMatchObject({ result: { outcome: 'ignored' } });
  });

  describe('rule 18, refunds', () => {
    const expiring = (at: number) => ({ expiresAt: Date.now() + at });

    it('never takes more than what did not expire: 100 bought, 60 used, 40 expired, refunded: posted -60', async () => {
      await world.customer('acme', '0');
      await pay({ amount: '100', ...expiring(DAY) });
      await world.call({ seconds: 300, customerId: 'acme' });
      await clock(2 * DAY);
      expect(await balance()).toMatchObject({ posted: 0 });
      await takeBack({ refunded: 6000n });
      expect(await balance()).toMatchObject({ posted: -60 });
      expect((await postings()).at(-1)).toMatchObject({ kind: 'refund', amount: 60, flagged: 60, flag: 'refund' });
      expect((await takeBack({ refunded: 6000n })).result).toMatchObject({ outcome: 'ignored' });
    });

    it('takes from its own grant, then from paid ones, then from others', async () => {
      await world.customer('acme', '0');
      await pay({ amount: '30', payment: 'pi_0', bonus: '5' });
      await pay({ amount: '40' });
      await world.call({ seconds: 250, customerId: 'acme' }); // 50: the bonus, all of pi_0 and 15 of pi_1
      await world.topUp('acme', '6');
      await takeBack({ refunded: 6000n });
      const burned = await test.superuser<{ burned: string }>(
        `select burned from talktime.transfers join talktime.operations using (partner_id, operation_id)
         where partner_id = $1 and kind = 'refund'`,
        [world.partnerId],
      );
      expect(burned).toEqual([{ burned: '3:25000000,4:6000000' }]);
      expect(await balance()).toMatchObject({ posted: -9 });
    });

    it('takes the bonus back by the same share', async () => {
      await world.customer('acme', '0');
      await pay({ amount: '100', bonus: '10' });
      await takeBack({ refunded: 2000n });
      expect(await balance()).toMatchObject({ posted: 73.333334 });
      await takeBack({ refunded: 6000n });
      expect(await balance()).toMatchObject({ posted: 0 });
    });

    it('gives back what a refund that failed had taken, last burned first', async () => {
      await world.customer('acme', '0');
      await pay({ amount: '100' });
      await world.call({ seconds: 300, customerId: 'acme' });
      await takeBack({ refunded: 6000n });
      expect(await balance()).toMatchObject({ posted: -60 });
      expect(await takeBack({ refunded: 3000n })).toMatchObject({ result: { kind: 'refund', amount: 50 } });
      expect(await takeBack({})).toMatchObject({ result: { kind: 'refund', amount: 50, balance_after: 40 } });
      expect(await balance()).toMatchObject({ posted: 40 });
    });

    it('lets what comes back to a grant that has expired since go at once', async () => {
      await world.customer('acme', '0');
      await pay({ amount: '100', ...expiring(DAY) });
      await takeBack({ refunded: 6000n });
      await clock(2 * DAY);
      await takeBack({});
      expect(await balance()).toMatchObject({ posted: 0 });
      expect((await takeBack({ refunded: 6000n })).result).toMatchObject({ outcome: 'ignored' });
    });

    it('and manual reversals together are never more than was bought', async () => {
      await world.customer('acme', '100');
      const { result } = await pay({ amount: '100' });
      const { operation_id } = result as { operation_id: string };
      const undo = (amount?: string) =>
        reverse(world.talktime.ledger, world.partnerId, PARTNER, {
          operation_id,
          amount,
          idempotency_key: world.key(),
        });
      await takeBack({ refunded: 3000n });
      await expect(undo('51')).rejects.toMatchObject({ code: 'REVERSAL_TOO_LARGE' });
      await undo('30');
      await takeBack({ refunded: 6000n });
      expect(await balance()).toMatchObject({ posted: 100 });
      await expect(undo()).rejects.toMatchObject({ code: 'REVERSAL_TOO_LARGE' });
      await takeBack({});
      expect(await balance()).toMatchObject({ posted: 170 });
      await undo('70');
    });
  });

  describe('disputes', () => {
    const dispute = { disputed: 6000n, openDisputes: 1 };
    const authorize = (call_id: string, customer_id = 'acme') =>
      authorizeCall(world.talktime, world.partnerId, PARTNER, { provider: 'retell', call_id, customer_id });

    it('hold while they are open, take when they are lost, release when they are won', async () => {
      await world.customer('acme', '0');
      await pay({ amount: '100', bonus: '10' });
      expect(await takeBack(dispute)).toMatchObject({
        result: { kind: 'dispute', amount: 0, payment: { disputed: 100, open_disputes: 1 } },
      });
      expect(await balance()).toMatchObject({ posted: 110, held: 0, disputed: 110, available: 0 });
      await takeBack({});
      expect(await balance()).toMatchObject({ posted: 110, disputed: 0, available: 110 });
      await takeBack(dispute);
      await takeBack({ lost: 6000n });
      expect(await balance()).toMatchObject({ posted: 0, disputed: 0 });
      expect((await postings()).slice(-2)).toMatchObject([{ kind: 'dispute' }, { kind: 'dispute', flagged: 0 }]);
      // Money that a won appeal brings back.
      await takeBack({});
      expect(await balance()).toMatchObject({ posted: 110 });
    });

    it('come after refunds, and both together are never more than was bought', async () => {
      await world.customer('acme', '0');
      await pay({ amount: '100' });
      await takeBack({ refunded: 2000n, ...dispute });
      expect(await balance()).toMatchObject({ posted: 66.666667, disputed: 66.666667, available: 0 });
      await takeBack({ refunded: 2000n, lost: 6000n });
      expect(await balance()).toMatchObject({ posted: 0, disputed: 0 });
    });

    it('rule 6: what they hold cannot be spent', async () => {
      await world.customer('acme', '12', { max_call_seconds: 600 });
      await pay({ amount: '100' });
      await takeBack(dispute);
      expect(await authorize('1')).toMatchObject({ hold: { cap_seconds: 60, held: 12 } });
      await expect(authorize('2')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      await takeBack({});
      expect(await authorize('2')).toMatchObject({ hold: { cap_seconds: 500 } });
    });

    it('rule 8: the room of a call that has ended is counted without them', async () => {
      await world.customer('acme', '0');
      await pay({ amount: '100' });
      await takeBack(dispute);
      await world.call({ seconds: 300, customerId: 'acme' });
      expect((await postings()).at(-1)).toMatchObject({ kind: 'call', amount: 60, flagged: 0 });
      await takeBack({ lost: 6000n });
      expect(await balance()).toMatchObject({ posted: -60, disputed: 0 });
      expect((await postings()).at(-1)).toMatchObject({ kind: 'dispute', amount: 100, flagged: 60, flag: 'dispute' });
    });

    it('stop all calls of the wallet when the partner says so', async () => {
      await world.customer('acme', '1000');
      await world.customer('bell', '1000');
      await pay({ amount: '100' });
      await authorize('before');
      await takeBack(dispute);
      await authorize('1');
      const { settings } = await updatePartner(test.database, world.partnerId, PARTNER, { dispute_policy: 'stop' });
      expect(settings.dispute_policy).toBe('stop');
      await expect(authorize('2')).rejects.toMatchObject({ code: 'DISPUTE_OPEN', status: 402 });
      await authorize('3', 'bell');
      await world.call({ id: 'before', seconds: 10, customerId: 'acme' });
      await takeBack({});
      await authorize('2');
    });
  });

  describe('rule 4, with allocated funding', () => {
    beforeEach(async () => {
      await world.customer('acme', '0');
      await updatePartner(test.database, world.partnerId, HOST, { funding: 'allocated' });
    });

    it('is credited though the partner is short: its wallet goes into flagged debt', async () => {
      await world.topUp('partner', '30');
      await pay({ amount: '100', bonus: '10' });
      expect(await balance()).toMatchObject({ posted: 110 });
      expect(await balance('partner')).toMatchObject({ posted: -80 });
      const flags = (await postings())
        .slice(1)
        .map(({ debit, amount, flagged, flag }) => [debit, amount, flagged, flag]);
      expect(flags).toEqual([
        [0, 100, 70, 'debt'],
        [0, 10, 10, 'debt'],
      ]);
    });

    it('gives back to the partner what was not spent: 100 given, 70 spent, refunded: 30', async () => {
      await world.topUp('partner', '500');
      await pay({ amount: '100' });
      await world.call({ seconds: 350, customerId: 'acme' });
      await takeBack({ refunded: 6000n });
      expect(await balance()).toMatchObject({ posted: -70 });
      expect(await balance('partner')).toMatchObject({ posted: 430 });
      // The refund failed: all is as it was.
      await takeBack({});
      expect(await balance()).toMatchObject({ posted: 30 });
      expect(await balance('partner')).toMatchObject({ posted: 400 });
    });

    it('nor what a call under way holds', async () => {
      await world.topUp('partner', '500');
      await pay({ amount: '100' });
      await authorizeCall(world.talktime, world.partnerId, PARTNER, {
        provider: 'retell',
        call_id: '1',
        customer_id: 'acme',
      });
      await takeBack({ refunded: 6000n });
      expect(await balance('partner')).toMatchObject({ posted: 400 });
    });
  });
});
