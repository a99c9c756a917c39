import { claimWeeklyReport } from '@talktime/core/access';
import { postWeeklyReport, type PostReport } from '@talktime/core/jobs';
import { singleWorkspace } from '../../../bot/ports';
import { weeklyReportPoster } from '../../../server/slack/weekly-report';
import type { TestDatabase } from '../../setup/database';
import { World } from '../../setup/world';
import { startBench, tableOf, wordsOf, type Bench } from './bench';

let test: TestDatabase;
let bench: Bench;
beforeAll(async () => void (test = await World.open()));
afterAll(() => test.drop());
beforeEach(async () => void (bench = await startBench(test)));
afterEach(() => bench.stop());

describe('/credits report', () => {
  it('shows usage, markup and margin by customer, each by its right name, and the total', async () => {
    await bench.world.customer('cus_zen', '1000');
    await bench.call('cus_acme', 0, 60, '0.08'); // 12 credits: 0.12 USD
    await bench.call('cus_acme', 40, 60, '0.08');
    await bench.call('cus_zen', 1, 120, '0.30'); // 24 credits: 0.24 USD
    await bench.call('cus_zen', 1, 60); // nobody told what it cost
    const answer = await bench.ask(bench.viewer, 'report');
    expect(tableOf(answer)).toEqual([
      ['Customer', 'Calls', 'Minutes', 'Credits', 'Sold for', 'Cost', 'Markup', 'Margin'],
      ['cusˍzen', '2', '3', '36', '$0.24', '$0.30', '-20.0 %', '-25.0 %'],
      ['cusˍacme', '1', '1', '12', '$0.12', '$0.08', '50.0 %', '33.3 %'],
      ['Total', '3', '4', '48', '$0.36', '$0.38', '-5.3 %', '-5.6 %'],
    ]);
    expect(wordsOf(answer)).toContain('1 call has no known cost');
    expect(tableOf(await bench.ask(bench.viewer, 'report 30d'))).toHaveLength(4);
  });

  it('without any known cost shows no margin, rather than one of 100 %', async () => {
    await bench.call('cus_acme', 0, 60);
    const answer = await bench.ask(bench.viewer, 'report');
    expect(tableOf(answer)[1]).toEqual(['cusˍacme', '1', '1', '12', '–', '–', '–', '–']);
    expect(wordsOf(answer)).toContain('Nobody told what the calls cost');
  });

  it("is never for a customer's people, nor for a customer's channel", async () => {
    await bench.call('cus_acme', 0, 60, '0.08');
    for (const answer of [await bench.ask(bench.client, 'report'), await bench.ask(bench.manager, 'report', 'C0ACME')])
      expect(wordsOf(answer)).not.toMatch(/margin|markup|\$/i);
  });

  it('of no calls, and of a time that it does not know, says so', async () => {
    expect(wordsOf(await bench.ask(bench.viewer, 'report'))).toContain('No calls were charged.');
    expect(wordsOf(await bench.ask(bench.viewer, 'report 90d'))).toContain('`/credits report 30d`');
  });
});

describe('the weekly report', () => {
  const WEEK = 7 * 24 * 60 * 60 * 1000;
  /** The next Monday at 08:00 UTC, and moments around it. */
  const monday = () => {
    const now = new Date();
    const days = (8 - now.getUTCDay()) % 7 || 7;
    return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + days, 8);
  };
  const poster = (): PostReport =>
    weeklyReportPoster(test.database, {
      installations: singleWorkspace('xoxb-bright'),
      apiUrl: bench.slack.apiUrl,
      logger: bench.logger,
    });
  const run = (now: number, post = poster()) => postWeeklyReport(test.database, bench.world.partnerId, post, now);
  const posted = () => bench.slack.messages.filter(({ channel }) => channel === 'C0ALERTS');

  it('is switched on and off by those who may, and says when and where it comes', async () => {
    expect(wordsOf(await bench.ask(bench.viewer, 'report weekly'))).toContain('is off');
    expect(wordsOf(await bench.ask(bench.viewer, 'report weekly on'))).toContain('This is for owners and managers.');
    expect(wordsOf(await bench.ask(bench.manager, 'report weekly on'))).toContain(
      'comes to <#C0ALERTS> on Mondays at 08:00 UTC',
    );
    expect(wordsOf(await bench.ask(bench.manager, 'report weekly off'))).toContain('is off');
  });

  it('comes once, on Monday at eight and not before, about the week before', async () => {
    await bench.ask(bench.manager, 'report weekly on');
    await run(monday() - 60_000);
    expect(posted()).toEqual([]);
    await bench.call('cus_acme', 0, 60, '0.08');
    await Promise.all([run(monday()), run(monday()), run(monday() + 60_000)]);
    await run(monday() + WEEK / 2);
    const [message, ...more] = posted();
    expect(more).toEqual([]);
    expect(wordsOf(message!)).toContain('Last week, Monday to Sunday');
    expect(tableOf(message!)[1]).toEqual(['cusˍacme', '1', '1', '12', '$0.12', '$0.08', '50.0 %', '33.3 %']);
    await run(monday() + WEEK);
    expect(posted()).toHaveLength(2);
    expect(wordsOf(posted()[1]!)).toContain('No calls were charged.');
  });

  it('does not come for a week in which it was off when it was due', async () => {
    await run(monday());
    await bench.ask(bench.manager, 'report weekly on');
    await run(monday() - WEEK + 86_400_000);
    expect(posted()).toEqual([]);
  });

  it('that Slack refuses is told by the command, tried again, and posted once', async () => {
    await bench.ask(bench.manager, 'report weekly on');
    bench.slack.script(
      'chat.postMessage',
      { error: 'not_in_channel' },
      { status: 429, headers: { 'retry-after': '900' } },
    );
    await run(monday());
    expect(wordsOf(await bench.ask(bench.viewer, 'report weekly'))).toContain('Slack answered notˍinˍchannel.');
    await run(monday() + 60_000); // not yet
    await run(monday() + 5 * 60_000);
    await run(monday() + 10 * 60_000); // Slack asked to wait a quarter of an hour
    expect(posted()).toEqual([]);
    await run(monday() + 20 * 60_000);
    await run(monday() + 3 * 60 * 60_000);
    expect(posted()).toHaveLength(1);
    expect(wordsOf(await bench.ask(bench.viewer, 'report weekly'))).toContain('comes to <#C0ALERTS>');
  });

  it('whose process died is taken over after five minutes', async () => {
    await bench.ask(bench.manager, 'report weekly on');
    expect(await claimWeeklyReport(test.database, bench.world.partnerId, monday())).not.toBeNull();
    await run(monday() + 4 * 60_000);
    expect(posted()).toEqual([]);
    await run(monday() + 5 * 60_000);
    expect(posted()).toHaveLength(1);
  });
});
