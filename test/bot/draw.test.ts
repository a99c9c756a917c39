import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { alertMessage, customerBalanceMessage, draw, type Message } from '../../bot/messages';
import { columns } from '../../bot/messages/draw';
import { customerBalance, notice } from './samples';

describe('a drawn message', () => {
  it('looks as Slack shows it', () => {
    expect(draw(alertMessage(notice('low', '98')), { width: 62, channel: '#alerts', time: '16:01' })).toBe(
      [
        '╭─ #alerts ──────────────────────────────────────────────────╮',
        '│ Talktime  APP  16:01                                       │',
        '│ 🟡 Low on credits                                          │',
        '│                                                            │',
        '│ Acme Dental has come down to its low credit threshold: 98  │',
        '│ credits left.                                              │',
        '│                                                            │',
        '│ Balance                       Low credit threshold         │',
        '│ 98 credits ($0.98)            100 credits                  │',
        '│                                                            │',
        '│ Call time left                Lasts, at the recent pace    │',
        '│ 8 min                         about 36 hours to 3 days     │',
        '│                                                            │',
        '│ Next: tell the customer, or top up before calls fail.      │',
        '│                                                            │',
        '│ [ Top up ]  [ Acknowledge ]  [ Snooze ]  [ Settings ]      │',
        '│                                                            │',
        '│ customer cus_acme · since 22 Nov 2026, 16:01 UTC           │',
        '╰────────────────────────────────────────────────────────────╯',
      ].join('\n'),
    );
  });

  it('is what the partners page shows', () => {
    const page = readFileSync(join(__dirname, '../../docs/partners.md'), 'utf8');
    const options = { width: 70, channel: '#credit-alerts', time: '16:01' };
    expect(page).toContain(`\n${draw(alertMessage(notice('low', '98')), options)}\n`);
  });

  it('marks an updated message', () => {
    expect(draw(alertMessage(notice('recovered', '1098')), { edited: true })).toMatch(/\(edited\) +│\n╰/);
  });

  it('shows bold, code and dim in colour, and no code at all without', () => {
    const message = alertMessage(notice('low', '98'));
    const coloured = draw(message, { colour: true });
    expect(coloured).toContain('\u001B[1mAcme Dental\u001B[0m');
    expect(coloured).toContain('\u001B[35mcus_acme\u001B[0m');
    expect(draw(message)).not.toContain('\u001B');
    expect(coloured.replace(/\u001B\[\d*m/g, '')).toBe(draw(message));
  });

  it('shows a name as it was typed, and lets it steer nothing', () => {
    const drawing = draw(alertMessage(notice('low', '98', { name: 'Smith & Sons <!channel> \u001B[2J' })));
    expect(drawing).toContain('Smith & Sons <!channel> [2J');
    expect(drawing).not.toContain('\u001B');
  });

  it.each([30, 44, 76, 120])('keeps its frame straight at %i columns, whatever the name', (width) => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'grapheme', maxLength: 120 }),
          fc.constantFrom('株式会社テスト', '👩‍👩‍👧 Family', 'x'.repeat(90)),
        ),
        (name) => {
          for (const message of [
            alertMessage(notice('exhausted', '-12.2', { name })),
            customerBalanceMessage(customerBalance('cus_acme', name, 12)),
          ]) {
            for (const line of draw(message, { width }).split('\n')) expect(columns(line)).toBe(width);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('reads mrkdwn as Slack does', () => {
    const of = (text: string): Message => ({ text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }] });
    expect(
      draw(of('a_b_c *x* 2*3*4 <https://e.example|link> <!date^1^{time}|16:01> &lt;b&gt;'), { width: 80 }),
    ).toContain('│ a_b_c x 2*3*4 link 16:01 <b>');
  });
});
