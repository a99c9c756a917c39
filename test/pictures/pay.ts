/**
 * The pay pages, and the fake Stripe's, in a real browser: a customer's people go from the pay link to Stripe and back, in
 * light and dark, on a screen and on a phone. Answers a picture of each page.
 */
import { chromium, type Browser, type Page } from 'playwright-core';
import { buildApp } from '../../server/app';
import { startFakeStripe } from '../../server/demo/stripe';
import { createLogger } from '../../server/logging';
import { createMetrics } from '../../server/metrics';
import { freePort } from '@talktime/core/database';
import { createPayLink, paymentContext, StripeAccess, updatePaymentSettings } from '@talktime/core/payments';
import type { Shop } from './shop';
import { BROWSER_ARGUMENTS } from './slack';

export interface PayPicture {
  readonly name: string;
  readonly title: string;
  readonly picture: Buffer;
}

const HOST = { id: 'key:host', host: true };
const CUSTOMER = 'cus_acme';
const A_MONTH = 30 * 24 * 60 * 60;
const SECRET = 'whsec_of_the_pictures_0123456789';
const SIZES = { desk: { width: 1100, height: 700 }, phone: { width: 390, height: 760 } } as const;

/** @throws when the browser meets anything but the pages that are expected */
export async function payPictures(shop: Shop): Promise<PayPicture[]> {
  const { talktime, partnerId } = shop;
  const stripe = await startFakeStripe({ sellerOf: () => 'Bright Agency' });
  const options = { secretKey: stripe.key, webhookSecret: SECRET, apiUrl: stripe.origin };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const app = await buildApp({
    talktime,
    payments: paymentContext({ ...talktime, stripe: new StripeAccess(options), publicUrl: url }),
    publicUrl: url,
    metrics: createMetrics(),
    logger: createLogger('error'),
  });
  await app.listen({ host: '127.0.0.1', port });
  stripe.webhooks.addEndpoint({ url: `${url}/stripe/webhook`, secret: SECRET });
  await updatePaymentSettings(talktime.database, partnerId, HOST, { sells_on: 'host' });
  await shop.update(CUSTOMER, { show_pricing_information: true });
  const { token } = await createPayLink(talktime, partnerId, HOST, CUSTOMER, A_MONTH);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [...BROWSER_ARGUMENTS],
  });
  try {
    const link = `${url}/pay/${token}`;
    const pictures: PayPicture[] = [];
    for (const [size, scheme] of LOOKS) {
      const walk = new Walk(browser, `${size}${scheme === 'dark' ? '-dark' : ''}`, pictures);
      await walk.begin(SIZES[size], scheme);
      await walk.fromLinkToThanks(link);
      await walk.dead(`${url}/pay/none-of-ours`);
      await walk.end();
    }
    await shop.update(CUSTOMER, { show_pricing_information: false });
    const hidden = new Walk(browser, 'desk', pictures);
    await hidden.begin(SIZES.desk, 'light');
    await hidden.look(link, 'pay-hidden', 'The pay page with pricing information hidden');
    await hidden.end();
    return pictures;
  } finally {
    await browser.close();
    await stripe.webhooks.settled();
    await app.close();
    await stripe.close();
  }
}

const LOOKS = [
  ['desk', 'light'],
  ['desk', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
] as const;

/** One browser window, from page to page. */
class Walk {
  #page!: Page;
  readonly #problems: string[] = [];

  constructor(
    private readonly browser: Browser,
    private readonly suffix: string,
    private readonly pictures: PayPicture[],
  ) {}

  async begin(viewport: { width: number; height: number }, colorScheme: 'light' | 'dark'): Promise<void> {
    const context = await this.browser.newContext({ viewport, colorScheme, deviceScaleFactor: 1 });
    this.#page = await context.newPage();
    this.#page.on('console', (message) => {
      // A link that is dead and an amount that is refused are looked at on purpose.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) this.#problems.push(message.text());
    });
    this.#page.on('pageerror', (error) => void this.#problems.push(error.message));
  }

  async end(): Promise<void> {
    await this.#page.context().close();
    if (this.#problems.length > 0) throw new Error(`The browser complains: ${this.#problems.join('; ')}`);
  }

  async fromLinkToThanks(link: string): Promise<void> {
    const page = this.#page;
    await this.look(link, 'pay', 'The pay page');
    await page.getByLabel(/^Amount in/).fill('1');
    await page.getByRole('button', { name: 'Pay' }).click();
    await page.getByRole('alert').waitFor();
    await this.keep('pay-refused', 'An amount that cannot be paid');
    await page.getByRole('button', { name: 'Buy' }).first().click();
    await page.waitForURL(/\/c\/pay\//);
    await this.keep('stripe', 'The page of the fake Stripe');
    await page.getByLabel('E-mail').fill('carl@acme.example');
    await page.getByLabel('Card number').fill('4242 4242 4242 4242');
    await page.getByRole('button', { name: /^Pay/ }).click();
    await page.waitForURL(/\/pay\/thanks\//);
    await page.getByText('are in the balance').waitFor();
    await this.keep('thanks', 'After the payment');
  }

  async dead(address: string): Promise<void> {
    await this.look(address, 'dead-link', 'A link that does not work any more');
  }

  async look(address: string, name: string, title: string): Promise<void> {
    await this.#page.goto(address);
    await this.keep(name, title);
  }

  private async keep(name: string, title: string): Promise<void> {
    const width = await this.#page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    if (Number(width) > 0) throw new Error(`${name} ${this.suffix} is wider than its window by ${width} pixels`);
    const picture = await this.#page.screenshot({ fullPage: true });
    this.pictures.push({ name: `${name}-${this.suffix}`, title, picture });
  }
}
