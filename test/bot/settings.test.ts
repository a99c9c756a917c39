import { getCustomer, updateCustomer, updatePartner } from '@talktime/core/customers';
import { planCreate, type SettingsPatch } from '@talktime/core/contract';
import { createPlan } from '@talktime/core/plans';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';
import { openAgency, reads, type Agency } from './agency';

describe('/credits settings', () => {
  let test: TestDatabase;
  let agency: Agency;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => void (agency = await openAgency(test)));
  afterEach(() => agency.close());

  const settings = async (customer = 'cus_acme') =>
    (await getCustomer(test.database, agency.world.partnerId, customer)).settings;
  const change = (patch: SettingsPatch) =>
    updateCustomer(test.database, agency.world.partnerId, PARTNER, 'cus_acme', { settings: patch });
  const open = async (customer = 'cus_acme', person = agency.mia) => {
    if (person.modal) await person.close();
    await person.command(`/credits settings ${customer}`, { channel: 'C0OWN' });
    return reads(person, 'AI Credits Enabled');
  };
  const audits = () =>
    test.superuser<{ actor: string; change: unknown }>(
      `select actor, change -> 'settings' as change from talktime.audit_log
       where partner_id = $1 and action = 'customer.updated' and actor like 'slack:%'`,
      [agency.world.partnerId],
    );

  it('has every setting of the playbook, the price in credits and in money', async () => {
    await createPlan(
      test.database,
      agency.world.partnerId,
      PARTNER,
      planCreate.parse({ id: 'pack', name: 'Pack', credits: '5', price: '1' }),
    );
    const shown = await open();
    for (const part of [
      'AI Credits Enabled',
      'AI Credit Price Per Minute',
      '12 credits ($0.12)',
      'Rounding',
      'Grace Period (seconds)',
      'Low Credit Threshold',
      'Low Credit Notifications Enabled',
      'Show Pricing Information',
      'Customer Portal Enabled',
      'Restrict Credit Plan Visibility',
      'Visible Customer Credit Plans',
      'Longest call',
      'Calls at once',
      'Overdraft',
      'beyond the balance',
      'a day',
      'a month',
      'End calls when exhausted',
    ])
      expect(shown).toContain(part);
  });

  it('saves what was changed, and nothing else, in the person’s name, and says what', async () => {
    const { mia } = agency;
    await open();
    await mia.fill({
      'AI Credit Price Per Minute': '$0.15',
      Rounding: '30/6',
      'Low Credit Threshold': '1,000',
      Notifications: ['low_credit_notifications_enabled'],
      Visibility: ['show_pricing_information'],
      'Calls at once': '3',
      'Most credits a day': '250.5',
    });
    expect((await mia.submit()).errors).toEqual({});
    const saved = await reads(mia, 'are saved');
    for (const part of [
      'AI Credit Price Per Minute: 12 credits ($0.12) → *15 credits ($0.15)*',
      'Rounding: each second → *the first 30 s, then each 6 s*',
      'Low Credit Threshold: none → *1,000 credits*',
      'Calls at once: no limit → *3*',
    ])
      expect(saved).toContain(part);
    expect(saved).not.toContain('Overdraft');
    expect(await settings()).toMatchObject({
      rate: { credits_per_minute: 15, rounding: { initial_seconds: 30, increment_seconds: 6 } },
      low_credit_threshold: 1000,
      low_credit_notifications_enabled: true,
      show_pricing_information: true,
      customer_portal_enabled: false,
      max_concurrent_calls: 3,
      max_spend_per_day: 250.5,
    });
    expect(await audits()).toEqual([
      {
        actor: `slack:${agency.teamId}/U0MIA`,
        change: {
          price_per_minute: { money: '0.15' },
          rounding: { initial_seconds: 30, increment_seconds: 6 },
          low_credit_threshold: '1000',
          low_credit_notifications_enabled: true,
          show_pricing_information: true,
          max_concurrent_calls: 3,
          max_spend_per_day: '250.5',
        },
      },
    ]);
  });

  it('leaves alone what somebody else changed meanwhile', async () => {
    const { mia } = agency;
    await open();
    await change({ grace_seconds: 45, price_per_minute: { credits: '20' }, customer_portal_enabled: true });
    await mia.fill({ 'Low Credit Threshold': '50' });
    await mia.submit();
    const saved = await reads(mia, 'are saved');
    expect(saved).not.toContain('Grace');
    expect(await settings()).toMatchObject({
      grace_seconds: 45,
      customer_portal_enabled: true,
      low_credit_threshold: 50,
      rate: { credits_per_minute: 20 },
    });
  });

  it('empties what may be empty, and says that a price may not', async () => {
    const { mia } = agency;
    await change({ low_credit_threshold: '100', max_concurrent_calls: 2, max_spend_per_month: '9' });
    await open();
    await mia.fill({ 'Low Credit Threshold': null, 'Calls at once': null, 'Most credits a month': null });
    await mia.fill({ 'AI Credit Price Per Minute': null });
    expect((await mia.submit()).errors).toEqual({
      'AI Credit Price Per Minute': expect.stringContaining('A price stays'),
    });
    await mia.fill({ 'AI Credit Price Per Minute': '12.0' });
    await mia.submit();
    await reads(mia, 'are saved');
    expect(await settings()).toMatchObject({
      low_credit_threshold: null,
      max_concurrent_calls: null,
      max_spend_per_month: null,
      rate: { version: 1 },
    });
  });

  it.each([
    ['AI Credit Price Per Minute', 'abc', 'not a plain decimal number'],
    ['AI Credit Price Per Minute', '€0.12', 'not a plain decimal number'],
    ['AI Credit Price Per Minute', '0.1234567', 'more than 6 decimals'],
    ['AI Credit Price Per Minute', '-1', 'cannot be negative'],
    ['Grace Period (seconds)', '3601', 'At most 3,600'],
    ['Grace Period (seconds)', '1.5', 'A whole number'],
    ['Low Credit Threshold', '-5', 'cannot be negative'],
    ['Longest call (seconds)', '0', 'At least 1'],
    ['Calls at once', 'many', 'A whole number'],
    ['Overdraft (credits)', '9000000000', 'beyond 8,000,000,000'],
    ['Most credits a day', 'x', 'not a plain decimal number'],
  ])('says at %s that %s is wrong, and changes nothing', async (label, typed, said) => {
    const { mia } = agency;
    await open();
    await mia.fill({ [label]: typed, 'Low Credit Threshold': label === 'Low Credit Threshold' ? typed : '77' });
    expect((await mia.submit()).errors).toEqual({ [label]: expect.stringContaining(said) });
    expect(await settings()).toMatchObject({ low_credit_threshold: null, grace_seconds: 0, rate: { version: 1 } });
    expect(await audits()).toEqual([]);
  });

  it('says at the right setting what the core refuses for another reason', async () => {
    const { mia, world } = agency;
    await world.customer('cus_new', '0', { price_per_minute: undefined });
    await open('cus_new');
    await mia.fill({ Rounding: '6/6' });
    expect((await mia.submit()).errors).toEqual({ Rounding: expect.stringContaining('needs a price per minute') });
    await open();
    await mia.fill({ 'What a call costs beyond the balance': 'partner' });
    expect((await mia.submit()).errors).toEqual({
      'What a call costs beyond the balance': expect.stringContaining('the partner has none'),
    });
  });

  it('says at grace and overdraft that allocated funding has neither', async () => {
    const { mia, world } = agency;
    await world.topUp('partner', '1000');
    await world.customer('cus_zen', '0');
    await mia.command('/credits adjust cus_acme -100 empty it', { channel: 'C0OWN' });
    await reads(mia, 'Is that right?');
    await mia.submit();
    await reads(mia, 'Done');
    await updatePartner(test.database, world.partnerId, HOST, { funding: 'allocated' });
    await open();
    await mia.fill({ 'Grace Period (seconds)': '30' });
    expect((await mia.submit()).errors).toEqual({
      'Grace Period (seconds)': expect.stringContaining('allocated funding'),
    });
    await mia.fill({ 'Grace Period (seconds)': '0', 'Overdraft (credits)': '5' });
    expect((await mia.submit()).errors).toEqual({
      'Overdraft (credits)': expect.stringContaining('allocated funding'),
    });
  });

  it('warns of AI Credits without a price, of notifications without a threshold, of plans that nobody sees', async () => {
    const { mia, world } = agency;
    await world.customer('cus_new', '0', { price_per_minute: undefined, ai_credits_enabled: false });
    await open('cus_new');
    await mia.fill({
      'Who pays for calls': ['ai_credits_enabled'],
      Notifications: ['low_credit_notifications_enabled'],
      Visibility: ['restrict_credit_plan_visibility'],
    });
    await mia.submit();
    const saved = await reads(mia, 'are saved');
    for (const part of ['no price per minute', 'without a Low Credit Threshold', 'the customer sees none'])
      expect(saved).toContain(part);
  });

  it('submitted twice saves once; unchanged saves nothing', async () => {
    const { mia, slack } = agency;
    await open();
    await mia.submit();
    await reads(mia, 'You changed nothing');
    await open();
    await mia.fill({ 'Low Credit Threshold': '50' });
    await mia.submit({ twice: true });
    await reads(mia, '✅ The settings of'); // whichever of the two is shown last
    await change({ low_credit_threshold: '60' });
    expect((await slack.resendLast()).body).toContain('had been saved already');
    expect(await settings()).toMatchObject({ low_credit_threshold: 60 });
    expect(await audits()).toHaveLength(1);
  });

  it.each(['button', 'shortcut'])('an alert’s %s opens the settings of its customer', async (way) => {
    const { mia, world } = agency;
    const [row] = await test.superuser<{ wallet_id: number }>(
      `select wallet_id from talktime.customers where partner_id = $1 and customer_id = 'cus_acme'`,
      [world.partnerId],
    );
    const alert = await agency.post('C0OWN', 'talktime_settings', `${row!.wallet_id}.1`);
    if (way === 'button') await mia.press(alert, 'Press');
    else await mia.shortcut('talktime_message_settings', alert);
    expect(await reads(mia, 'AI Credits Enabled')).toContain('cusˍacme');
  });

  it('asks whose when nobody was typed', async () => {
    const { mia } = agency;
    await mia.command('/credits settings', { channel: 'C0OWN' });
    await mia.fill({ Customer: 'acme' });
    await mia.submit();
    await reads(mia, 'AI Credits Enabled');
  });

  it('is for owners and managers, and in a customer’s channel about that customer', async () => {
    const { viv, carl, mia, max, world } = agency;
    for (const person of [viv, carl]) {
      await person.command('/credits settings cus_acme', { channel: 'C0OWN' });
      await reads(person, 'This is for owners and managers.');
    }
    await world.customer('cus_zen', '0');
    await mia.command('/credits settings cus_zen', { channel: 'C0ACME' });
    await reads(mia, 'There is no customer');
    await open('cus_zen');
    const ofMia = mia.modal!.content.private_metadata;
    await open('cus_acme', max);
    max.modal!.content = { ...max.modal!.content, private_metadata: ofMia };
    await max.fill({ 'Low Credit Threshold': '1' });
    await max.submit();
    await reads(max, 'is not yours');
    expect(await settings('cus_zen')).toMatchObject({ low_credit_threshold: null });
  });
});
