import type { StatementLine } from '@talktime/core/contract';
import type { CustomerRef, HistoryPage } from '../ports';
import { figure, fromWire } from './amounts';
import { button, buttons, context, header, section, table, type ButtonsBlock, type Message } from './message';
import { cell, inert } from './text';

export const HISTORY_PAGE = 15;
/** A note in a table is cut to this: the whole of it is in the statement. */
const NOTE_LENGTH = 60;

export const HISTORY_OLDER = 'talktime_history_older';
export const HISTORY_NEWEST = 'talktime_history_newest';

/** Which history, and from where: what its buttons carry. Ids and a place in the list, no amount. */
export interface HistoryPlace {
  /** null: the partner's own. */
  readonly customerId: string | null;
  /** null: from the newest. */
  readonly cursor: string | null;
}

/** A page of a wallet's entries. `customer` is null for the partner's own, and 'own' for a customer's own people. */
export function historyMessage(
  { lines, next }: HistoryPage,
  customer: CustomerRef | null,
  audience: 'partner' | 'customer',
  place: HistoryPlace,
): Message {
  const whose = (named: (name: string) => string) =>
    customer === null ? 'Your own balance' : audience === 'customer' ? 'Your credits' : named(customer.name);
  if (lines.length === 0) {
    const isFirst = place.cursor === null;
    const text = isFirst ? 'Nothing has been added or used yet.' : 'There is nothing older.';
    return { text, blocks: [section(`*${whose(inert)}*: ${text}`), context('only you can see this')] };
  }
  const again = (cursor: string | null) => historyValue({ ...place, cursor });
  const pages = [
    ...(next === null ? [] : [button('Older', { action: HISTORY_OLDER, value: again(next) })]),
    ...(place.cursor === null ? [] : [button('Newest', { action: HISTORY_NEWEST, value: again(null) })]),
  ];
  return {
    text: `History: ${whose(inert)}`,
    blocks: [
      header('History'),
      section(`*${whose(inert)}*`),
      table([['Type', 'Amount', 'Balance', 'Note', 'Date (UTC)'], ...lines.map(row)], [1, 2]),
      ...receipts(lines),
      ...(pages.length > 0 ? [buttons(...pages)] : []),
      context(
        `in credits${lines.some((line) => line.receipt_url !== null) ? ' · 🧾 a payment’s receipt' : ''} · only you can see this`,
      ),
    ],
  };
}

/** A table's cells are plain text, so the payments' receipts are buttons below it. */
function receipts(lines: readonly StatementLine[]): ButtonsBlock[] {
  const links = lines.flatMap(({ receipt_url: url, date, sequence }) =>
    url === null ? [] : [button(`🧾 ${when(new Date(date))}`, { action: `talktime_receipt_${sequence}`, url })],
  );
  return links.length === 0 ? [] : [buttons(...links)];
}

export function historyValue({ customerId, cursor }: HistoryPlace): string {
  return `${customerId ?? ''}|${cursor ?? ''}`;
}

/** null when a button carries something else. */
export function readHistoryValue(value: string): HistoryPlace | null {
  const [, customerId, cursor] = /^([^|]{0,200})\|(\d{0,18})$/.exec(value) ?? [];
  return customerId === undefined || cursor === undefined
    ? null
    : { customerId: customerId || null, cursor: cursor || null };
}

function row(line: StatementLine): string[] {
  const amount = figure(fromWire(line.amount));
  return [
    line.type,
    line.amount > 0 ? `+${amount}` : amount,
    figure(fromWire(line.balance)),
    cell(line.note, NOTE_LENGTH) || whatItWas(line),
    when(new Date(line.date)),
  ];
}

const WHAT: Partial<Record<StatementLine['kind'], string>> = {
  top_up: 'Top-up',
  adjustment: 'Adjustment',
  reversal: 'Reversal',
  plan: 'Plan',
  payment: 'Payment',
  refund: 'Refund',
  dispute: 'Disputed payment',
  rollover: 'Rolled over',
  reassign: 'Call of another customer',
  start: 'Credits began',
  expiry: 'Credits expired',
};

/** What stands in the place of a note that nobody wrote. */
function whatItWas({ kind, receipt }: StatementLine): string {
  if (receipt !== null) {
    const seconds = Math.round(receipt.raw_seconds);
    return `Call, ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
  }
  return WHAT[kind] ?? '';
}

/** "22 Nov 2026, 16:01" */
function when(at: Date): string {
  const date = at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
  return `${date}, ${at.toISOString().slice(11, 16)}`;
}
