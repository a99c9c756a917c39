import { addMapping } from '@talktime/core/customers';
import { readSuspense } from '../../bot/commands/suspense';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';
import { openAgency, reads, saidTo, type Agency } from './agency';

describe('/credits suspense', () => {
  let test: TestDatabase;
  let agency: Agency;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => void (agency = await openAgency(test, { rate: '8' })));
  afterEach(() => agency.close());

  const posted = (customer: string | 'partner' = 'cus_acme') => agency.world.posted(customer);
  const waiting = async (id = 'call-1', seconds = 61) => {
    const { result } = await agency.world.call({ id, seconds, clues: { agentId: 'agent_new' } });
    return (result as { call_id: string }).call_id;
  };
  const listed = async (person = agency.mia) => {
    const before = person.sees('C0OWN').length;
    await person.command('/credits suspense', { channel: 'C0OWN' });
    return person.until(() => {
      const seen = person.sees('C0OWN');
      return seen.length > before && seen.at(-1);
    }, 'the list');
  };

  it('lists what waits and why, with buttons for who may settle it', async () => {
    expect(JSON.stringify(await listed())).toContain('No call waits');
    const id = await waiting();
    const list = JSON.stringify(await listed());
    for (const part of ['One call waits', 'No customer has its agent', 'agent_new', '61 s', id, 'Assign…', 'Dismiss…'])
      expect(list).toContain(part);
    const forViewers = JSON.stringify(await listed(agency.viv));
    expect(forViewers).toContain('agent_new');
    expect(forViewers).not.toContain('Assign…');
  });

  it('assigns a call after showing its price, and maps its agent; the next call needs nobody', async () => {
    const { mia, world } = agency;
    await waiting();
    await mia.press(await listed(), 'Assign…');
    expect(await reads(mia, 'From now on')).toContain('All calls of agent agent');
    await mia.fill({ Customer: 'acme' });
    await mia.submit();
    const shown = await reads(mia, 'Is that right?');
    for (const part of ['pays *12.2 credits* ($0.12)', '61 s at 12 credits a minute', '87.8 credits', 'From now on'])
      expect(shown).toContain(part);
    expect(await posted()).toBe(100);
    await mia.submit({ twice: true });
    expect(await reads(mia, 'Done')).toContain('paid *12.2 credits* for the call');
    expect(await posted()).toBe(87.8);
    await world.call({ id: 'call-2', seconds: 60, clues: { agentId: 'agent_new' } });
    expect(await posted()).toBe(75.8);
    const audits = await test.superuser<{ action: string; actor: string }>(
      `select action, actor from talktime.audit_log
       where partner_id = $1 and action in ('call.assigned', 'mapping.added') order by action`,
      [world.partnerId],
    );
    const actor = `slack:${agency.teamId}/U0MIA`;
    expect(audits).toEqual([
      { action: 'call.assigned', actor },
      { action: 'mapping.added', actor },
    ]);
  });

  it('assigned without mapping, it is this call alone', async () => {
    const { mia, world } = agency;
    await waiting();
    await mia.press(await listed(), 'Assign…');
    await mia.fill({ Customer: 'acme', 'From now on': 'Only this call' });
    await mia.submit();
    expect(await reads(mia, 'Is that right?')).not.toContain('From now on');
    await mia.submit();
    await reads(mia, 'Done');
    const { result } = await world.call({ id: 'call-2', seconds: 60, clues: { agentId: 'agent_new' } });
    expect(result).toMatchObject({ outcome: 'suspense' });
  });

  it('says when the own balance pays, and what the balance does not cover', async () => {
    const { mia, world } = agency;
    await world.topUp('partner', '100');
    await world.customer('cus_off', '0', { ai_credits_enabled: false });
    const id = await waiting();
    await mia.command(`/credits suspense assign ${id} cus_off`, { channel: 'C0OWN' });
    expect(await reads(mia, 'Is that right?')).toContain('*your own balance* pays *8.13 credits*');
    await mia.submit();
    expect(await reads(mia, 'Done')).toContain('Your own balance paid');
    expect(await posted('partner')).toBeCloseTo(91.866667, 6);
    const second = await waiting('call-2', 600);
    await mia.close();
    await mia.command(`/credits suspense assign ${second} cus_acme`, { channel: 'C0OWN' });
    expect(await reads(mia, 'Is that right?')).toContain('*20 credits* of it are beyond what the balance covers');
  });

  it('typed in full opens the confirmation, and charges nothing before it', async () => {
    const { mia } = agency;
    const id = await waiting();
    await mia.command(`/credits suspense assign ${id} cus_acme agent`, { channel: 'C0OWN' });
    await reads(mia, 'Is that right?');
    expect(await posted()).toBe(100);
    await mia.submit();
    await reads(mia, 'Done');
    expect(await posted()).toBe(87.8);
  });

  it('dismisses a call with a reason, once', async () => {
    const { mia } = agency;
    await waiting();
    await mia.press(await listed(), 'Dismiss…');
    await mia.fill({ Why: 'a test of ours' });
    await mia.submit();
    expect(await reads(mia, 'Is that right?')).toContain('closed without a charge, for good');
    await mia.submit({ twice: true });
    expect(await reads(mia, 'Done')).toContain('closed, uncharged');
    expect(JSON.stringify(await listed())).toContain('No call waits');
    expect(await posted()).toBe(100);
  });

  it('refuses what cannot be, and changes nothing', async () => {
    const { mia, world } = agency;
    const id = await waiting();
    await world.customer('cus_zen', '0');
    await addMapping(test.database, world.partnerId, PARTNER, {
      kind: 'agent',
      value: 'agent_new',
      customer_id: 'cus_zen',
    });
    await mia.command(`/credits suspense assign ${id} cus_acme agent`, { channel: 'C0OWN' });
    await reads(mia, 'It belongs to the customer');
    await mia.close();
    await mia.command(`/credits suspense assign ${id} cus_nobody`, { channel: 'C0OWN' });
    await reads(mia, 'There is no customer');
    await mia.close();
    await world.customer('cus_free', '0', { price_per_minute: undefined });
    await mia.command(`/credits suspense assign ${id} cus_free`, { channel: 'C0OWN' });
    await reads(mia, 'There is no price per minute');
    await mia.close();
    for (const words of ['charge it', `assign ${id.slice(1)} cus_acme`, 'dismiss']) {
      const before = mia.sees('C0OWN').length;
      await mia.command(`/credits suspense ${words}`, { channel: 'C0OWN' });
      const said = await mia.until(() => mia.sees('C0OWN').length > before && mia.lastIn('C0OWN'));
      expect(JSON.stringify(said)).toContain('not understood');
    }
    expect(await posted()).toBe(100);
  });

  it('a call that was settled meanwhile says so', async () => {
    const { mia, max } = agency;
    const id = await waiting();
    const list = await listed();
    await mia.command(`/credits suspense assign ${id} cus_acme`, { channel: 'C0OWN' });
    await reads(mia, 'Is that right?');
    await max.command(`/credits suspense dismiss ${id} mine`, { channel: 'C0OWN' });
    await reads(max, 'Is that right?');
    await max.submit();
    await reads(max, 'Done');
    await mia.submit();
    await reads(mia, 'The call is closed');
    await mia.close();
    await mia.press(list, 'Assign…');
    await reads(mia, 'does not wait any more');
    expect(await posted()).toBe(100);
  });

  it('a cap counts the call’s price; viewers, a customer’s people and a customer’s channel are refused', async () => {
    const { max, viv, carl, mia } = agency;
    const id = await waiting('long', 3600);
    await max.command(`/credits suspense assign ${id} cus_acme`, { channel: 'C0OWN' });
    await reads(max, 'You may move 500 credits at once, and this is 720');
    await viv.command(`/credits suspense assign ${id} cus_acme`, { channel: 'C0OWN' });
    await reads(viv, 'This is for owners and managers.');
    await carl.command(`/credits suspense assign ${id} cus_acme`, { channel: 'C0OWN' });
    await reads(carl, 'This is for people with a role');
    await mia.command(`/credits suspense assign ${id} cus_acme`, { channel: 'C0ACME' });
    await reads(mia, 'this channel is one customer’s');
    const button = await agency.post('C0ACME', 'talktime_suspense_assign', id);
    await mia.close();
    await mia.press(button, 'Press');
    await reads(mia, 'this channel is one customer’s');
    expect(saidTo(mia)).not.toContain('Customer"');
    expect(await posted()).toBe(100);
  });

  it('reads what was typed', () => {
    const id = '0b5d9a7e-1c2d-4e3f-8a9b-0c1d2e3f4a5b';
    expect(readSuspense('')).toEqual({ kind: 'list' });
    expect(readSuspense(`assign ${id}`)).toEqual({ kind: 'assign', callId: id, customer: '', map: null });
    expect(readSuspense(`Assign \`${id.toUpperCase()}\` Acme Dental phone_number`)).toEqual({
      kind: 'assign',
      callId: id,
      customer: 'Acme Dental',
      map: 'phone_number',
    });
    expect(readSuspense(`assign ${id} agent`)).toMatchObject({ customer: 'agent', map: null });
    expect(readSuspense(`dismiss ${id} a test of ours`)).toEqual({
      kind: 'dismiss',
      callId: id,
      reason: 'a test of ours',
    });
    expect(readSuspense('dismiss')).toEqual({ kind: 'unclear' });
  });
});
