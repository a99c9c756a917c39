import type { Status } from '@talktime/core/alerts';
import type { Threshold } from '@talktime/core/contract';
import type { CustomerBalance, CustomerRef, PartnerBalance } from '../ports';
import { callTime, callTimeAfter, credits, fromWire, money, pace } from './amounts';
import { context, divider, fields, header, section, type Field, type Message, type MessageBlock } from './message';
import { code, inert } from './text';

const STATUS: Record<Status, { mark: string; words: string }> = {
  ok: { mark: '🟢', words: 'ok' },
  low: { mark: '🟡', words: 'low' },
  critical: { mark: '🟠', words: 'very low' },
  exhausted: { mark: '🔴', words: 'out of credits' },
};

/** The most customers that the list under a partner's balance shows. */
export const LOWEST_SHOWN = 5;

/** One customer's balance, and who pays for its calls. */
export function customerBalanceMessage({ customer, threshold }: CustomerBalance): Message {
  const { mark, words } = STATUS[threshold.status];
  const name = inert(customer.name);
  const own = threshold.payer === 'customer';
  const rate = customer.settings.rate;
  const balance = credits(fromWire(customer.balance.posted));
  return {
    text: `${mark} ${name}: ${balance}, ${words}`,
    blocks: [
      header(`${mark} Balance: ${words}`),
      section(
        own ? `*${name}* has *${balance}*.` : `*${name}* has AI Credits off: its calls are paid from your own balance.`,
      ),
      fields([
        [own ? 'Balance' : "Customer's balance", withMoney(balance, customer.balance)],
        ...(own ? [] : [['Your own balance', credits(fromWire(threshold.posted))] as const]),
        ...heldFields(customer.balance),
        ...runwayFields(threshold),
        ...(own && rate ? [['Price per minute', credits(fromWire(rate.credits_per_minute))] as const] : []),
        ['Low credit notifications', threshold.notifications_enabled ? 'on' : 'off'],
      ]),
      context(`customer ${code(customer.id)} · only you can see this`),
    ],
  };
}

/** The partner's own balance, with the customers that are lowest. */
export function partnerBalanceMessage(
  { partner, threshold }: PartnerBalance,
  lowest: readonly CustomerBalance[],
  command: string,
): Message {
  const { mark, words } = STATUS[threshold.status];
  const balance = credits(fromWire(partner.balance.posted));
  const blocks: MessageBlock[] = [
    header(`${mark} Your balance: ${words}`),
    section(`*${inert(partner.name)}* has *${balance}*.`),
    fields([
      ['Balance', withMoney(balance, partner.balance)],
      ...heldFields(partner.balance),
      ...runwayFields(threshold),
    ]),
    divider(),
  ];
  if (lowest.length === 0) blocks.push(section('You have no customers yet.'));
  else blocks.push(section(['*Lowest customers*', ...lowest.slice(0, LOWEST_SHOWN).map(lowestLine)].join('\n')));
  blocks.push(context(`${code(`${command} balance <customer>`)} shows one of them · only you can see this`));
  return { text: `${mark} Your balance: ${balance}, ${words}`, blocks };
}

/** What was typed fits several customers: which one is meant? */
export function severalCustomersMessage(typed: string, matches: readonly CustomerRef[], command: string): Message {
  return choice((name) => `Several customers are called ${name}. Say which one by its id:`, typed, matches, command);
}

/** What was typed fits no customer; `near` are the likeliest that were meant. */
export function unknownCustomerMessage(typed: string, near: readonly CustomerRef[], command: string): Message {
  if (near.length > 0) return choice((name) => `There is no customer ${name}. Did you mean:`, typed, near, command);
  const hint = `${code(`${command} balance`)} lists the lowest; an id or a name finds any.`;
  return {
    text: `There is no customer ${inert(typed)}.`,
    blocks: [section(`There is no customer ${code(typed)}. ${hint}`)],
  };
}

function choice(
  question: (name: string) => string,
  typed: string,
  customers: readonly CustomerRef[],
  command: string,
): Message {
  const lines = customers.map(({ id, name }) => `• *${inert(name)}* ${code(`${command} balance ${id}`, 160)}`);
  return { text: question(inert(typed)), blocks: [section([question(code(typed)), ...lines].join('\n'))] };
}

function lowestLine({ customer, threshold }: CustomerBalance): string {
  const { mark } = STATUS[threshold.status];
  const figures =
    threshold.payer === 'customer'
      ? `${credits(fromWire(threshold.posted))}${threshold.posted > 0 ? callTimeAfter(' · ', threshold.minutes_left) : ''}`
      : 'paid from your own balance';
  return `${mark} *${inert(customer.name)}* ${code(customer.id)} · ${figures}`;
}

function heldFields(balance: { held: number; available: number }): Field[] {
  if (balance.held === 0) return [];
  return [
    ['Held for live calls', credits(fromWire(balance.held))],
    ['Available', credits(fromWire(balance.available))],
  ];
}

function runwayFields(threshold: Threshold): Field[] {
  const nothing = threshold.posted <= 0;
  return [
    [
      'Low credit threshold',
      threshold.low_credit_threshold === null ? 'not set' : credits(fromWire(threshold.low_credit_threshold)),
    ],
    ['Call time left', nothing ? 'none' : callTime(threshold.minutes_left)],
    ['Lasts, at the pace of 7 days', nothing ? 'none' : pace(threshold.days_left)],
  ];
}

function withMoney(text: string, balance: { money: number | null; currency: string }): string {
  return balance.money === null ? text : `${text} (${money(fromWire(balance.money), balance.currency)})`;
}
