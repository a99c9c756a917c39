import type { AlertNotice } from '@talktime/core/alerts';
import {
  alertMessage,
  customerAlertMessage,
  digestMessage,
  routeDeadMessage,
  testMessage,
  threadMessage,
  type Message,
} from '../../bot/messages';
import { brokenLimits } from '../../server/demo/slack/limits';
import { creditsOf, entry, notice } from './samples';

const shown = (message: Message) => JSON.stringify(message.blocks);
const labels = ({ blocks }: Message) =>
  blocks.flatMap((block) => (block.type === 'actions' ? block.elements.map(({ text }) => text.text) : []));
const by = { by: 'slack:T0BRIGHT/U0ANNA', at: new Date('2026-11-22T17:00:00Z') };

describe('an alert for the partner', () => {
  it('offers what can be done about it', () => {
    expect(labels(alertMessage(notice('low', '98')))).toEqual(['Top up', 'Acknowledge', 'Snooze', 'Settings']);
    const own = notice('exhausted', '-2', { wallet: 'partner', customerId: null, walletId: 0 });
    expect(labels(alertMessage(own))).toEqual(['Acknowledge', 'Snooze', 'Settings']);
    expect(labels(alertMessage(notice('recovered', '500')))).toEqual([]);
  });

  it('names who acknowledged and who snoozed it, until it is over', () => {
    const until = new Date('2026-11-23T08:00:00Z');
    const taken = { acknowledged: by, snoozed: { ...by, until } };
    const message = alertMessage(notice('low', '98', taken));
    expect(shown(message)).toContain('Acknowledged by <@U0ANNA>');
    expect(shown(message)).toMatch(/Snoozed until <!date\^\d+\^[^>]*23 Nov 2026, 08:00 UTC> by <@U0ANNA>/);
    expect(labels(message)).toEqual(['Top up', 'Snooze', 'Settings']);
    expect(shown(alertMessage(notice('recovered', '500', taken)))).not.toContain('U0ANNA');
    expect(shown(alertMessage(notice('low', '98', { acknowledged: { ...by, by: 'key:key_1' } })))).toContain(
      '`key:key_1`',
    );
  });

  it('says why a recharge failed, inert', () => {
    const message = alertMessage(notice('recharge_failed', '40', { detail: 'Card declined <!channel>.' }));
    expect(shown(message)).toContain('was not recharged: Card declined &lt;!channel&gt;');
    expect(brokenLimits(message)).toEqual([]);
  });

  it('says that it may be there twice', () => {
    expect(shown(alertMessage(notice('low', '98'), true))).toContain('may be here twice');
    expect(shown(customerAlertMessage(notice('low', '98'), true))).toContain('may be here twice');
    expect(shown(testMessage(new Date(), true))).toContain('may be here twice');
  });
});

describe('a thread', () => {
  it('lists what happened, each with its balance and moment, and sums up what is long', () => {
    const partner = { audience: 'partner', shows: false, doubtful: false } as const;
    const message = threadMessage([entry('critical', '20'), entry('exhausted', '-2')], partner);
    expect(shown(message)).toContain('very low on credits, 20 credits · <!date');
    expect(shown(message)).toContain('out of credits, -2 credits · <!date');
    expect(message.text).toBe('🔴 Acme Dental: out of credits');
    const many = threadMessage(
      Array.from({ length: 300 }, () => entry('exhausted', '-2', { name: 'N'.repeat(200) })),
      partner,
    );
    expect(shown(many)).toContain('… 279 earlier changes');
    expect(brokenLimits(many)).toEqual([]);
  });

  it('leaves balances out for a customer whose prices are hidden', () => {
    const hidden = threadMessage([entry('exhausted', '-2')], { audience: 'customer', shows: false, doubtful: false });
    expect(shown(hidden)).not.toContain('-2');
  });

  it('says that a snooze has ended, and that it may be there twice', () => {
    const message = threadMessage([entry('snooze_ended', '40', { status: 'critical' })], {
      audience: 'partner',
      shows: true,
      doubtful: true,
    });
    expect(shown(message)).toContain('the snooze has ended, still very low');
    expect(shown(message)).toContain('may be here twice');
  });
});

describe('a digest', () => {
  const many = (count: number, name = 'Customer'): AlertNotice[] =>
    Array.from({ length: count }, (_, n) =>
      notice(n % 3 === 0 ? 'exhausted' : 'low', String(n + 1), {
        name: `${name} ${n}`,
        customerId: `cus_${n}`,
        status: n % 3 === 0 ? 'exhausted' : 'low',
      }),
    );
  const partner = { audience: 'partner', doubled: false } as const;

  it('lists the worst first, each with its balance and since when', () => {
    const message = digestMessage(many(6), partner);
    expect(message.text).toBe(
      '🔻 6 balances need attention: Customer 0, Customer 3, Customer 1, Customer 2, Customer 4 and 1 more',
    );
    expect(shown(message)).toMatch(
      /🔴 \*Customer 0\* · 1 credit · since .*🔴 \*Customer 3\*.*🟡 \*Customer 1\* · 2 credits/,
    );
    expect(brokenLimits(message)).toEqual([]);
  });

  it('shows what has recovered since, and says when all have', () => {
    const [first, ...others] = many(3);
    const partly = digestMessage([{ ...first!, ...notice('recovered', '500', { name: 'Acme' }) }, ...others], partner);
    expect(partly.text).toContain('2 balances need attention');
    expect(shown(partly)).toContain('1 recovered since');
    const all = many(3).map((each) => ({ ...each, ...notice('recovered', '500') }));
    expect(digestMessage(all, partner).text).toBe('🟢 All 3 have recovered');
  });

  it('stays within the limits with 50 long names, and says how many did not fit', () => {
    const notices = many(50, '<&*_'.repeat(30)).map((each) => ({
      ...each,
      acknowledged: by,
      snoozed: { ...by, until: by.at },
    }));
    const message = digestMessage(notices, { ...partner, doubled: true });
    expect(brokenLimits(message)).toEqual([]);
    expect(shown(message)).toMatch(/… and \d+ more\./);
  });

  it('shows a customer no balance when its prices are hidden, and no other than its own figures', () => {
    const hidden = digestMessage([notice('low', '98')], { audience: 'customer', doubled: false });
    expect(shown(hidden)).not.toMatch(/98|credits customers/);
    const open = digestMessage([notice('low', '98', { showsPricing: true })], { audience: 'customer', doubled: false });
    expect(shown(open)).toContain('98 credits');
  });
});

describe('news of a dead route', () => {
  it('says which, why, and what to do', () => {
    const message = routeDeadMessage({
      route: { kind: 'slack', teamId: 'T0BRIGHT', channel: 'C0ALERTS' },
      audience: 'partner',
      customer: null,
      reason: 'The app is not in channel C0ALERTS (not_in_channel). Type "/invite @Talktime" there.',
      at: by.at,
    });
    expect(shown(message)).toContain('cannot deliver your alerts to <#C0ALERTS> any more');
    expect(shown(message)).toContain('/invite @Talktime');
    expect(shown(message)).toContain('go to you here, as direct messages');
    expect(brokenLimits(message)).toEqual([]);
  });

  it('names the customer whose channel it was', () => {
    const message = routeDeadMessage({
      route: { kind: 'email', address: 'it@acme.example' },
      audience: 'customer',
      customer: { id: 'cus_acme', name: 'Acme & Co' },
      reason: '550 5.1.1 <it@acme.example>: unknown',
      at: by.at,
    });
    expect(shown(message)).toContain('alerts of *Acme &amp; Co* to `it@acme.example`');
    expect(shown(message)).toContain('the customer is not told there');
    expect(brokenLimits(message)).toEqual([]);
  });
});

describe('figures of an episode that is over', () => {
  it('are those of its end, without a forecast', () => {
    const past = notice('recovered', '150', { minutesLeft: null, runway: null, posted: creditsOf('150') });
    expect(shown(alertMessage(past))).not.toContain('Call time left');
  });
});
