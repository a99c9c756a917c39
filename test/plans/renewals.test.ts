import { planCreate } from '@talktime/core/contract';
import { getBalance } from '@talktime/core/customers';
import { verify } from '@talktime/core/ledger';
import { applyPlan, createPlan, listSubscriptions, renewDue } from '@talktime/core/plans';
import fc from 'fast-check';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';

const WEEK = 7 * 24 * 3_600_000;
const NEVER = new AbortController().signal;

describe('renewals, by random histories', () => {
  let test: TestDatabase;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());

  const clock = (ahead: number) =>
    test.superuser(
      `create or replace function talktime.clock() returns timestamptz language sql volatile
       as $$ select clock_timestamp() + interval '${ahead} milliseconds' $$`,
    );

  it('leave in the wallet what a model of its own says, and books that verify', async () => {
    // How much is used in a week (seconds of a call), and how many weeks nothing runs afterwards.
    const weeks = fc.array(
      fc.record({ used: fc.integer({ min: 0, max: 2000 }), away: fc.constantFrom(0, 0, 0, 1, 3) }),
      { minLength: 1, maxLength: 6 },
    );
    const plans = fc.record({
      included: fc.integer({ min: 1, max: 300_000_000 }),
      bonus: fc.constantFrom(0, 0, 7_000_001),
      share: fc.option(fc.integer({ min: 0, max: 1_000_000 })),
      cap: fc.option(fc.integer({ min: 0, max: 400_000_000 })),
    });
    await fc.assert(
      fc.asyncProperty(plans, weeks, async (plan, history) => {
        await clock(0);
        const world = await World.create(test);
        await world.customer('acme', '0', { price_per_minute: { credits: '6' } });
        const text = (millionths: number) => (millionths / 1_000_000).toFixed(6);
        const rollover =
          plan.share === null ? null : { share: text(plan.share), cap: plan.cap === null ? null : text(plan.cap) };
        await createPlan(
          test.database,
          world.partnerId,
          PARTNER,
          planCreate.parse({
            id: 'p',
            name: 'P',
            credits: text(plan.included),
            bonus: text(plan.bonus),
            price: '1',
            recurring: { period: 'week', rollover },
          }),
        );
        await applyPlan(world.talktime, world.partnerId, PARTNER, 'p', { customer_id: 'acme', idempotency_key: 'k' });
        const model = new Model(plan);
        let elapsed = 0;
        for (const [index, { used, away }] of history.entries()) {
          // 0.1 credits a second: whole tenths, so that the model needs no price.
          await world.call({ id: `call-${index}`, seconds: used, customerId: 'acme' });
          model.use(used * 100_000);
          elapsed += (1 + away) * WEEK;
          await clock(elapsed);
          await Promise.all([
            renewDue(test.database, world.partnerId, NEVER),
            renewDue(world.replica().talktime.database, world.partnerId, NEVER),
          ]);
          model.renew();
          const { posted } = await getBalance(test.database, world.partnerId, { customerId: 'acme' });
          expect(Math.round(posted * 1_000_000)).toBe(model.balance);
        }
        const [subscription] = (await listSubscriptions(test.database, world.partnerId)).items;
        expect(subscription!.period).toBe(1 + elapsed / WEEK);
        expect((await verify(test.database, { partnerId: world.partnerId })).findings).toEqual([]);
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});

/** Three pots and a debt, in millionths; numbers, not the ledger's bigints. */
class Model {
  #bonus: number;
  #rolled = 0;
  #included: number;
  #debt = 0;

  constructor(
    readonly plan: {
      readonly included: number;
      readonly bonus: number;
      readonly share: number | null;
      readonly cap: number | null;
    },
  ) {
    this.#bonus = plan.bonus;
    this.#included = plan.included;
  }

  get balance(): number {
    return this.#bonus + this.#rolled + this.#included - this.#debt;
  }

  use(amount: number): void {
    let left = amount;
    const take = (pot: number) => {
      const part = Math.min(pot, left);
      left -= part;
      return pot - part;
    };
    this.#bonus = take(this.#bonus);
    // Both expire together, so which of them is used first makes no difference.
    this.#rolled = take(this.#rolled);
    this.#included = take(this.#included);
    this.#debt += left;
  }

  renew(): void {
    const { included, bonus, share, cap } = this.plan;
    const unused = this.#rolled + this.#included;
    const shared = Number((BigInt(unused) * BigInt(share ?? 0) * 2n + 1_000_000n) / 2_000_000n);
    this.#bonus = bonus;
    this.#included = included;
    this.#rolled = share === null ? 0 : Math.min(shared, cap ?? Infinity);
    const debt = this.#debt;
    this.#debt = 0;
    this.use(debt);
  }
}
