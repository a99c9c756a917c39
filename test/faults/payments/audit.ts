import type Stripe from 'stripe';
import type { Shop } from './shop';

/** What the ledger has, held against Stripe's objects. It shares no code with the service. */
export interface PaymentAudit {
  readonly findings: string[];
  /** Paid at Stripe, credited here, credited more than once, and not at all. */
  readonly paid: number;
  readonly credited: number;
  readonly doubled: number;
  readonly lost: number;
  readonly refunds: number;
  readonly recharges: number;
  readonly disputes: number;
}

export async function auditPayments(shop: Shop): Promise<PaymentAudit> {
  const { stripe, postgres, asked } = shop;
  const findings: string[] = [];
  const sessions = stripe.all('checkoutSession');
  const intents = stripe.all('paymentIntent').filter(({ status }) => status === 'succeeded');
  const customerOf = new Map(
    asked.flatMap(({ kind, customer, answer }) =>
      kind === 'checkout' && answer && answer.status < 300 ? [[answer.body.id as string, customer] as const] : [],
    ),
  );
  const credits = await postgres.query<{ key: string; times: number }>(
    `select key, count(*)::int as times from talktime.operations where kind = 'payment' group by key`,
  );
  const timesOf = new Map(credits.map(({ key, times }) => [key, times]));
  let [doubled, lost] = [0, 0];
  const paidBy = new Map<string, number>();
  const wallets = new Map<string, { posted: bigint; disputed: bigint }>();
  for (const intent of intents) {
    const payment = intent.metadata.talktime_payment ?? '';
    const times = timesOf.get(intent.id) ?? 0;
    if (times > 1) doubled++;
    if (times === 0) lost++;
    if (times !== 1) findings.push(`${intent.id} of ${payment} was paid once and credited ${times} times`);
    timesOf.delete(intent.id);
    const customer = customerOf.get(payment) ?? rechargingOf(stripe, intent);
    if (customer === undefined) {
      findings.push(`${intent.id} was paid for ${payment}, which nobody was answered`);
      continue;
    }
    paidBy.set(customer, (paidBy.get(customer) ?? 0) + 1);
    const wallet = wallets.get(customer) ?? { posted: shop.besidePayments(customer), disputed: 0n };
    const { taken, held } = backOf(shopOf(stripe, intent.id), BigInt(intent.amount_received));
    wallet.posted += BigInt(intent.amount_received) * CREDIT - taken;
    wallet.disputed += held;
    wallets.set(customer, wallet);
  }
  for (const key of timesOf.keys()) findings.push(`${key} was credited, and not paid`);
  for (const customer of shop.spenders)
    if (paidBy.get(customer) !== 1)
      findings.push(`${customer} spent once and topped up ${paidBy.get(customer) ?? 0} times by itself`);
  const refunds = stripe.all('refund').length;
  const given = asked.filter(({ kind, answer }) => kind === 'refund' && answer !== null && answer.status < 300).length;
  if (refunds !== given + shop.refundedByHand)
    findings.push(`${given} refunds were asked for and ${shop.refundedByHand} made by hand; Stripe has ${refunds}`);
  for (const payment of new Set(
    sessions.flatMap(({ mode, client_reference_id: id }) => (mode === 'payment' ? (id ?? []) : [])),
  ))
    if (sessions.filter((session) => session.client_reference_id === payment).length > 1)
      findings.push(`${payment} has more than one checkout at Stripe`);

  const rows = await postgres.query<{ customer_id: string; posted: string; disputed: string }>(
    `select customer_id, posted::text, disputed::text from talktime.customers join talktime.wallets using (partner_id, wallet_id)`,
  );
  for (const { customer_id: customer, posted, disputed } of rows) {
    const expected = wallets.get(customer) ?? { posted: shop.besidePayments(customer), disputed: 0n };
    if (BigInt(posted) !== expected.posted || BigInt(disputed) !== expected.disputed)
      findings.push(
        `${customer} has ${posted} with ${disputed} disputed; by Stripe it is ${expected.posted} with ${expected.disputed} disputed`,
      );
  }
  return {
    findings,
    paid: intents.length,
    credited: credits.reduce((sum, { times }) => sum + times, 0),
    doubled,
    lost,
    refunds,
    recharges: shop.spenders.length,
    disputes: stripe.all('dispute').length,
  };
}

/** Who pays by itself has a card at Stripe that says whose it is. */
function rechargingOf(stripe: Shop['stripe'], intent: Stripe.PaymentIntent): string | undefined {
  const id = typeof intent.customer === 'string' ? intent.customer : intent.customer?.id;
  return stripe.all('customer').find((customer) => customer.id === id)?.metadata.talktime_customer;
}

/** A cent is a credit. */
const CREDIT = 1_000_000n;

const shopOf = (stripe: Shop['stripe'], intent: string) => ({
  refunds: stripe.all('refund').filter((each) => each.payment_intent === intent),
  disputes: stripe.all('dispute').filter((each) => each.payment_intent === intent),
});

/** By money-rules 18: a share of the running total, first of refunds, then of lost disputes, then of open ones. */
function backOf({ refunds, disputes }: ReturnType<typeof shopOf>, paid: bigint): { taken: bigint; held: bigint } {
  const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + BigInt(amount), 0n);
  const back = sum(
    refunds.filter(({ status }) => status !== 'failed' && status !== 'canceled').map(({ amount }) => amount),
  );
  const lost = sum(disputes.filter(({ status }) => status === 'lost').map(({ amount }) => amount));
  const open = sum(
    disputes
      .filter(({ status }) => status === 'needs_response' || status === 'under_review')
      .map(({ amount }) => amount),
  );
  const credits = (cents: bigint) => (cents > paid ? paid : cents) * CREDIT;
  return { taken: credits(back + lost), held: credits(back + lost + open) - credits(back + lost) };
}
