import { createHash } from 'node:crypto';
import { createPayLink } from '@talktime/core/payments';
import { Sealer } from '@talktime/core/access';
import { TestApi } from './harness';
import { Till } from '../payments/till';

let till: Till;
beforeAll(async () => {
  till = await Till.open();
  for (const plan of [
    { id: 'minutes-100', name: '100 minutes - 60', minutes: '100', price: '60', bonus: '50', popular: true },
    { id: 'large', name: 'Large', credits: '20000', price: '180', expires_after_days: 90 },
    { id: 'gift', name: 'A gift', credits: '10', price: '0' },
  ])
    await till.api.post('/v1/plans', plan);
});
afterAll(() => till.close());

const PRICING = { show_pricing_information: true };

async function linkTo(customer: string, settings: object = PRICING): Promise<string> {
  await till.customer(customer, settings);
  return pathOf(await till.api.post(`/v1/customers/${customer}/pay-links`, {}));
}

function pathOf({ status, body }: { status: number; body: any }): string {
  expect(status).toBe(201);
  expect(body.url).toMatch(/^https:\/\/talktime\.example\/pay\/[\w-]+$/);
  return new URL(body.url).pathname;
}

const look = (path: string, api: TestApi = till.api) => api.call('GET', path, { key: null });
const onceOf = (page: string) => /name="once" value="([0-9a-f]{32})"/.exec(page)![1]!;
const send = (path: string, form: Record<string, string>) =>
  till.api.call('POST', path, {
    key: null,
    raw: new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
/** With another character in its middle. */
function flipped(token: string): string {
  const at = token.length >> 1;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

const checkouts = () => till.stripe.all('checkoutSession').length;
const checkoutIn = (page: string) =>
  till.stripe.all('checkoutSession').find(({ url }) => page.includes(`content="0;url=${url}"`));

describe('the pay page', () => {
  it('shows the balance, the plans that cost something and what they bring, and a free amount', async () => {
    const link = await linkTo('cus_open');
    await till.api.topUp('cus_open', '1234.5');
    const { status, text } = await look(link);
    expect(status).toBe(200);
    expect(text).toContain('Buy credits for cus_open');
    expect(text).toContain('The balance is 1,234.5 credits.');
    expect(text).toContain('$60.00');
    expect(text).toContain('100 minutes + 50 bonus credits');
    expect(text).toContain('20,000 credits, valid for 90 days');
    expect(text).toContain('Amount in USD');
    expect(text).not.toContain('A gift');
  });

  it('with pricing information hidden shows no balance, no free amount, and not what a plan brings', async () => {
    const link = await linkTo('cus_hidden', { show_pricing_information: false });
    await till.api.topUp('cus_hidden', '777');
    const { text } = await look(link);
    expect(text).toContain('100 minutes - 60');
    expect(text).toContain('$60.00');
    for (const hidden of ['777', 'balance', 'Amount in', '20,000', 'bonus credits']) expect(text).not.toContain(hidden);
    // And an amount that is sent all the same says no price of a credit on the page after it.
    const paid = await send(link, { plan_id: 'large', once: onceOf(text) });
    const session = checkoutIn(paid.text)!;
    till.stripe.pay(session.id);
    const thanks = await look(new URL(till.stripe.successUrl(session.id)).pathname + `?session=${session.id}`);
    expect(thanks.text).toContain('Your credits are in the balance.');
    expect(thanks.text).not.toContain('20,000');
    expect(await till.posted('cus_hidden')).toBe(20777);
  });

  it('shows only the plans that the customer may see, and sells no other', async () => {
    const link = await linkTo('cus_few', {
      ...PRICING,
      restrict_credit_plan_visibility: true,
      visible_credit_plan_ids: ['large'],
    });
    const { text } = await look(link);
    expect([text.includes('Large'), text.includes('100 minutes - 60')]).toEqual([true, false]);
    const before = checkouts();
    const other = await send(link, { plan_id: 'minutes-100', once: onceOf(text) });
    expect(other.status).toBe(409);
    expect(other.text).toContain('role="alert"');
    expect(checkouts()).toBe(before);

    const none = await linkTo('cus_none', { restrict_credit_plan_visibility: true, visible_credit_plan_ids: [] });
    expect((await look(none)).text).toContain('There is nothing to buy here at the moment. Ask Brightline.');
  });

  it('escapes names, and keeps what was typed without running it', async () => {
    await till.customer('cus_quote', PRICING);
    await till.api.patch('/v1/customers/cus_quote', { name: `<script>alert("1")</script> O'Hara & Co` });
    const link = pathOf(await till.api.post('/v1/customers/cus_quote/pay-links', {}));
    const { text } = await look(link);
    expect(text).not.toContain('<script>');
    expect(text).toContain('&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; O&#39;Hara &#38; Co');
    const answer = await send(link, { amount: '"><script>', once: onceOf(text) });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('Type an amount such as 50 or 49.90');
    expect(answer.text).toContain('value="&#34;&#62;&#60;script&#62;"');
  });

  it('allows its own style to the byte and nothing else, is not cached, framed, indexed or referred from', async () => {
    const { headers, text } = await look(await linkTo('cus_headers'));
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
    );
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-robots-tag')).toBe('noindex, nofollow');
    expect(text).not.toMatch(/<script|style="| on\w+="/);
  });
});

describe('buying by a link', () => {
  it('goes on to Stripe, and credits once that it is paid; the page after it says so', async () => {
    const link = await linkTo('cus_buys');
    const { text } = await look(link);
    const onwards = await send(link, { plan_id: 'minutes-100', once: onceOf(text) });
    const session = checkoutIn(onwards.text)!;
    expect(session).toMatchObject({ amount_total: 6000, currency: 'usd' });
    expect(session.success_url).toMatch(/^https:\/\/talktime\.example\/pay\/thanks\//);
    const thanks = `${new URL(till.stripe.successUrl(session.id)).pathname}?session=${session.id}`;
    expect((await look(thanks)).text).toContain('Not paid yet');
    till.stripe.webhooks.hold(); // the payer is faster
    till.stripe.pay(session.id);
    const after = await look(thanks);
    expect(after.text).toContain('1,200 credits are in the balance.');
    expect(after.text).toContain('See the receipt');
    expect(await till.posted('cus_buys')).toBe(1250);
    await till.stripe.webhooks.release({ times: 2 });
    await till.idle();
    expect(await till.posted('cus_buys')).toBe(1250);
  });

  it('sent twice, as by a double click, is one checkout', async () => {
    const link = await linkTo('cus_double');
    const form = { amount: '49,90', once: onceOf((await look(link)).text) };
    const before = checkouts();
    const [one, two] = await Promise.all([send(link, form), send(link, form)]);
    const again = await send(link, form);
    expect(checkouts()).toBe(before + 1);
    expect(checkoutIn(again.text)).toMatchObject({ amount_total: 4990 });
    // Stripe may say of the second at once that the first is under way: it can be sent again.
    for (const { status, text } of [one, two]) expect(status === 503 || checkoutIn(text)).toBeTruthy();
  });

  it('says what may be paid when it is too little or too much, and opens nothing', async () => {
    const link = await linkTo('cus_limits');
    const once = onceOf((await look(link)).text);
    const before = checkouts();
    for (const amount of ['1', '5000', '-5', '', '1e3', '10.001'])
      expect((await send(link, { amount, once })).status).toBeGreaterThanOrEqual(400);
    const little = await send(link, { amount: '1', once });
    expect(little.status).toBe(422);
    expect(little.text).toContain('1 USD is outside what may be paid at once: 5 to 1000 USD.');
    expect(little.text).toContain('value="1"');
    expect(checkouts()).toBe(before);
  });

  it('tells the payer nothing of the partner’s set-up when Stripe does not work', async () => {
    const link = await linkTo('cus_down');
    const once = onceOf((await look(link)).text);
    till.stripe.fail('POST /v1/checkout/sessions', 'unavailable');
    const answer = await send(link, { amount: '20', once });
    till.stripe.clearFaults();
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('Try again in a minute; nothing was taken.');
    expect(answer.text).not.toMatch(/STRIPE|key/);
    expect(checkoutIn((await send(link, { amount: '20', once })).text)).toBeDefined();
  });
});

describe('links that do not work', () => {
  const DEAD = 'This link does not work';

  it('are those that were made up, cut, sealed for something else, or ran out', async () => {
    const link = await linkTo('cus_dead');
    const token = link.slice('/pay/'.length);
    const sealer = new Sealer(Buffer.alloc(32, 7));
    const elsewhere = sealer.seal('{}', 'something else').toString('base64url');
    const { token: old } = await createPayLink(
      { database: till.api.database.database, sealer },
      till.api.partnerId,
      { id: 'test', host: true },
      'cus_dead',
      -1,
    );
    const foreign = new Sealer(Buffer.alloc(32, 8)).seal('{}', 'pay link').toString('base64url');
    for (const each of ['nothing', token.slice(0, -2), flipped(token), elsewhere, foreign, old]) {
      const answer = await look(`/pay/${each}`);
      expect([answer.status, answer.text.includes(DEAD)]).toEqual([404, true]);
      expect((await send(`/pay/${each}`, { amount: '20', once: '0'.repeat(32) })).status).toBe(404);
    }
    expect((await look(link)).status).toBe(200);
  });

  it('are all that were given out before they were ended, and no later ones', async () => {
    const link = await linkTo('cus_ended');
    expect((await till.api.call('DELETE', '/v1/customers/cus_ended/pay-links')).status).toBe(204);
    expect((await look(link)).status).toBe(404);
    expect((await look(pathOf(await till.api.post('/v1/customers/cus_ended/pay-links', {})))).status).toBe(200);
  });

  it('are thanks pages without the session that was paid', async () => {
    await till.customer('cus_thanks');
    const id = await till.buy('cus_thanks');
    const path = `/pay/thanks/${till.api.partnerId}/${id}`;
    const session = till.sessionOf(id);
    for (const each of [path, `${path}?session=cs_test_guessed`, `/pay/thanks/not-a-partner/${id}?session=${session}`])
      expect((await look(each)).status).toBe(404);
    expect((await look(`${path}?session=${session}`)).status).toBe(200);
  });

  it('are given out by keys that may top up, and only of their own customer', async () => {
    await till.customer('cus_mine');
    const own = await till.api.keyWith(['read', 'top-up'], 'cus_mine');
    const readsOnly = await till.api.keyWith(['read']);
    const ask = (customer: string, key: string) => till.api.post(`/v1/customers/${customer}/pay-links`, {}, { key });
    expect((await ask('cus_mine', own)).status).toBe(201);
    expect((await ask('cus_dead', own)).status).toBe(403);
    expect((await ask('cus_mine', readsOnly)).status).toBe(403);
    expect((await till.api.post('/v1/customers/cus_nobody/pay-links', {})).body.code).toBe('CUSTOMER_NOT_FOUND');
  });
});

it('without a Stripe key there are no links, and an old one says that nothing can be paid', async () => {
  const api = await TestApi.start({ publicUrl: 'https://talktime.example' });
  try {
    await api.createCustomer('cus_off');
    expect((await api.post('/v1/customers/cus_off/pay-links', {})).body.code).toBe('PAYMENTS_OFF');
    const sealer = new Sealer(Buffer.alloc(32, 7));
    const { token } = await createPayLink(
      { database: api.database.database, sealer },
      api.partnerId,
      { id: 'test', host: true },
      'cus_off',
      60,
    );
    const answer = await look(`/pay/${token}`, api);
    expect([answer.status, answer.text.includes('Payments are not set up here')]).toEqual([503, true]);
  } finally {
    await api.stop();
  }
});
