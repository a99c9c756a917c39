import { Sealer } from '@talktime/core/access';
import { createPayLink } from '@talktime/core/payments';
import { Till } from './till';

let till: Till;
beforeAll(async () => void (till = await Till.open()));
afterAll(() => till.close());

async function linkOf(customer: string): Promise<string> {
  const context = { database: till.api.payments!.database, sealer: new Sealer(Buffer.alloc(32, 7)) };
  const by = { id: 'a test', host: false };
  return `/pay/${(await createPayLink(context, till.api.partnerId, by, customer, 3600)).token}`;
}

const send = (path: string, form: Record<string, string>) =>
  till.api.call('POST', path, {
    key: null,
    raw: new URLSearchParams({ once: '0123456789abcdef0123456789abcdef', ...form }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });

it('where pricing is not shown, an amount cannot be paid by a link, either: it would tell what a credit costs', async () => {
  const customer = await till.customer('cus_hidden', { show_pricing_information: false });
  const path = await linkOf(customer);
  expect((await till.api.get(path, { key: null })).text).not.toContain('name="amount"');
  const { status, text } = await send(path, { amount: '50' });
  expect(status).toBe(409);
  expect(text).not.toContain('credits are');
  expect(till.stripe.all('checkoutSession')).toEqual([]);
});

it('where it is shown, it can', async () => {
  const customer = await till.customer('cus_shown', { show_pricing_information: true });
  const { status, text } = await send(await linkOf(customer), { amount: '50' });
  expect(status).toBe(200);
  expect(text).toContain('go on to Stripe');
});

it.each([true, false])('whoever paid reads how many credits it was only where pricing is shown: %s', async (shows) => {
  const customer = await till.customer(`cus_thanks_${shows}`, { show_pricing_information: shows });
  const { id, session } = await till.checkout(customer);
  till.stripe.pay(session);
  const { status, text } = await till.api.get(`/pay/thanks/${till.api.partnerId}/${id}?session=${session}`, {
    key: null,
  });
  expect(status).toBe(200);
  expect(text).toContain('credits are in the balance');
  expect(text.includes('6,000')).toBe(shows);
  await till.heard();
});
