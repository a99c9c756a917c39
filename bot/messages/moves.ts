import type { MapKind, MoneyDraft, Performed, Preview } from '../ports';
import { credits, fromWire, money } from './amounts';
import { context, fields, section, type Field, type MessageBlock } from './message';
import { eachPeriod, rolloverOf } from './plan-terms';
import { code, inert, moment } from './text';

/** What will be when it is confirmed. Nothing has moved yet. */
export function previewBlocks(kind: MoneyDraft['kind'], preview: Preview): MessageBlock[] {
  const shown = [...planFields(preview), ...callFields(preview), ...balanceFields(preview)];
  return [
    section(question(kind, preview)),
    ...(shown.length > 0 ? [fields(shown)] : []),
    ...warnings(preview).map(section),
    context('It is done once, however often you press.'),
  ];
}

function question(kind: MoneyDraft['kind'], preview: Preview): string {
  const { amount } = preview;
  const name = nameOf(preview.customerName);
  const size = `*${credits(fromWire(Math.abs(amount)))}*${inMoney(preview)}`;
  switch (kind) {
    case 'top_up':
    case 'adjustment':
      return amount >= 0 ? `${name} gets ${size}. Is that right?` : `${size} are taken from ${name}. Is that right?`;
    case 'plan':
      return preview.plan?.recurring
        ? `${name} gets ${size} ${eachPeriod(preview.plan.recurring)}, the first now, by the plan *${inert(preview.plan.name)}*. Is that right?`
        : `${name} gets ${size} by the plan *${inert(preview.plan?.name ?? '')}*. Is that right?`;
    case 'reversal':
      return amount >= 0
        ? `${name} gets ${size} back. Is that right?`
        : `${size} are taken back from ${name}. Is that right?`;
    case 'assignment':
      if (amount === 0 && (preview.call?.paidByPartner ?? 0) === 0)
        return `The call is ${name}’s, and costs nothing. Is that right?`;
      return preview.wallet === 'partner'
        ? `The call is ${name}’s. AI Credits are off there, so *your own balance* pays ${size}. Is that right?`
        : `${name} pays ${size} for the call. Is that right?`;
    case 'dismissal':
      return 'The call is closed without a charge, for good: later reports of it change nothing. Is that right?';
  }
}

function planFields({ plan }: Preview): Field[] {
  if (!plan) return [];
  const { price, currency, minutes, bonus, expiresAfterDays, recurring, renewsAt } = plan;
  const each = recurring ? ` ${eachPeriod(recurring)}` : '';
  return [
    ['Sold for', `${money(fromWire(price), currency)}${each}`],
    ...(minutes === null
      ? []
      : [
          [
            'Minutes',
            `${minutes.toLocaleString('en-US')}${each}, at ${recurring ? 'the price per minute of each beginning' : 'today’s price per minute'}`,
          ] as const,
        ]),
    ...(bonus > 0 ? [['Of it a bonus', credits(fromWire(bonus))] as const] : []),
    ...(expiresAfterDays === null ? [] : [['Goes after', `${expiresAfterDays.toLocaleString('en-US')} days`] as const]),
    ...(renewsAt ? [['Renews', moment(renewsAt)] as const] : []),
    ...(recurring ? [['Unused', rolloverOf(recurring.rollover)] as const] : []),
  ];
}

function callFields({ call }: Preview): Field[] {
  if (!call) return [];
  return [
    ['Call', `${call.seconds.toLocaleString('en-US')} s by ${inert(call.provider)}`],
    ...(call.billedSeconds === null || call.creditsPerMinute === null
      ? []
      : [
          [
            'Billed',
            `${call.billedSeconds.toLocaleString('en-US')} s at ${credits(fromWire(call.creditsPerMinute))} a minute`,
          ] as const,
        ]),
  ];
}

function balanceFields({ wallet, balanceBefore, balanceAfter }: Preview): Field[] {
  if (wallet === null) return [];
  const whose = wallet === 'partner' ? 'Your own balance' : 'Balance';
  return [
    [`${whose} now`, credits(fromWire(balanceBefore))],
    [`${whose} afterwards`, credits(fromWire(balanceAfter))],
  ];
}

const KINDS: Record<MapKind, string> = { agent: 'agent', phone_number: 'number', metadata: 'metadata value' };

function warnings({ call, mapped, customerName, plan }: Preview): string[] {
  const name = nameOf(customerName);
  return [
    ...(call && call.paidByPartner > 0
      ? [`⚠️ The balance does not cover it all: your own balance carries *${credits(fromWire(call.paidByPartner))}*.`]
      : []),
    ...(call && call.debt > 0
      ? [`⚠️ *${credits(fromWire(call.debt))}* of it are beyond what the balance covers.`]
      : []),
    ...(mapped
      ? [`From now on the ${KINDS[mapped.kind]} ${code(mapped.value)} is ${name}’s: its next calls need nobody.`]
      : []),
    ...(plan
      ? [
          `Applying adds the credits${plan.recurring ? ', each time by itself' : ''}. It takes no payment: that is yours to collect.`,
        ]
      : []),
  ];
}

/** What was done. */
export function doneTexts(done: Extract<Performed, { kind: 'done' }>): string[] {
  return [
    `${doneText(done)}${balanceText(done)}`,
    ...(done.repeated ? ['It had been done already, and was not done again.'] : []),
  ];
}

function doneText({ draft, customerName, wallet, amount }: Extract<Performed, { kind: 'done' }>): string {
  const name = nameOf(customerName);
  const size = `*${credits(fromWire(Math.abs(amount)))}*`;
  switch (draft.kind) {
    case 'top_up':
    case 'plan':
    case 'adjustment':
      return amount >= 0 ? `✅ ${name} got ${size}.` : `✅ ${size} were taken from ${name}.`;
    case 'reversal':
      return amount >= 0 ? `✅ ${name} got ${size} back.` : `✅ ${size} were taken back from ${name}.`;
    case 'assignment':
      return wallet === 'partner'
        ? `✅ The call is ${name}’s. Your own balance paid ${size}.`
        : `✅ ${name} paid ${size} for the call.`;
    case 'dismissal':
      return '✅ The call is closed, uncharged.';
  }
}

function balanceText({ wallet, balance }: Extract<Performed, { kind: 'done' }>): string {
  if (wallet === null) return '';
  return ` ${wallet === 'partner' ? 'Your own balance' : 'The balance'} is *${credits(fromWire(balance))}*.`;
}

const nameOf = (name: string | null) => `*${inert(name ?? '')}*`;

const inMoney = ({ money: worth, currency }: Preview) =>
  worth === null ? '' : ` (${money(fromWire(worth), currency)})`;
