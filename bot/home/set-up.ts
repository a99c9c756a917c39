import { button, context, section, type MessageBlock, sectionWithButton } from '../messages/message';
import { code, inert } from '../messages/text';
import { isAtLeast, type CustomerRef, type Role, type SetUp, type SetUpStep } from '../ports';
import { HOME_ACTIONS } from './actions';

interface Item {
  readonly isDone: boolean;
  readonly isOptional?: boolean;
  /** What it is, as far as it is done. */
  readonly title: string;
  /** What to do about it, while it is not done. */
  readonly next: string;
  readonly button?: { readonly label: string; readonly action: string; readonly value?: string };
}

/**
 * The checklist that a new partner goes through, with the button that does each: what must be there so that calls are
 * charged and nobody is surprised by an empty balance. All done, it is one line.
 */
export function setUpBlocks(setUp: SetUp, command: string, role: Role, nameLength: number): MessageBlock[] {
  const items = itemsOf(setUp, command, nameLength);
  const required = items.filter(({ isOptional }) => !isOptional);
  const done = required.filter(({ isDone }) => isDone).length;
  if (done === required.length) {
    const text =
      setUp.enabled.done === 1
        ? 'your customer with AI Credits on'
        : `all ${number(setUp.enabled.done)} customers with AI Credits on`;
    return [
      context(`✅ *Set up:* alert channel, prices, thresholds, notifications and credits are there for ${text}.`),
    ];
  }
  const mayAct = isAtLeast(role, 'manager');
  return [section(`*🧭 Set-up: ${done} of ${required.length} done*`), ...items.map((item) => itemBlock(item, mayAct))];
}

/** Whether all that is not optional is there. */
export function isSetUp(setUp: SetUp): boolean {
  return itemsOf(setUp, '', 1).every(({ isDone, isOptional }) => isDone || isOptional);
}

function itemBlock({ isDone, isOptional, title, next, button: does }: Item, mayAct: boolean): MessageBlock {
  const mark = isDone ? '✅' : '⬜';
  const text = `${mark} ${title}${isOptional ? ' _(optional)_' : ''}${isDone ? '' : `\n${next}`}`;
  if (isDone || !does || !mayAct) return section(text);
  return sectionWithButton(text, button(does.label, { action: does.action, value: does.value }));
}

function itemsOf(setUp: SetUp, command: string, nameLength: number): Item[] {
  const { customers, enabled } = setUp;
  const named = (customer: CustomerRef | null) => (customer ? `*${inert(customer.name, nameLength)}*` : '');
  const settings = ({ next }: SetUpStep) =>
    next ? { button: { label: 'Settings', action: HOME_ACTIONS.settings, value: next.id } } : {};
  /** Of the customers with AI Credits on: how many have it, and who lacks it. */
  const step = (what: string, { done, next }: SetUpStep, lacks: string) => ({
    isDone: enabled.done > 0 && done === enabled.done,
    title:
      enabled.done === 0 || done === enabled.done
        ? `*${what}*`
        : `*${what}:* ${number(done)} of ${number(enabled.done)} customers`,
    next: next ? `${named(next)} ${lacks}` : 'Comes with the first customer that has AI Credits on.',
  });
  return [
    {
      isDone: setUp.hasAlertChannel,
      title: '*A channel for alerts*',
      next: `Type ${code(`${command} alerts here`)} in the channel that should hear of low balances.`,
      button: { label: 'Alerts', action: HOME_ACTIONS.alerts },
    },
    {
      isDone: enabled.done > 0,
      title: `*AI Credits enabled*${enabled.done > 0 ? `: ${number(enabled.done)} of ${number(customers)} customers` : ''}`,
      next:
        customers === 0
          ? 'There is no customer yet: create one with the Customer node in n8n, or by the API.'
          : `${named(enabled.next)} is paid for out of your own balance, like every customer without AI Credits.`,
      ...settings(enabled),
    },
    {
      ...step('A price per minute', setUp.priced, 'has no price: calls cannot be charged.'),
      ...settings(setUp.priced),
    },
    {
      ...step('A low credit threshold', setUp.watched, 'has none: nothing warns before calls fail.'),
      ...settings(setUp.watched),
    },
    {
      ...step('Low credit notifications', setUp.notified, 'has them off: nobody hears when credits run low.'),
      ...settings(setUp.notified),
    },
    {
      ...step('Initial credits', setUp.filled, 'never had any credits.'),
      ...(setUp.filled.next
        ? { button: { label: 'Top up', action: HOME_ACTIONS.topUp, value: setUp.filled.next.id } }
        : {}),
    },
    {
      isOptional: true,
      isDone: setUp.visible.done > 0,
      title: '*Customers see their balance*',
      next: 'Portal and pricing are hidden from every customer.',
      ...settings(setUp.visible),
    },
    {
      isOptional: true,
      isDone: setUp.payments === 'ready',
      title: '*Take payments: connect Stripe*',
      next:
        setUp.payments === 'waiting'
          ? `Stripe lets the account take no payments yet. ${code('POST /v1/stripe/connect')} gives its owner the link on which Stripe says what is missing.`
          : `Customers then pay by card on an account of your own. ${code('POST /v1/stripe/connect')} gives the link.`,
    },
    {
      isOptional: true,
      isDone: setUp.plans > 0,
      title: '*Credit plans*',
      next: 'Packs that customers buy by themselves, such as “100 minutes - 60”: created by the API.',
    },
  ];
}

const number = (count: number) => count.toLocaleString('en-US');
