import { diagnoseCustomer, diagnosePartner } from '@talktime/core/doctor';
import {
  changeBilling,
  checkAccount,
  disconnectAccount,
  exportUsage,
  retryPayments,
  setUpMetering,
} from '@talktime/core/payments';
import { PARTNER } from '../setup/world';
import { Selling } from '../payments/selling';

let selling: Selling;
beforeEach(async () => {
  selling = await Selling.open();
  await selling.alerting.world.customer('acme', '0');
});
afterEach(() => selling.close());

const ofPartner = async (isOn: boolean | null = true) =>
  (await diagnosePartner(selling.context.database, selling.partnerId, isOn)).diagnosis.findings;
const ofAcme = async () =>
  (await diagnoseCustomer(selling.context.database, selling.partnerId, 'acme')).diagnosis.findings;
const codesOf = (findings: readonly { code: string }[]) => findings.map(({ code }) => code);

describe('the doctor, on what was paid and not credited', () => {
  it('says as information that payments are off without a Stripe key, and nothing when nobody says', async () => {
    expect((await ofPartner(false)).find(({ code }) => code === 'PAYMENTS_OFF')).toMatchObject({
      state: 'ok',
      next: expect.stringContaining('STRIPE_SECRET_KEY'),
    });
    expect(codesOf(await ofPartner(null)).filter((code) => code.startsWith('PAYMENT'))).toEqual([]);
  });

  it('finds all well when what was paid is credited', async () => {
    await selling.buy();
    expect(codesOf(await ofPartner())).toContain('PAYMENTS_CREDITED');
    expect(codesOf(await ofAcme()).filter((code) => code.startsWith('PAYMENT'))).toEqual([]);
  });

  it('names the payment that the ledger refused, for the partner and for its customer, and what to press', async () => {
    await selling.alerting.world.topUp('acme', '7999999999');
    const { id } = await selling.buy();
    for (const findings of [await ofPartner(), await ofAcme()]) {
      const finding = findings.find(({ code }) => code === 'PAYMENT_NOT_CREDITED');
      expect(finding).toMatchObject({ state: 'broken', mend: 'payments' });
      for (const part of [id, 'acme paid 60.00 USD', '8,000,000,000']) expect(finding!.detail).toContain(part);
      for (const part of ['Try again', '/sync', 'talktime reconcile stripe']) expect(finding!.next).toContain(part);
    }
    for (const call of ['call-1', 'call-2'])
      await selling.alerting.world.call({ id: call, seconds: 300 * 60, customerId: 'acme' });
    const tried = await retryPayments(selling.context, selling.partnerId, PARTNER, {});
    expect(tried).toMatchObject([{ paymentId: id, state: 'paid' }]);
    expect(codesOf(await ofPartner())).toContain('PAYMENTS_CREDITED');
    expect(await retryPayments(selling.context, selling.partnerId, PARTNER, {})).toEqual([]);
  });

  it('finds a checkout whose time is over and at which nobody looked, and looking finds that it was paid', async () => {
    const { id } = await selling.open();
    selling.pay(id);
    await selling.alerting.test.superuser(
      `update talktime.payments set expires_at = clock_timestamp() - interval '1 hour', synced_at = null where payment_id = $1`,
      [id],
    );
    expect((await ofPartner()).find(({ code }) => code === 'PAYMENT_UNHEARD')).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining(id),
    });
    await retryPayments(selling.context, selling.partnerId, PARTNER, { paymentId: id, only: 'acme' });
    expect(await selling.posted()).toBe(6000);
  });

  it('finds what Stripe told and could not be worked on', async () => {
    await selling.alerting.test.superuser(
      `insert into directory.stripe_events (account, event_id, type, object_id, attempts, outcome)
       values ($1, 'evt_1', 'refund.created', 're_1', 3, 'Stripe did not answer'), ('acct_other', 'evt_2', 'refund.created', 're_2', 3, 'x')`,
      [selling.account],
    );
    expect((await ofPartner()).find(({ code }) => code === 'STRIPE_EVENTS_WAITING')).toMatchObject({
      detail: expect.stringContaining('1 message of Stripe could not be worked on yet (Stripe did not answer)'),
    });
  });

  it('tries nothing of another customer’s', async () => {
    await selling.alerting.world.topUp('acme', '7999999999');
    const { id } = await selling.buy();
    await selling.alerting.world.customer('zen', '0');
    expect(await retryPayments(selling.context, selling.partnerId, PARTNER, { paymentId: id, only: 'zen' })).toEqual(
      [],
    );
  });
});

describe('the doctor, on the Stripe account that a partner sells on', () => {
  const account = async () => (await ofPartner()).find(({ code }) => code.startsWith('STRIPE_ACCOUNT'));

  it('says that it takes payments, and, when it takes none, why and what Stripe wants', async () => {
    expect(await account()).toMatchObject({ code: 'STRIPE_ACCOUNT_READY', state: 'ok' });
    selling.fake.setChargesEnabled(selling.account, false);
    await checkAccount(selling.context, selling.partnerId);
    const finding = await account();
    expect(finding).toMatchObject({ code: 'STRIPE_ACCOUNT_NOT_READY', state: 'broken' });
    for (const part of ['Stripe wants to know more', 'A bank account for payouts'])
      expect(finding!.detail).toContain(part);
    expect(finding!.next).toContain('POST /v1/stripe/connect');
    await disconnectAccount(selling.context, selling.partnerId, PARTNER);
    expect(await account()).toBeUndefined();
  });

  it('names usage that Stripe does not take', async () => {
    const { context, partnerId } = selling;
    await setUpMetering(context, partnerId, PARTNER);
    await changeBilling(context.database, partnerId, PARTNER, 'acme', 'metered');
    await selling.alerting.world.call({ id: 'call-1', seconds: 60, customerId: 'acme' });
    selling.fake.state.account(selling.account).all('meter').clear(); // somebody, at Stripe
    await expect(exportUsage(context, partnerId, new AbortController().signal)).rejects.toThrow();
    const untold = (await ofPartner()).find(({ code }) => code === 'METERING_FAILING');
    expect(untold).toMatchObject({ state: 'broken' });
    expect(untold!.detail).toContain('No active meter found');
  });
});
