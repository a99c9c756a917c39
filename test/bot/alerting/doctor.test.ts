import { addMapping, updateCustomer, updatePartner } from '@talktime/core/customers';
import { FINDINGS, type Finding, type FindingCode } from '@talktime/core/contract';
import { doctorMessage } from '../../../bot/messages';
import type { TestDatabase } from '../../setup/database';
import { PARTNER, World } from '../../setup/world';
import { checked, openAgency, reads, type Agency } from './agency';

describe('/credits doctor', () => {
  let test: TestDatabase;
  let agency: Agency;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => void (agency = await openAgency(test)));
  afterEach(() => agency.close());
  afterAll(() => test.drop());

  const settings = (patch: object) =>
    updateCustomer(test.database, agency.world.partnerId, PARTNER, 'acme', { settings: patch });

  it('says what is broken, with a button that mends it', async () => {
    const { world, mia, slack } = agency;
    await world.call({ id: '1', seconds: 60 * 83 + 20, customerId: 'acme' }); // all of it
    const said = await agency.ask(mia, '/credits doctor acme');
    expect(said).toContain('🔴 Doctor: 1 broken');
    expect(said).toContain('The balance is used up');
    expect(said).toContain('insufficient credits');
    await mia.press(slack.ephemerals.at(-1)!, 'talktime_topup');
    expect(await reads(mia, 'Credits to add')).toContain('acme');
  });

  it('is content where nothing is wrong', async () => {
    const { world, mia } = agency;
    await settings({ show_pricing_information: true, customer_portal_enabled: true });
    await addMapping(test.database, world.partnerId, PARTNER, { kind: 'agent', value: 'a1', customer_id: 'acme' });
    expect(await agency.ask(mia, '/credits doctor acme')).toContain('🟢 Doctor: all is well');
  });

  it('without a customer, looks at the agency itself and names customers with something broken', async () => {
    const { world, mia } = agency;
    await updatePartner(test.database, world.partnerId, PARTNER, { slack_channel: 'C0ALERTS' });
    await world.customer('zen', '0');
    const said = await agency.ask(mia, '/credits doctor');
    expect(said).toContain('Your own set-up');
    expect(said).toContain('/credits doctor zen');
    expect(said).toContain('The balance is used up');
  });

  it('guesses a customer that was mistyped', async () => {
    const said = await agency.ask(agency.mia, '/credits doctor acne');
    expect(said).toContain('Did you mean');
    expect(said).toContain('/credits doctor acme');
  });

  it('shows a viewer no button, and a customer’s people nothing', async () => {
    const { viv, carl } = agency;
    await settings({ low_credit_notifications_enabled: false });
    const said = await agency.ask(viv, '/credits doctor acme');
    expect(said).toContain('Low credit notifications are off');
    expect(said).not.toContain('talktime_settings');
    const refused = await agency.ask(carl, '/credits doctor', 'C0ACME');
    expect(refused).toContain('This is for people with a role');
    expect(refused).not.toContain('notifications');
  });

  it('in a customer’s channel looks at that one alone, and says nothing of costs or of the partner’s balance', async () => {
    const { world, mia } = agency;
    await world.customer('zen', '0');
    await world.call({ id: '1', seconds: 60, customerId: 'acme', cost: { amount: 160_000n, currency: 'USD' } });
    expect(await agency.ask(mia, '/credits doctor')).toContain('zen');
    expect(await agency.ask(mia, '/credits doctor acme')).toContain('below their cost');
    const said = await agency.ask(mia, '/credits doctor', 'C0ACME');
    expect(said).toContain('acme');
    expect(said).not.toMatch(/zen|cost 0|markup|margin/);
    await settings({ ai_credits_enabled: false });
    await world.topUp('partner', '77');
    expect(await agency.ask(mia, '/credits doctor', 'C0CREDITS')).not.toContain('77 credits.:');
    expect(await agency.ask(mia, '/credits doctor', 'C0ACME')).not.toContain('77');
    expect(await agency.ask(mia, '/credits doctor zen', 'C0ACME')).not.toContain('No credits were ever added');
  });
});

describe('the doctor’s message', () => {
  const codes = Object.keys(FINDINGS) as FindingCode[];
  const finding = (code: FindingCode, long: string): Finding => {
    const [state, title] = FINDINGS[code];
    return { code, state, title, detail: long, next: state === 'ok' ? null : long, mend: 'settings' };
  };

  it('stays within every limit, whatever is found and however customers are called', () => {
    const evil = '<!channel> *_~` <https://x.example|click> :bomb: @here '.repeat(20);
    const message = doctorMessage(
      {
        target: '123456789.1234567890',
        diagnosis: {
          customer: { id: 'x'.repeat(64), name: evil },
          state: 'broken',
          findings: codes.map((code) => finding(code, evil)),
          broken_customers: {
            examined: 5000,
            count: 5000,
            first: Array.from({ length: 10 }, () => ({ id: 'x'.repeat(64), name: evil, codes })),
          },
        },
      },
      { command: '/credits', inCustomersChannel: false, mayMend: true },
    );
    const said = checked(message);
    expect(said).not.toMatch(/<!|<https|@here/);
  });

  it('in a customer’s channel has no code that is about the partner’s money', () => {
    const message = doctorMessage(
      {
        target: '1.1',
        diagnosis: {
          customer: { id: 'acme', name: 'Acme' },
          state: 'broken',
          findings: codes.map((code) =>
            finding(code, code.includes('COST') || code.startsWith('PARTNER_') ? 'SECRET' : 'x'),
          ),
          broken_customers: null,
        },
      },
      { command: '/credits', inCustomersChannel: true, mayMend: true },
    );
    expect(checked(message)).not.toContain('SECRET');
  });
});
