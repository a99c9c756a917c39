import type { Customer } from '@talktime/core/contract';
import { charactersOf } from '../../bot/home/blocks';
import { consoleBlocks, type ConsoleShown } from '../../bot/home/console';
import { customerHomeBlocks } from '../../bot/home/customer';
import { strangerBlocks, unboundBlocks } from '../../bot/home/lobby';
import { micro } from '@talktime/core/money';
import type { PlansShown, Used } from '../../bot/ports';
import { ACCESS, SET_UP, consoleOf, consoleShown, listed, openAlert } from './home-samples';
import { customerBalance } from './samples';

const drawn = (changes: Partial<ConsoleShown> = {}) => JSON.stringify(consoleBlocks(consoleShown(changes)));

describe('the console', () => {
  it('says how the own balance stands, and who runs out first', () => {
    const home = drawn();
    for (const part of ['5,000 credits', 'Acme Dental', '98 credits', 'Zen Spa', '-12.2 credits', 'out of credits'])
      expect(home).toContain(part);
  });

  it('labels markup and margin, each rightly: 0.08 sold for 0.12', () => {
    const home = drawn();
    expect(home).toContain('*Margin (of the price)*\\n33.3 %');
    expect(home).toContain('*Markup (on the cost)*\\n50.0 %');
  });

  it('says that a margin is unknown instead of 100 %, when nothing tells what calls cost', () => {
    const margin = {
      currency: 'USD',
      calls: 0,
      callsWithoutCost: 7,
      price: '0',
      cost: '0',
      markup: null,
      margin: null,
    };
    const home = drawn({ margin });
    expect(home).toContain('Nothing tells what this month’s 7 calls cost you');
    expect(home).not.toContain('100');
  });

  it('has the buttons that a role may press, and no others', () => {
    const console = consoleOf({ alerts: { open: [openAlert('Acme Dental')], total: 1 } });
    const actionsOf = (role: 'owner' | 'manager' | 'viewer') =>
      new Set(drawn({ access: ACCESS[role], console }).match(/talktime_\w+/g));
    expect(actionsOf('viewer')).toEqual(
      new Set(['talktime_home_usage', 'talktime_home_report', 'talktime_home_doctor', 'talktime_home_customers']),
    );
    for (const action of ['talktime_home_topup', 'talktime_acknowledge', 'talktime_snooze', 'talktime_topup'])
      expect(actionsOf('manager')).toContain(action);
  });

  it('names the role that somebody has, and what it lets them move', () => {
    expect(drawn({ access: ACCESS.owner })).toContain('You are an owner: you move any number of credits');
    expect(drawn({ access: ACCESS.manager })).toContain('You are a manager: you move up to 10,000 credits at once');
    expect(drawn({ access: ACCESS.viewer })).toContain('You are a viewer: you see, and move no credits');
  });

  it('lists open alerts with who has them in hand and how long they are quiet', () => {
    const open = [
      openAlert('Acme Dental', { acknowledgedBy: { userId: 'U0MIA' }, snoozedUntil: '2026-11-23T08:00:00.000Z' }),
    ];
    const home = drawn({ console: consoleOf({ alerts: { open, total: 8 } }) });
    expect(home).toContain('<@U0MIA> has it in hand');
    expect(home).toContain('quiet until');
    expect(home).toContain('and 7 more');
    expect(home).not.toContain('talktime_acknowledge');
  });

  it('begins with what alerts no longer reach, why, and a button that tries again', () => {
    const deadRoutes = [
      {
        id: 'r1',
        kind: 'slack' as const,
        to: 'C0ALERTS',
        audience: 'partner' as const,
        reason: 'is_archived',
        since: '2026-11-22T16:01:01.000Z',
        undelivered: 2,
      },
    ];
    const [first] = consoleBlocks(consoleShown({ console: consoleOf({ deadRoutes }) }));
    const text = JSON.stringify(first);
    for (const part of [
      '<#C0ALERTS> do not arrive',
      'the channel is archived',
      '2 messages did not arrive',
      'Try again',
    ])
      expect(text).toContain(part);
  });
});

describe('the set-up checklist', () => {
  it('is one line when all that is needed is there, optional things apart', () => {
    expect(drawn()).toContain('*Set up:* alert channel, prices, thresholds, notifications and credits are there');
    expect(drawn()).not.toContain('⬜');
  });

  it('shows what is missing, for whom, with the button that does it', () => {
    const setUp = {
      ...SET_UP,
      hasAlertChannel: false,
      priced: { done: 1, next: { id: 'cus_zen', name: 'Zen Spa' } },
      filled: { done: 0, next: { id: 'cus_acme', name: 'Acme Dental' } },
    };
    const blocks = consoleBlocks(consoleShown({ console: consoleOf({ setUp }) }));
    const item = (words: string) => JSON.stringify(blocks.find((block) => JSON.stringify(block).includes(words)));
    expect(item('A channel for alerts')).toContain('/credits alerts here');
    expect(item('A price per minute')).toContain('1 of 2 customers');
    expect(item('A price per minute')).toContain('"talktime_home_settings","value":"cus_zen"');
    expect(item('Initial credits')).toContain('"talktime_home_topup","value":"cus_acme"');
    expect(item('✅ *Low credit notifications*')).not.toContain('button');
    expect(item('Set-up')).toContain('3 of 6 done');
  });

  it('says how customers come to pay by card, as long as they cannot', () => {
    const item = (payments: 'none' | 'waiting' | 'ready') => {
      const setUp = { ...SET_UP, hasAlertChannel: false, payments };
      const blocks = consoleBlocks(consoleShown({ console: consoleOf({ setUp }) }));
      return JSON.stringify(blocks.find((block) => JSON.stringify(block).includes('connect Stripe')));
    };
    expect(item('none')).toContain('⬜ *Take payments: connect Stripe* _(optional)_');
    expect(item('none')).toContain('POST /v1/stripe/connect');
    expect(item('waiting')).toContain('no payments yet');
    expect(item('ready')).toContain('✅ *Take payments: connect Stripe*');
  });

  it('begins with the first customer', () => {
    const none = { done: 0, next: null };
    const setUp = {
      hasAlertChannel: false,
      customers: 0,
      enabled: none,
      priced: none,
      watched: none,
      notified: none,
      filled: none,
      visible: none,
      plans: 0,
      payments: 'none' as const,
    };
    const home = drawn({ console: consoleOf({ setUp }), customers: { standings: [], total: 0, omitted: 0 } });
    expect(home).toContain('There is no customer yet');
    expect(home).toContain('0 of 6 done');
  });
});

describe('the limits of a view', () => {
  const many = <T>(count: number, make: (index: number) => T) =>
    Array.from({ length: count }, (_, index) => make(index));
  const AWKWARD = [
    ['what needs escaping', '&'.repeat(200)],
    ['mentions', '<!channel>'.repeat(20)],
    ['emoji', '😀'.repeat(100)],
    ['long words', 'W'.repeat(200)],
  ] as const;

  it.each(AWKWARD)('hold with 10,000 customers, 1,000 alerts and people, with names of %s', (_what, name) => {
    const customers = {
      standings: many(10, (index) => listed('x', 7_999_999_999, { customerId: 'c'.repeat(60) + index, name })),
      total: 10_000,
      omitted: 0,
    };
    const console = consoleOf({
      alerts: { open: many(5, () => openAlert(name, { acknowledgedBy: { userId: 'U0123456789' } })), total: 1_000 },
      waiting: { calls: 100_000, oldest: '2026-11-22T16:01:01.000Z' },
      setUp: {
        ...SET_UP,
        hasAlertChannel: false,
        priced: { done: 0, next: { id: 'c'.repeat(64), name } },
        watched: { done: 0, next: { id: 'c'.repeat(64), name } },
        notified: { done: 0, next: { id: 'c'.repeat(64), name } },
        filled: { done: 0, next: { id: 'c'.repeat(64), name } },
      },
      deadRoutes: many(20, (index) => ({
        id: `r${index}`,
        kind: 'email' as const,
        to: `${'e'.repeat(60)}@example.com`,
        audience: 'customer' as const,
        reason: 'x'.repeat(300),
        since: '2026-11-22T16:01:01.000Z',
        undelivered: 100_000,
      })),
    });
    const people = {
      roles: many(1_000, (index) => ({
        team_id: 'T0BRIGHT',
        user_id: `U${index}`,
        role: 'customer' as const,
        customer_id: 'cus_acme',
        customer_name: name,
        max_credits: null,
        created_at: '2026-11-22T16:01:01.000Z',
      })),
      links: many(1_000, (index) => ({
        channel_id: `C${index}`,
        team_id: null,
        customer_id: 'cus_acme',
        customer_name: name,
        linked_at: '2026-11-22T16:01:01.000Z',
      })),
      settings: { members_may_view: null, manager_max_credits: 7_999_999_999, owner_max_credits: null },
    };
    const blocks = consoleBlocks(consoleShown({ console, customers, people }));
    expect(blocks.length).toBeLessThanOrEqual(100);
    expect(charactersOf(blocks)).toBeLessThanOrEqual(10_000);
  });
});

describe('the Home tab of a customer’s people', () => {
  const used: Used = {
    calls: 12,
    minutes: 31_000_000n,
    credits: micro(372_000_000n),
    byCustomers: micro(372_000_000n),
  };
  const plans: PlansShown = {
    plans: [
      {
        visibleTo: 1,
        plan: {
          id: 'plan_starter',
          name: 'Starter',
          description: '',
          credits: null,
          minutes: 100,
          price: 60,
          currency: 'USD',
          active: true,
          bonus: 0,
          expires_after_days: null,
          recurring: null,
          popular: true,
          created_at: '2026-11-22T16:01:01.000Z',
          updated_at: '2026-11-22T16:01:01.000Z',
        },
      },
    ],
    customers: 1,
    isAll: true,
  };
  const home = (settings: Partial<Customer['settings']>) => {
    const shown = customerBalance('cus_acme', 'Acme Dental', 98);
    const customer = { ...shown.customer, settings: { ...shown.customer.settings, ...settings } };
    return JSON.stringify(customerHomeBlocks({ shown: { ...shown, customer }, used, plans, takesPayments: false }));
  };

  it('shows their balance, use and plans with Show Pricing Information', () => {
    const shown = home({ show_pricing_information: true });
    for (const part of ['98 credits', '12 calls · 31 min · 372 credits', '100 minutes for $60.00'])
      expect(shown).toContain(part);
  });

  it('shows no figure without it', () => {
    const shown = home({ show_pricing_information: false }).replace(/"(block_id|style)":"[^"]*"/g, '');
    expect(shown).toContain('Your credits are low. Please top up.');
    expect(shown).not.toMatch(/\d/);
  });

  it('shows nothing of the partner’s balance while it pays for their calls', () => {
    const shown = home({ show_pricing_information: true, ai_credits_enabled: false });
    expect(shown).toContain('not billed by credits');
    expect(shown).not.toMatch(/\d/);
  });
});

describe('the Home tab of strangers', () => {
  it('says what Talktime is and whom to ask', () => {
    const shown = JSON.stringify(strangerBlocks([{ teamId: 'T0BRIGHT', userId: 'U0MIA' }]));
    expect(shown).toContain('ask <@U0MIA> to give you one');
    expect(JSON.stringify(strangerBlocks([]))).toContain('an owner of Talktime in your workspace');
  });

  it('says in a workspace of nobody what to do', () => {
    expect(JSON.stringify(unboundBlocks('T0NEW'))).toContain('T0NEW');
  });
});
