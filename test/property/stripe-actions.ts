import fc from 'fast-check';
import { TalktimeError } from '@talktime/core/contract';
import {
  paymentContext,
  rechargeIfDue,
  settlePayment,
  StripeAccess,
  type PaymentContext,
} from '@talktime/core/payments';
import type Stripe from 'stripe';
import type { Fault } from '../../server/demo/stripe';
import type { Till } from '../payments/till';

/** Something that happens between a customer, Stripe and the service. `which` chooses among what there is. */
export type Action =
  | { readonly do: 'open'; readonly cents: number; readonly saves: boolean }
  | { readonly do: 'pay'; readonly which: number; readonly with: string }
  | { readonly do: 'resolve'; readonly which: number; readonly comes: boolean }
  | { readonly do: 'expire'; readonly which: number }
  | { readonly do: 'refund'; readonly which: number; readonly percent: number; readonly pending: boolean }
  | { readonly do: 'end refund'; readonly which: number; readonly fails: boolean }
  | { readonly do: 'dispute'; readonly which: number; readonly percent: number; readonly warning: boolean }
  | { readonly do: 'end dispute'; readonly which: number; readonly as: 'won' | 'lost' | 'under_review' }
  | { readonly do: 'automatic'; readonly threshold: number; readonly amount: number }
  | { readonly do: 'spend'; readonly percent: number }
  | { readonly do: 'recharge' }
  | {
      readonly do: 'deliver';
      readonly seed: number;
      readonly percent: number;
      readonly times: number;
      readonly atOnce: boolean;
    }
  | { readonly do: 'look'; readonly which: number }
  | { readonly do: 'fault'; readonly address: string; readonly fault: Fault };

/** Good; good at first and declined later; wants to be confirmed later; declined; and money that takes days. */
const METHODS = [
  '4242424242424242',
  '4242424242424242',
  '4000000000000341',
  '4000002760003184',
  '4000000000000002',
  'delayed',
];
const ADDRESSES = [
  'GET /v1/payment_intents/:id',
  'GET /v1/checkout/sessions/:id',
  'GET /v1/refunds',
  'GET /v1/disputes',
  'GET /v1/refunds/:id',
  'GET /v1/payment_intents',
  'POST /v1/payment_intents',
  'POST /v1/payment_intents',
];
const FAULTS = [
  'cut before',
  'cut after',
  'server error',
  'server error after',
  'unavailable',
  'rate limited',
] as const;

const which = fc.nat(20);
const percent = fc.integer({ min: 1, max: 100 });
const word = <T extends string>(text: T) => fc.constant(text);
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });

export const action: fc.Arbitrary<Action> = fc.oneof(
  often(3, fc.record({ do: word('open'), cents: fc.integer({ min: 500, max: 99_999 }), saves: fc.boolean() })),
  often(5, fc.record({ do: word('pay'), which, with: fc.constantFrom(...METHODS) })),
  often(2, fc.record({ do: word('resolve'), which, comes: fc.boolean() })),
  often(1, fc.record({ do: word('expire'), which })),
  often(5, fc.record({ do: word('refund'), which, percent, pending: fc.boolean() })),
  often(3, fc.record({ do: word('end refund'), which, fails: fc.boolean() })),
  often(3, fc.record({ do: word('dispute'), which, percent, warning: fc.boolean() })),
  often(3, fc.record({ do: word('end dispute'), which, as: fc.constantFrom('won', 'lost', 'under_review') })),
  often(
    3,
    fc.record({
      do: word('automatic'),
      threshold: fc.integer({ min: 0, max: 100_000 }),
      amount: fc.integer({ min: 500, max: 5_000 }),
    }),
  ),
  often(3, fc.record({ do: word('spend'), percent })),
  often(3, fc.record({ do: word('recharge') })),
  often(
    4,
    fc.record({
      do: word('deliver'),
      seed: fc.nat(1_000_000),
      percent: fc.integer({ min: 0, max: 100 }),
      times: fc.integer({ min: 1, max: 3 }),
      atOnce: fc.boolean(),
    }),
  ),
  often(1, fc.record({ do: word('look'), which })),
  often(2, fc.record({ do: word('fault'), address: fc.constantFrom(...ADDRESSES), fault: fc.constantFrom(...FAULTS) })),
);

/** One customer's history at Stripe. */
export class History {
  /** Credits that were spent. */
  spent = 0;
  readonly #replica: PaymentContext;

  constructor(
    readonly till: Till,
    readonly customer: string,
  ) {
    const { database, ledger, publicUrl, stripe } = till.api.payments!;
    this.#replica = paymentContext({ database, ledger, publicUrl, stripe: new StripeAccess(stripe.options) });
  }

  get sessions(): Stripe.Checkout.Session[] {
    return this.till.stripe.all('checkoutSession').filter((session) => session.customer === this.#payer);
  }

  get intents(): Stripe.PaymentIntent[] {
    return this.till.stripe.all('paymentIntent').filter((intent) => intent.customer === this.#payer);
  }

  get #payer(): string | undefined {
    return this.till.stripe.all('customer').find(({ metadata }) => metadata.talktime_customer === this.customer)?.id;
  }

  /** Does it, if it can be done now. What the fake refuses (nothing is left to refund, …) Stripe would refuse, too. */
  async perform(action: Action): Promise<void> {
    const { stripe, api } = this.till;
    const session = 'which' in action ? one(this.sessions, action.which) : undefined;
    const intent = 'which' in action ? one(this.intents, action.which) : undefined;
    const part = (whole: number, percent: number) => Math.max(1, Math.floor((whole * percent) / 100));
    switch (action.do) {
      case 'open':
        await this.till.checkout(this.customer, { amount: (action.cents / 100).toFixed(2), save_card: action.saves });
        return;
      case 'pay':
        if (session?.status === 'open') stripe.pay(session.id, { with: action.with });
        return;
      case 'resolve':
        if (
          session &&
          stripe.all('paymentIntent').some((each) => each.id === session.payment_intent && each.status === 'processing')
        )
          stripe.resolveDelayed(session.id, action.comes);
        return;
      case 'expire':
        if (session?.status === 'open') stripe.expire(session.id);
        return;
      case 'refund':
        if (intent?.status === 'succeeded')
          unlessRefused(() =>
            stripe.refund(intent.id, {
              amount: part(intent.amount_received, action.percent),
              status: action.pending ? 'pending' : 'succeeded',
            }),
          );
        return;
      case 'end refund': {
        const refund = one(
          stripe.all('refund').filter((each) => each.payment_intent === intent?.id),
          action.which,
        );
        if (refund && refund.status !== 'failed')
          unlessRefused(() => stripe.setRefund(refund.id, action.fails ? 'failed' : 'succeeded'));
        return;
      }
      case 'dispute':
        if (intent?.status === 'succeeded')
          unlessRefused(() =>
            stripe.dispute(intent.id, {
              amount: part(intent.amount_received, action.percent),
              status: action.warning ? 'warning_needs_response' : 'needs_response',
            }),
          );
        return;
      case 'end dispute': {
        const dispute = one(
          stripe.all('dispute').filter((each) => each.payment_intent === intent?.id),
          action.which,
        );
        if (dispute) unlessRefused(() => stripe.setDispute(dispute.id, action.as));
        return;
      }
      case 'automatic':
        await api.call('PUT', `/v1/auto-recharge?customer_id=${this.customer}`, {
          body: {
            enabled: true,
            threshold: String(action.threshold),
            amount: String(action.amount),
            monthly_money: '1000000',
            monthly_count: 100,
          },
        });
        return;
      case 'spend': {
        const { available } = await this.till.balance(this.customer);
        if (available <= 0) return;
        const credits = part(available, action.percent);
        const { status } = await api.call('POST', '/v1/deductions', {
          body: {
            source: 'amount',
            customer_id: this.customer,
            amount: String(credits),
            idempotency_key: this.till.key(),
          },
        });
        if (status === 200 || status === 201) this.spent += credits;
        return;
      }
      case 'recharge':
        return this.recharge();
      case 'deliver':
        await stripe.webhooks.deliver({
          all: true,
          order: { shuffledBy: action.seed },
          times: action.times,
          atOnce: action.atOnce,
          only: (event) => luckOf(event) < action.percent,
        });
        return;
      case 'look': {
        const payment = intent?.metadata.talktime_payment ?? session?.client_reference_id;
        if (payment) await settlePayment(this.#replica, api.partnerId, payment).catch(unlessTold);
        return;
      }
      case 'fault':
        stripe.script(action.address, action.fault, action.fault);
    }
  }

  /** Two processes look at once whether the wallet tops itself up. The cool-down would keep most of them from it: it is over. */
  async recharge(): Promise<void> {
    const { api } = this.till;
    await api.database.superuser(
      `update talktime.payments set created_at = created_at - interval '2 hours' where kind = 'recharge' and state not in ('created')`,
    );
    await api.database.superuser(
      `update talktime.auto_recharges set failed_at = failed_at - interval '2 hours', next_look_at = clock_timestamp()`,
    );
    const [wallet] = await api.database.superuser<{ wallet_id: number }>(
      'select wallet_id from talktime.customers where partner_id = $1 and customer_id = $2',
      [api.partnerId, this.customer],
    );
    await Promise.all(
      [api.payments!, this.#replica].map((context) =>
        rechargeIfDue(context, api.partnerId, wallet!.wallet_id).catch(unlessTold),
      ),
    );
  }
}

/** A number from 0 to 99 that an event has for good. */
export const luckOf = (event: Stripe.Event) =>
  [...event.id].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 100, 7);

const one = <T>(all: readonly T[], index: number): T | undefined => all[index % Math.max(1, all.length)];

function unlessRefused(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error) || !/refund|disput|charge/i.test(error.message)) throw error;
  }
}

/** Stripe did not answer: whoever asked is told so, and may ask again. */
function unlessTold(error: unknown): void {
  if (!(error instanceof TalktimeError) || error.code !== 'STRIPE_UNREACHABLE') throw error;
}
