import { assignCall, dismissCall, listSuspense, type CallFacts } from '@talktime/core/calls';
import { customerUpdate } from '@talktime/core/contract';
import { addMapping, updateCustomer, updatePartner } from '@talktime/core/customers';
import { verify } from '@talktime/core/ledger';
import fc from 'fast-check';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';

const SID = 'CA5d0d0d8047bf685c3f0ff980fe62c123';

describe('one physical call, two providers (money-rules 12)', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => {
    world = await World.create(test, { rate: '8' });
    await world.customer('cus_acme', '100');
    await world.customer('cus_other', '100');
    const map = (kind: 'agent' | 'phone_number', value: string, customer_id: string) =>
      addMapping(test.database, world.partnerId, PARTNER, { kind, value, customer_id });
    await map('agent', 'agent_acme', 'cus_acme');
    await map('agent', 'agent_other', 'cus_other');
    await map('phone_number', '+14155550199', 'cus_acme');
    await map('phone_number', '+14155550100', 'cus_other');
  });
  afterEach(async () => expect((await verify(test.database, { partnerId: world.partnerId })).findings).toEqual([]));

  interface Report {
    readonly seconds?: number;
    readonly cost?: string;
    readonly rank?: CallFacts['rank'];
    readonly order?: number;
    /** An agent, or a number on our side; nobody's when left out. */
    readonly whose?: string;
    readonly carrierCallId?: string | null;
    readonly id?: string;
  }
  const report = (provider: 'twilio' | 'retell', { seconds = 61, ...more }: Report = {}) => {
    const isNumber = more.whose?.startsWith('+') ?? false;
    return world.talktime.ledger.submit(world.partnerId, {
      kind: 'call',
      actor: PARTNER,
      identity: { provider, account: 'default', callId: more.id ?? (provider === 'twilio' ? SID : 'call_1'), leg: '' },
      facts: {
        outcome: 'connected',
        rawMilliseconds: seconds * 1000,
        cost: more.cost === undefined ? null : { amount: BigInt(Number(more.cost) * 1e6), currency: 'USD' },
        rank: more.rank ?? 2,
        order: more.order ?? null,
      },
      startedAt: null,
      clues: {
        agentId: isNumber ? null : (more.whose ?? null),
        fromNumber: null,
        toNumber: isNumber ? more.whose! : null,
        direction: 'inbound',
        metadataCustomerId: null,
      },
      customerId: null,
      carrierCallId: provider === 'twilio' ? null : more.carrierCallId === undefined ? SID : more.carrierCallId,
    });
  };
  const twilio = (more: Report = {}) => report('twilio', { seconds: 65, whose: '+14155550199', ...more });
  const retell = (more: Report = {}) => report('retell', { whose: 'agent_acme', ...more });

  it("Twilio 65 s (13.0), then Retell 61 s: -0.8, and the agent's facts stand", async () => {
    await twilio();
    expect(await world.posted('cus_acme')).toBe(87);
    expect((await retell()).result).toMatchObject({ outcome: 'deducted', receipt: { raw_seconds: 61, price: 12.2 } });
    expect(await world.posted('cus_acme')).toBe(87.8);
  });

  it('Retell first: Twilio changes nothing, and is answered what stands', async () => {
    await retell();
    expect(await twilio()).toMatchObject({ replayed: true, result: { outcome: 'deducted', receipt: { price: 12.2 } } });
    expect(await world.posted('cus_acme')).toBe(87.8);
  });

  it('comes to the same in every order, however often, and by the length that the agent has in the end', async () => {
    const ways = {
      twilio: () => twilio(),
      'twilio with its cost': () => twilio({ rank: 3, cost: '0.02' }),
      retell: () => retell({ order: 1, cost: '0.08' }),
      'retell once more': () => retell({ order: 2, cost: '0.08', seconds: 66 }),
      // The agent's provider tells the carrier's id late.
      'retell without the link': () => retell({ order: 1, cost: '0.08', carrierCallId: null }),
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...(Object.keys(ways) as (keyof typeof ways)[])), { minLength: 1, maxLength: 7 }),
        async (order) => {
          const fresh = await World.create(test, { rate: '8' });
          world = fresh;
          await world.customer('cus_acme', '100');
          await updatePartner(test.database, world.partnerId, PARTNER, { track_cost: true });
          for (const [kind, value] of [
            ['agent', 'agent_acme'],
            ['phone_number', '+14155550199'],
          ] as const)
            await addMapping(test.database, world.partnerId, PARTNER, { kind, value, customer_id: 'cus_acme' });
          for (const way of order) await ways[way]();
          // The link is told by any report of Retell but the one without it.
          const linked = order.includes('retell') || order.includes('retell once more');
          const agent = order.includes('retell once more')
            ? 13.2
            : linked || order.includes('retell without the link')
              ? 12.2
              : 0;
          const isCarried = order.some((way) => way.startsWith('twilio'));
          const carrier = isCarried && !linked ? 13 : 0;
          expect(await world.posted('cus_acme')).toBeCloseTo(100 - agent - carrier, 6);
          // 1 credit = 0.01 USD: 8 credits for the agent's cost, 2 for the carrier's
          const cost = (agent > 0 ? 8 : 0) + (order.includes('twilio with its cost') ? 2 : 0);
          expect(await world.posted('partner')).toBeCloseTo(-cost, 6);
          expect((await verify(test.database, { partnerId: world.partnerId })).findings).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of different customers: the one that comes second waits in suspense', async () => {
    await twilio({ whose: '+14155550100' });
    expect((await retell()).result).toMatchObject({ outcome: 'suspense', reason: 'linked_elsewhere' });
    expect([await world.posted('cus_acme'), await world.posted('cus_other')]).toEqual([100, 87]);
    // Somebody says that the agent is right.
    const [waiting] = (await listSuspense(test.database, world.partnerId, { limit: 10 })).items;
    await assignCall(world.talktime, world.partnerId, PARTNER, waiting!.call_id, 'cus_acme');
    expect([await world.posted('cus_acme'), await world.posted('cus_other')]).toEqual([87.8, 100]);
  });

  it("the carrier's, when it is the one that waits, cannot be charged beside the agent's", async () => {
    await retell();
    expect((await twilio({ whose: '+14155550100' })).result).toMatchObject({ reason: 'linked_elsewhere' });
    const [waiting] = (await listSuspense(test.database, world.partnerId, { limit: 10 })).items;
    await expect(
      assignCall(world.talktime, world.partnerId, PARTNER, waiting!.call_id, 'cus_other'),
    ).rejects.toMatchObject({ code: 'CALL_LINKED' });
    await dismissCall(world.talktime, world.partnerId, PARTNER, waiting!.call_id, 'the number was moved');
    expect([await world.posted('cus_acme'), await world.posted('cus_other')]).toEqual([87.8, 100]);
  });

  it('whose customer only one of the two tells, is that customer’s', async () => {
    await twilio();
    expect((await retell({ whose: undefined })).result).toMatchObject({ outcome: 'deducted', customer_id: 'cus_acme' });
    expect(await world.posted('cus_acme')).toBe(87.8);
  });

  it('both unknown: assigning the agent’s settles the carrier’s, too', async () => {
    await twilio({ whose: undefined });
    await retell({ whose: undefined });
    const { items } = await listSuspense(test.database, world.partnerId, { limit: 10 });
    expect(items.map(({ provider }) => provider).sort()).toEqual(['retell', 'twilio']);
    const agents = items.find(({ provider }) => provider === 'retell')!;
    await assignCall(world.talktime, world.partnerId, PARTNER, agents.call_id, 'cus_acme');
    expect((await listSuspense(test.database, world.partnerId, { limit: 10 })).items).toEqual([]);
    expect(await world.posted('cus_acme')).toBe(87.8);
  });

  it('a call that was authorised by the carrier’s id frees its hold, and is charged once', async () => {
    const identity = { provider: 'twilio', account: 'default', callId: SID, leg: '' };
    await world.talktime.ledger.submit(world.partnerId, {
      kind: 'authorize',
      actor: PARTNER,
      identity,
      clues: { agentId: null, fromNumber: null, toNumber: null, direction: null, metadataCustomerId: null },
      customerId: 'cus_acme',
      minimumSeconds: 30,
    });
    await retell();
    await twilio();
    const [wallet] = await test.superuser<{ posted: bigint; held: bigint }>(
      `select w.posted, w.held from talktime.wallets w join talktime.customers c using (partner_id, wallet_id)
       where partner_id = $1 and customer_id = 'cus_acme'`,
      [world.partnerId],
    );
    expect([Number(wallet!.posted), Number(wallet!.held)]).toEqual([87_800_000, 0]);
  });

  it('tells of no recovery in between: one message an episode', async () => {
    await updateCustomer(
      test.database,
      world.partnerId,
      PARTNER,
      'cus_acme',
      customerUpdate.parse({ settings: { low_credit_threshold: '88', low_credit_notifications_enabled: true } }),
    );
    await twilio(); // 87: low
    await retell({ seconds: 62 }); // 87.6; given back in between, it would be 100
    const events = await test.superuser<{ event: string }>(
      'select event from talktime.outbox where partner_id = $1 order by sequence',
      [world.partnerId],
    );
    expect(events.map(({ event }) => event)).toEqual(['low']);
  });

  it('two agents on one carrier’s call are two calls', async () => {
    await twilio();
    await retell();
    await retell({ id: 'call_2', seconds: 30 });
    await twilio();
    expect(await world.posted('cus_acme')).toBe(81.8); // 12.2 and 6.0
  });
});
