import { updatePartner } from '@talktime/core/customers';
import { suspense } from '../../bot/commands/suspense';
import { botData } from '../../server/slack';
import { keepingLogger } from './samples';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';

describe('/credits suspense', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());
  beforeEach(async () => {
    world = await World.create(test);
    await world.customer('cus_acme', '100');
    await updatePartner(test.database, world.partnerId, PARTNER, { slack_channel: 'C0PARTNER' });
  });

  const type = async (argument: string, role: 'owner' | 'manager' | 'viewer' = 'manager') => {
    const question = {
      partnerId: world.partnerId,
      access: { partnerId: world.partnerId, role, customerId: null, maxCredits: null },
      channelId: 'C0PARTNER',
      actor: { teamId: 'T0BRIGHT', enterpriseId: null, userId: 'U0MIA' },
      argument,
      command: '/credits',
    };
    return JSON.stringify(await suspense.answer(question, { data: botData(world.talktime), logger: keepingLogger() }));
  };
  const waiting = async (id = 'call-1') => {
    const { result } = await world.call({ id, seconds: 61, clues: { agentId: 'agent_new' } });
    return (result as { call_id: string }).call_id;
  };

  it('lists what waits, and why', async () => {
    expect(await type('')).toContain('No call waits');
    const id = await waiting();
    const list = await type('');
    expect(list).toContain(id);
    expect(list).toContain('One call waits');
    expect(list).toContain('no customer has its agent');
    expect(list).toContain('agent_new');
  });

  it('assigns a call, maps its agent, and says what was charged; the next call needs nobody', async () => {
    const id = await waiting();
    expect(await type(`assign ${id} cus_acme agent`)).toContain('Charged 12.2 credits');
    expect(await world.posted('cus_acme')).toBe(87.8);
    await world.call({ id: 'call-2', seconds: 60, clues: { agentId: 'agent_new' } });
    expect(await world.posted('cus_acme')).toBe(75.8);
    const [row] = await test.superuser<{ actor: string }>(
      `select actor from talktime.audit_log where partner_id = $1 and action = 'call.assigned'`,
      [world.partnerId],
    );
    expect(row!.actor).toBe('slack:T0BRIGHT/U0MIA');
  });

  it('dismisses a call with a reason', async () => {
    const id = await waiting();
    expect(await type(`dismiss ${id} a test of ours`)).toContain('closed, uncharged');
    expect(await type('')).toContain('No call waits');
  });

  it('says what is wrong, and changes nothing', async () => {
    const id = await waiting();
    expect(await type(`assign ${id} cus_nobody`)).toContain('There is no customer');
    expect(await type(`assign ${id}`)).toContain('not understood');
    expect(await type(`assign ${id} cus_acme colour`)).toContain('not understood');
    expect(await type(`dismiss ${id}`)).toContain('not understood');
    expect(await type('charge it')).toContain('not understood');
    expect(await world.posted('cus_acme')).toBe(100);
  });

  it('is moved by owners and managers alone; a viewer sees the list', async () => {
    const id = await waiting();
    expect(await type(`assign ${id} cus_acme`, 'viewer')).toContain('for owners and managers');
    expect(await type(`dismiss ${id} why`, 'viewer')).toContain('for owners and managers');
    expect(await world.posted('cus_acme')).toBe(100);
    expect(await type('', 'viewer')).toContain(id);
  });
});
