import {
  updatePaymentSettings,
  keepCardOfSession,
  paymentContext,
  StripeAccess,
  type PaymentContext,
} from '@talktime/core/payments';
import { startFakeStripe, type FakeStripe } from '../../server/demo/stripe';
import { rechargeData } from '../../server/slack/recharge';
import type { TestDatabase } from '../setup/database';
import { HOST, World } from '../setup/world';
import { because } from '../../bot/messages/alert';
import { failureText } from '../../core/payments/recharge/words';
import { openAgency, reads, type Agency } from './agency';

describe('/credits autotopup', () => {
  let test: TestDatabase;
  let stripe: FakeStripe;
  let payments: PaymentContext;
  let agency: Agency;
  beforeAll(async () => {
    test = await World.open();
    stripe = await startFakeStripe();
  });
  afterAll(async () => {
    await stripe.close();
    await test.drop();
  });
  beforeEach(async () => {
    agency = await openAgency(test, {
      changed: () => {
        payments = paymentContext({
          database: test.database,
          ledger: undefined as never, // nothing here posts anything
          stripe: new StripeAccess({ secretKey: stripe.key, webhookSecret: 'whsec_x', apiUrl: stripe.origin }),
          publicUrl: 'https://talktime.example',
        });
        return rechargeData(test.database, payments);
      },
    });
    await updatePaymentSettings(test.database, agency.world.partnerId, HOST, { sells_on: 'host' });
  });
  afterEach(() => agency.close());

  const open = async (person = agency.mia, waitFor = 'Automatic top-up: *') => {
    if (person.modal) await person.close();
    await person.command('/credits autotopup cus_acme', { channel: 'C0OWN' });
    return reads(person, waitFor);
  };
  /** The link of the open modal is used: its owner saves a card. */
  const saveCard = async (number?: string) => {
    const session = stripe.all('checkoutSession').at(-1)!;
    stripe.pay(session.id, { with: number });
    expect(await keepCardOfSession(payments, agency.world.partnerId, session.id)).toBe(true);
  };
  const withCard = async () => {
    await open();
    await agency.mia.submit();
    await reads(agency.mia, 'Save a card');
    await saveCard();
  };

  it('without a card, gives a link on which its owner saves one', async () => {
    expect(await open()).toContain('Card: none is saved.');
    await agency.mia.submit();
    const shown = await reads(agency.mia, 'Save a card');
    expect(shown).toContain(stripe.all('checkoutSession').at(-1)!.url);
    await saveCard();
    expect(await open()).toContain('visa •••• 4242');
  });

  it('switches it on, and shows at what, how much and what of the month is used', async () => {
    await withCard();
    await open();
    await agency.mia.fill({
      'Automatic top-up': ['on'],
      'Threshold (credits)': '90',
      Credits: '1,000',
      'Most money a month (USD)': '300',
      'Most top-ups a month': '5',
    });
    expect((await agency.mia.submit()).errors).toEqual({});
    const saved = await reads(agency.mia, 'Saved.');
    for (const part of [
      'Automatic top-up: *on*. At 90 credits, up to 1,000 credits.',
      'This month: 0 of 5, $0.00 of $300.00.',
      'visa •••• 4242',
    ])
      expect(saved).toContain(part);
    expect(
      await test.superuser('select actor from talktime.audit_log where partner_id = $1 and action = $2', [
        agency.world.partnerId,
        'auto_recharge.set',
      ]),
    ).toEqual([{ actor: `slack:${agency.teamId}/U0MIA` }]);
  });

  it('says at the input what is wrong, and changes nothing', async () => {
    await withCard();
    await open();
    await agency.mia.fill({
      'Automatic top-up': ['on'],
      'Threshold (credits)': 'a few',
      'Most money a month (USD)': '3oo',
    });
    expect((await agency.mia.submit()).errors).toEqual({
      'Threshold (credits)': 'A number, such as 100.',
      'Most money a month (USD)': 'A number, such as 100.',
    });
    await agency.mia.fill({ 'Threshold (credits)': '100', Credits: '90', 'Most money a month (USD)': '300' });
    expect((await agency.mia.submit()).errors).toEqual({ Credits: 'This must be above the threshold.' });
    await agency.mia.fill({ Credits: '1000', 'Most money a month (USD)': '2' });
    expect((await agency.mia.submit()).errors).toEqual({
      'Most money a month (USD)': 'This is less than one top-up costs, 9 USD.',
    });
    expect(await open()).toContain('Automatic top-up: *off*');
  });

  it('lets nobody have more moved by itself than they may move at once', async () => {
    await withCard();
    await open(agency.max);
    await agency.max.fill({ 'Automatic top-up': ['on'], Credits: '1000', 'Most money a month (USD)': '300' });
    await agency.max.submit();
    expect(await reads(agency.max, 'Nothing was changed')).toContain('up to 500 credits at once');
    await open(agency.max);
    await agency.max.fill({ 'Automatic top-up': ['on'], Credits: '600', 'Most money a month (USD)': '300' });
    await agency.max.submit();
    await reads(agency.max, 'Saved.');
  });

  it('is not for viewers, nor for a customer’s people', async () => {
    expect(await open(agency.viv, 'Talktime')).not.toContain('Automatic top-up: *');
    await agency.carl.command('/credits autotopup', { channel: 'C0ACME' });
    expect(await reads(agency.carl, 'Talktime')).not.toContain('Automatic top-up: *');
  });

  it('shows why it is suspended and what waits for whom, with a link for another card', async () => {
    await withCard();
    await open();
    await agency.mia.fill({ 'Automatic top-up': ['on'], 'Most money a month (USD)': '300' });
    await agency.mia.submit();
    await reads(agency.mia, 'Saved.');
    const set = (sql: string) =>
      test.superuser(`update talktime.auto_recharges set ${sql} where partner_id = $1`, [agency.world.partnerId]);
    await set(`state = 'suspended', suspended_because = 'Your card was declined.'`);
    const suspended = await open();
    expect(suspended).toContain('Automatic top-up: *suspended*');
    expect(suspended).toContain('The bank said: Your card was declined.');
    await set(`state = 'needs_action', action_payment = 'pay_0'`);
    expect(await open()).toContain(`<https://talktime.example/pay/confirm/${agency.world.partnerId}/pay_0>`);
    await agency.mia.fill({ 'Automatic top-up': ['on', 'other_card'] });
    await agency.mia.submit();
    await reads(agency.mia, 'Save a card');
  });
});

describe('an alert that a bank wants the owner of the card', () => {
  const link = 'https://talktime.example/pay/confirm/29d0da73-7f71-4ffd-bf74-9fe58cb52b4f/pay_0123456789abcdef0123';
  const text = failureText('60.00 USD', 'Your card was declined.', 'confirm', link);

  it('keeps the link to the page of ours, and no other', () => {
    expect(because(text)).toBe(
      `: 60.00 USD could not be charged∶ the bank wants the owner of the card to confirm it. Confirm and pay here: <${link}>`.replace(
        '∶ the',
        ': the',
      ),
    );
    expect(because('See https://evil.example/pay/confirm/x and <b>')).not.toContain('<');
  });
});
