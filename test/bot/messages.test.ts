import fc from 'fast-check';
import type { BalanceEvent } from '@talktime/core/alerts';
import { micro } from '@talktime/core/money';
import {
  alertMessage,
  customerAlertMessage,
  customerBalanceMessage,
  digestMessage,
  failedMessage,
  helpMessage,
  refusalMessage,
  partnerBalanceMessage,
  routeDeadMessage,
  severalCustomersMessage,
  threadMessage,
  unknownCustomerMessage,
  unknownSubcommandMessage,
  type Message,
} from '../../bot/messages';
import { brokenLimits } from '../../server/demo/slack/limits';
import { callTime, credits, fromWire, money, runwayText } from '../../bot/messages/amounts';
import { nearest } from '../../bot/messages/nearest';
import { code, inert, retype } from '../../bot/messages/text';
import { creditsOf, customerBalance, entry, notice, partnerBalance, standing } from './samples';

const EVENTS: readonly BalanceEvent[] = ['low', 'critical', 'exhausted', 'improved', 'recovered', 'recharge_failed'];

/** All that a message shows, as Slack would receive it. */
function texts(message: Message): string[] {
  const found: string[] = [message.text];
  JSON.stringify(message.blocks, (key, value: unknown) => {
    if (key === 'text' && typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}

const shown = (message: Message) => texts(message).join('\n');

describe('an alert', () => {
  it.each([
    ['low', '98', 'Low on credits', '*98 credits* left', 'before calls fail'],
    ['critical', '20.5', 'Very low on credits', '*20.5 credits* left', 'top up now'],
    ['exhausted', '-12.2', 'Out of credits', 'stands at *-12.2 credits*', 'new calls may be refused'],
    ['improved', '50', 'Improved, but still low', 'has risen to *50 credits*', 'ends above 110 credits'],
    ['recovered', '1098.333334', 'Recovered', 'clear of its threshold again: *1,098.33 credits*', 'nothing to do'],
  ] as const)('%s at %s says what happened and what to do', (event, posted, title, happened, next) => {
    const message = alertMessage(notice(event, posted));
    const all = shown(message);
    for (const part of [title, happened, next, 'Acme Dental', '100 credits', '`cus_acme`', '22 Nov 2026, 16:01 UTC'])
      expect(all).toContain(part);
    expect(brokenLimits(message)).toEqual([]);
  });

  it('looks different for each event', () => {
    const marks = EVENTS.map((event) => [...alertMessage(notice(event, '50')).text][0]);
    expect(new Set(marks).size).toBe(EVENTS.length);
  });

  it('shows money, call time and days', () => {
    const all = shown(alertMessage(notice('low', '98')));
    expect(all).toContain('98 credits ($0.98)');
    expect(all).toContain('8 min');
    expect(all).toContain('about 36 hours to 3 days');
  });

  it('says so when there is no rate and no history', () => {
    const all = shown(alertMessage(notice('low', '98', { minutesLeft: null, runway: null })));
    expect(all).toContain('no price per minute is set');
    expect(all).toContain('too little history to say');
    for (const minutesLeft of [null, 0])
      expect(alertMessage(notice('low', '98', { minutesLeft })).text).toMatch(/98 credits left$/);
  });

  it("of the partner's own wallet sends the partner to its host, who alone can fill it", () => {
    const all = shown(
      alertMessage(notice('low', '98', { wallet: 'partner', customerId: null, name: 'Bright Agency' })),
    );
    expect(all).toContain('Your own balance');
    expect(all).toContain('ask your host for a top-up');
  });

  it('without a threshold still reads right', () => {
    expect(shown(alertMessage(notice('recovered', '20', { lowCreditThreshold: null })))).toContain('has credits again');
    expect(shown(alertMessage(notice('exhausted', '0', { lowCreditThreshold: null })))).toContain(
      'has run out of credits.',
    );
  });
});

describe('what a client typed', () => {
  it.each([
    ['<!channel>', '&lt;!channel&gt;'],
    ['<!subteam^S1|x> & <@U1>', '&lt;!subteam^S1|x&gt; &amp; &lt;＠U1&gt;'],
    ['<https://evil.example|Pay here>', '&lt;https∶//evil.example|Pay here&gt;'],
    ['@here: :skull:', '＠here: ∶skull:'],
    ['*bold* _it_ ~x~ `y`', '∗bold∗ ˍitˍ ∼x∼ ˋyˋ'],
    ['a\nb\u0000c\u202Ed\u001B[31m', 'a b cd [31m'],
    ['  ', 'unnamed'],
    ['&lt;!channel&gt;', '&amp;lt;!channel&amp;gt;'],
  ])('%j is shown as %j', (typed, said) => {
    expect(inert(typed)).toBe(said);
  });

  it('can be copied from a message into a command', () => {
    for (const name of ['Smith & Sons', 'a_b*c', 'me@acme.com', '10:30 Club', '«Ünïcode» 株式会社'])
      expect(retype(inert(name))).toBe(name);
    expect(retype('“Acme Dental”')).toBe('Acme Dental');
  });

  const anyName = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc
      .array(
        fc.constantFrom(
          '<!channel>',
          '<!here>',
          '<@U1>',
          '<#C1|x>',
          '<http://e.example|x>',
          '&lt;',
          '*',
          '_',
          '`',
          '~',
          '>',
          ':',
          '@here',
          '\n',
          'https://e.example',
          '\u202E',
          'x',
          ' ',
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join('')),
  );

  /** Every message that shows something a client typed. */
  function messagesNaming(name: string): Message[] {
    const customer = customerBalance('cus_acme', name, 98);
    const refs = [1, 2, 3, 4, 5].map((n) => ({ id: `cus_${n}`, name }));
    const help = { name: 'help', usage: 'help', does: 'this list' };
    return [
      ...EVENTS.flatMap((event) => [
        alertMessage(notice(event, '50', { name })),
        customerAlertMessage(notice(event, '50', { name })),
        threadMessage([entry(event, '50', { name, detail: name })], {
          audience: 'partner',
          shows: true,
          doubtful: true,
        }),
      ]),
      ...(['partner', 'customer'] as const).map((audience) =>
        digestMessage(
          EVENTS.map((event) => notice(event, '50', { name })),
          { audience, doubled: true },
        ),
      ),
      routeDeadMessage({
        route: { kind: 'email', address: name },
        audience: 'customer',
        customer: { id: 'cus_acme', name },
        reason: name,
        at: new Date(),
      }),
      customerBalanceMessage(customer),
      customerBalanceMessage(customerBalance('cus_acme', name, 98, { threshold: { payer: 'partner' } })),
      partnerBalanceMessage(
        partnerBalance(name, 500),
        Array.from({ length: 5 }, () => standing(customer)),
        '/credits',
      ),
      severalCustomersMessage(name, refs, '/credits'),
      unknownCustomerMessage(name, refs.slice(0, 3), '/credits'),
      unknownCustomerMessage(name, [], '/credits'),
      unknownSubcommandMessage(name, [help], '/credits'),
      refusalMessage({ kind: 'unbound', teamId: name }),
      failedMessage(name),
    ];
  }

  it('stays inert and within the limits, in every message', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        for (const message of messagesNaming(name)) {
          expect(brokenLimits(message)).toEqual([]);
          for (const text of texts(message)) {
            // The only entity in any message is our own date.
            expect(text.replace(/<!date\^\d+\^\{date_short_pretty\}, \{time\}\|[\w ,:]+>/g, '')).not.toMatch(/[<>]/);
            expect(text).not.toMatch(/&(?!amp;|lt;|gt;)/);
            expect(text).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u0000-\u0009\u000B-\u001F]/);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('leaves formatting, emoji codes and mentions of its own nowhere', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(inert(name)).not.toMatch(/[*_~`\n]|:\S|@\S/);
        expect(code(name).slice(1, -1)).not.toMatch(/[`\n<>]/);
      }),
    );
  });

  it('is never in a header, where entities may show as they are, and is never parsed into links', () => {
    for (const message of messagesNaming('NAME & <!channel>')) {
      for (const block of message.blocks) {
        if (block.type === 'header') expect(block.text.text).not.toContain('NAME');
        JSON.stringify(block, (_key, value: unknown) => {
          if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'mrkdwn')
            expect(value).toHaveProperty('verbatim', true);
          return value;
        });
      }
    }
  });
});

describe('a balance', () => {
  it("shows a customer's standing, price per minute and holds", () => {
    const all = shown(
      customerBalanceMessage(customerBalance('cus_acme', 'Acme Dental', 98, { balance: { held: 24, available: 74 } })),
    );
    for (const part of [
      '98 credits ($0.98)',
      '24 credits',
      '74 credits',
      '12 credits',
      '8 min',
      'Low credit notifications*\non',
    ])
      expect(all).toContain(part);
  });

  it('says who pays when AI Credits is off, with the status of who pays', () => {
    const all = shown(
      customerBalanceMessage(
        customerBalance('cus_acme', 'Acme Dental', 0, { threshold: { payer: 'partner', status: 'ok', posted: 5000 } }),
      ),
    );
    expect(all).toContain('AI Credits off');
    expect(all).toContain('5,000 credits');
    expect(all).toContain('Balance: ok');
  });

  it("shows the partner's own with the customers that run out soonest", () => {
    const soonest = [
      customerBalance('cus_zen', 'Zen Spa', -12.2),
      customerBalance('cus_acme', 'Acme Dental', 98),
      customerBalance('cus_new', 'New', 50, { threshold: { runway: null } }),
    ].map(standing);
    const all = shown(partnerBalanceMessage(partnerBalance('Bright Agency', 5000), soonest, '/credits'));
    expect(all).toContain('*Bright Agency* has *5,000 credits*');
    expect(all).toMatch(
      /🔴 \*Zen Spa\* `cus_zen` · -12\.2 credits\n🟡 \*Acme Dental\* `cus_acme` · 98 credits · lasts about 36 hours to 3 days\n🟡 \*New\* `cus_new` · 50 credits · 4 min of calls/,
    );
    expect(shown(partnerBalanceMessage(partnerBalance('Bright Agency', 5000), [], '/credits'))).toContain(
      'no customers yet',
    );
  });

  it('never shows what a call costs the partner, or a margin', () => {
    for (const message of [
      customerBalanceMessage(customerBalance('cus_acme', 'Acme', 98)),
      partnerBalanceMessage(partnerBalance('B', 1), [], '/credits'),
      ...EVENTS.map((event) => alertMessage(notice(event, '5'))),
    ]) {
      expect(shown(message)).not.toMatch(/\bcost|margin|markup/i);
    }
  });
});

describe('how long a balance lasts', () => {
  it.each([
    [{ days: 11, from: 9.2, to: 14.4 }, 'about 9 to 14 days'],
    [{ days: 9, from: 8.8, to: 9.3 }, 'about 9 days'],
    [{ days: 0.3, from: 0.2, to: 0.33 }, 'about 5 to 8 hours'],
    [{ days: 0, from: 0, to: 0 }, 'less than an hour'],
    [{ days: 0.1, from: 0, to: 0.3 }, 'up to about 7 hours'],
    [{ days: 2.2, from: 1.5, to: 3.4 }, 'about 36 hours to 3 days'],
    [{ days: 1, from: 0.9, to: 1.04 }, 'about 22 to 25 hours'],
    [{ days: 90, from: 50, to: 130 }, 'about 50 days to 4 months'],
    [{ days: 150, from: 110, to: 210 }, 'about 4 to 7 months'],
    [{ days: 300, from: 200, to: null }, 'about 7 months to more than a year'],
    [{ days: 900, from: 365, to: null }, 'more than a year'],
  ])('%j is said as %s', (runway, said) => {
    expect(runwayText(runway, 100)).toBe(said);
  });

  it('says so when nothing is left, and when there is too little to tell', () => {
    expect(runwayText({ days: 3, from: 2, to: 4 }, 0)).toBe('none');
    expect(runwayText(null, -1n)).toBe('none');
    expect(runwayText(null, 100)).toBe('too little history to say');
  });

  it('is never a single day dressed up as a fact, and never upside down', () => {
    const days = fc.double({ min: 0, max: 365, noNaN: true });
    fc.assert(
      fc.property(days, days, fc.boolean(), (one, other, isOpen) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const said = runwayText({ days: from, from, to: isOpen ? null : to }, 1n);
        expect(said).toMatch(/^(about|up to about|less than|more than) /);
        const [, least, most] = /about (\d+) to (\d+) /.exec(said) ?? [];
        if (least !== undefined) expect(Number(least)).toBeLessThan(Number(most));
      }),
    );
  });
});

describe('help', () => {
  const subcommands = [
    { name: 'balance', usage: 'balance [customer]', does: 'a balance' },
    { name: 'help', usage: 'help', does: 'this list' },
  ];
  it('lists what there is', () => {
    expect(shown(helpMessage(subcommands, '/credits'))).toContain('`/credits balance [customer]` a balance');
  });
  it.each([
    ['blance', 'balance'],
    ['bal', 'balance'],
    ['balacne', 'balance'],
    ['hlep', 'help'],
  ])('takes %s for %s', (typed, meant) => {
    expect(unknownSubcommandMessage(typed, subcommands, '/credits').text).toContain(`Did you mean ${meant}?`);
  });
  it('does not guess wildly', () => {
    expect(unknownSubcommandMessage('xyzzy', subcommands, '/credits').text).not.toContain('Did you mean');
  });
});

describe('the nearest names', () => {
  const customers = ['Acme Dental', 'Acme Dogs', 'Zen Spa', 'Bright Motors'];
  const find = (typed: string) => nearest(typed, customers, (name) => [name]);
  it.each([
    ['acme', ['Acme Dental', 'Acme Dogs']],
    ['denal', ['Acme Dental']],
    ['zn spa', ['Zen Spa']],
    ['MOTOR', ['Bright Motors']],
    ['qqqq', []],
    ['', []],
  ])('of %j are %j', (typed, found) => {
    expect(find(typed)).toEqual(found);
  });
  it('are found among 2,000 in a fraction of a second, since they are compared while others wait', () => {
    const many = Array.from({ length: 2_000 }, (_, n) => `Customer number ${n} of a long list of customers`);
    const begun = performance.now();
    nearest('customer nmber 77 of a long list', many, (name) => [name]);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe('figures', () => {
  it.each([
    ['0', '0 credits'],
    ['1', '1 credit'],
    ['-1', '-1 credit'],
    ['87.8', '87.8 credits'],
    ['1234567.891', '1,234,567.89 credits'],
    ['-1234.5', '-1,234.5 credits'],
    ['0.004', '0.004 credits'],
    ['0.000001', '0.000001 credits'],
    ['33.333334', '33.33 credits'],
  ])('%s is %s', (amount, said) => {
    expect(credits(creditsOf(amount))).toBe(said);
  });

  it('say money in its currency', () => {
    expect(money(980_000n, 'USD')).toBe('$0.98');
    expect(money(-12_500_000n, 'EUR')).toBe('-€12.50');
    expect(money(1_234_000_000n, 'JPY')).toBe('¥1,234');
    expect(money(-1n, 'USD')).toBe('$0.00');
  });

  it('read the wire exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -8_000_000_000_000_000n + 1n, max: 8_000_000_000_000_000n - 1n }), (value) => {
        expect(fromWire(Number(`${value}e-6`))).toBe(micro(value));
      }),
    );
  });

  it.each([
    [null, 'unknown: no price per minute is set'],
    [0, 'none'],
    [0.5, 'less than a minute'],
    [8.99, '8 min'],
    [1240, '1,240 min'],
  ])('%s minutes are %s', (minutes, said) => {
    expect(callTime(minutes)).toBe(said);
  });
});

describe("the check of Slack's limits", () => {
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  it.each([
    ['no text', { blocks: [section('x')] }, 'text: missing'],
    ['no blocks', { text: 'x', blocks: [] }, 'blocks: 0'],
    ['51 blocks', { text: 'x', blocks: Array(51).fill(section('x')) }, 'blocks: 51'],
    [
      'a long header',
      { text: 'x', blocks: [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }] },
      '151 characters, of 150',
    ],
    [
      'mrkdwn in a header',
      { text: 'x', blocks: [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }] },
      'mrkdwn, of plain_text',
    ],
    ['an empty section', { text: 'x', blocks: [{ type: 'section' }] }, 'neither text nor fields'],
    ['a long section', { text: 'x', blocks: [section('x'.repeat(3001))] }, '3001 characters'],
    [
      '11 fields',
      { text: 'x', blocks: [{ type: 'section', fields: Array(11).fill({ type: 'mrkdwn', text: 'x' }) }] },
      'fields: not 1 to 10',
    ],
    [
      'a long field',
      { text: 'x', blocks: [{ type: 'section', fields: [{ type: 'mrkdwn', text: 'x'.repeat(2001) }] }] },
      '2001 characters',
    ],
    [
      '11 context elements',
      { text: 'x', blocks: [{ type: 'context', elements: Array(11).fill({ type: 'mrkdwn', text: 'x' }) }] },
      'elements: not 1 to 10',
    ],
    ['13,500 characters', { text: 'x', blocks: Array(5).fill(section('x'.repeat(2700))) }, 'msg_blocks_too_long'],
    ['10,500 characters', { text: 'x', blocks: Array(5).fill(section('x'.repeat(2100))) }, 'that we allow'],
    ['a stray key', { text: 'x', blocks: [{ ...section('x'), txet: 1 }] }, 'section has no txet'],
    [
      'a block_id twice',
      {
        text: 'x',
        blocks: [
          { ...section('x'), block_id: 'a' },
          { ...section('x'), block_id: 'a' },
        ],
      },
      'block_id used twice',
    ],
    ['what is no block', { text: 'x', blocks: ['x'] }, 'not a block'],
  ])('refuses %s', (_what, message, said) => {
    expect(brokenLimits(message).join('\n')).toContain(said);
  });
});
