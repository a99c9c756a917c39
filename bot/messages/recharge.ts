import { credits, fromWire, money } from './amounts';
import { section, type MessageBlock } from './message';
import { inert } from './text';
import type { RechargeShown } from '../ports';

type Recharge = RechargeShown['recharge'];

/** How a customer's balance tops itself up, in a few lines. */
export function rechargeBlocks({ customer, recharge }: RechargeShown): MessageBlock[] {
  const { waits, action_url: url } = recharge;
  return [
    section(
      [`*${inert(customer.name)}*`, stateLine(recharge), monthLine(recharge), cardLine(recharge)]
        .filter(isThere)
        .join('\n'),
    ),
    ...(recharge.enabled && waits && TOLD.has(waits.code) ? [section(`⚠️ ${inert(waits.message, 300)}`)] : []),
    ...(recharge.state === 'suspended' && recharge.failed_because
      ? [section(`The bank said: ${inert(recharge.failed_because, 300)}`)]
      : []),
    ...(recharge.state === 'needs_action' && url ? [section(`*Next:* its owner confirms here: <${url}>`)] : []),
  ];
}

/** The link on which a card is saved. */
export function cardLinkBlocks(customerName: string, url: string): MessageBlock[] {
  return [
    section(
      `🔗 Send this to whoever pays for *${inert(customerName)}*: they save a card on Stripe's page, and nothing is paid by it. It works for 30 minutes.`,
    ),
    section(`<${url}|Save a card>`),
  ];
}

/** What somebody should act on; the rest passes by itself. */
const TOLD: ReadonlySet<string> = new Set([
  'suspended',
  'disputed',
  'needs_action',
  'no_card',
  'not_ready',
  'currency_changed',
  'monthly_count',
  'monthly_money',
  'failed_lately',
]);

const MARKS = { off: '⚪', active: '🟢', suspended: '🔴', needs_action: '🟡' } as const;

/** "🟢 Automatic top-up: on. At 100 credits, up to 1,000." */
function stateLine({ state, enabled, threshold, target, amount }: Recharge): string {
  const words =
    state === 'suspended'
      ? 'suspended'
      : state === 'needs_action'
        ? 'waits for the card’s owner'
        : enabled
          ? 'on'
          : 'off';
  const terms =
    threshold === null
      ? ''
      : ` At ${credits(fromWire(threshold))}, ${
          target === null ? `by ${credits(fromWire(amount ?? 0))}` : `up to ${credits(fromWire(target))}`
        }.`;
  return `${MARKS[state]} Automatic top-up: *${words}*.${terms}`;
}

/** "This month: 2 of 5, $19.00 of $300.00." */
function monthLine({
  this_month: month,
  monthly_count: count,
  monthly_money: most,
  currency,
}: Recharge): string | null {
  if (count === null || most === null) return null;
  return `This month: ${month.count} of ${count}, ${money(fromWire(month.money), currency)} of ${money(fromWire(most), currency)}.`;
}

function cardLine({ card }: Recharge): string {
  if (!card) return 'Card: none is saved.';
  return `Card: ${inert(card.brand ?? 'card')} •••• ${inert(card.last4 ?? '')}${card.expires ? `, until ${inert(card.expires)}` : ''}.`;
}

const isThere = (line: string | null): line is string => line !== null;
