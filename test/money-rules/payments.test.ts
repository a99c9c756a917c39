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
});
