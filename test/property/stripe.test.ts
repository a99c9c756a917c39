import fc from 'fast-check';
import { reconcile } from '@talktime/core/payments';
import type { FakeStripe } from '../../server/demo/stripe';
import { Till } from '../payments/till';
import { runs } from './runs';
import { action, History, luckOf } from './stripe-actions';

/**
 * Random histories of payments: checkouts that are paid, declined, delayed or left; automatic top-ups by two processes at
 * once; refunds, refunds that fail, disputes that open, are lost and won; with webhooks that come at any time, in any
 * order, several times or never, and requests to Stripe that fail or lose their answers. In the end the wallet must have
 * what an independent reading of Stripe's objects says.
 */
let till: Till;
beforeAll(async () => void (till = await Till.open()));
afterAll(() => till.close());

const GOOD = '4242424242424242';
const DECLINES_LATER = '4000000000000341';
let histories = 0;
const parameters = runs<[unknown[], number]>(5, 'stripe');

it(
  'whatever order, repetition, loss and delay of webhooks: the wallet ends with what Stripe says was paid',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 12, maxLength: 40, size: 'max' }),
        fc.nat(1_000_000),
        async (actions, seed) => {
          const customer = `cus_history_${++histories}`;
          await till.customer(customer);
          till.stripe.webhooks.hold();
          const history = new History(till, customer);
          // Mostly there is something paid, and a card, to begin with.
          await history.perform({ do: 'open', cents: 3000, saves: true });
          if (seed % 5 > 0)
            await history.perform({ do: 'pay', which: 0, with: seed % 4 === 0 ? DECLINES_LATER : GOOD });
          if (seed % 7 > 0) await history.perform({ do: 'deliver', seed, percent: 100, times: 1, atOnce: false });
          if (seed % 3 > 0) await history.perform({ do: 'automatic', threshold: 20_000, amount: 1_000 });
          for (const each of actions) await history.perform(each);
          till.stripe.clearFaults();

          const isLossy = seed % 2 === 0;
          await till.stripe.webhooks.release({
            order: { shuffledBy: seed },
            times: 2,
            atOnce: seed % 3 === 0,
            drop: (event) => isLossy && luckOf(event) < 40,
          });
          await till.heard();
          // What was never told, or never answered, is found by the daily comparison; and then nothing differs.
          const context = till.api.payments!;
          const since = new Date(Date.now() - 24 * 3600 * 1000);
          await reconcile(context, till.api.partnerId, { since, mend: true });
          const { differences } = await reconcile(context, till.api.partnerId, { since, mend: false });
          expect(differences).toEqual([]);

          const { posted, disputed } = await till.balance(customer);
          const stripe = paidBy(till.stripe, history);
          expect({ posted, disputed }).toEqual({ ...stripe, posted: round(stripe.posted - history.spent) });
          expect(await till.findings()).toEqual([]);
        },
      ),
      parameters,
    );
  },
  60_000 + (parameters.numRuns ?? 0) * 15_000,
);

/** What a wallet has by Stripe's objects, at 100 credits for one dollar, nothing spent. Shares no code with the product. */
function paidBy(stripe: FakeStripe, { intents }: History): { posted: number; disputed: number } {
  let [posted, disputed] = [0n, 0n];
  const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + BigInt(amount), 0n);
  for (const intent of intents.filter(({ status }) => status === 'succeeded')) {
    const paid = BigInt(intent.amount_received);
    const refunds = stripe.all('refund').filter((each) => each.payment_intent === intent.id);
    const disputes = stripe.all('dispute').filter((each) => each.payment_intent === intent.id);
    const amounts = (...of: string[]) =>
      sum(disputes.filter(({ status }) => of.includes(status)).map((each) => each.amount));
    const back =
      sum(refunds.filter(({ status }) => !['failed', 'canceled'].includes(status ?? '')).map((each) => each.amount)) +
      amounts('lost');
    const open = amounts('needs_response', 'under_review');
    // A cent is a credit.
    const share = (money: bigint) => (2n * paid * 1_000_000n * (money > paid ? paid : money) + paid) / (2n * paid);
    posted += paid * 1_000_000n - share(back);
    disputed += share(back + open) - share(back);
  }
  return { posted: Number(posted) / 1e6, disputed: Number(disputed) / 1e6 };
}

const round = (credits: number) => Math.round(credits * 1e6) / 1e6;
