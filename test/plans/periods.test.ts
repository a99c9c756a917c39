import { periodsSince, periodStart, type Recurrence } from '@talktime/core/money';
import fc from 'fast-check';

const at = (text: string) => Date.parse(text);
const month: Recurrence = { unit: 'month', every: 1 };
const start = (anchor: string, recurrence: Recurrence, count: number) =>
  new Date(periodStart(at(anchor), recurrence, count)).toISOString();

describe('periods', () => {
  it('are counted from the anchor, so that short months cost nobody a day', () => {
    const anchor = '2027-01-31T10:20:30.400Z';
    expect([1, 2, 3, 12, 13].map((count) => start(anchor, month, count))).toEqual([
      '2027-02-28T10:20:30.400Z',
      '2027-03-31T10:20:30.400Z',
      '2027-04-30T10:20:30.400Z',
      '2028-01-31T10:20:30.400Z',
      '2028-02-29T10:20:30.400Z',
    ]);
    expect(start('2028-02-29T00:00:00.000Z', { unit: 'year', every: 1 }, 1)).toBe('2029-02-28T00:00:00.000Z');
    expect(start('2028-02-29T00:00:00.000Z', { unit: 'year', every: 1 }, 4)).toBe('2032-02-29T00:00:00.000Z');
    expect(start('2027-03-27T23:00:00.000Z', { unit: 'week', every: 2 }, 1)).toBe('2027-04-10T23:00:00.000Z');
  });

  const anchors = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2050-01-01T00:00:00Z') });
  const recurrences = fc.record({
    unit: fc.constantFrom('day', 'week', 'month', 'year'),
    every: fc.integer({ min: 1, max: 12 }),
  });

  it('agree with a calendar that is walked day by day', () => {
    fc.assert(
      fc.property(anchors, recurrences, fc.integer({ min: 0, max: 12 }), (anchor, recurrence, count) => {
        expect(periodStart(anchor, recurrence, count)).toBe(walked(anchor, recurrence, count));
      }),
      { numRuns: 200 },
    );
  });

  it('follow one another without a gap, and every moment lies in one', () => {
    fc.assert(
      fc.property(anchors, recurrences, fc.double({ min: 0, max: 1, noNaN: true }), (anchor, recurrence, where) => {
        const now = anchor + Math.floor(where * 20 * 366 * 86_400_000);
        const count = periodsSince(anchor, recurrence, now);
        expect(periodStart(anchor, recurrence, count)).toBeLessThanOrEqual(now);
        expect(periodStart(anchor, recurrence, count + 1)).toBeGreaterThan(now);
      }),
      { numRuns: 500 },
    );
  });
});

/** The model: a day at a time, by year, month and day; no arithmetic of Date's but the next day. */
function walked(anchor: number, { unit, every }: Recurrence, count: number): number {
  const wantedDay = new Date(anchor).getUTCDate();
  let moment = anchor;
  const next = () => (moment += 86_400_000);
  if (unit === 'day' || unit === 'week') {
    for (let days = every * count * (unit === 'week' ? 7 : 1); days > 0; days--) next();
    return moment;
  }
  let months = every * count * (unit === 'year' ? 12 : 1);
  if (months === 0) return anchor;
  while (months > 0) {
    const before = new Date(moment).getUTCMonth();
    next();
    if (new Date(moment).getUTCMonth() !== before) months--;
  }
  // The first of the month it is now; on to the day, or to the month's last.
  for (;;) {
    const today = new Date(moment);
    const isLast = new Date(moment + 86_400_000).getUTCMonth() !== today.getUTCMonth();
    if (today.getUTCDate() === wantedDay || isLast) return moment;
    next();
  }
}
