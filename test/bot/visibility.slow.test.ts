import { planCreate, settingsPatch } from '@talktime/core/contract';
import { updateCustomer, updatePartner } from '@talktime/core/customers';
import { createPlan } from '@talktime/core/plans';
import { marginReport } from '@talktime/core/records';
import { customerAlertMessage } from '../../bot/messages';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';
import { openAgency, type Agency } from './agency';
import { driveEverything, wordsOf, type Driven } from './everything';
import { notice } from './samples';

/** Figures that occur nowhere else, so that finding one anywhere means that it leaked. */
const OWN = { balance: '4321.5', rate: '13.37', threshold: '77.7' };
const SECRET = { partnerBalance: '76543.21', partnerRate: '8.765432', rivalBalance: '31337.5' };

describe('what a customer’s people can see (money-rules 21)', () => {
  let test: TestDatabase;
  let agency: Agency;
  let callId: string;
  beforeAll(async () => {
    test = await World.open();
    agency = await openAgency(test);
    const { world } = agency;
    await world.topUp('partner', SECRET.partnerBalance, HOST);
    await updatePartner(test.database, world.partnerId, PARTNER, {
      price_per_minute: { credits: SECRET.partnerRate },
      margin_guard: { margin: 0.4242, days: 7 },
    });
    await settings({ price_per_minute: { credits: OWN.rate }, low_credit_threshold: OWN.threshold });
    await world.topUp('cus_acme', '4221.5', HOST);
    await world.customer('cus_rival', SECRET.rivalBalance);
    await updateCustomer(test.database, world.partnerId, PARTNER, 'cus_rival', { name: 'Rival Robotics' });
    await createPlan(
      test.database,
      world.partnerId,
      PARTNER,
      planCreate.parse({ id: 'plan_starter', name: 'Starter', credits: '555.5', price: '44.44' }),
    );
    // What it cost the partner: 0.1777 in its currency, of a price of 13.37 credits and the like.
    for (const [id, customerId] of [
      ['call-1', 'cus_acme'],
      ['call-2', 'cus_rival'],
    ] as const)
      await world.call({ id, seconds: 60, customerId, cost: { amount: 177_700n, currency: 'USD' } });
    const { result } = await world.call({ id: 'call-3', seconds: 61, clues: { agentId: 'agent_secret' } });
    callId = (result as { call_id: string }).call_id;
  });
  afterAll(async () => {
    await agency?.close();
    await test.drop();
  });

  const settings = (input: object) =>
    updateCustomer(test.database, agency.world.partnerId, PARTNER, 'cus_acme', {
      settings: settingsPatch.parse(input),
    });
  /** Whatever they may think of: nothing, themselves, another, all of it; ids of wallets, customers, calls and routes. */
  const drive = () =>
    driveEverything(agency, agency.carl, 'C0ACME', {
      args: ['', 'cus_acme', 'cus_rival', 'Rival Robotics'],
      values: ['1.1', '2.1', 'cus_rival', callId],
    });
  /** Where something is said that matches, with the whole of it: so that a failure names its place. */
  const saying = ({ seen }: Driven, pattern: RegExp) =>
    seen.flatMap((one) =>
      wordsOf(one)
        .filter((words) => pattern.test(words))
        .map((words) => `${one.kind}: ${words}`),
    );

  const secrets = async () => {
    const { rows, total } = await marginReport(test.database, agency.world.partnerId, { by: 'customer' });
    const percents = [...rows, total]
      .flatMap(({ markup, margin }) => [markup, margin])
      .flatMap((ratio) => (ratio === null ? [] : [(ratio * 100).toFixed(1), (ratio * 100).toFixed(2)]));
    return [...Object.values(SECRET), '42.4', '0.1777', '0.18', '0.3554', '0.36', '17.77', ...percents];
  };

  describe.each([
    ['with Show Pricing Information', true],
    ['without Show Pricing Information', false],
  ])('%s', (_how, shows) => {
    let driven: Driven;
    beforeAll(async () => {
      await settings({ show_pricing_information: shows });
      driven = await drive();
    }, 240_000);

    it('is all there is: every subcommand and every button showed something, and so did the Home tab', () => {
      expect(driven.seen.length).toBeGreaterThan(driven.subcommands.length + driven.actions.length);
      expect(driven.seen.map(({ kind }) => kind)).toContain('home');
      expect(driven.silent).toEqual([]);
    });

    it('is nothing of costs, margins and markups, nor of the partner’s balance', async () => {
      expect(saying(driven, /cost|margin|mark-?up/i)).toEqual([]);
      for (const secret of await secrets()) expect(saying(driven, figure(secret))).toEqual([]);
    });

    it('is nothing of another customer, nor of a call that waits for one', () => {
      expect(saying(driven, /robotics|agent_secret/i).filter((said) => !/no customer/.test(said))).toEqual([]);
      // They typed the other customer's name and id themselves: it is repeated to them as unknown, and never confirmed.
      for (const said of saying(driven, /rival/i)) expect(said).toMatch(/no customer/);
    });

    it(shows ? 'is their own balance, so that the test would see another' : 'is no figure of their own either', () => {
      const own = [...Object.values(OWN), '4308.13', '43.08', '322', '555.5', '44.44'];
      const found = own.flatMap((each) => saying(driven, figure(each)));
      if (shows) return expect(found).not.toEqual([]);
      expect(found).toEqual([]);
      expect(saying(driven, /[$€£]\s?\d|\d\s*(credits?|min|minutes?)\b/i)).toEqual([]);
    });
  });

  it.each(['low', 'critical', 'exhausted', 'improved', 'recovered', 'recharge_failed'] as const)(
    'an alert of %s in their channel has no figure without Show Pricing Information',
    (event) => {
      const hidden = JSON.stringify(customerAlertMessage(notice(event, '98.76', { showsPricing: false })));
      expect(hidden).not.toMatch(/98[.,]76|\$|credits? \(|\d+ (credits?|min)\b|margin|markup|\bcost/i);
    },
  );
});

/** A figure in any of its formattings: with thousands separated or not, with zeros behind or not. */
function figure(decimal: string): RegExp {
  const [whole = '', fraction = ''] = decimal.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '[,.\\s]?');
  return new RegExp(`(?<![\\d.,])${grouped}${fraction === '' ? '' : `[.,]${fraction}`}0*(?!\\d)`);
}
