import { removeSlackRole, setSlackRole } from '@talktime/core/access';
import { verify } from '@talktime/core/ledger';
import type { TestDatabase } from '../setup/database';
import { HOST, World } from '../setup/world';
import { openAgency, reads, saidTo, type Agency } from './agency';

/** Credits moved from Slack, end to end: people, signed HTTP, the bot, a real database. */
describe('credits moved from Slack', () => {
  let test: TestDatabase;
  let agency: Agency;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => void (agency = await openAgency(test)));
  afterEach(() => agency.close());

  const operations = () =>
    test.superuser<{ key: string; kind: string; actor: string; note: string | null }>(
      `select o.key, o.kind, o.actor, n.note from talktime.operations o
       left join talktime.operation_notes n using (partner_id, operation_id)
       where o.partner_id = $1 and o.key like 'slack:%' order by o.at`,
      [agency.world.partnerId],
    );
  const audited = () =>
    test.superuser<{ actor: string; action: string; subject: string }>(
      `select actor, action, subject from talktime.audit_log where partner_id = $1 and action like '%.confirmed'`,
      [agency.world.partnerId],
    );
  const draftIds = async () =>
    (
      await test.superuser<{ draft_id: string }>('select draft_id from talktime.slack_drafts where partner_id = $1', [
        agency.world.partnerId,
      ])
    ).map((row) => row.draft_id);
  const posted = () => agency.world.posted('cus_acme');

  it('a top-up typed in full is confirmed and done, under the draft’s key and in the person’s name', async () => {
    const { mia } = agency;
    await mia.command('/credits topup cus_acme 25.5 for May', { channel: 'C0OWN' });
    const confirmation = await reads(mia, 'Is that right?');
    for (const part of ['25.5 credits', '$0.26', '100 credits', '125.5 credits']) expect(confirmation).toContain(part);
    expect(await posted()).toBe(100);

    expect(await mia.submit()).toMatchObject({ errors: {} });
    expect(await reads(mia, 'Done')).toContain('125.5 credits');
    expect(await posted()).toBe(125.5);
    const [draftId] = await draftIds();
    const actor = `slack:${agency.teamId}/U0MIA`;
    expect(await operations()).toEqual([{ key: `slack:${draftId}`, kind: 'top_up', actor, note: 'for May' }]);
    expect(await audited()).toEqual([{ actor, action: 'top_up.confirmed', subject: 'cus_acme' }]);
  });

  it('a top-up typed without anything asks for it in a form', async () => {
    const { mia } = agency;
    await agency.world.customer('cus_zen', '0');
    await mia.command('/credits topup', { channel: 'C0OWN' });
    await mia.fill({ Customer: 'cus_zen', 'Credits to add': '1,000', Note: 'a start' });
    await mia.submit();
    expect(await reads(mia, 'Is that right?')).toContain('1,000 credits');
    await mia.submit();
    await reads(mia, 'Done');
    expect(await agency.world.posted('cus_zen')).toBe(1000);
  });

  it('an adjustment needs a reason, and takes credits away', async () => {
    const { mia } = agency;
    await mia.command('/credits adjust cus_acme -30', { channel: 'C0OWN' });
    await reads(mia, 'takes away');
    await mia.fill({ Why: ' ' });
    expect((await mia.submit()).errors).toEqual({ Why: 'Say why: it is shown in the history.' });
    await mia.fill({ Why: 'a mistake of ours' });
    await mia.submit();
    expect(await reads(mia, 'Is that right?')).toContain('are taken from');
    await mia.submit();
    await reads(mia, 'Done');
    expect(await posted()).toBe(70);
    expect(await operations()).toMatchObject([{ kind: 'adjustment', note: 'a mistake of ours' }]);
  });

  it('an adjustment typed in full goes straight to its confirmation', async () => {
    await agency.mia.command('/credits adjust cus_acme +5 thank you', { channel: 'C0OWN' });
    await reads(agency.mia, 'Is that right?');
    await agency.mia.submit();
    await reads(agency.mia, 'Done');
    expect(await posted()).toBe(105);
  });

  const walletOfAcme = async () => {
    const [row] = await test.superuser<{ wallet_id: number }>(
      `select wallet_id from talktime.customers where partner_id = $1 and customer_id = 'cus_acme'`,
      [agency.world.partnerId],
    );
    return row!.wallet_id;
  };

  it.each(['button', 'shortcut'])('an alert’s %s opens the top-up of its customer', async (way) => {
    const { mia } = agency;
    const alert = await agency.post('C0OWN', 'talktime_topup', `${await walletOfAcme()}.1`);
    if (way === 'button') await mia.press(alert, 'Press');
    else await mia.shortcut('talktime_message_topup', alert);
    await mia.fill({ 'Credits to add': '50' });
    await mia.submit();
    await reads(mia, 'Is that right?');
    await mia.submit();
    await reads(mia, 'Done');
    expect(await posted()).toBe(150);
  });

  it('a double click on the alert’s button opens one form', async () => {
    const { mia } = agency;
    const alert = await agency.post('C0OWN', 'talktime_topup', `${await walletOfAcme()}.1`);
    await mia.press(alert, 'Press', { twice: true });
    await mia.fill({ 'Credits to add': '50' });
    await mia.submit();
    await reads(mia, 'Is that right?');
    expect(await posted()).toBe(100);
  });

  it('a confirmation submitted twice at the same moment is done once', async () => {
    const { mia } = agency;
    await mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
    await reads(mia, 'Is that right?');
    await mia.submit({ twice: true });
    await reads(mia, 'Done');
    expect(await posted()).toBe(140);
    expect(await operations()).toHaveLength(1);
    expect(await audited()).toHaveLength(1);
  });

  it('a confirmation that Slack sends again is done once, and said to be', async () => {
    const { mia, slack } = agency;
    await mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
    await reads(mia, 'Is that right?');
    await mia.submit();
    await reads(mia, 'Done');
    const again = await Promise.all([slack.resendLast(), slack.resendLast()]);
    for (const { body } of again) expect(body).toContain('It had been done already');
    expect(await posted()).toBe(140);
    expect(await operations()).toHaveLength(1);
  });

  describe('an amount that is none is refused at the amount:', () => {
    it.each([
      ['topup', '1.2345678', 'more than 6 decimals'],
      ['topup', '0', 'above zero'],
      ['topup', '-5', 'above zero'],
      ['topup', 'abc', 'not a plain decimal number'],
      ['topup', '1,5', 'not a plain decimal number'],
      ['topup', '1e3', 'more than 6 decimals'],
      ['topup', '9000000000', 'beyond 8,000,000,000'],
      ['topup', '7999999999', 'a wallet stays within 8,000,000,000'],
      ['adjust', '0', 'changes nothing'],
      ['adjust', '-100.1', '100.1 credits were asked for and 100 can be spent'],
    ])('%s of %s', async (command, amount, said) => {
      const { mia } = agency;
      await mia.command(`/credits ${command} cus_acme`, { channel: 'C0OWN' });
      const label = command === 'topup' ? 'Credits to add' : 'Credits: 5 adds, -5 takes away';
      await mia.fill({ [label]: amount, [command === 'topup' ? 'Note' : 'Why']: 'why' });
      const { errors } = await mia.submit();
      expect(errors).toEqual({ [label]: expect.stringContaining(said) });
      expect(await posted()).toBe(100);
    });
  });

  describe('a cap', () => {
    it('is said at the amount of the form', async () => {
      const { max } = agency;
      await max.command('/credits topup cus_acme', { channel: 'C0OWN' });
      await max.fill({ 'Credits to add': '500.000001' });
      expect((await max.submit()).errors).toEqual({
        'Credits to add': expect.stringContaining('You may move 500 credits at once'),
      });
      await max.fill({ 'Credits to add': '500' });
      expect((await max.submit()).errors).toEqual({});
      await max.submit();
      await reads(max, 'Done');
      expect(await posted()).toBe(600);
    });

    it('counts what is taken away as well, and holds for what is typed in full', async () => {
      await agency.world.topUp('cus_acme', '900');
      await agency.max.command('/credits adjust cus_acme -501 why', { channel: 'C0OWN' });
      expect(await reads(agency.max, 'at once')).toContain('You may move 500 credits');
    });

    it('that was lowered meanwhile holds for the confirmation', async () => {
      const { max, world, teamId } = agency;
      await max.command('/credits topup cus_acme 400', { channel: 'C0OWN' });
      await reads(max, 'Is that right?');
      const person = { teamId, userId: 'U0MAX' };
      await setSlackRole(test.database, world.partnerId, HOST, person, { role: 'manager', max_credits: '399' });
      await max.submit();
      await reads(max, 'You may move 399 credits at once');
      expect(await posted()).toBe(100);
    });
  });

  describe('somebody without the role', () => {
    it.each(['viv', 'carl'] as const)('is refused what a manager does: %s', async (who) => {
      const person = agency[who];
      await person.command('/credits topup cus_acme 10', { channel: 'C0OWN' });
      // A customer's people may pay for their own, which is not set up here.
      await reads(person, who === 'carl' ? 'Paying by card is not set up here.' : 'This is for owners and managers.');
      const alert = await agency.post('C0OWN', 'talktime_topup', `${await walletOfAcme()}.1`);
      await person.press(alert, 'Press');
      await reads(person, 'This is for owners and managers.');
      expect(await draftIds()).toEqual([]);
    });

    it('of another company, in a shared channel, is refused too', async () => {
      const { eve } = agency;
      const alert = await agency.post('C0SHARED', 'talktime_topup', `${await walletOfAcme()}.1`);
      await eve.press(alert, 'Press');
      await reads(eve, 'This is for owners and managers.');
      await eve.shortcut('talktime_message_topup', alert);
      await reads(eve, 'This is for owners and managers.');
    });

    it('who had it when the confirmation was shown is refused at its submission', async () => {
      const { max, world, teamId } = agency;
      await max.command('/credits topup cus_acme 10', { channel: 'C0OWN' });
      await reads(max, 'Is that right?');
      await removeSlackRole(test.database, world.partnerId, HOST, { teamId, userId: 'U0MAX' });
      await max.submit();
      await reads(max, 'This is for owners and managers.');
      expect(await posted()).toBe(100);
    });

    it('learns of no customer from the picker', async () => {
      const { max, world, teamId } = agency;
      await max.command('/credits topup', { channel: 'C0OWN' });
      expect(await max.suggestions('Customer', 'acme')).toEqual(['cusˍacme']);
      await removeSlackRole(test.database, world.partnerId, HOST, { teamId, userId: 'U0MAX' });
      await setSlackRole(
        test.database,
        world.partnerId,
        HOST,
        { teamId, userId: 'U0MAX' },
        {
          role: 'customer',
          customer_id: 'cus_acme',
        },
      );
      expect(await max.suggestions('Customer', 'acme')).toEqual([]);
    });
  });

  describe('in a customer’s channel', () => {
    it('that customer is meant, found also among many, and no other', async () => {
      const { mia, world } = agency;
      for (let number = 0; number < 101; number += 1) await world.customer(`aaa_${number}`, '0');
      await mia.command('/credits topup', { channel: 'C0ACME' });
      expect(await mia.suggestions('Customer', '')).toEqual(['cusˍacme']);
      await mia.fill({ 'Credits to add': '5' });
      await mia.submit();
      await reads(mia, 'Is that right?');
      await mia.submit();
      await reads(mia, 'Done');
      expect(await posted()).toBe(105);
      await mia.command('/credits topup aaa_1 5', { channel: 'C0ACME' });
      await reads(mia, 'There is no customer');
    });
  });

  describe('a confirmation', () => {
    const confirmationOf = async (draftId: string, as = agency.mia) => {
      if (as.modal) await as.close();
      await as.command('/credits topup cus_acme 1', { channel: 'C0OWN' });
      await reads(as, 'Is that right?');
      const modal = as.modal!;
      modal.content = {
        ...modal.content,
        private_metadata: JSON.stringify({ channelId: null, ids: { draft: draftId } }),
      };
      await as.submit();
      return reads(as, 'Nothing was changed');
    };

    it('of somebody else’s draft, of another partner’s, or of none, is refused', async () => {
      const { mia, max } = agency;
      await mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
      await reads(mia, 'Is that right?');
      const [draftId] = await draftIds();
      expect(await confirmationOf(draftId!, max)).toContain('is not yours');
      const other = await openAgency(test);
      try {
        await other.mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
        await reads(other.mia, 'Is that right?');
        const theirs = JSON.parse(String(other.mia.modal!.content.private_metadata)) as { ids: { draft: string } };
        expect(await confirmationOf(theirs.ids.draft)).toContain('is not yours');
      } finally {
        await other.close();
      }
      expect(await confirmationOf('not an id')).toContain('is not yours');
      expect(await posted()).toBe(100);
    });

    it('that waited more than half an hour is refused; one that was done is answered as before', async () => {
      const { mia, slack } = agency;
      const age = () =>
        test.superuser(`update talktime.slack_drafts set created_at = created_at - interval '31 minutes'`);
      await mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
      await reads(mia, 'Is that right?');
      await age();
      await mia.submit();
      await reads(mia, 'waited longer than half an hour');
      expect(await posted()).toBe(100);

      await mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
      await reads(mia, 'Is that right?');
      await mia.submit();
      await reads(mia, 'Done');
      await age();
      expect((await slack.resendLast()).body).toContain('It had been done already');
      expect(await posted()).toBe(140);
    });

    it('of what the balance no longer covers changes nothing', async () => {
      const { mia, world } = agency;
      await mia.command('/credits adjust cus_acme -80 why', { channel: 'C0OWN' });
      await reads(mia, 'Is that right?');
      await world.callByFields('call-1', '300', 'cus_acme');
      await mia.submit();
      await reads(mia, '80 credits were asked for and 40 can be spent');
      expect(await posted()).toBe(40);
      expect(await operations()).toEqual([]);
    });
  });

  it('every modal keeps within Slack’s limits, holds no amount in its metadata, and the ledger proves itself', async () => {
    const { mia, slack } = agency;
    await mia.command('/credits topup cus_acme 77.123 note', { channel: 'C0OWN' });
    await reads(mia, 'Is that right?');
    expect(String(mia.modal!.content.private_metadata)).not.toContain('77');
    await mia.submit();
    await reads(mia, 'Done');
    expect(slack.calls.filter(({ answer }) => typeof answer === 'object' && answer.ok === false)).toEqual([]);
    expect(agency.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect((await verify(test.database)).findings).toEqual([]);
  });
});

describe('a fault in the middle', () => {
  let test: TestDatabase;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());

  it('after the commit leaves a confirmation that can be tried again, and is done once', async () => {
    let faults = 1;
    const agency = await openAgency(test, {
      changed: (data) => ({
        async perform(...asked) {
          const performed = await data.perform(...asked);
          if (faults-- > 0) throw new Error('the connection broke while the answer was on its way');
          return performed;
        },
      }),
    });
    try {
      const { mia, world } = agency;
      await mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
      await reads(mia, 'Is that right?');
      await mia.submit();
      expect(await reads(mia, 'not known whether it was done')).not.toContain('the connection broke');
      await mia.submit();
      expect(await reads(mia, 'Done')).toContain('It had been done already');
      expect(await world.posted('cus_acme')).toBe(140);
    } finally {
      await agency.close();
    }
  });

  it('while the draft is marked rolls the credits back as well', async () => {
    const agency = await openAgency(test);
    try {
      const { mia, world } = agency;
      await mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
      await reads(mia, 'Is that right?');
      await test.superuser('revoke update on talktime.slack_drafts from talktime_service');
      await mia.submit();
      await reads(mia, 'not known whether it was done');
      expect(await world.posted('cus_acme')).toBe(100);
      await test.superuser('grant update on talktime.slack_drafts to talktime_service');
      await mia.submit();
      await reads(mia, 'Done');
      expect(saidTo(mia)).not.toContain('already');
      expect(await world.posted('cus_acme')).toBe(140);
    } finally {
      await agency.close();
    }
  });

  it.each(['draft', 'perform'] as const)(
    'a %s slower than Slack waits is acknowledged, and shown when it is there',
    async (slow) => {
      const agency = await openAgency(test, {
        changed: (data) => ({
          [slow]: async (...asked: never[]) => {
            await new Promise((later) => setTimeout(later, 3_200));
            return (data[slow] as (...asked: never[]) => Promise<unknown>)(...asked);
          },
        }),
      });
      try {
        const { mia, world } = agency;
        await mia.command('/credits topup cus_acme', { channel: 'C0OWN' });
        await mia.fill({ 'Credits to add': '40' });
        const first = await mia.submit();
        expect(first.sent?.problem).toBeNull();
        await agency.slack
          .until(() => saidTo(mia).includes('Is that right?') || null, 'the confirmation')
          .catch(() => reads(mia, 'Is that right?'));
        const second = await mia.submit();
        expect(second.sent?.problem).toBeNull();
        await reads(mia, 'Done').catch(() => reads(mia, 'Done'));
        expect(await world.posted('cus_acme')).toBe(140);
      } finally {
        await agency.close();
      }
    },
  );

  it('a form that Slack did not open is told where the command was typed', async () => {
    const agency = await openAgency(test);
    try {
      agency.slack.script('views.open', { error: 'expired_trigger_id' });
      await agency.mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
      const told = await agency.mia.until(() => agency.mia.sees('C0OWN').at(-1), 'an answer');
      expect(JSON.stringify(told)).toContain('Slack did not open the form in time');
    } finally {
      await agency.close();
    }
  });

  it('a modal that was closed while it was worked on is no fault', async () => {
    const agency = await openAgency(test, {
      changed: (data) => ({
        async perform(...asked) {
          await new Promise((later) => setTimeout(later, 2_500));
          return data.perform(...asked);
        },
      }),
    });
    try {
      const { mia, world, log, slack } = agency;
      await mia.command('/credits topup cus_acme 40', { channel: 'C0OWN' });
      await reads(mia, 'Is that right?');
      await mia.submit();
      await reads(mia, 'Working on it');
      await mia.close();
      await slack.until(() =>
        slack.calls.some(
          ({ method, answer }) => method === 'views.update' && JSON.stringify(answer).includes('not_found'),
        ),
      );
      expect(await world.posted('cus_acme')).toBe(140);
      expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    } finally {
      await agency.close();
    }
  });
});
