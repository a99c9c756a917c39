import { micro, MICROCREDITS_PER_CREDIT } from '@talktime/core/money';
import fc from 'fast-check';
import { fromMinor, minorUnitsOf, priceOfCredits } from '../../../core/payments/currency';
import {
  ATTEMPTS,
  decideRecharge,
  PAUSE_AFTER_FAILURE,
  startOfMonth,
  type RechargeFacts,
} from '../../../core/payments/recharge/decide';

const credits = (whole: number) => micro(BigInt(whole) * MICROCREDITS_PER_CREDIT);
const NOW = Date.UTC(2026, 10, 25, 12);

const usual: RechargeFacts = {
  terms: {
    enabled: true,
    state: 'active',
    threshold: credits(100),
    goal: { target: credits(1000) },
    monthlyMoney: 500_000_000n,
    monthlyCount: 10,
    currency: 'USD',
    failedAt: null,
  },
  posted: credits(50),
  card: 'saved',
  currency: 'USD',
  creditValue: 10_000n,
  mostAtOnce: 1_000_000_000n,
  history: { underWay: false, recent: [], monthCount: 0, monthMoney: 0n },
  disputed: false,
  now: NOW,
};

describe('the decision', () => {
  it('charges what is lacking to the target', () => {
    expect(decideRecharge(usual)).toEqual({ do: 'charge', credits: credits(950), amount: 950n });
  });

  it.each<[string, Partial<RechargeFacts>]>([
    ['off', { terms: { ...usual.terms, enabled: false } }],
    ['suspended', { terms: { ...usual.terms, state: 'suspended' } }],
    ['needs_action', { terms: { ...usual.terms, state: 'needs_action' } }],
    ['under_way', { history: { ...usual.history, underWay: true } }],
    ['above_threshold', { posted: micro(credits(100) + 1n) }],
    ['disputed', { disputed: true }],
    ['no_card', { card: 'none' }],
    ['not_ready', { card: 'not_ready' }],
    ['currency_changed', { currency: 'EUR' }],
    ['monthly_count', { history: { ...usual.history, monthCount: 10 } }],
    ['monthly_money', { history: { ...usual.history, monthMoney: 49_051n } }],
    ['failed_lately', { terms: { ...usual.terms, failedAt: NOW - PAUSE_AFTER_FAILURE + 1 } }],
    ['too_soon', { history: { ...usual.history, recent: [NOW - 1, NOW - ATTEMPTS.milliseconds + 1] } }],
  ])('does nothing: %s', (why, change) => {
    expect(decideRecharge({ ...usual, ...change })).toMatchObject({ do: 'nothing', why });
  });

  it('a cap that is met to the coin is not gone beyond', () => {
    const facts = (monthMoney: bigint) => ({ ...usual, history: { ...usual.history, monthMoney } });
    expect(decideRecharge(facts(49_050n))).toMatchObject({ do: 'charge' });
    expect(decideRecharge(facts(49_051n))).toMatchObject({ why: 'monthly_money', until: Date.UTC(2026, 11, 1) });
  });

  it('takes no more at once than may be paid at once; the rest follows', () => {
    const decision = decideRecharge({ ...usual, posted: credits(-400_000), mostAtOnce: 400_000_000n });
    expect(decision).toEqual({ do: 'charge', credits: credits(40_000), amount: 40_000n });
  });

  it('the month begins at midnight in UTC, and after December comes January', () => {
    expect(startOfMonth(Date.UTC(2026, 11, 31, 23, 59))).toBe(Date.UTC(2026, 11, 1));
    expect(startOfMonth(Date.UTC(2026, 11, 31, 23, 59), 1)).toBe(Date.UTC(2027, 0, 1));
  });
});

describe('whatever the facts', () => {
  const amount = (most: bigint) => fc.bigInt({ min: 1n, max: most });
  const facts: fc.Arbitrary<RechargeFacts> = fc
    .record({
      enabled: fc.constantFrom(true, true, true, false),
      state: fc.constantFrom('active', 'active', 'active', 'suspended', 'needs_action'),
      threshold: amount(10n ** 12n),
      above: amount(10n ** 12n),
      byTarget: fc.boolean(),
      monthlyMoney: amount(10n ** 13n),
      monthlyCount: fc.integer({ min: 5, max: 40 }),
      failedAgo: fc.option(fc.integer({ min: 0, max: 3 * PAUSE_AFTER_FAILURE })),
      posted: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
      card: fc.constantFrom('saved', 'saved', 'none', 'not_ready'),
      currency: fc.constantFrom('USD', 'JPY', 'KWD'),
      creditValue: amount(5_000_000n),
      mostAtOnce: fc.bigInt({ min: 5_000_000n, max: 10n ** 10n }),
      underWay: fc.constantFrom(false, false, false, true),
      recent: fc.array(fc.integer({ min: 0, max: 4 * ATTEMPTS.milliseconds }), { maxLength: 4 }),
      monthCount: fc.integer({ min: 0, max: 20 }),
      monthMoney: fc.bigInt({ min: 0n, max: 1_000_000n }),
      disputed: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    })
    .map((r) => ({
      terms: {
        enabled: r.enabled,
        state: r.state,
        threshold: micro(r.threshold),
        goal: r.byTarget ? { target: micro(r.threshold + r.above) } : { amount: micro(r.above) },
        monthlyMoney: r.monthlyMoney,
        monthlyCount: r.monthlyCount,
        currency: r.currency,
        failedAt: r.failedAgo === null ? null : NOW - r.failedAgo,
      },
      posted: micro(r.posted),
      card: r.card,
      currency: r.currency,
      creditValue: r.creditValue,
      mostAtOnce: r.mostAtOnce,
      history: {
        underWay: r.underWay,
        recent: r.recent.map((ago) => NOW - ago),
        monthCount: r.monthCount,
        monthMoney: r.monthMoney,
      },
      disputed: r.disputed,
      now: NOW,
    }));

  it('what is charged was asked for, is within every limit, and pays for its credits to the coin', () => {
    let charged = 0;
    fc.assert(
      fc.property(facts, (given) => {
        const decision = decideRecharge(given);
        if (decision.do === 'nothing') return;
        charged++;
        const { terms, history } = given;
        expect(terms.enabled && terms.state === 'active' && given.card === 'saved' && !history.underWay).toBe(true);
        expect(given.posted <= terms.threshold).toBe(true);
        expect(history.monthCount).toBeLessThan(terms.monthlyCount);
        expect(fromMinor(history.monthMoney + decision.amount, given.currency) <= terms.monthlyMoney).toBe(true);
        expect(history.recent.filter((at) => at + ATTEMPTS.milliseconds > NOW).length).toBeLessThan(ATTEMPTS.most);
        expect(terms.failedAt === null || terms.failedAt + PAUSE_AFTER_FAILURE <= NOW).toBe(true);
        expect(decision.credits > 0n && decision.amount > 0n).toBe(true);
        const wanted = 'target' in terms.goal ? terms.goal.target - given.posted : terms.goal.amount;
        expect(decision.credits <= wanted).toBe(true);
        const money = fromMinor(decision.amount, given.currency);
        const price = priceOfCredits(decision.credits, given.creditValue);
        const coin = (given.currency === 'KWD' ? 10n : 1n) * (1_000_000n / minorUnitsOf(given.currency));
        expect(money >= price && money - price < coin).toBe(true);
        if (decision.credits < wanted) expect(price <= given.mostAtOnce || decision.credits === 1n).toBe(true);
      }),
      { numRuns: 6000 },
    );
    expect(charged).toBeGreaterThan(200);
  });

  it('a moment to look again lies ahead, and by then the reason is over or another one holds', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const decision = decideRecharge(given);
        if (decision.do === 'charge' || decision.until === null) return;
        expect(decision.until).toBeGreaterThan(NOW);
        const history = decision.why.startsWith('monthly')
          ? { ...given.history, monthCount: 0, monthMoney: 0n }
          : given.history;
        const then = decideRecharge({ ...given, history, now: decision.until });
        // One top-up alone may be beyond the cap: then only another cap helps.
        if (then.do === 'nothing' && then.why !== 'monthly_money') expect(then.why).not.toBe(decision.why);
      }),
      { numRuns: 6000 },
    );
  });
});
