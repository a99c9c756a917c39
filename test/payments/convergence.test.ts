import fc from 'fast-check';
import { settleDuePayments } from '@talktime/core/payments';
import type { FakeStripe } from '../../server/demo/stripe';
import { Till } from './till';

/**
 * Random histories of payments at Stripe: opened, paid, declined, delayed, refunded, refunds that fail, disputes that
 * open, are lost and won; with webhooks that come at any time, in any order, several times or never, and requests to
 * Stripe that fail or lose their answers. In the end the wallet must have what an independent reading of Stripe's objects says.
 */
type Action =
  | { readonly do: 'open'; readonly cents: number }
  | { readonly do: 'pay'; readonly which: number; readonly with: string }
  | { readonly do: 'resolve'; readonly which: number; readonly comes: boolean }
  | { readonly do: 'expire'; readonly which: number }
  | { readonly do: 'refund'; readonly which: number; readonly share: number; readonly pending: boolean }
  | { readonly do: 'end refund'; readonly which: number; readonly fails: boolean }
  | { readonly do: 'dispute'; readonly which: number; readonly share: number; readonly warning: boolean }
  | { readonly do: 'end dispute'; readonly which: number; readonly as: 'won' | 'lost' | 'under_review' }
  | {
      readonly do: 'deliver';
      readonly seed: number;
      readonly share: number;
      readonly times: number;
      readonly atOnce: boolean;
    }
  | { readonly do: 'sync'; readonly which: number }
  | { readonly do: 'fault'; readonly address: string; readonly fault: 'cut before' | 'cut after' | 'server error' };

const which = fc.nat(20);
const CARDS = ['4242424242424242', '4242424242424242', '4000000000000002', 'delayed'];
const READS = [
  'GET /v1/payment_intents/:id',
  'GET /v1/checkout/sessions/:id',
  'GET /v1/refunds',
  'GET /v1/disputes',
  'GET /v1/refunds/:id',
];
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('open' as const), cents: fc.integer({ min: 500, max: 99_999 }) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pay' as const), which, with: fc.constantFrom(...CARDS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resolve' as const), which, comes: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), which }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      which,
      share: fc.integer({ min: 1, max: 100 }),
      pending: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end refund' as const), which, fails: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('dispute' as const),
      which,
      share: fc.integer({ min: 1, max: 100 }),
      warning: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end dispute' as const),
      which,
      as: fc.constantFrom('won' as const, 'lost' as const, 'under_review' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      seed: fc.nat(1_000_000),
      share: fc.integer({ min: 0, max: 100 }),
      times: fc.integer({ min: 1, max: 3 }),
      atOnce: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sync' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      address: fc.constantFrom(...READS),
      fault: fc.constantFrom('cut before' as const, 'cut after' as const, 'server error' as const),
    }),
  },
);

let till: Till;
beforeAll(async () => void (till = await Till.open()));
afterAll(() => till.close());

let histories = 0;
const RUNS = Number(process.env.TALKTIME_PAYMENT_RUNS ?? 12);

it(
  'whatever order, repetition, loss and delay of webhooks: the wallet ends with what Stripe says was paid',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 30 }), fc.nat(1_000_000), async (actions, seed) => {
        const customer = `cus_history_${++histories}`;
        await till.customer(customer);
        till.stripe.webhooks.hold();
        const payments = [await till.checkout(customer, { amount: '30' })];
        for (const each of actions) await perform(each, customer, payments);
        till.stripe.clearFaults();
        const isLossy = seed % 3 === 0;
        await till.stripe.webhooks.release({
          order: { shuffledBy: seed },
          times: 2,
          atOnce: seed % 2 === 0,
          drop: (event) => isLossy && (seed + event.created + event.id.charCodeAt(event.id.length - 1)) % 4 === 0,
        });
        await till.idle();
        // What was never told is found by looking, as the daily comparison does.
        if (isLossy) {
          await till.api.database.superuser('update talktime.payments set next_sync_at = clock_timestamp()');
          await settleDuePayments(till.api.payments!, till.api.partnerId, new AbortController().signal);
        }

        const { posted, disputed } = await till.balance(customer);
        expect({ posted, disputed }).toEqual(
          expected(
            till.stripe,
            payments.map(({ id }) => id),
          ),
        );
        expect(await till.findings()).toEqual([]);
      }),
      { numRuns: RUNS, ...(process.env.TALKTIME_SEED && { seed: Number(process.env.TALKTIME_SEED) }) },
    );
  },
  60_000 + RUNS * 15_000,
);

type Opened = Awaited<ReturnType<Till['checkout']>>;

/** Does it if it can be done now; a refusal of the fake (nothing left to refund, …) is one that Stripe would give, too. */
async function perform(action: Action, customer: string, payments: Opened[]): Promise<void> {
  const { stripe } = till;
  const chosen = 'which' in action ? payments[action.which % payments.length]! : payments[0]!;
  const intent = () => stripe.all('paymentIntent').find((each) => each.metadata.talktime_payment === chosen.id);
  const one = <T>(all: readonly T[], index: number): T | undefined => all[index % Math.max(1, all.length)];
  switch (action.do) {
    case 'open':
      payments.push(await till.checkout(customer, { amount: (action.cents / 100).toFixed(2) }));
      return;
    case 'pay':
      if (stripe.get('checkoutSession', chosen.session).status === 'open')
        stripe.pay(chosen.session, { with: action.with });
      return;
    case 'resolve':
      if (intent()?.status === 'processing') stripe.resolveDelayed(chosen.session, action.comes);
      return;
    case 'expire':
      if (stripe.get('checkoutSession', chosen.session).status === 'open') stripe.expire(chosen.session);
      return;
    case 'refund': {
      const paid = intent();
      if (paid?.status !== 'succeeded') return;
      const amount = Math.max(1, Math.floor((paid.amount_received * action.share) / 100));
      whatStripeRefuses(() => stripe.refund(paid.id, { amount, status: action.pending ? 'pending' : 'succeeded' }));
      return;
    }
    case 'end refund': {
      const refund = one(
        stripe.all('refund').filter((each) => each.payment_intent === intent()?.id),
        action.which,
      );
      if (refund && refund.status !== 'failed')
        whatStripeRefuses(() => stripe.setRefund(refund.id, action.fails ? 'failed' : 'succeeded'));
      return;
    }
    case 'dispute': {
      const paid = intent();
      if (paid?.status !== 'succeeded') return;
      const amount = Math.max(1, Math.floor((paid.amount_received * action.share) / 100));
      whatStripeRefuses(() =>
        stripe.dispute(paid.id, { amount, status: action.warning ? 'warning_needs_response' : 'needs_response' }),
      );
      return;
    }
    case 'end dispute': {
      const dispute = one(
        stripe.all('dispute').filter((each) => each.payment_intent === intent()?.id),
        action.which,
      );
      if (dispute) whatStripeRefuses(() => stripe.setDispute(dispute.id, action.as));
      return;
    }
    case 'deliver':
      await stripe.webhooks.deliver({
        all: true,
        order: { shuffledBy: action.seed },
        times: action.times,
        atOnce: action.atOnce,
        only: (event) => (event.created + event.id.charCodeAt(event.id.length - 1) * 13) % 100 < action.share,
      });
      return;
    case 'sync':
      await till.api.call('POST', `/v1/payments/${chosen.id}/sync`);
      return;
    case 'fault':
      stripe.script(action.address, action.fault, action.fault);
  }
}

function whatStripeRefuses(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error) || !/refund|disput|charge/i.test(error.message)) throw error;
  }
}

/** What the wallet must have, by reading Stripe's objects: at 100 credits for one dollar. Shares no code with the product. */
function expected(stripe: FakeStripe, paymentIds: readonly string[]): { posted: number; disputed: number } {
  let [posted, disputed] = [0n, 0n];
  for (const intent of stripe.all('paymentIntent')) {
    if (!paymentIds.includes(intent.metadata.talktime_payment ?? '') || intent.status !== 'succeeded') continue;
    const paid = BigInt(intent.amount_received);
    const credits = paid * 1_000_000n; // a cent is a credit
    const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + BigInt(amount), 0n);
    const refunds = stripe.all('refund').filter((each) => each.payment_intent === intent.id);
    const disputes = stripe.all('dispute').filter((each) => each.payment_intent === intent.id);
    const back = sum(
      refunds.filter(({ status }) => !['failed', 'canceled'].includes(status ?? '')).map(({ amount }) => amount),
    );
    const lost = sum(disputes.filter(({ status }) => status === 'lost').map(({ amount }) => amount));
    const open = sum(
      disputes.filter(({ status }) => ['needs_response', 'under_review'].includes(status)).map(({ amount }) => amount),
    );
    const share = (money: bigint) => {
      const capped = money > paid ? paid : money;
      return (2n * credits * capped + paid) / (2n * paid);
    };
    posted += credits - share(back + lost);
    disputed += share(back + lost + open) - share(back + lost);
  }
  return { posted: Number(posted) / 1e6, disputed: Number(disputed) / 1e6 };
}
