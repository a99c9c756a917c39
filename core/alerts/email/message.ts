import { formatDecimal, type Microcredits } from '../../money';
import type {
  AlertContent,
  AlertDelivery,
  AlertNotice,
  BalanceEvent,
  BalanceNotice,
  DeadRoute,
  PaymentNewsEntry,
  PaymentNotice,
} from '../notice';
import { paymentFigures, paymentNext, paymentSummary, PAYMENT_TITLES } from '../payment-words';
import { routeText } from '../routes';
import { runwayText } from '../runway-text';

/** An e-mail as it is sent, without its addresses. */
export interface EmailMessage {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  /** The first e-mail of the same alert, so that a mailbox shows them as one conversation. */
  readonly inReplyTo: string | null;
}

const DOUBLED = 'You may have this twice: the answer to the first was lost.';

/**
 * An alert as an e-mail. A customer's says what its visibility allows (money-rules 21); the partner's has the figures. All
 * that somebody typed is one line in the subject and escaped in HTML.
 *
 * @param domain what the e-mails' ids end with: the sender's domain
 */
export function emailOf(delivery: AlertDelivery, domain: string): EmailMessage {
  const { content, audience, doubled, doubtful } = delivery;
  const { subject, lines } = wordsOf(content, audience === 'customer');
  const history = (delivery.thread?.entries ?? []).length > 1 && audience === 'partner' ? historyOf(delivery) : [];
  const all = [...lines, ...history, ...(doubled || doubtful ? [DOUBLED] : [])];
  return {
    subject: oneLine(subject),
    text: `${all.join('\n\n')}\n`,
    html: `<!doctype html><html><body>${all.map((line) => `<p>${escapeHtml(line).replaceAll('\n', '<br>')}</p>`).join('')}</body></html>`,
    messageId: idOf(delivery, delivery.version, domain),
    inReplyTo: delivery.previous === null ? null : delivery.previous.ts,
  };
}

/** The same for every attempt to send the same thing: a mailbox that knows it shows it once. */
function idOf({ messageId }: AlertDelivery, version: number, domain: string): string {
  return `<talktime.${messageId}.${version}@${domain}>`;
}

interface Words {
  readonly subject: string;
  /** Paragraphs. */
  readonly lines: readonly string[];
}

function wordsOf(content: AlertContent, forCustomer: boolean): Words {
  switch (content.kind) {
    case 'episode':
      return forCustomer ? customerWords(balanceOf(content.notice)) : partnerWords(content.notice);
    case 'digest':
      return digestWords(content.notices, forCustomer);
    case 'route_dead':
      return deadWords(content.dead);
    case 'payment':
      return paymentWords(content.notice, content.news);
    case 'test':
      return {
        subject: 'A test of Talktime: alerts arrive here',
        lines: [
          'This is a test. Alerts arrive here; nothing is wrong with any balance.',
          `Asked for ${utc(content.at)}.`,
        ],
      };
  }
}

/** A margin is never a customer's to see. */
function balanceOf(notice: AlertNotice): BalanceNotice {
  if (notice.margin !== null) throw new Error('A margin is never shown to a customer');
  return notice;
}

const TITLES: Record<BalanceEvent, string> = {
  low: 'low on credits',
  critical: 'very low on credits',
  exhausted: 'out of credits',
  improved: 'improved, but still low',
  recovered: 'recovered',
  recharge_failed: 'automatic recharge failed',
};

const NEXT: Record<BalanceEvent, string> = {
  low: 'Tell the customer, or top up, before calls fail.',
  critical: 'Top up now, before calls fail.',
  exhausted: 'Top up now. Until then new calls may be refused.',
  improved: 'Top up some more.',
  recovered: 'Nothing to do. This alert is closed.',
  recharge_failed: 'Look at the payment method, or top up by hand.',
};

function partnerWords(notice: AlertNotice): Words {
  const name = oneLine(notice.name);
  if (notice.margin !== null) {
    const { days, level, price, cost } = notice.margin;
    const isLow = notice.event === 'margin_low';
    return {
      subject: `${name}: margin ${isLow ? 'too low' : 'recovered'}`,
      lines: [
        `${name} leaves you a margin of ${percent(price - cost, price)} over ${days} days; your guard is at ${percent(BigInt(level), 1_000_000n)}.`,
        `Customer paid: ${money(price, notice.currency)}\nCalls cost you: ${money(cost, notice.currency)}`,
        `Since ${utc(notice.at)}.`,
      ],
    };
  }
  const { posted, lowCreditThreshold, minutesLeft, runway, event } = notice;
  const why = notice.detail ? `\nWhy: ${oneLine(notice.detail)}` : '';
  return {
    subject: `${name}: ${TITLES[event]}`,
    lines: [
      `${notice.wallet === 'partner' ? `Your own balance (${name})` : name}: ${TITLES[event]}.${why}`,
      [
        `Balance: ${credits(posted)} (${money(notice.money, notice.currency)})`,
        `Low credit threshold: ${lowCreditThreshold === null ? 'not set' : credits(lowCreditThreshold)}`,
        ...(minutesLeft === null ? [] : [`Call time left: ${Math.floor(Math.max(0, minutesLeft))} min`]),
        ...(runway === null ? [] : [`Lasts, at the recent pace: ${runwayText(runway, posted)}`]),
      ].join('\n'),
      NEXT[event],
      event === 'recovered' ? `Recovered ${utc(notice.at)}.` : `Since ${utc(notice.since)}.`,
    ],
  };
}

const FOR_CUSTOMERS: Record<BalanceEvent, readonly [title: string, next: string]> = {
  low: ['credits are low', 'Please top up, so that calls go on.'],
  critical: ['credits are very low', 'Please top up soon, before calls fail.'],
  exhausted: ['credits have run out', 'Please top up now. Until then new calls may be refused.'],
  improved: ['credits are still low', 'Please top up some more.'],
  recovered: ['there are enough credits again', 'There is nothing to do.'],
  recharge_failed: ['credits could not be added', 'Please top up.'],
};

function customerWords(notice: BalanceNotice): Words {
  const [title, next] = FOR_CUSTOMERS[notice.event];
  const name = oneLine(notice.name);
  const figures = notice.showsPricing
    ? [`Balance: ${credits(notice.posted)} (${money(notice.money, notice.currency)})`]
    : [];
  return {
    subject: `${name}: ${title}`,
    lines: [
      `${name}: ${title}.`,
      ...figures,
      next,
      notice.event === 'recovered' ? `Recovered ${utc(notice.at)}.` : `Since ${utc(notice.since)}.`,
    ],
  };
}

function digestWords(notices: readonly AlertNotice[], forCustomer: boolean): Words {
  const open = notices.filter(({ event }) => event !== 'recovered' && event !== 'margin_recovered').length;
  const list = notices.map((notice) => {
    if (forCustomer)
      return `- ${customerWords(balanceOf(notice))
        .lines.slice(0, notice.showsPricing ? 2 : 1)
        .join(' ')}`;
    if (notice.margin !== null) return `- ${partnerWords(notice).subject}`;
    return `- ${oneLine(notice.name)}: ${TITLES[notice.event]}, ${credits(notice.posted)}, since ${utc(notice.since)}`;
  });
  return {
    subject: open === 0 ? `All ${notices.length} balances have recovered` : `${open} balances need attention`,
    lines: ['These balances crossed together:', list.join('\n')],
  };
}

function deadWords({ route, customer, reason, at }: DeadRoute): Words {
  return {
    subject: 'Talktime cannot deliver alerts any more',
    lines: [
      `Talktime cannot deliver ${customer ? `alerts of ${oneLine(customer.name)}` : 'your alerts'} to ${routeText(route)} any more.`,
      `Why: ${oneLine(reason)}`,
      `Mend it, and try the route again: POST /v1/alerts/routes/revive. Since ${utc(at)}.`,
    ],
  };
}

function paymentWords(notice: PaymentNotice, news: readonly PaymentNewsEntry[]): Words {
  const name = oneLine(notice.name);
  const { latest, currency } = notice;
  const figures = { credits, money: (millionths: bigint) => money(millionths, currency), typed: oneLine, moment: utc };
  return {
    subject: `${name}: ${PAYMENT_TITLES[latest.event].toLowerCase()}`,
    lines: [
      `${notice.wallet === 'partner' ? `Your own payment (${name})` : name}: ${paymentSummary(notice, latest, figures)}`,
      ...(news.length > 1
        ? [
            `Since the last e-mail:\n${news.map((each) => `- ${utc(each.at)}: ${paymentSummary(notice, each, figures)}`).join('\n')}`,
          ]
        : []),
      paymentFigures(notice, figures)
        .map(([label, value]) => `${label}: ${value}`)
        .join('\n'),
      `Next: ${paymentNext(notice, figures)}`,
      ...(latest.link === null ? [] : [`To be confirmed at: ${latest.link}`]),
      ...(notice.stripeUrl === null ? [] : [`At Stripe: ${notice.stripeUrl}`]),
      `Payment ${notice.paymentId}, ${utc(latest.at)}.`,
    ],
  };
}

function historyOf({ thread }: AlertDelivery): string[] {
  const lines = (thread?.entries ?? []).map(
    ({ at, event, posted }) =>
      `- ${utc(at)}: ${event in TITLES ? TITLES[event as BalanceEvent] : event}, ${credits(posted)}`,
  );
  return [`Since the last e-mail:\n${lines.join('\n')}`];
}

function credits(amount: Microcredits): string {
  const text = formatDecimal(amount);
  return `${text} ${text === '1' || text === '-1' ? 'credit' : 'credits'}`;
}

function money(millionths: bigint, currency: string): string {
  const decimal = formatDecimal(millionths) as `${number}`;
  return new Intl.NumberFormat('en-US', { style: 'currency', currency }).format(decimal);
}

function percent(part: bigint, whole: bigint): string {
  return whole <= 0n ? 'unknown' : `${((Number(part) / Number(whole)) * 100).toFixed(1)} %`;
}

function utc(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** No line break, control character or mark that turns the direction of text: what is typed can't make a header of its own. */
function oneLine(text: string): string {
  const cleaned = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]|\p{Cs}/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
  return [...cleaned].slice(0, 300).join('') || 'unnamed';
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
