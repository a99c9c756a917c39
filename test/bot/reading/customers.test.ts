import type { TestDatabase } from '../../setup/database';
import { World } from '../../setup/world';
import { startBench, tableOf, wordsOf, type Bench } from './bench';

let test: TestDatabase;
let bench: Bench;
beforeAll(async () => void (test = await World.open()));
afterAll(() => test.drop());
beforeEach(async () => void (bench = await startBench(test)));
afterEach(() => bench.stop());

const names = (message: Parameters<typeof tableOf>[0]) => tableOf(message).map(([name]) => name);

describe('/credits customers', () => {
  it('lists them, the soonest to run out first, with how long each lasts', async () => {
    await bench.world.customer('cus_brisk', '100');
    await bench.world.customer('cus_gone', '1');
    await bench.world.customer('cus_low', '90', { low_credit_threshold: '100' });
    await bench.world.customer('cus_off', '0', { ai_credits_enabled: false });
    await bench.world.topUp('partner', '500');
    await bench.call('cus_gone', 0, 60);
    await bench.used('cus_acme', 100, 14);
    await bench.used('cus_brisk', 50, 14);
    const answer = await bench.ask(bench.viewer, 'customers');
    const [heading, ...rows] = tableOf(answer);
    expect(heading).toEqual(['Customer', 'Credits', 'Status', 'Lasts', 'Call time']);
    expect(rows.map(([name]) => name)).toEqual(['cusˍgone', 'cusˍbrisk', 'cusˍacme', 'cusˍlow', 'cusˍoff']);
    expect(rows[0]).toEqual(['cusˍgone', '-11', '🔴 out of credits', '–', '–']);
    expect(rows[1]).toEqual([
      'cusˍbrisk',
      '100',
      '🟢 ok',
      expect.stringMatching(/^about (\d+ hours to )?\d+( to \d+)? days$/),
      '8 min',
    ]);
    expect(rows[2]![3]).toMatch(/^about \d+ to \d+ days$/);
    expect(rows[3]).toEqual(['cusˍlow', '90', '🟡 low', 'too little history to say', '7 min']);
    expect(rows[4]).toEqual(['cusˍoff', 'paid by you', expect.anything(), '–', '–']);
    expect(wordsOf(answer)).toContain('1 to 5 of 5, the soonest to run out first');
  });

  it.each(['customers --low', 'customers —low', 'customers low'])('%s: those alone that are not ok', async (words) => {
    await bench.world.customer('cus_low', '90', { low_credit_threshold: '100' });
    const low = await bench.ask(bench.viewer, words);
    expect(names(low)).toEqual(['Customer', 'cusˍlow']);
  });

  it('pages forth and back in the same message, and by a button that holds no figure', async () => {
    for (let n = 0; n < 22; n += 1) await bench.world.customer(`cus_${String(n).padStart(2, '0')}`, String(100 + n));
    const list = await bench.ask(bench.viewer, 'customers');
    expect(names(list)).toHaveLength(21);
    const first = names(list)[1];
    expect(JSON.stringify(list.blocks)).toContain('"value":"all.2"');
    await bench.turn(bench.viewer, list, 'Next page');
    expect(names(list)).toEqual(['Customer', 'cusˍ20', 'cusˍ21', 'cusˍacme']);
    expect(wordsOf(list)).toContain('21 to 23 of 23');
    await bench.turn(bench.viewer, list, 'Previous page');
    expect(names(list)[1]).toBe(first);
    await bench.turn(bench.viewer, list, 'Only low ones');
    expect(wordsOf(list)).toContain('No customer is low on credits.');
    await bench.turn(bench.viewer, list, 'Show all');
    expect(names(list)[1]).toBe(first);
    expect(bench.viewer.sees('C0ALERTS')).toHaveLength(1);
  });

  it("is not for a customer's people, nor for a customer's channel", async () => {
    expect(wordsOf(await bench.ask(bench.client, 'customers'))).toContain('This is for people with a role');
    expect(wordsOf(await bench.ask(bench.manager, 'customers', 'C0ACME'))).toContain('this channel is one customer’s');
  });

  it('shows the same runway in the balance', async () => {
    await bench.used('cus_acme', 100, 14);
    const [, row] = tableOf(await bench.ask(bench.viewer, 'customers'));
    expect(row![3]).toMatch(/^about/);
    expect(wordsOf(await bench.ask(bench.viewer, 'balance cus_acme'))).toContain(
      `*Lasts, at the recent pace*\n${row![3]}`,
    );
    expect(wordsOf(await bench.ask(bench.viewer, 'balance'))).toContain(`1,000 credits · lasts ${row![3]}`);
  });
});
