import {
  moneyToCredits,
  parseDecimal,
  price,
  rateAt,
  secondsCovered,
  toJsonNumber,
  type Rate,
  type Rounding,
} from '@talktime/core/money';
import fc from 'fast-check';
import { credits } from '../setup/world';

const rule = (text: string): Rounding => {
  const [initialSeconds, incrementSeconds] = text.split('/').map(Number) as [number, number];
  return { initialSeconds, incrementSeconds };
};
const rate = (perMinute: string, rounding = '1/1') => ({
  creditsPerMinute: credits(perMinute),
  rounding: rule(rounding),
});

describe('rule 1, precision', () => {
  it.each([
    ['12.2', 12_200_000n],
    ['0.000001', 1n],
    ['-5', -5_000_000n],
    ['1.500000000', 1_500_000n],
    ['7999999999.999999', 7_999_999_999_999_999n],
  ])('reads %s from its text', (text, microcredits) => {
    expect(parseDecimal(text)).toEqual({ ok: true, value: microcredits });
  });

  it.each([
    ['0.0000001', 'NUMBER_PRECISION'],
    ['1e-7', 'NUMBER_PRECISION'],
    ['8000000000', 'NUMBER_RANGE'],
    ['1,000', 'NUMBER_INVALID'],
    ['twelve', 'NUMBER_INVALID'],
    ['', 'NUMBER_INVALID'],
    ['0x10', 'NUMBER_INVALID'],
    ['NaN', 'NUMBER_INVALID'],
  ])('refuses %s', (text, refusal) => {
    expect(parseDecimal(text)).toEqual({ ok: false, refusal });
  });

  it('survives a JSON number at every amount below the limit', () => {
    fc.assert(
      fc.property(fc.bigInt(-7_999_999_999_999_999n, 7_999_999_999_999_999n), (value) => {
        const back = parseDecimal(String(JSON.parse(JSON.stringify(toJsonNumber(value)))));
        // Below a millionth of the range a number prints with an exponent; what we send is read by the far side as the same number.
        return back.ok ? back.value === value : Math.abs(toJsonNumber(value)) < 1e-6 * 2;
      }),
    );
  });
});

describe('rule 2, price', () => {
  const table: [raw: number, prices: Record<string, string>][] = [
    [0, { '1/1': '0', '6/6': '0', '30/6': '0', '60/60': '0' }],
    [1, { '1/1': '0.2', '6/6': '1.2', '30/6': '6', '60/60': '12' }],
    [10, { '1/1': '2', '6/6': '2.4', '30/6': '6', '60/60': '12' }],
    [31, { '1/1': '6.2', '6/6': '7.2', '30/6': '7.2', '60/60': '12' }],
    [61, { '1/1': '12.2', '6/6': '13.2', '30/6': '13.2', '60/60': '24' }],
    [60.2, { '1/1': '12.2', '6/6': '13.2', '30/6': '13.2', '60/60': '24' }],
    [31, { '30/60': '18' }], // 90 seconds, not 60
  ];
  it.each(
    table.flatMap(([raw, prices]) =>
      Object.entries(prices).map(([rounding, expected]) => [raw, rounding, expected] as const),
    ),
  )('%s s at 12 a minute, %s: %s', (raw, rounding, expected) => {
    expect(price(raw * 1000, rate('12', rounding))).toBe(credits(expected));
  });

  it('is rounded once, half away from zero, to the microcredit', () => {
    expect(price(1000, rate('0.00003'))).toBe(1n); // 0.5 microcredits
    expect(price(1000, rate('0.000029'))).toBe(0n);
  });

  it('is bounded below by what its seconds cover, exactly', () => {
    const seconds = fc.integer({ min: 0, max: 100_000 });
    const terms = fc.record({
      perMinute: fc.bigInt(1n, 10_000_000_000n),
      initialSeconds: fc.integer({ min: 1, max: 90 }),
      incrementSeconds: fc.integer({ min: 1, max: 90 }),
    });
    fc.assert(
      fc.property(seconds, terms, (raw, { perMinute, initialSeconds, incrementSeconds }) => {
        const of = { creditsPerMinute: perMinute, rounding: { initialSeconds, incrementSeconds } } as unknown as Rate;
        const cost = price(raw * 1000, of);
        const covered = secondsCovered(cost, of);
        // What a price covers costs no more than it, and one increment further costs more.
        return (
          cost === 0n || (covered >= raw && price(covered * 1000, of) <= cost && price((covered + 1) * 1000, of) > cost)
        );
      }),
    );
  });

  it('takes a price in money at what a credit is worth', () => {
    expect(moneyToCredits(credits('0.12'), credits('0.01'))).toBe(credits('12'));
    expect(moneyToCredits(credits('0.1'), credits('0.03'))).toBe(credits('3.333333'));
  });
});

describe('rule 3, which rate', () => {
  const versions: Rate[] = [
    { ...rate('10'), version: 1, effectiveFrom: 1000 },
    { ...rate('12'), version: 2, effectiveFrom: 2000 },
  ];
  it.each([
    [999, 1, 'a call before the first version uses the first'],
    [1000, 1, ''],
    [1999, 1, ''],
    [2000, 2, ''],
    [9999, 2, ''],
  ])('at %s: version %s %s', (at, version) => {
    expect(rateAt(versions, at)?.version).toBe(version);
  });

  it('is none without a version', () => {
    expect(rateAt([], 1000)).toBeUndefined();
  });
});
