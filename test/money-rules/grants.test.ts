import { getBalance, getThreshold } from '@talktime/core/customers';
import { authorizeCall, releaseCall } from '@talktime/core/calls';
import type { SettingsPatch } from '@talktime/core/contract';
import { bookDue, getStatement, listGrants, reverse, topUp, verify, voidGrant } from '@talktime/core/ledger';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('the money rules, on grants', () => {
  let test: TestDatabase;
  let world: World;
  let start: number;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => {
    await clock(0);
    world = await World.create(test);
    start = Date.now();
  });
  afterAll(() => test.drop());

  /** Sets the ledger's clock so many milliseconds ahead. */
  const clock = (ahead: number) =>
    test.superuser(
      `create or replace function talktime.clock() returns timestamptz language sql volatile
       as $$ select clock_timestamp() + interval '${ahead} milliseconds' $$`,
    );
  const inTime = (milliseconds: number) => new Date(start + milliseconds).toISOString();
  const give = (amount: string, more: object = {}) =>
    topUp(world.talktime.ledger, world.partnerId, HOST, {
      customer_id: 'acme',
      amount,
      kind: 'paid',
      idempotency_key: world.key(),
      ...more,
    });
  const bonus = (amount: string, expires = DAY) => give(amount, { kind: 'bonus', expires_at: inTime(expires) });
  const customer = (settings: Partial<SettingsPatch> = {}) => world.customer('acme', '0', settings);
  const undo = (operation_id: string, amount?: string) =>
    reverse(world.talktime.ledger, world.partnerId, HOST, { operation_id, amount, idempotency_key: world.key() });
  const idOf = (answer: { result: object }) => (answer.result as { operation_id: string }).operation_id;
  const lefts = async () => {
    const { items } = await listGrants(test.database, world.partnerId, { customerId: 'acme' }, { limit: 50 });
    return Object.fromEntries(items.map((each) => [each.grant_id, each.remaining]));
  };
  const balance = async () => (await getBalance(test.database, world.partnerId, { customerId: 'acme' })).posted;
  const history = async () => {
    const { lines } = await getStatement(test.database, world.partnerId, { customerId: 'acme' }, { limit: 50 });
    return lines.map((line) => [line.kind, line.amount, line.balance]);
  };
  const authorize = (call_id: string) =>
    authorizeCall(world.talktime, world.partnerId, PARTNER, {
      provider: 'retell',
      call_id,
      customer_id: 'acme',
      minimum_seconds: 30,
    });

  afterEach(async () => {
    const report = await verify(test.database, { partnerId: world.partnerId });
    expect(report.findings).toEqual([]);
  });

  describe('rule 15, what burns first', () => {
    it('takes the bonus before what was paid, and says so', async () => {
      await customer();
      await give('100');
      await bonus('10');
      await world.call({ seconds: 61, customerId: 'acme' });
      expect(await lefts()).toEqual({ 'g1-1': 97.8, 'g1-2': 0 });
      const rows = await test.superuser<{ burned: string }>(
        'select burned from talktime.transfers where partner_id = $1 and burned is not null',
        [world.partnerId],
      );
      expect(rows).toEqual([{ burned: '2:10000000,1:2200000' }]);
    });

    it('goes by priority, then by the soonest expiry, then by age', async () => {
      await customer();
      await give('1'); // 1: paid, never
      await give('1', { expires_at: inTime(2 * DAY) }); // 2
      await give('1', { expires_at: inTime(DAY) }); // 3
      await give('1'); // 4
      await give('1', { priority: 5 }); // 5
      await give('1', { kind: 'bonus', priority: 60 }); // 6
      const order: string[] = [];
      for (let count = 0; count < 6; count++) {
        const before = await lefts();
        await world.call({ id: `call-${count}`, seconds: 5, customerId: 'acme' });
        const after = await lefts();
        order.push(...Object.keys(after).filter((grant) => after[grant]! < before[grant]!));
      }
      expect(order).toEqual(['g1-5', 'g1-3', 'g1-2', 'g1-1', 'g1-4', 'g1-6']);
    });

    it('lets credits that arrive settle first what no grant backs, oldest first', async () => {
      await customer();
      await give('1');
      await world.call({ id: 'a', seconds: 61, customerId: 'acme' }); // 11.2 unbacked
      await world.call({ id: 'b', seconds: 61, customerId: 'acme' }); // 12.2 unbacked
      await give('20');
      expect(await balance()).toBe(-3.4);
      expect(await lefts()).toEqual({ 'g1-1': 0, 'g1-2': 0 });
      const open = await test.superuser('select of_sequence, amount from talktime.unbacked where partner_id = $1', [
        world.partnerId,
      ]);
      expect(open).toEqual([{ of_sequence: '3', amount: '3400000' }]);
      await give('10');
      expect(await lefts()).toEqual({ 'g1-1': 0, 'g1-2': 0, 'g1-3': 6.6 });
    });
  });

  describe('rule 16, giving back', () => {
    const called = async () => {
      await customer();
      await bonus('10');
      await give('100');
      return world.call({ seconds: 61, customerId: 'acme' });
    };

    it('gives a reversed call back to what it burned, and what has expired since expires at once', async () => {
      const call = await called();
      await clock(2 * DAY);
      expect(await undo(idOf(call))).toMatchObject({ amount: 2.2, balance_after: 100 });
      expect(await lefts()).toEqual({ 'g1-1': 0, 'g1-2': 100 });
      expect((await history()).slice(0, 2)).toEqual([
        ['reversal', -10, 100],
        ['reversal', 12.2, 110],
      ]);
    });

    it('gives a lower revision back to what was burned last', async () => {
      await called();
      await clock(2 * DAY);
      await world.call({ seconds: 31, rank: 3, customerId: 'acme' });
      // 6.0 back: 2.2 to paid, 3.8 to the bonus, which has expired.
      expect(await lefts()).toEqual({ 'g1-1': 0, 'g1-2': 100 });
      expect(await balance()).toBe(100);
    });

    it('gives back while the bonus lives', async () => {
      const call = await called();
      await undo(idOf(call), '5');
      expect(await lefts()).toEqual({ 'g1-1': 2.8, 'g1-2': 100 });
    });

    it('returns what a later grant had settled to that grant', async () => {
      await customer();
      const call = await world.call({ seconds: 61, customerId: 'acme' });
      await give('20');
      expect(await lefts()).toEqual({ 'g1-1': 7.8 });
      await undo(idOf(call));
      expect(await lefts()).toEqual({ 'g1-1': 20 });
    });

    it('takes a call that nothing backed off the debt', async () => {
      await customer();
      const first = await world.call({ id: 'a', seconds: 61, customerId: 'acme' });
      await world.call({ id: 'b', seconds: 61, customerId: 'acme' });
      await undo(idOf(first));
      expect(await balance()).toBe(-12.2);
      await give('20');
      expect(await lefts()).toEqual({ 'g1-1': 7.8 });
    });
  });

  describe('rule 17, time', () => {
    it('expires for every reader at its time, when nothing ran', async () => {
      await customer({ low_credit_threshold: '50' });
      await bonus('100');
      await give('20');
      await clock(DAY + HOUR);
      expect(await balance()).toBe(20);
      expect(await getThreshold(test.database, world.partnerId, { customerId: 'acme' })).toMatchObject({
        posted: 20,
        available: 20,
        status: 'low',
      });
      expect(await lefts()).toEqual({ 'g1-1': 0, 'g1-2': 20 });
      const before = await history();
      expect(before[0]).toEqual(['expiry', -100, 20]);
      const asOf = (at: number) =>
        getBalance(test.database, world.partnerId, { customerId: 'acme' }, new Date(start + at));
      expect((await asOf(DAY - 1)).posted).toBe(120);
      expect((await asOf(DAY)).posted).toBe(20);

      expect(await bookDue(test.database, world.talktime.ledger, world.partnerId)).toBe(1);
      expect(await history()).toEqual(before);
      expect((await asOf(DAY - 1)).posted).toBe(120);
      expect((await asOf(DAY)).posted).toBe(20);
      expect(await bookDue(test.database, world.talktime.ledger, world.partnerId)).toBe(0);
    });

    it('books what has expired before anything else', async () => {
      await customer();
      await bonus('100');
      await clock(DAY);
      await expect(
        world.talktime.ledger.submit(world.partnerId, {
          kind: 'deduction',
          actor: PARTNER,
          key: 'late',
          wallet: { customerId: 'acme' },
          amount: 1n as never,
        }),
      ).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      expect(await history()).toEqual([
        ['expiry', -100, 0],
        ['top_up', 100, 100],
      ]);
    });

    it('leaves what a hold needs until the hold ends', async () => {
      await customer({ max_call_seconds: 300 });
      await bonus('100');
      expect(await authorize('1')).toMatchObject({ hold: { held: 60 } });
      await clock(DAY);
      expect(await balance()).toBe(60);
      await world.call({ id: '1', seconds: 61, customerId: 'acme' });
      // The call burned what was live when it was authorised; the rest goes at its end.
      expect(await lefts()).toEqual({ 'g1-1': 0 });
      expect(await history()).toEqual([
        ['expiry', -47.8, 0],
        ['call', -12.2, 47.8],
        ['expiry', -40, 60],
        ['top_up', 100, 100],
      ]);
    });

    it('lets a captured call burn what was live when it was authorised, before what is live now', async () => {
      await customer({ max_call_seconds: 60 });
      await give('5');
      await bonus('10');
      expect(await authorize('1')).toMatchObject({ hold: { held: 12 } });
      await clock(DAY);
      await world.call({ id: '1', seconds: 30, customerId: 'acme' });
      expect(await lefts()).toEqual({ 'g1-1': 5, 'g1-2': 0 });
      expect(await history()).toEqual([
        ['expiry', -1, 5],
        ['call', -6, 6],
        ['expiry', -3, 12],
        ['top_up', 10, 15],
        ['top_up', 5, 5],
      ]);
    });

    it('expires at release what only the hold had kept', async () => {
      await customer({ max_call_seconds: 300 });
      await bonus('100');
      await authorize('1');
      await clock(DAY);
      await releaseCall(world.talktime, world.partnerId, PARTNER, { provider: 'retell', call_id: '1' });
      expect(await balance()).toBe(0);
      expect(await history()).toHaveLength(3);
    });

    it('goes as soon as other credits serve the hold, also within a batch', async () => {
      await customer({ max_call_seconds: 300 });
      await bonus('100');
      await authorize('1');
      await clock(DAY);
      const { wallet, customer_id } = { wallet: { customerId: 'acme' }, customer_id: 'acme' };
      const answers = await Promise.all([
        world.topUp('partner', '1'), // alone in the first batch; the others gather meanwhile
        give('60'),
        topUp(world.talktime.ledger, world.partnerId, HOST, {
          customer_id,
          amount: '1',
          kind: 'paid',
          idempotency_key: 'next',
        }),
        world.talktime.ledger.submit(world.partnerId, {
          kind: 'deduction',
          actor: PARTNER,
          key: 'after',
          wallet,
          amount: 1_000_000n as never,
        }),
      ]);
      expect(answers.at(-1)).toMatchObject({ result: { balance_after: 60 } });
      expect(await history()).toEqual([
        ['deduction', -1, 60],
        ['top_up', 1, 61],
        ['expiry', -60, 60],
        ['top_up', 60, 120],
        ['expiry', -40, 60],
        ['top_up', 100, 100],
      ]);
    });

    it('starts a grant at its time', async () => {
      await customer();
      expect(await give('50', { effective_at: inTime(DAY), expires_at: inTime(3 * DAY) })).toMatchObject({
        amount: 0,
        balance_after: 0,
        grant: { grant_id: 'g1-1', effective_at: inTime(DAY) },
      });
      await world.call({ seconds: 61, customerId: 'acme' });
      expect(await balance()).toBe(-12.2);
      await clock(DAY);
      expect(await balance()).toBe(37.8);
      await give('1');
      expect(await lefts()).toEqual({ 'g1-1': 37.8, 'g1-2': 1 });
      await clock(3 * DAY);
      expect(await balance()).toBe(1);
    });

    it('refuses credits that would have expired before they can be used', async () => {
      await customer();
      await expect(give('5', { expires_at: inTime(-DAY) })).rejects.toMatchObject({ code: 'GRANT_EXPIRED' });
    });
  });

  describe('rule 18, taking a top-up back', () => {
    it('takes from its own grant, then from paid ones, then from others', async () => {
      await customer();
      await give('30', { kind: 'bonus' }); // 1
      await give('20'); // 2
      const { operation_id } = await give('40'); // 3
      await world.call({ seconds: 300, customerId: 'acme' }); // 60: all of 1 and 2, and 10 of 3
      expect(await lefts()).toEqual({ 'g1-1': 0, 'g1-2': 0, 'g1-3': 30 });
      await give('5', { kind: 'bonus' }); // 4
      await give('3'); // 5
      await undo(operation_id, '36');
      expect(await lefts()).toMatchObject({ 'g1-3': 0, 'g1-5': 0, 'g1-4': 2 });
    });

    it('never takes more in total than it was, what expired of it included', async () => {
      await customer();
      const { operation_id } = await give('100', { expires_at: inTime(DAY) });
      await world.call({ seconds: 300, customerId: 'acme' });
      await clock(DAY);
      await give('100');
      await expect(undo(operation_id, '61')).rejects.toMatchObject({ code: 'REVERSAL_TOO_LARGE' });
      await undo(operation_id);
      expect(await balance()).toBe(40);
    });
  });

  describe('voiding', () => {
    const take = (grant: string, key = world.key()) =>
      voidGrant(world.talktime.ledger, world.partnerId, PARTNER, grant, { idempotency_key: key });

    it('takes back what is left of one grant, once', async () => {
      await customer();
      await give('100');
      const { operation_id } = await bonus('20');
      await world.call({ seconds: 25, customerId: 'acme' });
      expect(await take('g1-2', 'void')).toMatchObject({ kind: 'void', amount: -15, balance_after: 100 });
      expect(await take('g1-2', 'void')).toMatchObject({ amount: -15, replayed: true });
      await expect(take('g1-2')).rejects.toMatchObject({ code: 'GRANT_USED' });
      await expect(take('g1-9')).rejects.toMatchObject({ code: 'GRANT_NOT_FOUND' });
      await expect(take('g7-1')).rejects.toMatchObject({ code: 'GRANT_NOT_FOUND' });
      await expect(undo(operation_id, '6')).rejects.toMatchObject({ code: 'REVERSAL_TOO_LARGE' });
      const { items } = await listGrants(test.database, world.partnerId, { customerId: 'acme' }, { limit: 1 });
      expect(items[0]).toMatchObject({ grant_id: 'g1-2', state: 'voided', remaining: 0 });
    });

    it('is refused while a call under way needs the credits', async () => {
      await customer({ max_call_seconds: 300 });
      await bonus('60');
      await authorize('1');
      await expect(take('g1-1')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    });

    it('takes back a grant that has yet to start', async () => {
      await customer();
      await give('50', { effective_at: inTime(DAY) });
      expect(await take('g1-1')).toMatchObject({ amount: 0, balance_after: 0 });
      await clock(2 * DAY);
      expect(await balance()).toBe(0);
    });
  });
});
