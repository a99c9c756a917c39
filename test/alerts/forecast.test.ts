import { expectedUse, forecast, paceOf } from '@talktime/core/alerts';
import { credits } from '../setup/world';

/** Days from the newest back, in credits. */
const used = (...days: number[]) => days.map((each) => credits(String(each)));
const steady = (days: number, each = 10) => used(...Array.from({ length: days }, () => each));
const days = (count: string) => credits(count); // millionths

describe('a forecast', () => {
  it.each([
    ['less than a day of history', '100', []],
    ['no use', '100', steady(5, 0)],
    ['more that came back than was used', '100', used(-5, 3)],
    ['nothing left', '0', steady(5)],
    ['a debt', '-3', steady(5)],
  ])('says nothing with %s', (_, posted, usage) => {
    expect(forecast(credits(posted), usage)).toBeNull();
  });

  it.each([1, 3, 7, 9, 14, 28])('of a steady pace over %i days is the balance by the pace', (history) => {
    expect(forecast(credits('75'), steady(history))).toMatchObject({ days: 7.5 });
  });

  it('holds its days between the ends of its range, which is wider the less is known', () => {
    const [fresh, known] = [forecast(credits('100'), steady(2))!, forecast(credits('100'), steady(28))!];
    for (const { from, days: expected, to } of [fresh, known]) {
      expect(from).toBeLessThan(expected);
      expect(to ?? Infinity).toBeGreaterThan(expected);
    }
    expect(known.to! - known.from).toBeLessThan((fresh.to ?? Infinity) - fresh.from);
  });

  it('is wider of days that vary', () => {
    const wild = used(...Array.from({ length: 28 }, (_, day) => (day % 4 === 0 ? 40 : 0)));
    const [calm, varied] = [forecast(credits('100'), steady(28))!, forecast(credits('100'), wild)!];
    expect(varied.to ?? Infinity).toBeGreaterThan(calm.to!);
    expect(varied.from).toBeLessThan(calm.from);
  });

  it('ends a range that goes on beyond a year nowhere', () => {
    expect(forecast(credits('4000'), steady(28))).toMatchObject({ days: 400, to: null });
    expect(forecast(credits('4000'), steady(28))!.from).toBeLessThanOrEqual(365);
  });

  it('knows the weekdays after two weeks: an office does not use credits on its weekend', () => {
    // The newest window is a Sunday: 0 on it and on the day before, 10 on each of the five before that.
    const office = used(...[0, 1, 2, 3].flatMap(() => [0, 0, 10, 10, 10, 10, 10]));
    expect(forecast(credits('50'), office)).toMatchObject({ days: 5 }); // Monday to Friday
    expect(forecast(credits('51'), office)).toMatchObject({ days: 7.1 }); // and the Monday after
    expect(expectedUse(paceOf(office), days('7'))).toBe(credits('50'));
  });

  it('follows a pace that changed', () => {
    const doubled = used(...Array.from({ length: 28 }, (_, day) => (day < 14 ? 20 : 10)));
    expect(forecast(credits('100'), doubled)!.days).toBeLessThan(6);
  });

  it('expects in N days what a balance lasts for N days: level and display agree', () => {
    const histories = [
      steady(3),
      used(3, 9, 4, 12, 0, 8, 2, 7, 7, 1),
      used(...[0, 1].flatMap(() => [0, 0, 9, 8, 12, 10, 11])),
    ];
    for (const usage of histories)
      for (const wanted of ['1', '2.5', '7', '30']) {
        const level = expectedUse(paceOf(usage), days(wanted))!;
        const lasts = (posted: bigint) => forecast(posted as typeof level, usage)!.days;
        expect(lasts(level)).toBeLessThanOrEqual(Number(wanted));
        expect(lasts(level + 1_000n)).toBeGreaterThan(Number(wanted));
      }
  });
});
