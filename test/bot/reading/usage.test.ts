import { updateCustomer } from '@talktime/core/customers';
import type { TestDatabase } from '../../setup/database';
import { PARTNER, World } from '../../setup/world';
import { chartOf, startBench, tableOf, wordsOf, type Bench } from './bench';

let test: TestDatabase;
let bench: Bench;
beforeAll(async () => void (test = await World.open()));
afterAll(() => test.drop());
afterEach(() => bench.stop());

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

async function withCalls(options?: { charts?: boolean }): Promise<void> {
  bench = await startBench(test, options);
  await bench.world.customer('cus_zen', '1000');
  await bench.call('cus_acme', 0, 61); // 12.2
  await bench.call('cus_acme', 1, 120); // 24
  await bench.call('cus_acme', 40, 600); // 120
  await bench.call('cus_zen', 1, 60); // 12
}

describe('/credits usage', () => {
  it('of a customer is a chart of credits a day and a table of totals beside the time before', async () => {
    await withCalls();
    const answer = await bench.ask(bench.viewer, 'usage cus_acme 7d');
    expect(wordsOf(answer)).toContain('*cusˍacme* used 36.2 credits on 2 calls in the last 7 days.');
    const { chart, title } = chartOf(answer)!;
    expect(title).toBe('Credits a day, last 7 days');
    expect(chart.axis_config.categories).toHaveLength(7);
    expect(chart.series[0]!.data.map(({ value }) => value)).toEqual([0, 0, 0, 0, 0, 24, 12.2]);
    expect(tableOf(answer)).toMatchObject([
      [' ', 'Last 7 days', 'Before that'],
      ['Calls', '2', '0'],
      ['Minutes billed', '3', '0'],
      ['Credits', '36.2', '0'],
      ['Average a day', expect.stringMatching(/^[56]\.\d+$/), '0'],
    ]);
  });

  it('of 30 and 90 days makes bars of several days, as many as Slack takes, each as its mean', async () => {
    await withCalls();
    const month = chartOf(await bench.ask(bench.viewer, 'usage cus_acme'))!;
    expect(month.title).toBe('Credits a day, means of 2 days, last 30 days');
    expect(month.chart.axis_config.categories).toHaveLength(15);
    expect(month.chart.series[0]!.data.at(-1)).toMatchObject({ value: 18.1 });
    const quarter = await bench.ask(bench.viewer, 'usage cus_acme 90 days');
    expect(chartOf(quarter)!.chart.axis_config.categories).toHaveLength(18);
    expect(wordsOf(quarter)).toContain('156.2 credits on 3 calls');
  });

  it('without a customer is of all of them, and says what the partner paid itself', async () => {
    await withCalls();
    await bench.world.customer('cus_off', '0', { ai_credits_enabled: false });
    await bench.call('cus_off', 0, 60);
    const answer = await bench.ask(bench.viewer, 'usage');
    expect(wordsOf(answer)).toContain('Your customers used 56.2 credits on 4 calls in the last 30 days.');
    expect(tableOf(answer)).toContainEqual(['Of it paid by you', '8', '0']);
  });

  it('says so when there was none, and when the time or the customer is none that it knows', async () => {
    await withCalls();
    await bench.world.customer('cus_new', '10');
    expect(wordsOf(await bench.ask(bench.viewer, 'usage cus_new'))).toContain('were charged in the last 30 days');
    expect(wordsOf(await bench.ask(bench.viewer, 'usage cus_acme 14d'))).toContain('`/credits usage 30d`');
    expect(wordsOf(await bench.ask(bench.viewer, 'usage cus_acne'))).toContain('`/credits usage cus_acme`');
  });

  it("shows a customer's people their own alone, and nothing that their agency paid", async () => {
    await withCalls();
    const own = await bench.ask(bench.client, 'usage 7d');
    expect(wordsOf(own)).toContain('You used 36.2 credits on 2 calls');
    expect(wordsOf(own)).not.toContain('paid by you');
    for (const other of ['cus_zen', 'cus_nobody'])
      expect(wordsOf(await bench.ask(bench.client, `usage ${other}`))).toMatch(
        /There is no customer `cus_(zen|nobody)`/,
      );
  });

  it('shows them no figure at all while Show Pricing Information is off', async () => {
    await withCalls();
    await updateCustomer(test.database, bench.world.partnerId, PARTNER, 'cus_acme', {
      settings: { show_pricing_information: false },
    });
    const answer = wordsOf(await bench.ask(bench.client, 'usage'));
    expect(answer).toContain('Usage is not shown here.');
    expect(answer).not.toMatch(/\d/);
  });
});

describe('/credits usage where Slack draws no charts', () => {
  it('says the figures in a table, and sends the chart as a picture that the asker alone sees', async () => {
    await withCalls({ charts: false });
    const answer = await bench.ask(bench.viewer, 'usage cus_acme 7d');
    expect(chartOf(answer)).toBeUndefined();
    expect(tableOf(answer)).toHaveLength(8);
    expect(wordsOf(answer)).toContain('• Credits: *36.2* (before: 0)');
    expect(wordsOf(answer)).toContain('The chart is in your messages with this app');
    const [picture] = bench.viewer.dm;
    expect(picture!.files).toMatchObject([
      {
        name: 'usage-7d.png',
        title: 'Credits a day, last 7 days: cusˍacme',
        altText: expect.stringMatching(/^Bar chart\./),
      },
    ]);
    expect(picture!.files[0]!.bytes!.subarray(0, 4)).toEqual(PNG);
    expect(bench.manager.dm).toEqual([]);
    expect(bench.slack.messages.filter(({ channel }) => channel.startsWith('C'))).toEqual([]);
  });

  it('asks Slack for a chart once a day, and not at each question', async () => {
    await withCalls({ charts: false });
    const refused = () => bench.slack.transcript.filter((entry) => entry.kind === 'response' && entry.status === 400);
    await bench.ask(bench.viewer, 'usage cus_acme 7d');
    await bench.ask(bench.manager, 'usage 30d');
    expect(refused()).toHaveLength(1);
  });

  it('says the figures although Slack takes no picture, and logs why', async () => {
    await withCalls({ charts: false });
    bench.slack.fail('conversations.open', { error: 'missing_scope' });
    const answer = await bench.ask(bench.viewer, 'usage cus_acme 7d');
    expect(wordsOf(answer)).toContain('took no picture of it either');
    expect(tableOf(answer)).toHaveLength(8);
    expect(bench.logger.lines).toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ event: 'slack_picture_refused' }) }),
    );
  });
});
