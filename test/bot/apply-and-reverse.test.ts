import { createPlan, listSubscriptions } from '@talktime/core/plans';
import { planCreate } from '@talktime/core/contract';
import { updateCustomer, updatePartner } from '@talktime/core/customers';
import { splitPlan } from '../../bot/views/plan';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';
import { openAgency, reads, type Agency } from './agency';

let test: TestDatabase;
let agency: Agency;
beforeAll(async () => void (test = await World.open()));
afterAll(() => test.drop());
beforeEach(async () => void (agency = await openAgency(test)));
afterEach(() => agency.close());

const posted = (customer = 'cus_acme') => agency.world.posted(customer);
const plan = (input: Parameters<typeof planCreate.parse>[0]) =>
  createPlan(test.database, agency.world.partnerId, PARTNER, planCreate.parse(input));
const operations = () =>
  test.superuser<{ kind: string; key: string; actor: string }>(
    `select kind, key, actor from talktime.operations where partner_id = $1 and key like 'slack:%' order by at`,
    [agency.world.partnerId],
  );
const confirmed = async (person = agency.mia) => {
  await reads(person, 'Is that right?');
  await person.submit();
  return reads(person, 'Done');
};

describe('/credits apply', () => {
  beforeEach(async () => {
    await plan({ id: 'min-100', name: '100 minutes', minutes: '100', price: '60', popular: true });
    await plan({ id: 'starter', name: 'Starter', credits: '500', price: '5' });
    await plan({ id: 'huge', name: 'Huge', credits: '501', price: '5' });
    await plan({ id: 'old', name: 'Old', credits: '7', price: '5', active: false });
  });

  it('asks for customer and plan, shows credits and price, and gives the credits once', async () => {
    const { mia } = agency;
    await mia.command('/credits apply', { channel: 'C0OWN' });
    const form = await reads(mia, 'Plan');
    for (const part of ['⭐ 100 minutes', '100 minutes for $60.00', '500 credits for $5.00'])
      expect(form).toContain(part);
    expect(form).not.toContain('Old');
    await mia.fill({ Customer: 'acme', Plan: 'min-100' });
    await mia.submit();
    const shown = await reads(mia, 'Is that right?');
    for (const part of ['1,200 credits', '100 minutes', '$60.00', '1,300 credits', 'takes no payment'])
      expect(shown).toContain(part);
    expect(await posted()).toBe(100);
    await mia.submit({ twice: true });
    await reads(mia, 'Done');
    expect(await posted()).toBe(1300);
    expect(await operations()).toEqual([
      { kind: 'plan', key: expect.stringMatching(/^slack:/), actor: `slack:${agency.teamId}/U0MIA` },
    ]);
  });

  it('typed in full goes straight to the confirmation', async () => {
    await agency.mia.command('/credits apply cus_acme 100 minutes', { channel: 'C0OWN' });
    expect(await confirmed()).toContain('1,300 credits');
  });

  it('of a plan in minutes for a customer without a price says so, and what to do', async () => {
    const { mia, world } = agency;
    await world.customer('cus_new', '0', { price_per_minute: undefined });
    await mia.command('/credits apply cus_new', { channel: 'C0OWN' });
    await mia.fill({ Plan: 'min-100' });
    expect((await mia.submit()).errors).toEqual({ Plan: expect.stringContaining('no price per minute') });
    await mia.command('/credits apply cus_new min-100', { channel: 'C0OWN' });
    expect(await reads(mia, 'no price per minute')).toContain('Next');
    expect(await posted('cus_new')).toBe(0);
  });

  it('counts the plan’s credits against the cap', async () => {
    const { max } = agency;
    await max.command('/credits apply cus_acme', { channel: 'C0OWN' });
    await max.fill({ Plan: 'Huge' });
    expect((await max.submit()).errors).toEqual({ Plan: expect.stringContaining('You may move 500 credits at once') });
    await max.fill({ Plan: 'Starter' });
    await max.submit();
    await confirmed(max);
    expect(await posted()).toBe(600);
  });

  it('whose price per minute changed since it was shown does not apply what was not confirmed', async () => {
    const { mia, world } = agency;
    await mia.command('/credits apply cus_acme min-100', { channel: 'C0OWN' });
    await reads(mia, '1,200 credits');
    const settings = { price_per_minute: { credits: '15' } };
    await updateCustomer(test.database, world.partnerId, PARTNER, 'cus_acme', { settings });
    await mia.submit();
    expect(await reads(mia, 'Nothing was changed')).toContain(
      'You confirmed 1200 credits, and by now it would be 1500',
    );
    expect(await posted()).toBe(100);
  });

  it('of a recurring plan says when it renews and what rolls over, and starts it once', async () => {
    const { mia, world } = agency;
    await plan({
      id: 'monthly',
      name: 'Monthly',
      credits: '100',
      bonus: '10',
      price: '9',
      recurring: { period: 'month', rollover: { share: '0.5', cap: '50' } },
    });
    await mia.command('/credits apply cus_acme monthly', { channel: 'C0OWN' });
    const shown = await reads(mia, 'Is that right?');
    for (const part of [
      '*110 credits* ($1.10) a month, the first now, by the plan *Monthly*',
      '$9.00 a month',
      'Of it a bonus',
      'Renews',
      'half rolls over, up to 50 credits',
      'each time by itself',
    ])
      expect(shown).toContain(part);
    await mia.submit({ twice: true });
    await reads(mia, 'Done');
    expect(await posted()).toBe(210);
    const { items } = await listSubscriptions(test.database, world.partnerId);
    expect(items).toMatchObject([{ customer_id: 'cus_acme', plan: { id: 'monthly' }, period: 1 }]);
    await mia.close();
    await mia.command('/credits apply cus_acme monthly', { channel: 'C0OWN' });
    expect(await reads(mia, 'has the recurring plan')).toContain('Change that one');
    expect(await posted()).toBe(210);
  });

  it('counts a bonus against the cap, too', async () => {
    await plan({ id: 'sly', name: 'Sly', credits: '400', bonus: '101', price: '5' });
    await agency.max.command('/credits apply cus_acme sly', { channel: 'C0OWN' });
    await reads(agency.max, 'You may move 500 credits at once');
  });

  it.each(['viv', 'carl'] as const)('is not for %s', async (who) => {
    await agency[who].command('/credits apply cus_acme starter', { channel: 'C0OWN' });
    await reads(agency[who], 'This is for owners and managers.');
  });

  it('reads a plan from the end of what was typed, the longest that fits', () => {
    const plans = [
      { id: 'p1', name: '100 minutes' },
      { id: 'p2', name: 'Big 100 minutes' },
    ];
    expect(splitPlan('acme dental 100 Minutes', plans)).toEqual({ customer: 'acme dental', plan: plans[0] });
    expect(splitPlan('acme big 100 minutes', plans)).toEqual({ customer: 'acme', plan: plans[1] });
    expect(splitPlan('p1', plans)).toEqual({ customer: '', plan: plans[0] });
    expect(splitPlan('"Acme" p2', plans)).toEqual({ customer: 'Acme', plan: plans[1] });
    expect(splitPlan('acme', plans)).toEqual({ customer: 'acme' });
  });
});

describe('/credits apply without plans', () => {
  it('says what to do', async () => {
    await agency.mia.command('/credits apply', { channel: 'C0OWN' });
    await reads(agency.mia, 'no active credit plan');
  });
});

describe('/credits reverse', () => {
  const choose = async (operation: string, values: Record<string, string> = {}, person = agency.mia) => {
    if (person.modal) await person.close();
    await person.command('/credits reverse cus_acme', { channel: 'C0OWN' });
    await reads(person, 'is to be reversed');
    await person.fill({ Operation: operation, Why: 'it was wrong', ...values });
    return (await person.submit()).errors;
  };

  it('gives back a call, whole, once; it is no longer offered then', async () => {
    const { mia, world } = agency;
    await world.callByFields('call-1', '61', 'cus_acme');
    expect(await choose('Call of 61 s')).toEqual({});
    expect(await reads(mia, 'Is that right?')).toContain('gets *12.2 credits* ($0.12) back');
    await mia.submit({ twice: true });
    await reads(mia, 'Done');
    expect(await posted()).toBe(100);
    expect(await operations()).toMatchObject([{ kind: 'reversal' }]);
    await mia.command('/credits reverse cus_acme', { channel: 'C0OWN' });
    expect(await reads(mia, 'is to be reversed')).not.toContain('Call of');
  });

  it('takes back a part of a top-up, and offers what is left', async () => {
    expect(await choose('Top-up', { 'Credits to reverse': '30' })).toEqual({});
    await confirmed();
    expect(await posted()).toBe(70);
    await agency.mia.command('/credits reverse cus_acme', { channel: 'C0OWN' });
    expect(await reads(agency.mia, 'is to be reversed')).toContain('Top-up: +100 credits, 70 credits left');
  });

  it('says at the amount what is too large, and what the balance does not cover', async () => {
    expect(await choose('Top-up', { 'Credits to reverse': '101' })).toEqual({
      'Credits to reverse': expect.stringContaining('100 credits are left to reverse'),
    });
    await agency.world.callByFields('call-1', '300', 'cus_acme');
    expect(await choose('Top-up')).toEqual({
      'Credits to reverse': expect.stringMatching(/100 credits were asked for and 40 can be spent.*Top up first/),
    });
    expect(await choose('Top-up', { 'Credits to reverse': 'abc' })).toEqual({
      'Credits to reverse': expect.stringContaining('not a plain decimal number'),
    });
  });

  it('asks first whose, when nobody was typed', async () => {
    const { mia } = agency;
    await mia.command('/credits reverse', { channel: 'C0OWN' });
    await mia.fill({ Customer: 'acme' });
    await mia.submit();
    await reads(mia, 'is to be reversed');
    await mia.fill({ Operation: 'Top-up', Why: 'x' });
    await mia.submit();
    await confirmed();
    expect(await posted()).toBe(0);
  });

  it('of a call that was corrected since it was shown changes nothing', async () => {
    const { mia, world } = agency;
    await world.callByFields('call-1', '61', 'cus_acme');
    await choose('Call of 61 s');
    await reads(mia, 'Is that right?');
    await world.call({ id: 'call-1', seconds: 66, rank: 3, customerId: 'cus_acme' });
    await mia.submit();
    expect(await reads(mia, 'Nothing was changed')).toContain(
      'You confirmed 12.2 credits, and by now it would be 13.2',
    );
    expect(await posted()).toBe(86.8);
  });

  it('says plainly that the host is needed where funding is allocated', async () => {
    const { world } = agency;
    await world.callByFields('call-1', '61', 'cus_acme');
    await world.topUp('partner', '1000');
    await choose('Top-up', { 'Credits to reverse': '87.8' });
    await confirmed();
    await updatePartner(test.database, world.partnerId, HOST, { funding: 'allocated' });
    await world.topUp('cus_acme', '50');
    await world.callByFields('call-2', '60', 'cus_acme');
    expect(await choose('Call of 60 s')).toEqual({ Operation: expect.stringContaining('only the host gives back') });
  });

  it('holds a cap, and is for managers', async () => {
    const { world, max, viv } = agency;
    await world.topUp('cus_acme', '900');
    expect(await choose('+900', {}, max)).toEqual({
      'Credits to reverse': expect.stringContaining('You may move 500 credits at once'),
    });
    await viv.command('/credits reverse cus_acme', { channel: 'C0OWN' });
    await reads(viv, 'This is for owners and managers.');
  });

  it('reverses no operation of another customer, whatever the modal holds', async () => {
    const { mia, world } = agency;
    await world.customer('cus_zen', '40');
    await mia.command('/credits reverse cus_acme', { channel: 'C0OWN' });
    await reads(mia, 'is to be reversed');
    await mia.fill({ Operation: 'Top-up', Why: 'x' });
    const modal = mia.modal!;
    modal.content = {
      ...modal.content,
      private_metadata: JSON.stringify({ channelId: null, ids: { customer: 'cus_zen' } }),
    };
    expect((await mia.submit()).errors).toEqual({ Operation: expect.stringContaining('not one of that customer') });
  });

  it('of a customer without operations says so', async () => {
    await agency.world.customer('cus_new', '0');
    await agency.mia.command('/credits reverse cus_new', { channel: 'C0OWN' });
    await reads(agency.mia, 'is left to reverse');
  });
});
