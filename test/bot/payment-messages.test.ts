import type { PaymentNewsEntry, PaymentNotice } from '@talktime/core/alerts';
import { paymentMessage, paymentThreadMessage, retriedMessage, type Message } from '../../bot/messages';
import { emailOf } from '../../core/alerts/email/message';
import { brokenLimits } from '../../server/demo/slack/limits';
import { creditsOf } from './samples';
import { AT, EVENTS, paymentNotice } from './payment-samples';

const shown = (message: Message) => JSON.stringify(message.blocks);
const labels = ({ blocks }: Message) =>
  blocks.flatMap((block) => (block.type === 'actions' ? block.elements.map(({ text }) => text.text) : []));

describe('a message about a payment', () => {
  it('says of a refund how much went back, what was taken, and how far in debt that leaves the balance', () => {
    const message = paymentMessage(paymentNotice('refunded', { posted: creditsOf('-3600') }));
    for (const part of ['$20.00 went back', '2,000 credits were taken back', '-3,600 credits', 'below zero'])
      expect(shown(message)).toContain(part);
    expect(labels(message)).toEqual(['Open at Stripe']);
  });

  it('says of a dispute why, what is held, and by when to answer', () => {
    const message = paymentMessage(paymentNotice('dispute_opened'));
    for (const part of ['disputed (product not received)', '2,000 credits are held', 'answer it at Stripe by <!date^'])
      expect(shown(message)).toContain(part);
  });

  it('offers to try again what is paid and not credited, by the payment’s id', () => {
    for (const event of ['stuck', 'mismatch'] as const) {
      const message = paymentMessage(paymentNotice(event, { state: event, isCredited: false }));
      expect(labels(message)).toEqual(['Try again', 'Open at Stripe']);
      expect(shown(message)).toContain('"value":"pay_0123456789abcdef0123"');
      expect(shown(message)).toContain('not credited');
    }
  });

  it('links where somebody has to act', () => {
    const notice = paymentNotice('needs_action', {}, { link: 'https://invoice.stripe.com/i/1' });
    expect(labels(paymentMessage(notice))).toEqual(['Confirm the payment', 'Open at Stripe']);
  });

  it.each(EVENTS)('keeps what others typed inert, and to what Slack takes: %s', (event) => {
    const typed = `<!channel> *${'x'.repeat(300)}* <https://evil.example|Pay>`;
    const notice = paymentNotice(event, { name: typed, what: typed, failure: typed }, { reason: typed });
    for (const message of [paymentMessage(notice, true), paymentThreadMessage(notice, [notice.latest], true)]) {
      expect(brokenLimits({ text: message.text, blocks: message.blocks })).toEqual([]);
      expect(shown(message)).not.toMatch(/<!channel|<https/);
      expect(message.text).not.toContain('<');
      expect(shown(message)).toContain('may be here twice');
    }
  });

  it('has its history in the thread, each with its moment, and sums up what is long', () => {
    const { latest } = paymentNotice('dispute_won');
    const news: PaymentNewsEntry[] = Array.from({ length: 10 }, () => latest);
    const message = paymentThreadMessage(paymentNotice('dispute_won'), news, false);
    expect(shown(message)).toContain('… 3 earlier changes');
    expect(shown(message).match(/<!date/g)).toHaveLength(7);
    expect(brokenLimits({ text: message.text, blocks: message.blocks })).toEqual([]);
  });

  it('says what came of trying again', () => {
    expect(shown(retriedMessage([]))).toContain('nothing to mend');
    const tried = { name: 'Acme <!here>', money: '60.00 USD', isCredited: true, why: null };
    const message = retriedMessage([tried, { ...tried, isCredited: false, why: 'The wallet is full.' }]);
    expect(message.text).toBe('1 of 2 credited');
    expect(shown(message)).toContain('not credited. The wallet is full.');
    expect(shown(message)).not.toContain('<!here');
  });
});

describe('the same as an e-mail', () => {
  const email = (notice: PaymentNotice, news: PaymentNewsEntry[] = []) =>
    emailOf(
      {
        partnerId: notice.partnerId,
        messageId: '00000000-0000-4000-8000-000000000000',
        version: 2,
        route: { kind: 'email', address: 'mia@north-star.example' },
        audience: 'partner',
        content: { kind: 'payment', notice, news },
        previous: null,
        thread: null,
        doubtful: false,
        doubled: false,
      },
      'example.com',
    );

  it.each(EVENTS)('has the figures, what to do and the link, in one subject line: %s', (event) => {
    const { subject, text, html } = email(paymentNotice(event, { name: 'Acme\r\nBcc: x@evil.example <b>' }));
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toContain('<b>');
    for (const part of [
      'Balance now: 4000 credits',
      'Next: ',
      'At Stripe: https://dashboard.stripe.com/acct_1/payments/pi_1',
    ])
      expect(text).toContain(part);
  });

  it('lists what happened since the last e-mail, when it is more than one thing', () => {
    const notice = paymentNotice('dispute_lost');
    const opened = paymentNotice('dispute_opened').latest;
    expect(email(notice, [opened, notice.latest]).text).toContain(`Since the last e-mail:\n- ${AT}`);
  });
});
