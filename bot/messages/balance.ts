import type { Threshold } from '@talktime/core/contract';
import type { CustomerBalance, CustomerRef, PartnerBalance, Standing } from '../ports';
import { callTime, callTimeAfter, credits, fromWire, money, runwayText } from './amounts';
import { context, divider, fields, header, section, type Field, type Message, type MessageBlock } from './message';
import { STATUS } from './status';
import { code, inert } from './text';

/** The most customers that the list under a partner's balance shows. */
export const SOONEST_SHOWN = 5;

/** Who reads a message: the partner's people, or the customer's, to whom its visibility settings apply. */
export type Audience = 'partner' | 'customer';

/** One customer's balance, and who pays for its calls. */
export function customerBalanceMessage(shown: CustomerBalance, audience: Audience = 'partner'): Message {
  if (audience === 'customer') return ownBalanceMessage(shown);
  const { customer, threshold } = shown;
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

/**
 * A customer's balance for its own people. Without Show Pricing Information: no figure, no rate, no money (money-rules 21);
 * with AI Credits off: nothing of the partner's balance, from which its calls are paid.
 */
function ownBalanceMessage({ customer, threshold }: CustomerBalance): Message {
  if (!customer.settings.ai_credits_enabled) return notBilledMessage();
  const { mark, words } = STATUS[threshold.status];
  const closing = context('only you can see this');
  if (!customer.settings.show_pricing_information) {
    const text =
      threshold.status === 'ok'
        ? `${mark} Your credits are fine.`
        : `${mark} Your credits are ${words}. Please top up.`;
    return { text, blocks: [section(text), closing] };
  }
  const balance = credits(fromWire(customer.balance.posted));
  const rate = customer.settings.rate;
  return {
    text: `${mark} Your balance: ${balance}, ${words}`,
    blocks: [
      header(`${mark} Your balance: ${words}`),
      fields([
        ['Balance', withMoney(balance, customer.balance)],
        ...heldFields(customer.balance),
        ...runwayFields(threshold),
        ...(rate ? [['Price per minute', credits(fromWire(rate.credits_per_minute))] as const] : []),
      ]),
      closing,
    ],
  };
}

/** To a customer's people, while its calls are paid from the partner's balance: nothing here is theirs to see. */
export function notBilledMessage(): Message {
  const text = 'Your calls are not billed by credits: there is no balance to keep an eye on.';
  return { text, blocks: [section(text)] };
}

/** The partner's own balance, with the customers that run out soonest. */
export function partnerBalanceMessage(
  { partner, threshold }: PartnerBalance,
  soonest: readonly Standing[],
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
  if (soonest.length === 0) blocks.push(section('You have no customers yet.'));
  else
    blocks.push(
      section(['*Customers, the soonest to run out first*', ...soonest.slice(0, SOONEST_SHOWN).map(line)].join('\n')),
    );
  blocks.push(
    context(
      `${code(`${command} customers`)} shows all, ${code(`${command} balance <customer>`)} one of them · only you can see this`,
    ),
  );
  return { text: `${mark} Your balance: ${balance}, ${words}`, blocks };
}

/** What was typed after `command` and `word` fits several customers: which one is meant? */
export function severalCustomersMessage(
  typed: string,
  matches: readonly CustomerRef[],
  command: string,
  word = 'balance',
): Message {
  const asked = `${command} ${word}`;
  return choice((name) => `Several customers are called ${name}. Say which one by its id:`, typed, matches, asked);
}

/** What was typed fits no customer; `near` are the likeliest that were meant. */
export function unknownCustomerMessage(
  typed: string,
  near: readonly CustomerRef[],
  command: string,
  word = 'balance',
): Message {
  const asked = `${command} ${word}`;
  if (near.length > 0) return choice((name) => `There is no customer ${name}. Did you mean:`, typed, near, asked);
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
  asked: string,
): Message {
  const lines = customers.map(({ id, name }) => `• *${inert(name)}* ${code(`${asked} ${id}`, 160)}`);
  return { text: question(inert(typed)), blocks: [section([question(code(typed)), ...lines].join('\n'))] };
}

function line({ customerId, name, payer, posted, status, minutesLeft, runway }: Standing): string {
  const { mark } = STATUS[status];
  const lasts = runway === null ? callTimeAfter(' · ', minutesLeft) : ` · lasts ${runwayText(runway, posted)}`;
  const figures = payer === 'customer' ? `${credits(posted)}${posted > 0n ? lasts : ''}` : 'paid from your own balance';
  return `${mark} *${inert(name)}* ${code(customerId)} · ${figures}`;
}

function heldFields({ held, disputed, available }: { held: number; disputed: number; available: number }): Field[] {
  if (held === 0 && disputed === 0) return [];
  return [
    ...(held === 0 ? [] : [['Held for live calls', credits(fromWire(held))] as const]),
    ...(disputed === 0 ? [] : [['Disputed', credits(fromWire(disputed))] as const]),
    ['Available', credits(fromWire(available))],
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
    ['Lasts, at the recent pace', runwayText(threshold.runway, threshold.posted)],
  ];
}

export function withMoney(text: string, balance: { money: number | null; currency: string }): string {
  return balance.money === null ? text : `${text} (${money(fromWire(balance.money), balance.currency)})`;
}
