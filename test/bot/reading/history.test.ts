import { updateCustomer } from '@talktime/core/customers';
import { adjust } from '@talktime/core/ledger';
import type { TestDatabase } from '../../setup/database';
import { HOST, PARTNER, World } from '../../setup/world';
import { startBench, tableOf, wordsOf, type Bench } from './bench';

let test: TestDatabase;
let bench: Bench;
beforeAll(async () => void (test = await World.open()));
afterAll(() => test.drop());
beforeEach(async () => void (bench = await startBench(test)));
afterEach(() => bench.stop());

const correct = (amount: string, note: string, key: string) =>
  adjust(bench.world.talktime.ledger, bench.world.partnerId, HOST, {
    customer_id: 'cus_acme',
    amount,
    note,
    idempotency_key: key,
  });

describe('/credits history', () => {
  it("shows a customer's entries as users know them, newest first", async () => {
    await bench.call('cus_acme', 0, 61);
    await correct('-5', 'Refund of <!channel> & co', 'a');
    const answer = await bench.ask(bench.viewer, 'history cus_acme');
    expect(tableOf(answer)).toEqual([
      ['Type', 'Amount', 'Balance', 'Note', 'Date (UTC)'],
      ['Deducted', '-5', '982.8', 'Refund of ‹!channel› & co', expect.stringMatching(/^\d+ \w+ \d{4}, \d\d:\d\d$/)],
      ['Used', '-12.2', '987.8', 'Call, 1:01 min', expect.anything()],
      ['Added', '+1,000', '1,000', 'Top-up', expect.anything()],
    ]);
  });

  it('pages to what is older and back to the newest', async () => {
    for (let n = 0; n < 20; n += 1) await correct('1', `note ${n}`, `k${n}`);
    const answer = await bench.ask(bench.viewer, 'history cus_acme');
    expect(tableOf(answer)).toHaveLength(16);
    await bench.turn(bench.viewer, answer, 'Older');
    expect(tableOf(answer).map(([, , , note]) => note)).toEqual([
      'Note',
      ...[4, 3, 2, 1, 0].map((n) => `note ${n}`),
      'Top-up',
    ]);
    await bench.turn(bench.viewer, answer, 'Newest');
    expect(tableOf(answer)[1]![3]).toBe('note 19');
  });

  it("without a customer is of the partner's own balance", async () => {
    await bench.world.topUp('partner', '500');
    const answer = await bench.ask(bench.viewer, 'history');
    expect(wordsOf(answer)).toContain('*Your own balance*');
    expect(tableOf(answer)[1]!.slice(0, 3)).toEqual(['Added', '+500', '500']);
  });

  it("shows a customer's people their own, and only while they may see figures", async () => {
    await bench.world.customer('cus_zen', '77');
    const own = await bench.ask(bench.client, 'history');
    expect(tableOf(own)[1]!.slice(0, 2)).toEqual(['Added', '+1,000']);
    expect(wordsOf(await bench.ask(bench.client, 'history cus_zen'))).not.toContain('77');
    await updateCustomer(test.database, bench.world.partnerId, PARTNER, 'cus_acme', {
      settings: { show_pricing_information: false },
    });
    const hidden = wordsOf(await bench.ask(bench.client, 'history'));
    expect(hidden).toContain('The history is not shown here.');
    expect(hidden).not.toMatch(/\d/);
  });

  it('of nobody, or of something that is no page, says so', async () => {
    expect(wordsOf(await bench.ask(bench.viewer, 'history cus_acne'))).toContain('`/credits history cus_acme`');
  });

  it("a button leads nobody to another's history: it is checked again by who presses it", async () => {
    for (let n = 0; n < 20; n += 1) await correct('1', `note ${n}`, `b${n}`);
    await bench.world.customer('cus_zen', '77');
    const own = await bench.ask(bench.client, 'history');
    const actions = own.blocks.find(({ type }) => type === 'actions') as { elements: { value: string }[] };
    expect(actions.elements[0]!.value).toMatch(/^cus_acme\|\d+$/);
    actions.elements[0]!.value = 'cus_zen|99';
    await bench.client.press(own, 'Older');
    await bench.client.until(() => wordsOf(own).includes('This list is no longer there'));
    expect(wordsOf(own)).not.toContain('77');
  });
});
