import fc from 'fast-check';
import type { StatementLine } from '@talktime/core/contract';
import { micro } from '@talktime/core/money';
import {
  barChart,
  barsOf,
  customerPlansMessage,
  HISTORY_PAGE,
  OFFERS_SHOWN,
  historyMessage,
  PLANS_SHOWN,
  plansMessage,
  readHistoryValue,
  readStandingsValue,
  REPORT_ROWS,
  reportMessage,
  scaleOf,
  STANDINGS_PAGE,
  standingsMessage,
  usageMessage,
  usageWithoutChartMessage,
  weeklyReportMessage,
  type Message,
} from '../../../bot/messages';
import { splitPeriod } from '../../../bot/commands/period';
import { cell, retype } from '../../../bot/messages/text';
import { pictureOf } from '../../../bot/picture';
import type { UsageShown } from '../../../bot/ports';
import { brokenLimits } from '../../../server/demo/slack/limits';
import { wordsOf } from './bench';

const MOST = micro(8_000_000_000_000_000n);
const USED = { calls: 1_234_567, minutes: 9_999_999_000_000n, credits: MOST, byCustomers: micro(1n) };
const days = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...USED,
    day: new Date(Date.UTC(2026, 8, 1 + index)).toISOString().slice(0, 10),
    credits: micro(BigInt(index) * 1_000_000n),
  }));
const usage = (count: number): UsageShown => ({
  days: days(count),
  elapsedDays: count - 0.5,
  total: USED,
  before: USED,
});

/** Every list as full as it gets, with one name throughout. */
function fullMessages(name: string): Message[] {
  const customer = { id: 'c'.repeat(64), name };
  const plan = {
    plan: {
      id: 'p1',
      name,
      description: name.repeat(20),
      credits: 7_999_999_999,
      minutes: null,
      price: 999_999,
      currency: 'USD',
      active: true,
      bonus: 0,
      expires_after_days: null,
      recurring: null,
      popular: true,
      created_at: '2026-11-01T00:00:00.000Z',
      updated_at: '2026-11-01T00:00:00.000Z',
    },
    visibleTo: 3,
  };
  const plans = { plans: Array.from({ length: PLANS_SHOWN }, () => plan), customers: 12_345, isAll: false };
  const line: StatementLine = {
    sequence: 1,
    type: 'Deducted',
    amount: -7_999_999_999.5,
    balance: 7_999_999_999.5,
    note: name.repeat(10),
    date: '2026-11-22T16:01:00.000Z',
    operation_id: '00000000-0000-4000-8000-000000000000',
    kind: 'adjustment',
    call: null,
    actor: 'key:x',
    receipt: null,
    receipt_url: `https://pay.stripe.com/receipts/payment/${'x'.repeat(400)}`,
  };
  const figures = { ...USED, sold: 10n ** 15n, cost: 9n * 10n ** 14n, callsWithoutCost: 1_000 };
  const report = {
    from: new Date('2026-11-16T00:00:00Z'),
    to: new Date('2026-11-23T00:00:00Z'),
    currency: 'USD',
    rows: Array.from({ length: REPORT_ROWS }, () => ({ ...figures, customerId: customer.id, name })),
    more: 12_345,
    total: figures,
  };
  const standing = {
    customerId: customer.id,
    name,
    payer: 'customer' as const,
    status: 'critical' as const,
    posted: MOST,
    minutesLeft: 123_456.7,
    runway: { days: 300, from: 200, to: null },
  };
  const standings = { standings: Array.from({ length: STANDINGS_PAGE }, () => standing), total: 20_000, omitted: 5 };
  return [
    ...[7, 30, 90].flatMap((count) => [
      usageMessage(usage(count), { customer, days: count, audience: 'partner' }),
      usageWithoutChartMessage(usage(count), { customer, days: count, audience: 'partner' }, false),
    ]),
    historyMessage(
      { lines: Array.from({ length: HISTORY_PAGE }, (_, sequence) => ({ ...line, sequence })), next: '9'.repeat(18) },
      customer,
      'partner',
      { customerId: customer.id, cursor: '9'.repeat(18) },
    ),
    plansMessage(plans, '/credits'),
    customerPlansMessage({ ...plans, plans: plans.plans.slice(0, OFFERS_SHOWN) }, true),
    customerPlansMessage({ ...plans, plans: plans.plans.slice(0, OFFERS_SHOWN) }, false),
    standingsMessage(standings, { lowOnly: false, page: 3 }, '/credits'),
    reportMessage(report, 30),
    weeklyReportMessage(report, '/credits'),
  ];
}

describe('the lists, as full as they get', () => {
  const anyName = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
    fc.constantFrom(
      '<!channel>',
      '&lt;!channel&gt;',
      '<https://evil.example|Pay>',
      '@here :skull:',
      'W'.repeat(200),
      '&'.repeat(200),
      '株式会社'.repeat(40),
    ),
  );

  it('stay within what Slack takes, and whatever a name is, nothing in them is live', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        for (const message of fullMessages(name)) {
          expect(brokenLimits({ text: message.text, blocks: message.blocks })).toEqual([]);
          const words = wordsOf(message);
          expect(words.replace(/<#C[A-Z0-9]+>/g, '')).not.toMatch(/[<>]/);
          expect(words).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u0000-\u0009\u000B-\u001F]/);
        }
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  it('hold no amount in a button', () => {
    for (const message of fullMessages('Acme')) {
      for (const block of message.blocks)
        if (block.type === 'actions')
          for (const { value = '', url } of block.elements)
            if (url === undefined) expect(value).toMatch(/^(all|low)\.\d+$|^c+\|9*$/);
            else expect(value).toBe('');
    }
  });

  it('for a customer name neither cost nor margin', () => {
    for (const message of fullMessages('Acme').slice(0, 10))
      expect(wordsOf(message)).not.toMatch(/\bcost|margin|markup/i);
  });
});

describe('a name in a table', () => {
  it.each([
    ['<!channel>', '‹!channel›'],
    ['Smith & Sons', 'Smith & Sons'],
    ['&lt;!here&gt;', '＆lt;!here＆gt;'],
    ['*bold*', '∗bold∗'],
  ])('%j is shown as %j, and can be copied into a command', (typed, said) => {
    expect(cell(typed)).toBe(said);
    expect(retype(said.replaceAll('＆lt;', '&lt;'))).not.toBe('');
  });
});

describe('bars', () => {
  it.each([
    [1, 1, 1],
    [7, 7, 1],
    [20, 20, 1],
    [21, 11, 2],
    [30, 15, 2],
    [90, 18, 5],
  ])('of %i days are %i, each %i wide', (count, bars, wide) => {
    const made = barsOf(days(count));
    expect(made).toHaveLength(bars);
    expect(made.at(-1)!.days).toBe(wide);
    expect(new Set(made.map(({ label }) => label)).size).toBe(bars);
    expect(made.reduce((sum, bar) => sum + bar.days, 0)).toBe(count);
  });

  it('are means of their days, and never below nothing', () => {
    const two = [
      { day: '2026-11-01', credits: -5n },
      { day: '2026-11-02', credits: 1n },
    ];
    expect(barsOf(two, 1)).toEqual([{ label: '1 Nov', days: 2, creditsADay: 0n }]);
    expect(
      barsOf(
        [
          { day: '2026-11-01', credits: 10n },
          { day: '2026-11-02', credits: 20n },
        ],
        1,
      )[0]!.creditsADay,
    ).toBe(15n);
  });

  it.each([
    [0, 1, 1],
    [0.03, 0.01, 0.03],
    [5, 1, 5],
    [24, 5, 25],
    [101, 50, 150],
    [8_000_000, 2_000_000, 8_000_000],
  ])('up to %d stand on lines every %d up to %d', (most, step, top) => {
    const scale = scaleOf(most);
    expect(scale.step).toBeCloseTo(step, 9);
    expect(scale.top).toBeCloseTo(top, 9);
  });

  it('are drawn as a picture with the font that comes along', async () => {
    const svg = barChart('Credits a day, <last> 7 days', barsOf(days(7)));
    expect(svg).toContain('&lt;last&gt;');
    expect(svg.match(/<rect/g)).toHaveLength(8);
    const png = await pictureOf(svg);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1440, 720]);
    const blank = await pictureOf(barChart('', barsOf(days(7))));
    expect(png.length).toBeGreaterThan(blank.length + 500); // the title is there: its glyphs take space
  });
});

describe('what was typed', () => {
  it.each([
    ['', { rest: '', days: 30, typed: '' }],
    ['7d', { rest: '', days: 7, typed: '7d' }],
    ['Acme Dental 30d', { rest: 'Acme Dental', days: 30, typed: '30d' }],
    ['Acme 90 days', { rest: 'Acme', days: 90, typed: '90 days' }],
    ['acme 14d', { rest: 'acme', days: null, typed: '14d' }],
    ['"Acme 30d"', { rest: '"Acme 30d"', days: 30, typed: '' }],
    ['Route66d', { rest: 'Route66d', days: 30, typed: '' }],
  ])('%j is a customer and a time', (argument, parts) => {
    expect(splitPeriod(argument, [7, 30, 90], 30)).toEqual(parts);
  });

  it('in a button that is not ours means nothing', () => {
    for (const value of ['', 'all.0', 'all.1x', 'low', 'all.999999']) expect(readStandingsValue(value)).toBeNull();
    for (const value of ['', 'cus_acme', 'a|b', 'a|1|2']) expect(readHistoryValue(value)).toBeNull();
    expect(readHistoryValue('|')).toEqual({ customerId: null, cursor: null });
  });
});
