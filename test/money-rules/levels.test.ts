import { authorizeCall, reassignCall } from '@talktime/core/calls';
import { setExchangeRate, updateCustomer, updatePartner } from '@talktime/core/customers';
import {
  adjust,
  deductAmount,
  getStatement,
  listGrants,
  reverse,
  topUp,
  verify,
  voidGrant,
} from '@talktime/core/ledger';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';

describe('the money rules, on host, partner and customer', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => void (world = await World.create(test)));
  afterEach(async () => {
    const { findings } = await verify(test.database, { partnerId: world.partnerId });
    expect(findings).toEqual([]);
  });
  afterAll(() => test.drop());

  const partner = (patch: Parameters<typeof updatePartner>[3], actor = HOST) =>
    updatePartner(test.database, world.partnerId, actor, patch);
  const settings = (patch: object) =>
    updateCustomer(test.database, world.partnerId, PARTNER, 'acme', { settings: patch });
  const undo = (operation_id: string, amount?: string, actor = PARTNER) =>
    reverse(world.talktime.ledger, world.partnerId, actor, { operation_id, amount, idempotency_key: world.key() });
  const change = (amount: string, actor = PARTNER) =>
    adjust(world.talktime.ledger, world.partnerId, actor, {
      customer_id: 'acme',
      amount,
      note: 'by hand',
      idempotency_key: world.key(),
    });
  const give = (amount: string, more: object = {}) =>
    topUp(world.talktime.ledger, world.partnerId, PARTNER, {
      customer_id: 'acme',
      amount,
      kind: 'paid',
      idempotency_key: world.key(),
      ...more,
    });
  const spend = (amount: string) =>
    deductAmount(world.talktime.ledger, world.partnerId, PARTNER, {
      source: 'amount',
      customer_id: 'acme',
      amount,
      idempotency_key: world.key(),
    });
  const balances = async () => [await world.posted('partner'), await world.posted('acme')];
  const idOf = (answer: { result: object }) => (answer.result as { operation_id: string }).operation_id;
  const callIdOf = async (id: string) => {
    const [row] = await test.superuser<{ call_id: string }>(
      'select call_id from talktime.calls where partner_id = $1 and provider_call_id = $2',
      [world.partnerId, id],
    );
    return row!.call_id;
  };

  describe('rule 4, allocated funding', () => {
    beforeEach(async () => {
      await partner({ funding: 'allocated' });
      await world.topUp('partner', '150');
      await world.customer('acme', '0');
    });

    it("moves a top-up out of the partner's wallet, and gives back only what is unspent", async () => {
      const { operation_id } = await give('100');
      expect(await balances()).toEqual([50, 100]);
      await spend('70');
      await expect(undo(operation_id)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      await undo(operation_id, '30');
      expect(await balances()).toEqual([80, 0]);
    });

    it('refuses more than the partner has, and changes nothing', async () => {
      const before = await world.fingerprint();
      await expect(give('150.000001')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      await expect(change('150.000001')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      expect(await world.fingerprint()).toBe(before);
    });

    it('moves an adjustment either way, without the host', async () => {
      await change('60');
      expect(await balances()).toEqual([90, 60]);
      await change('-20');
      expect(await balances()).toEqual([110, 40]);
      await expect(change('-40.000001')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    });

    it('does not give back what a call holds', async () => {
      await give('100');
      await settings({ max_call_seconds: 300 });
      const call = { provider: 'retell', call_id: 'held', customer_id: 'acme', minimum_seconds: 30 };
      await authorizeCall(world.talktime, world.partnerId, PARTNER, call);
      await expect(change('-40.000001')).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
      await change('-40');
      expect(await balances()).toEqual([90, 60]);
    });

    it("gives what comes back to the partner's own grants", async () => {
      const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
      await topUp(world.talktime.ledger, world.partnerId, HOST, {
        wallet: 'partner',
        amount: '10',
        kind: 'bonus',
        expires_at: tomorrow,
        idempotency_key: 'bonus',
      });
      const { operation_id } = await give('30');
      await undo(operation_id, '25');
      const rows = await test.superuser<{ lots: { left: number }[] }>(
        'select lots from talktime.wallets where partner_id = $1 and wallet_id = 0',
        [world.partnerId],
      );
      expect(rows[0]!.lots.map(({ left }) => left / 1e6)).toEqual([5, 150]);
    });

    it("gives what is voided of a customer's grant to the partner's own grants, too", async () => {
      await give('30');
      await voidGrant(world.talktime.ledger, world.partnerId, PARTNER, 'g1-1', { idempotency_key: 'void' });
      expect(await balances()).toEqual([150, 0]);
      const { items } = await listGrants(test.database, world.partnerId, 'partner', { limit: 10 });
      expect(items.map((grant) => [grant.grant_id, grant.remaining])).toEqual([['g0-1', 150]]);
    });

    it("needs the host for giving back what a customer's call has used", async () => {
      await give('100');
      const call = await world.call({ seconds: 61, customerId: 'acme' });
      await expect(undo(idOf(call))).rejects.toMatchObject({ code: 'HOST_KEY_REQUIRED' });
      await undo(idOf(call), undefined, HOST);
      expect(await balances()).toEqual([50, 100]);
    });

    it('moves a call to the right customer without the host, as long as no credits come of it', async () => {
      await give('100');
      await world.customer('bell', '0', { price_per_minute: { credits: '12' } });
      await world.customer('cheap', '0', { price_per_minute: { credits: '6' } });
      await world.call({ id: 'moved', seconds: 61, customerId: 'acme' });
      const move = (to: string) => reassignCall(world.talktime, world.partnerId, PARTNER, id, to);
      const id = await callIdOf('moved');
      await expect(move('cheap')).rejects.toMatchObject({ code: 'HOST_KEY_REQUIRED' });
      await move('bell');
      expect([await world.posted('acme'), await world.posted('bell')]).toEqual([100, -12.2]);
    });

    it('knows no overdraft and no grace', async () => {
      await expect(settings({ overdraft: '5' })).rejects.toMatchObject({ code: 'FUNDING_ALLOCATED' });
      await expect(settings({ grace_seconds: 30 })).rejects.toMatchObject({ code: 'FUNDING_ALLOCATED' });
      await expect(partner({ track_cost: true })).rejects.toMatchObject({ code: 'COST_NOT_TRACKED' });
    });

    it('refuses credits that arrive later', async () => {
      const effective_at = new Date(Date.now() + 86_400_000).toISOString();
      await expect(give('5', { effective_at })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    });

    it('is changed by the host, and while no customer holds credits', async () => {
      await expect(partner({ funding: 'independent' }, PARTNER)).rejects.toMatchObject({ code: 'HOST_KEY_REQUIRED' });
      await give('1');
      await expect(partner({ funding: 'independent' })).rejects.toMatchObject({ code: 'FUNDING_IN_USE' });
      await change('-1');
      expect(await partner({ funding: 'independent' })).toMatchObject({ funding: 'independent' });
    });
  });

  describe('rule 4, cost beside price', () => {
    const cost = (amount: string, currency = 'USD') => ({ amount: BigInt(Math.round(Number(amount) * 1e6)), currency });
    beforeEach(async () => {
      await partner({ track_cost: true });
      await world.topUp('partner', '100');
    });

    it("takes a call's cost from the partner's wallet", async () => {
      await world.customer('acme', '100');
      await world.call({ seconds: 61, customerId: 'acme', cost: cost('0.06') });
      expect(await balances()).toEqual([94, 87.8]);
      const { lines } = await getStatement(test.database, world.partnerId, 'partner', { limit: 1 });
      expect(lines[0]).toMatchObject({ type: 'Used', amount: -6, kind: 'call' });
    });

    it("takes only the customer's share of it when the partner carries the rest", async () => {
      await partner({ price_per_minute: { credits: '8' } });
      await world.customer('acme', '5', { grace_seconds: 30, shortfall_policy: 'partner' });
      await world.call({ seconds: 61, customerId: 'acme', cost: cost('0.06') });
      // 11 of 12.2 is the customer's: 5.409836 of the cost of 6; carrying the other 1.2 takes 0.8.
      expect(await balances()).toEqual([100 - 0.8 - 5.409836, -6]);
    });

    it('posts a better report of the cost alone, and never changes the price for it', async () => {
      await world.customer('acme', '100');
      await world.call({ seconds: 61, customerId: 'acme', order: 1 });
      expect(await balances()).toEqual([100, 87.8]);
      await world.call({ seconds: 61, customerId: 'acme', order: 2, cost: cost('0.07') });
      expect(await balances()).toEqual([93, 87.8]);
      await world.call({ seconds: 61, customerId: 'acme', order: 3, cost: cost('0.05') });
      expect(await balances()).toEqual([95, 87.8]);
      expect(await world.call({ seconds: 61, customerId: 'acme', order: 3, cost: cost('0.05') })).toMatchObject({
        replayed: true,
      });
      expect(await balances()).toEqual([95, 87.8]);
    });

    it('leaves a cost spent when the price is given back', async () => {
      await world.customer('acme', '100');
      const call = await world.call({ seconds: 61, customerId: 'acme', cost: cost('0.06') });
      await undo(idOf(call));
      expect(await balances()).toEqual([94, 100]);
    });

    it('takes the cost of a call that is free', async () => {
      await world.customer('acme', '100');
      await world.call({ seconds: 20, outcome: 'unconnected', customerId: 'acme', cost: cost('0.01') });
      expect(await balances()).toEqual([99, 100]);
    });

    it('takes nothing besides the price of a call that the partner pays for', async () => {
      await partner({ price_per_minute: { credits: '8' } });
      await world.customer('acme', '0', { ai_credits_enabled: false });
      await world.call({ seconds: 60, customerId: 'acme', cost: cost('0.06') });
      expect(await balances()).toEqual([92, 0]);
    });

    it('moves the cost along with a call that turns out to be the partner’s to pay', async () => {
      await partner({ price_per_minute: { credits: '8' } });
      await world.customer('acme', '100');
      await world.customer('off', '0', { ai_credits_enabled: false });
      await world.call({ id: 'moved', seconds: 60, customerId: 'acme', cost: cost('0.06') });
      await reassignCall(world.talktime, world.partnerId, HOST, await callIdOf('moved'), 'off');
      expect(await balances()).toEqual([92, 100]);
    });

    it('lets the partner go into debt for it, and flags that', async () => {
      await world.customer('acme', '100');
      await world.call({ seconds: 61, customerId: 'acme', cost: cost('1.5') });
      expect(await balances()).toEqual([-50, 87.8]);
      const rows = await test.superuser(
        'select flagged, flag from talktime.transfers where partner_id = $1 and flagged > 0',
        [world.partnerId],
      );
      expect(rows).toEqual([{ flagged: '50000000', flag: 'debt' }]);
    });

    it('converts another currency by the rate that the partner set, and never one to one (rule 1)', async () => {
      await world.customer('acme', '100');
      await world.call({ id: 'unknown', seconds: 60, customerId: 'acme', cost: cost('0.06', 'EUR') });
      expect(await balances()).toEqual([100, 88]);
      await setExchangeRate(test.database, world.partnerId, PARTNER, 'EUR', '1.08');
      await setExchangeRate(test.database, world.partnerId, PARTNER, 'EUR', '2');
      await world.call({ id: 'known', seconds: 60, customerId: 'acme', cost: cost('0.06', 'EUR') });
      expect(await balances()).toEqual([88, 76]);
      // A call from before the first rate uses the first.
      const long = Date.now() - 86_400_000;
      await world.call({ id: 'old', seconds: 60, customerId: 'acme', cost: cost('0.06', 'EUR'), startedAt: long });
      expect(await world.posted('partner')).toBe(81.52);
      await expect(setExchangeRate(test.database, world.partnerId, PARTNER, 'USD', '1')).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
    });

    it('books nothing unless it is tracked', async () => {
      await partner({ track_cost: false });
      await world.customer('acme', '100');
      await world.call({ seconds: 61, customerId: 'acme', cost: cost('0.06') });
      expect(await balances()).toEqual([100, 87.8]);
    });
  });
});
