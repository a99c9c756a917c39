import { planCreate } from '@talktime/core/contract';
import { updateCustomer } from '@talktime/core/customers';
import { createPlan } from '@talktime/core/plans';
import type { TestDatabase } from '../../setup/database';
import { PARTNER, World } from '../../setup/world';
import { startBench, tableOf, wordsOf, type Bench } from './bench';

let test: TestDatabase;
let bench: Bench;
beforeAll(async () => void (test = await World.open()));
afterAll(() => test.drop());
beforeEach(async () => void (bench = await startBench(test)));
afterEach(() => bench.stop());

async function withPlans(): Promise<void> {
  const plan = (input: object) => createPlan(test.database, bench.world.partnerId, PARTNER, planCreate.parse(input));
  await plan({
    id: 'p1',
    name: '100 minutes - 60',
    minutes: '100',
    price: '60',
    popular: true,
    description: 'Most take this.',
  });
  await plan({ id: 'p2', name: 'Big <pack>', credits: '5000', price: '45.5' });
  await plan({ id: 'p3', name: 'Old', credits: '10', price: '1', active: false });
}

const settings = (changes: object) =>
  updateCustomer(test.database, bench.world.partnerId, PARTNER, 'cus_acme', { settings: changes });

describe('/credits plans', () => {
  it('shows the partner what each plan holds, costs, and who sees it', async () => {
    await withPlans();
    await bench.world.customer('cus_zen', '1', {
      restrict_credit_plan_visibility: true,
      visible_credit_plan_ids: ['p2'],
    });
    expect(tableOf(await bench.ask(bench.viewer, 'plans'))).toEqual([
      ['Plan', 'Holds', 'Price', 'State', 'Customers who see it'],
      ['100 minutes - 60', '100 minutes', '$60.00', 'active, popular', '1 of 2'],
      ['Big ‹pack›', '5,000 credits', '$45.50', 'active', 'all'],
      ['Old', '10 credits', '$1.00', 'off', 'nobody: it is off'],
    ]);
  });

  it('tells bonus, expiry, period and rollover', async () => {
    const plan = (input: object) => createPlan(test.database, bench.world.partnerId, PARTNER, planCreate.parse(input));
    await plan({ id: 'a', name: 'Pack', credits: '100', bonus: '10', price: '9', expires_after_days: 30 });
    await plan({
      id: 'b',
      name: 'Monthly',
      minutes: '60',
      price: '30',
      recurring: { period: 'month', every: 3, rollover: { share: '0.25', cap: '50' } },
    });
    const [, pack, monthly] = tableOf(await bench.ask(bench.viewer, 'plans'));
    expect(pack!.slice(1, 3)).toEqual(['100 credits + 10 bonus, for 30 days', '$9.00']);
    expect(monthly!.slice(1, 3)).toEqual([
      '60 minutes every 3 months, unused: 25% rolls over, up to 50 credits',
      '$30.00',
    ]);
  });

  it('says how to make one when there is none', async () => {
    expect(wordsOf(await bench.ask(bench.viewer, 'plans'))).toContain('You have no plans yet.');
  });

  it("shows a customer's people the active ones that they may see, and whom to ask", async () => {
    await withPlans();
    const all = wordsOf(await bench.ask(bench.client, 'plans'));
    for (const part of [
      '100 minutes for $60.00',
      '⭐ popular',
      'Most take this.',
      'Big &lt;pack&gt;',
      'ask your agency',
    ])
      expect(all).toContain(part);
    expect(all).not.toContain('Old');
    await settings({ restrict_credit_plan_visibility: true, visible_credit_plan_ids: ['p2'] });
    expect(wordsOf(await bench.ask(bench.client, 'plans'))).not.toContain('100 minutes');
    await settings({ visible_credit_plan_ids: [] });
    expect(wordsOf(await bench.ask(bench.client, 'plans'))).toContain('no plans to choose from');
  });

  it('names them without a figure while Show Pricing Information is off', async () => {
    await withPlans();
    await settings({ show_pricing_information: false });
    const names = wordsOf(await bench.ask(bench.client, 'plans'));
    expect(names).toContain('*100 minutes - 60*');
    expect(names).not.toMatch(/\$|5,000|credits for/);
  });
});
