import { planCreate } from '@talktime/core/contract';
import { updateCustomer } from '@talktime/core/customers';
import { Ledger } from '@talktime/core/ledger';
import { paymentContext, StripeAccess } from '@talktime/core/payments';
import { createPlan } from '@talktime/core/plans';
import { startFakeStripe, type FakeStripe } from '../../server/demo/stripe';
import { paymentsData } from '../../server/slack/payments';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';
import { openAgency, reads, type Agency } from './agency';

let test: TestDatabase;
let fake: FakeStripe;
let agency: Agency;
let account: string;
beforeAll(async () => {
  test = await World.open();
  fake = await startFakeStripe();
});
afterAll(async () => {
  await fake.close();
  await test.drop();
});

async function open(isOn = true): Promise<void> {
  const context = paymentContext({
    database: test.database,
    ledger: new Ledger(test.database),
    stripe: new StripeAccess({ secretKey: fake.key, webhookSecret: 'whsec_test', apiUrl: fake.origin }),
    publicUrl: 'https://talktime.example',
  });
  agency = await openAgency(test, { changed: () => paymentsData(test.database, isOn ? context : null) });
  account = fake.addAccount();
  await test.superuser(
    `insert into talktime.payment_settings (partner_id, stripe_account, charges_enabled) values ($1, $2, true)
     on conflict (partner_id) do update set stripe_account = excluded.stripe_account, charges_enabled = true`,
    [agency.world.partnerId, account],
  );
  await createPlan(
    test.database,
    agency.world.partnerId,
    PARTNER,
    planCreate.parse({ id: 'pack', name: '5,000 for 45', credits: '5000', price: '45' }),
  );
}
afterEach(() => agency.close());

const settings = (changes: object) =>
  updateCustomer(test.database, agency.world.partnerId, PARTNER, 'cus_acme', { settings: changes });

const sessions = () => fake.all('checkoutSession', account);

describe('A payment link from Slack', () => {
  it('is asked for in the form of a top-up, for a plan, and paid by whoever has it', async () => {
    await open();
    const { mia } = agency;
    await mia.command('/credits topup', { channel: 'C0OWN' });
    await reads(mia, 'Send a payment link');
    await mia.press('modal', 'Send a payment link');
    await reads(mia, 'Whoever has the link');
    await mia.fill({ Customer: 'cus_acme', What: '5,000 for 45' });
    await mia.submit();
    await reads(mia, 'for *$45.00*');
    const [session] = sessions();
    expect(session).toMatchObject({ amount_total: 4500, status: 'open' });
    fake.pay(session!.id);
  });

  it('of an amount needs an amount, and is the same page however often it is asked for', async () => {
    await open();
    const { mia } = agency;
    await mia.command('/credits topup cus_acme', { channel: 'C0OWN' });
    await reads(mia, 'Send a payment link');
    await mia.press('modal', 'Send a payment link');
    await reads(mia, 'Whoever has the link');
    await mia.fill({ What: 'An amount of money' });
    await mia.submit();
    expect(sessions()).toEqual([]);
    await mia.fill({ 'Amount in USD': '60' });
    await mia.submit();
    await reads(mia, '6,000 credits');
    expect(sessions()).toHaveLength(1);
  });

  it('is a customer’s people’s own to open, for what its settings show', async () => {
    await open();
    const { carl } = agency;
    await settings({ show_pricing_information: false });
    await carl.command('/credits topup cus_zen', { channel: 'C0ACME' });
    await reads(carl, 'You pay on a page of Stripe');
    await carl.fill({ What: '5,000 for 45' });
    await carl.submit();
    await reads(carl, 'for *$45.00*');
    expect(sessions()).toMatchObject([{ amount_total: 4500 }]);
  });

  it('has a button for each plan in the list of plans', async () => {
    await open();
    const { carl } = agency;
    await settings({ show_pricing_information: true });
    await carl.command('/credits plans', { channel: 'C0ACME' });
    const list = await carl.until(() => carl.sees('C0ACME').at(-1), 'the list of plans');
    await carl.press(list, 'Buy');
    await reads(carl, 'You pay on a page of Stripe');
    await carl.submit();
    await reads(carl, 'for *$45.00*');
  });

  it('without a Stripe key is refused plainly, to each in their words', async () => {
    await open(false);
    const { mia, carl } = agency;
    await mia.command('/credits topup', { channel: 'C0OWN' });
    await reads(mia, 'Send a payment link');
    await mia.press('modal', 'Send a payment link');
    await reads(mia, 'the service has no Stripe key');
    await carl.command('/credits topup', { channel: 'C0ACME' });
    await reads(carl, 'Paying by card is not set up here.');
  });

  it('may not be opened by a viewer', async () => {
    await open();
    await agency.viv.command('/credits topup', { channel: 'C0OWN' });
    await reads(agency.viv, 'This is for owners and managers.');
  });

  it('a page that Stripe does not open says so, and nothing was paid', async () => {
    await open();
    await test.superuser('update talktime.payment_settings set charges_enabled = false where partner_id = $1', [
      agency.world.partnerId,
    ]);
    const { mia } = agency;
    await mia.command('/credits topup', { channel: 'C0OWN' });
    await reads(mia, 'Send a payment link');
    await mia.press('modal', 'Send a payment link');
    await reads(mia, 'Whoever has the link');
    await mia.fill({ Customer: 'cus_acme', What: '5,000 for 45' });
    await mia.submit();
    await reads(mia, 'Stripe does not let the connected account take payments yet');
  });
});
