import type { Balance, Payment, Statement } from '@talktime/core/contract';
import { DemoFailure, type Checks } from './checks';
import { Client } from './client';
import { bold, credits, cyan, heading, say, table } from './screen';
import type { FakeStripe } from './stripe';

/** What Stripe signs webhooks with. */
export const STRIPE_WEBHOOK_SECRET = 'whsec_demo_brightline_voice';

const PATIENCE_MILLISECONDS = 15_000;

export interface Counter {
  readonly url: string;
  readonly checks: Checks;
  readonly stripe: FakeStripe;
  /** With the host's key, for the partner. */
  readonly host: Client;
  readonly client: Client;
  readonly customerId: string;
}

/** Acme's people buy a plan with a card, without anybody's help, and get a part of the money back. */
export async function payByCard(counter: Counter): Promise<void> {
  const { checks, stripe, host, client, customerId } = counter;
  heading('8  Acme pays by card');
  await host.patch('/v1/payment-settings', { sells_on: 'host' });
  const before = await postedOf(client, customerId);
  const link = await payLink(client, customerId);
  say(`  Whoever at ${bold('Acme Dental')} opens the pay link sees its plans, and goes on to Stripe’s page.`);
  const thanks = await buy(link, 'minutes-100');
  checks.equal('the page that Acme comes back to says so', thanks.includes('1,200 credits are in the balance'), true);

  const [payment] = (await client.get<{ items: Payment[] }>(`/v1/payments?customer_id=${customerId}`)).items;
  checks.equal('it is paid', [payment?.state, payment?.amount, payment?.credits], ['paid', 60, 1200]);
  checks.equal('Acme Dental has', await postedOf(client, customerId), cents(before + 1200));
  await stripe.webhooks.settled();
  const events = stripe.events().filter(({ type }) => /^(checkout\.session|payment_intent)\./.test(type));
  for (const { id } of events) await stripe.webhooks.resend(id);
  checks.equal('Stripe tells it again; it is credited once', await postedOf(client, customerId), cents(before + 1200));

  say();
  say(`  Somebody refunds ${bold('20 of the 60 USD')} in Stripe: a third of the credits goes back.`);
  stripe.refund(payment!.payment_intent!, { amount: 2000 });
  await until(async () => (await client.get<Payment>(`/v1/payments/${payment!.id}`)).refunded === 20);
  checks.equal('Acme Dental has', await postedOf(client, customerId), cents(before + 800));
  const { lines } = await client.get<Statement>(`/v1/statement?customer_id=${customerId}&limit=2`);
  table(
    ['Type', 'Amount', 'Balance', 'Note'],
    lines.map((line) => [line.type, credits(line.amount, true), credits(line.balance), line.note ?? '']),
    [1, 2],
  );
}

/** A fresh pay link of a customer. */
export async function payLink(client: Client, customerId: string): Promise<string> {
  const { url } = await client.post<{ url: string }>(`/v1/customers/${customerId}/pay-links`, {});
  return url;
}

/** What a browser does, from the pay link to the page after the payment. Answers that page. */
async function buy(link: string, planId: string): Promise<string> {
  const shop = await pageAt(link);
  const form = { plan_id: planId, once: found(shop, /name="once" value="([0-9a-f]+)"/) };
  const onwards = await pageAt(link, form);
  const checkout = found(onwards, /http-equiv="refresh" content="0;url=([^"]+)"/);
  say(`  ${cyan(new URL(checkout).origin)} asks for a card: 4242 4242 4242 4242.`);
  const card = { method: 'card', card: '4242 4242 4242 4242', email: 'sam@acme.example', country: 'US' };
  return pageAt(checkout, card);
}

async function pageAt(url: string, form?: Record<string, string>): Promise<string> {
  const response = await fetch(url, form && { method: 'POST', body: new URLSearchParams(form) });
  const text = await response.text();
  if (!response.ok) throw new DemoFailure(`${new URL(url).pathname} was answered with ${response.status}: ${text}`);
  return text;
}

function found(page: string, pattern: RegExp): string {
  const text = pattern.exec(page)?.[1];
  if (text === undefined) throw new DemoFailure(`The page has no ${pattern}: ${page}`);
  return text;
}

async function postedOf(client: Client, customerId: string): Promise<number> {
  return (await client.get<Balance>(`/v1/balance?customer_id=${customerId}`)).posted;
}

const cents = (amount: number) => Number(amount.toFixed(2));

async function until(cameTrue: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MILLISECONDS;
  while (!(await cameTrue())) {
    if (Date.now() > end) throw new DemoFailure('What Stripe told was not worked on in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
