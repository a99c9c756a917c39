import { randomUUID } from 'node:crypto';
import { linkSlackChannel } from '@talktime/core/access';
import { planCreate } from '@talktime/core/contract';
import { updateCustomer } from '@talktime/core/customers';
import { createPlan } from '@talktime/core/plans';
import { drawHome, drawMessages, drawView } from '../../server/demo/slack/draw';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';
import { openAgency, type Agency } from './agency';
import { driveEverything, type Seen } from './everything';

/** What a client may call itself. Nothing of it may ping anybody, lead anywhere or be formatted. */
const NAMES = [
  '<!channel> <!here>',
  '<@U012345> @channel',
  '<https://evil.example|click> https://evil.example',
  '*bold* _it_ ~gone~ `code`',
  ':tada: <#C012345> <!subteam^S0123>',
  'bidi \u202Egnp.exe\u202C \u2066x\u2069',
  `${'<!everyone>'.repeat(18)}!!`,
];

describe('names that clients gave themselves', () => {
  let test: TestDatabase;
  let agency: Agency;
  beforeAll(async () => {
    test = await World.open();
    agency = await openAgency(test);
    const { partnerId } = agency.world;
    for (const [index, name] of NAMES.entries()) {
      await agency.world.customer(`cus_${index}`, String(10 + index), {
        low_credit_threshold: '50',
        low_credit_notifications_enabled: true,
        show_pricing_information: true,
      });
      await updateCustomer(test.database, partnerId, PARTNER, `cus_${index}`, { name });
      await linkSlackChannel(test.database, partnerId, HOST, `C0LINK${index}`, `cus_${index}`);
      await createPlan(
        test.database,
        partnerId,
        PARTNER,
        planCreate.parse({ name: name.slice(0, 100), description: name, credits: '5', price: '1' }),
      );
      await agency.world.call({ id: randomUUID(), seconds: 30, customerId: `cus_${index}`, clues: { agentId: name } });
    }
    await agency.world.call({ id: '<!channel>', seconds: 61, clues: { agentId: '<!channel>', toNumber: '*1*' } });
  }, 120_000);
  afterAll(async () => {
    await agency?.close();
    await test.drop();
  });

  it('neither ping, nor link, nor format, nor break a limit, wherever they are shown', async () => {
    const { seen } = await driveEverything(agency, agency.mia, 'C0OWN', {
      args: ['', 'cus_0', 'cus_2', ...NAMES.slice(0, 2)],
      values: ['cus_0', 'cus_6', '2.1', '8.1'],
    });
    expect(seen.length).toBeGreaterThan(50);
    const drawn = seen.map(draw).join('\n');
    // Somebody's mention on the Home tab or in a modal is ours, and tells nobody; the names' people do not exist.
    expect(drawn.match(/class="ping(?! person)[^"]*">[^<]*/g) ?? []).toEqual([]);
    expect(drawn).not.toContain('U012345<');
    expect(drawn).not.toMatch(/href="[^"]*evil/);
    expect(drawn).not.toMatch(/<(b|i|s)>(bold|it|gone)<\/\1>/);
    expect(drawn).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/);
    // All of them were there to be seen.
    for (const word of ['!channel', 'evil.example', 'bold', 'tada', 'gnp.exe', '!everyone'])
      expect(drawn).toContain(word);

    // The fake refuses what Slack's limits refuse, and so it must not have refused anything.
    const refused = agency.slack.calls.filter(({ answer }) => typeof answer === 'object' && answer.ok !== true);
    expect(refused.map(({ method, answer }) => [method, answer])).toEqual([]);
    const unanswered = agency.slack.sent.filter(({ problem }) => problem !== null);
    expect(unanswered.map(({ what, problem }) => [what, problem])).toEqual([]);
    expect(agency.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  }, 240_000);
});

function draw(seen: Seen): string {
  switch (seen.kind) {
    case 'message':
      return drawMessages([seen]);
    case 'modal':
      return drawView(seen.view);
    case 'home':
      return drawHome(seen.view);
  }
}
