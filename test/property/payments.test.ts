import type { Command } from '@talktime/core/ledger';
import type { Microcredits } from '@talktime/core/money';
import * as fc from 'fast-check';
import { Carrier, walletId } from './carrier';
import { show } from './compare';
import { runs } from './runs';
import { CUSTOMERS, PARTNER, type Setup } from './steps';

const START = Date.UTC(2026, 10, 22, 16);
const CREDIT = 1_000_000n;

/** What a provider may say at some time of the money of one payment. */
interface Totals {
  readonly refunded: bigint;
  readonly lost: bigint;
  readonly disputed: bigint;
  readonly openDisputes: number;
}
const money = fc.bigInt({ min: 0n, max: 70n });
const totals: fc.Arbitrary<Totals> = fc.record({
  refunded: money,
  lost: money,
  disputed: money,
  openDisputes: fc.nat({ max: 2 }),
});

const story = fc.record({
  funding: fc.constantFrom('independent' as const, 'allocated' as const),
  credits: fc.bigInt({ min: 1n, max: 100n * CREDIT }),
  bonus: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 20n * CREDIT })),
  used: fc.bigInt({ min: 0n, max: 120n * CREDIT }),
  /** What was told on the way, in two orders and with repetitions, and what is so in the end. */
  ways: fc.tuple(fc.array(totals, { maxLength: 8 }), fc.array(totals, { maxLength: 8 })),
  last: totals,
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

describe('take-backs of a payment', () => {
  it('end in the same balances for the same totals, in whatever order and however often they were told', () => {
    const property = fc.property(story, (told) => {
      const [one, other] = told.ways.map((way) => standings(told, [...way, told.last]));
      expect(one).toBe(other);
      expect(standings(told, [told.last, told.last])).toBe(one);
    });
    fc.assert(property, runs(400, 'memory'));
  }, 3_600_000);
});

/** How all wallets stand after a payment, some use, and what was told of the payment. */
function standings({ funding, credits, bonus, used }: Story, told: readonly Totals[]): string {
  const carrier = new Carrier('00000000-0000-4000-8000-000000000001', setup(funding), START);
  const host = { id: 'key:host', host: true };
  const [customerId] = CUSTOMERS;
  const wallet = { customerId };
  const amount = (value: bigint) => value as Microcredits;
  const paid: Command = {
    ...{ kind: 'payment', actor: host, payment: 'pi_1', wallet, grant: 'paid', costBasis: 0n },
    ...{ amount: amount(credits), bonus: amount(bonus) },
  };
  const use: Command = { kind: 'deduction', actor: host, key: 'use', wallet, amount: amount(used) };
  let now = START;
  // What is used beyond the balance is refused, and then nothing is.
  for (const command of [paid, use]) carrier.submit([command], ++now);
  for (const each of told)
    carrier.submit([{ kind: 'take_back', actor: host, payment: 'pi_1', paid: 60n, ...each }], ++now);
  return show(
    [PARTNER, ...CUSTOMERS].map((name) => {
      const { posted, held, disputed, openDisputes } = carrier.state.wallets.get(walletId(name))!;
      return { name, posted, held, disputed, openDisputes };
    }),
  );
}

function setup(funding: Setup['levels']['funding']): Setup {
  const rounding = { initial: 1, increment: 1 };
  const common = { threshold: null, alertLevels: [], notifications: false, rate: null, rounding };
  const settings = {
    ...common,
    ...{ aiCredits: true, grace: 0, overdraft: 0n, policy: 'debt' as const, maxCall: 60, maxConcurrent: null },
  };
  return {
    levels: { funding, trackCost: false },
    disputePolicy: 'hold',
    partner: { ...common, customerLevels: [] },
    customers: Object.fromEntries(CUSTOMERS.map((id) => [id, settings])),
    mappings: [],
  };
}
