import * as fc from 'fast-check';
import {
  CUSTOMERS,
  NOBODY,
  PARTNER,
  paymentName,
  requestName,
  revisionName,
  type AlertLevel,
  type Clues,
  type Facts,
  type History,
  type LedgerStep,
  type MappingStep,
  type OperationName,
  type PaymentStep,
  type Settings,
  type Setup,
  type Step,
  type TakeBackStep,
} from './steps';

/**
 * Random histories: a few customers with random settings, few calls and few keys, so that steps meet each other; amounts
 * at the edges among plain ones.
 */
export function histories(longest: number): fc.Arbitrary<History> {
  return fc
    .record({
      setup,
      opening: fc.subarray([PARTNER, ...CUSTOMERS]),
      paid: fc.subarray([...CUSTOMERS]),
      drafts: draftsOf(longest),
      calls: callTruths,
    })
    .map(({ setup: start, opening, paid, drafts, calls }) => {
      const first = paid.map(firstPayment);
      const steps = complete(first, drafts, calls).map((step) => possibleStep(start, step));
      return {
        setup: withPossibleSettings(withPossiblePolicies(start)),
        steps: [...opening.map(firstCredits), ...first, ...steps],
      };
    });
}

const CREDIT = 1_000_000n;
const LAST = 8_000_000_000n * CREDIT - 1n;

const plainAmount = fc.bigInt({ min: 1n, max: 200n * CREDIT });
const wholeAmount = fc.bigInt({ min: 1n, max: 100n }).map((credits) => credits * CREDIT);
const edgeAmount = fc.constantFrom(0n, 1n, 2n, CREDIT, LAST, LAST - 1n, LAST / 2n, LAST / 2n + 1n);
const amount = fc.oneof(
  { arbitrary: wholeAmount, weight: 6 },
  { arbitrary: plainAmount, weight: 5 },
  { arbitrary: edgeAmount, weight: 1 },
);

const wallet = fc.constantFrom(...CUSTOMERS, ...CUSTOMERS, PARTNER, PARTNER);
const customer = fc.oneof(
  { arbitrary: fc.constantFrom(...CUSTOMERS), weight: 19 },
  { arbitrary: fc.constant(NOBODY), weight: 1 },
);
const host = fc.oneof({ arbitrary: fc.constant(true), weight: 3 }, { arbitrary: fc.constant(false), weight: 2 });

const rounding = fc
  .constantFrom([1, 1], [1, 1], [6, 6], [30, 6], [60, 60])
  .map(([initial, increment]) => ({ initial: initial, increment: increment }));
const rate = fc.oneof(
  { arbitrary: fc.bigInt({ min: 1n, max: 20n }).map((credits) => credits * CREDIT), weight: 4 },
  { arbitrary: fc.bigInt({ min: 0n, max: 99n * CREDIT }), weight: 4 },
  { arbitrary: fc.constantFrom(0n, 1n, 7n, 99n * CREDIT), weight: 1 },
);
const overdraft = fc.oneof(
  { arbitrary: fc.constant(0n), weight: 4 },
  { arbitrary: plainAmount, weight: 2 },
  { arbitrary: edgeAmount, weight: 1 },
);
const grace = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 120 }), fc.constantFrom(1, 30, 3600));
const threshold = fc.oneof(
  { arbitrary: fc.constant(null), weight: 2 },
  { arbitrary: wholeAmount, weight: 3 },
  { arbitrary: amount, weight: 1 },
);
const whole = (units: bigint) => units * CREDIT;

/** The low ones above the critical ones of their kind, each once: the others are refused. */
const alertLevels: fc.Arbitrary<AlertLevel[]> = fc
  .uniqueArray(
    fc.oneof(
      fc.record({ kind: fc.constant('credits' as const), value: wholeAmount }),
      fc.record({ kind: fc.constant('percent' as const), value: fc.constantFrom(1n, 10n, 33n, 50n, 100n).map(whole) }),
      fc.record({ kind: fc.constant('percent' as const), value: fc.bigInt({ min: CREDIT, max: 100n * CREDIT }) }),
      fc.record({ kind: fc.constant('minutes' as const), value: fc.constantFrom(1n, 2n, 5n, 30n).map(whole) }),
      fc.record({ kind: fc.constant('minutes' as const), value: fc.bigInt({ min: 1n, max: 60n * CREDIT }) }),
      fc.record({ kind: fc.constant('days' as const), value: fc.constantFrom(1n, 3n, 365n).map(whole) }),
    ),
    { maxLength: 4, selector: ({ kind, value }) => `${kind} ${value}` },
  )
  .chain((all) => fc.nat({ max: all.length }).map((critical) => ({ all, critical })))
  .map(({ all, critical }) =>
    [...all]
      .sort((a, b) => (a.value < b.value ? -1 : 1))
      .map((each, index) => ({ ...each, status: index < critical ? ('critical' as const) : ('low' as const) })),
  );
const ownLevels = fc.option(alertLevels, { freq: 2 });
const policy = fc.constantFrom('debt' as const, 'partner' as const);

/** Mostly short, so that several calls fit, and ends come a little after their caps. */
const maxCall = fc.oneof(
  { arbitrary: fc.constantFrom(10, 30, 30, 60), weight: 4 },
  { arbitrary: fc.integer({ min: 1, max: 900 }), weight: 1 },
);
const maxConcurrent = fc.option(fc.integer({ min: 1, max: 2 }), { freq: 2 });

const settings: fc.Arbitrary<Settings> = fc.record({
  aiCredits: fc.oneof({ arbitrary: fc.constant(true), weight: 3 }, { arbitrary: fc.constant(false), weight: 1 }),
  grace,
  overdraft,
  threshold,
  alertLevels: ownLevels,
  notifications: fc.boolean(),
  policy,
  rate: fc.option(rate, { freq: 5 }),
  rounding,
  maxCall,
  maxConcurrent,
});

const AGENTS = ['agent_a', 'agent_b', 'agent_c'];
const NUMBERS = ['+14155550101', '+14155550102', '+14155550103'];
const TAGS = ['tag_a', 'tag_b'];

const mapping: fc.Arbitrary<MappingStep> = fc.oneof(
  fc.record({
    kind: fc.constant('mapping' as const),
    mapping: fc.constant('agent' as const),
    value: fc.constantFrom(...AGENTS),
    customer: fc.constantFrom(...CUSTOMERS),
  }),
  fc.record({
    kind: fc.constant('mapping' as const),
    mapping: fc.constant('phone_number' as const),
    value: fc.constantFrom(...NUMBERS),
    customer: fc.constantFrom(...CUSTOMERS),
  }),
  fc.record({
    kind: fc.constant('mapping' as const),
    mapping: fc.constant('metadata' as const),
    value: fc.constantFrom(...TAGS),
    customer: fc.constantFrom(...CUSTOMERS),
  }),
);

const levels: fc.Arbitrary<Setup['levels']> = fc.constantFrom(
  { funding: 'independent', trackCost: false },
  { funding: 'independent', trackCost: true },
  { funding: 'allocated', trackCost: false },
);

const setup: fc.Arbitrary<Setup> = fc.record({
  levels,
  disputePolicy: fc.constantFrom('hold', 'hold', 'stop'),
  partner: fc.record({
    threshold,
    alertLevels,
    customerLevels: alertLevels,
    notifications: fc.boolean(),
    rate: fc.option(rate, { freq: 5 }),
    rounding,
  }),
  customers: fc.record(Object.fromEntries(CUSTOMERS.map((id) => [id, settings]))),
  mappings: fc.array(mapping, { maxLength: 3 }),
});

/** The policy `partner` can be chosen only where the partner has a rate. */
function withPossiblePolicies(start: Setup): Setup {
  if (start.partner.rate !== null) return start;
  const customers = Object.entries(start.customers).map(([id, each]) => [id, { ...each, policy: 'debt' as const }]);
  return { ...start, customers: Object.fromEntries(customers) as Setup['customers'] };
}

/** Long ones mostly: what is rare needs several steps to come about. */
function draftsOf(longest: number): fc.Arbitrary<Draft[]> {
  const between = (minLength: number) => fc.array(draft, { minLength, maxLength: longest, size: 'max' });
  return fc.oneof({ arbitrary: between(1), weight: 1 }, { arbitrary: between(Math.ceil(longest / 2)), weight: 2 });
}

/** Most wallets begin with something, so that what is asked for later is not mostly refused. */
function firstCredits(name: string): Step {
  const usual = { priority: null, expires: null, starts: null, host: true };
  const credits = name === PARTNER ? 5_000n : 300n;
  return { kind: 'top_up', key: `first-${name}`, wallet: name, amount: credits * CREDIT, grant: 'paid', ...usual };
}

/** Some have paid for something already, so that there is mostly something to take back. It expires half way. */
function firstPayment(name: string): PaymentStep {
  const credits = { amount: 90n * CREDIT, bonus: 9n * CREDIT };
  return {
    kind: 'payment',
    host: true,
    payment: `pi_${name}`,
    wallet: name,
    ...credits,
    grant: 'paid',
    expires: 21_000,
  };
}

/** Customers of allocated credits have no overdraft and no grace. */
function withPossibleSettings(start: Setup): Setup {
  if (start.levels.funding === 'independent') return start;
  const customers = Object.entries(start.customers).map(([id, each]) => [id, { ...each, overdraft: 0n, grace: 0 }]);
  return { ...start, customers: Object.fromEntries(customers) as Setup['customers'] };
}

function possibleStep(start: Setup, step: Step): Step {
  if (start.levels.funding === 'independent' || step.kind !== 'settings') return step;
  const change = Object.fromEntries(
    Object.entries(step.change).filter(([name]) => !['overdraft', 'grace'].includes(name)),
  );
  return { ...step, change };
}

const CALLS = ['call-0', 'call-1', 'call-2', 'call/3:%', 'call-4', 'call-5', 'call-6', 'call-7'];

/** What a call really was: each report tells a part of it. */
interface CallTruth {
  readonly customer: string | null;
  readonly clues: Clues;
  readonly started: number | 'early' | null;
}
const callTruths: fc.Arbitrary<CallTruth[]> = fc.array(
  fc.record({
    customer: fc.oneof({ arbitrary: fc.constant(null), weight: 1 }, { arbitrary: customer, weight: 5 }),
    clues: fc.record({
      agent: fc.option(fc.constantFrom(...AGENTS), { freq: 2 }),
      from: fc.option(fc.constantFrom(...NUMBERS), { freq: 2 }),
      to: fc.option(fc.constantFrom(...NUMBERS), { freq: 2 }),
      direction: fc.constantFrom('inbound' as const, 'outbound' as const, null),
      metadata: fc.option(fc.constantFrom(...TAGS), { freq: 2 }),
    }),
    started: fc.oneof(fc.constant(null), fc.nat({ max: 12 }), fc.constant('early' as const)),
  }),
  { minLength: CALLS.length, maxLength: CALLS.length },
);

const seconds = fc.oneof(
  { arbitrary: fc.constantFrom(0, 1, 10, 29, 30, 31, 60, 61, 66, 120), weight: 4 },
  { arbitrary: fc.integer({ min: 0, max: 900 }), weight: 4 },
  { arbitrary: fc.constantFrom(3600, 7200), weight: 1 },
);
/**
 * A source either orders its events or does not: here webhooks do, fields and the provider's API do not. Of one source in
 * both ways rule 10 has no best report: a beats b by fewer seconds, b beats c by order, c beats a by fewer seconds.
 */
const facts: fc.Arbitrary<Facts> = fc
  .record({
    outcome: fc.constantFrom('connected', 'connected', 'connected', 'connected', 'unconnected', 'provider_fault'),
    milliseconds: fc.tuple(seconds, fc.constantFrom(0, 0, 0, 1, 200, 999)).map(([whole, part]) => whole * 1000 + part),
    cost: fc.option(fc.constantFrom(0n, 81_300n, 30_007n, 600_000n), { freq: 3 }),
    rank: fc.constantFrom(1 as const, 2 as const, 2 as const, 3 as const),
    order: fc.nat({ max: 4 }),
  })
  .map((each) => ({ ...each, order: each.rank === 2 ? each.order : null }));

/** A step before it knows what came before it: keys, calls and targets are still numbers. */
type Draft =
  | { readonly do: 'request'; readonly key: number | null; readonly make: (key: string) => LedgerStep }
  | {
      readonly do: 'reverse';
      readonly key: number | null;
      readonly of: number | null;
      readonly amount: bigint | null;
      readonly host: boolean;
    }
  | {
      readonly do: 'report';
      readonly call: number;
      readonly facts: Facts;
      readonly tells: readonly boolean[];
      readonly names: string;
      readonly host: boolean;
    }
  | {
      readonly do: 'move';
      readonly what: 'assign' | 'reassign' | 'dismiss';
      readonly call: number;
      readonly customer: string;
      readonly host: boolean;
    }
  | {
      readonly do: 'hold';
      readonly what: 'authorize' | 'extend' | 'release';
      readonly call: number;
      readonly names: string;
      readonly seconds: number | null;
      readonly host: boolean;
    }
  | {
      readonly do: 'pay';
      readonly which: number | null;
      readonly terms: Omit<PaymentStep, 'kind' | 'payment'>;
    }
  | {
      readonly do: 'back';
      readonly which: number;
      readonly totals: Omit<TakeBackStep, 'kind' | 'payment'>;
    }
  | { readonly do: 'again'; readonly which: number; readonly host: boolean }
  | { readonly do: 'step'; readonly step: Step };

/** Mostly a key of its own; now and then one that another step may have, too. */
const key = fc.oneof({ arbitrary: fc.constant(null), weight: 7 }, { arbitrary: fc.nat({ max: 7 }), weight: 1 });

/** Within what a history lasts, or a little beyond. Few, so that they meet. */
const moment = fc.nat({ max: 20 }).map((each) => each * 2_000 + 1_000);
export const LAST_MOMENT = 41_000;

const topUp = fc
  .record({
    key,
    host,
    wallet: fc.oneof({ arbitrary: wallet, weight: 15 }, { arbitrary: fc.constant(NOBODY), weight: 1 }),
    amount,
    grant: fc.constantFrom('paid' as const, 'bonus' as const),
    priority: fc.option(fc.constantFrom(5, 20, 30), { freq: 2 }).map((each) => (each === 5 ? null : each)),
    expires: fc.option(moment, { freq: 2 }),
    starts: fc.oneof({ arbitrary: fc.constant(null), weight: 5 }, { arbitrary: moment, weight: 1 }),
  })
  .map(
    ({ key: at, ...rest }): Draft => ({
      do: 'request',
      key: at,
      make: (name) => ({ kind: 'top_up', key: name, ...rest }),
    }),
  );
const deduction = fc.record({ key, host, wallet, amount }).map(
  ({ key: at, ...rest }): Draft => ({
    do: 'request',
    key: at,
    make: (name) => ({ kind: 'deduction', key: name, ...rest }),
  }),
);
const adjustment = fc
  .record({ key, host, wallet, amount: fc.tuple(amount, fc.boolean()).map(([size, up]) => (up ? size : -size)) })
  .map(
    ({ key: at, ...rest }): Draft => ({
      do: 'request',
      key: at,
      make: (name) => ({ kind: 'adjustment', key: name, ...rest }),
    }),
  );
const plan = fc
  .record({
    key,
    host,
    customer,
    plan: fc.constantFrom('starter', 'growth'),
    active: fc.oneof({ arbitrary: fc.constant(true), weight: 9 }, { arbitrary: fc.constant(false), weight: 1 }),
    terms: fc.oneof(
      amount.filter((credits) => credits > 0n).map((credits) => ({ credits })),
      fc.bigInt({ min: 1n, max: 300n * CREDIT }).map((minutes) => ({ minutes })),
      fc.constantFrom(100n * CREDIT, 1n, LAST).map((minutes) => ({ minutes })),
    ),
  })
  .map(
    ({ key: at, ...rest }): Draft => ({
      do: 'request',
      key: at,
      make: (name) => ({ kind: 'plan', key: name, ...rest }),
    }),
  );
/** Every third one takes more of what the one before took from. */
const reversal = fc.record({
  do: fc.constant('reverse' as const),
  key,
  of: fc.option(fc.nat({ max: 1000 }), { freq: 2 }),
  amount: fc.option(fc.oneof(amount, fc.bigInt({ min: 1n, max: 20n * CREDIT })), { freq: 2 }),
  host,
});
const report = fc.record({
  do: fc.constant('report' as const),
  call: fc.nat({ max: CALLS.length - 1 }),
  facts,
  tells: fc.array(fc.oneof({ arbitrary: fc.constant(true), weight: 3 }, { arbitrary: fc.constant(false), weight: 1 }), {
    minLength: 5,
    maxLength: 5,
  }),
  names: fc.oneof(
    { arbitrary: fc.constant('its customer' as const), weight: 5 },
    { arbitrary: fc.constant('no one' as const), weight: 3 },
    { arbitrary: customer, weight: 1 },
  ),
  host,
});
const move = fc.record({
  do: fc.constant('move' as const),
  what: fc.constantFrom(
    'assign' as const,
    'assign' as const,
    'reassign' as const,
    'reassign' as const,
    'dismiss' as const,
  ),
  call: fc.nat({ max: CALLS.length - 1 }),
  customer,
  host,
});
const hold = fc.record({
  do: fc.constant('hold' as const),
  what: fc.constantFrom(
    'authorize' as const,
    'authorize' as const,
    'authorize' as const,
    'extend' as const,
    'release' as const,
  ),
  call: fc.nat({ max: CALLS.length - 1 }),
  names: fc.oneof(
    { arbitrary: fc.constant('its customer' as const), weight: 6 },
    { arbitrary: fc.constant('no one' as const), weight: 1 },
    { arbitrary: customer, weight: 1 },
  ),
  seconds: fc.option(fc.integer({ min: 1, max: 300 }), { freq: 2 }),
  host,
});
const pay = fc.record({
  do: fc.constant('pay' as const),
  which: fc.option(fc.nat({ max: 5 }), { freq: 2 }),
  terms: fc.record({
    host,
    wallet: fc.oneof({ arbitrary: wallet, weight: 19 }, { arbitrary: fc.constant(NOBODY), weight: 1 }),
    amount,
    bonus: fc.oneof(fc.constant(0n), wholeAmount, plainAmount),
    grant: fc.constantFrom('paid' as const, 'paid' as const, 'plan' as const),
    expires: fc.option(moment, { freq: 1 }),
  }),
});
/** Mostly some of it, often all of it, and now and then more than was paid. */
const money = fc.oneof(
  { arbitrary: fc.constant(0n), weight: 6 },
  { arbitrary: fc.bigInt({ min: 1n, max: 60n }), weight: 6 },
  { arbitrary: fc.constantFrom(20n, 30n, 60n), weight: 3 },
  { arbitrary: fc.constant(61n), weight: 1 },
);
const back = fc.record({
  do: fc.constant('back' as const),
  which: fc.nat({ max: 5 }),
  totals: fc.record({
    host,
    paid: fc.constantFrom(60n, 60n, 60n, 60n, 7n),
    refunded: money,
    lost: money,
    disputed: money,
    open: fc.nat({ max: 2 }),
  }),
});
const again = fc.record({ do: fc.constant('again' as const), which: fc.nat({ max: 1000 }), host });
const change = fc
  .tuple(
    fc.oneof({ arbitrary: fc.constantFrom(...CUSTOMERS), weight: 4 }, { arbitrary: fc.constant(PARTNER), weight: 1 }),
    fc.record(
      {
        ...{
          aiCredits: fc.boolean(),
          grace,
          overdraft,
          threshold,
          alertLevels: ownLevels,
          customerLevels: alertLevels,
          notifications: fc.boolean(),
          policy,
          rate,
          rounding,
        },
        ...{ maxCall, maxConcurrent },
      },
      { requiredKeys: [] },
    ),
  )
  .map(([who, all]): Draft => {
    const { rate: newRate, threshold: level, notifications, rounding: rule, alertLevels: own, customerLevels } = all;
    const partners = { rate: newRate, threshold: level, notifications, rounding: rule, customerLevels };
    const customers = { ...all, customerLevels: undefined };
    const patch = who === PARTNER ? { ...partners, alertLevels: own === null ? [] : own } : customers;
    const told = Object.entries(patch).filter(([, value]) => value !== undefined);
    return { do: 'step', step: { kind: 'settings', customer: who, change: Object.fromEntries(told) } };
  });

const draft: fc.Arbitrary<Draft> = fc.oneof(
  { arbitrary: report, weight: 18 },
  { arbitrary: hold, weight: 14 },
  { arbitrary: topUp, weight: 6 },
  { arbitrary: deduction, weight: 3 },
  { arbitrary: adjustment, weight: 3 },
  { arbitrary: plan, weight: 2 },
  { arbitrary: reversal, weight: 4 },
  { arbitrary: pay, weight: 4 },
  { arbitrary: back, weight: 8 },
  { arbitrary: move, weight: 4 },
  { arbitrary: again, weight: 4 },
  { arbitrary: change, weight: 3 },
  { arbitrary: mapping.map((step): Draft => ({ do: 'step', step })), weight: 1 },
);

/** Gives each draft what it needs of those before it. */
function complete(first: readonly Step[], drafts: readonly Draft[], calls: readonly CallTruth[]): Step[] {
  const steps: Step[] = [...first];
  for (const [index, each] of drafts.entries()) {
    const ledgerSteps = steps.filter((step): step is LedgerStep => step.kind !== 'settings' && step.kind !== 'mapping');
    steps.push(stepOf(each, index, ledgerSteps, calls));
  }
  return steps.slice(first.length);
}

function stepOf(each: Draft, index: number, before: readonly LedgerStep[], calls: readonly CallTruth[]): Step {
  const keyOf = (at: number | null) => `key-${at ?? index}`;
  switch (each.do) {
    case 'step':
      return each.step;
    case 'request':
      return each.make(keyOf(each.key));
    case 'reverse': {
      const possible = targets(before);
      const latest = before.findLast((step) => step.kind === 'reversal');
      const target =
        each.of === null && latest ? latest.target : possible.at(-1 - ((each.of ?? 0) % (possible.length || 1)));
      return {
        kind: 'reversal',
        key: keyOf(each.key),
        target: target ?? requestName('never'),
        amount: each.amount,
        host: each.host,
      };
    }
    case 'pay':
      return { kind: 'payment', payment: `pi_${each.which ?? 6 + index}`, ...each.terms };
    case 'back': {
      // Mostly of the newest: what became of one payment is told several times.
      const paid = before.filter((step) => step.kind === 'payment').map((step) => step.payment);
      const payment = paid.at(-1 - Math.max(0, each.which - 3)) ?? 'pi_never';
      return { kind: 'take_back', payment, ...each.totals };
    }
    case 'report':
      return reportOf(each, calls[each.call]!);
    case 'move': {
      const { what, customer: to, host: asHost } = each;
      const common = { host: asHost, call: CALLS[each.call]! };
      return what === 'dismiss' ? { kind: what, ...common } : { kind: what, ...common, customer: to };
    }
    case 'hold': {
      const { what, call: index, seconds: to, host: asHost } = each;
      // What is authorised was mostly not heard of before; what is extended or released was mostly authorised.
      const unheard = CALLS.filter((id) => !before.some((step) => 'call' in step && step.call === id));
      const call = CALLS.indexOf(unheard[index % Math.max(1, unheard.length)] ?? CALLS[index]!);
      const truth = calls[call]!;
      const asked = before.filter((step) => step.kind === 'authorize').map((step) => step.call);
      const known = what === 'authorize' ? undefined : asked.at(-1 - (index % Math.max(1, asked.length)));
      const common = { host: asHost, call: known ?? CALLS[call]! };
      if (what === 'release') return { kind: what, ...common };
      if (what === 'extend') return { kind: what, ...common, to };
      return { kind: what, ...common, clues: truth.clues, customer: namedBy(each.names, truth), minimum: to ?? 30 };
    }
    case 'again': {
      const step = before[each.which % Math.max(1, before.length)];
      if (step) return { ...step, host: each.host };
      return { kind: 'dismiss', host: each.host, call: CALLS[0]! };
    }
  }
}

function reportOf(each: Extract<Draft, { do: 'report' }>, truth: CallTruth): Step {
  const [agent, from, to, direction, metadata] = each.tells;
  const clues: Clues = {
    agent: agent ? truth.clues.agent : null,
    from: from ? truth.clues.from : null,
    to: to ? truth.clues.to : null,
    direction: direction ? truth.clues.direction : null,
    metadata: metadata ? truth.clues.metadata : null,
  };
  const { started } = truth;
  return {
    kind: 'call',
    host: each.host,
    call: CALLS[each.call]!,
    facts: each.facts,
    started,
    clues,
    customer: namedBy(each.names, truth),
  };
}

function namedBy(names: string, truth: CallTruth): string | null {
  return names === 'its customer' ? truth.customer : names === 'no one' ? null : names;
}

/** What may be there to reverse: requests by their keys, and the first revisions of calls. */
function targets(before: readonly LedgerStep[]): OperationName[] {
  return before.flatMap((step) => {
    if ('key' in step) return [requestName(step.key)];
    if (step.kind === 'payment') return [paymentName(step.payment), paymentName(`${step.payment}:bonus`)];
    if (step.kind === 'take_back') return [];
    if (step.kind === 'dismiss' || step.kind === 'extend' || step.kind === 'release') return [];
    return [revisionName(step.call, 1), revisionName(step.call, 1), revisionName(step.call, 2)];
  });
}
