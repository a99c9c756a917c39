import { randomUUID } from 'node:crypto';
import { credits, fromWire, money } from '../messages/amounts';
import { button, buttons, context as smallPrint, section } from '../messages/message';
import { code, inert, moment } from '../messages/text';
import { refusalText } from '../messages/trouble';
import { isAtLeast, type Access, type BotData, type CustomerRef, type PaymentLink } from '../ports';
import { plainAmount } from '../commands/customer';
import type { Form, Reply } from './form';
import { choiceInput, customerInput, textInput, type Choice } from './inputs';
import { noticeModal, type Modal } from './modal';

const FORM = 'talktime_pay_link_form';
const TITLE = 'Pay for credits';
const LINK_TITLE = 'Payment link';
/** Chosen instead of a plan. */
const AMOUNT = 'amount';
const MOST_PLANS = 99;

export interface LinkPrefilled {
  /** The customer that it is for; null: to be chosen. */
  readonly customer: CustomerRef | null;
  readonly planId?: string;
}

/**
 * The form of a page to pay on: for one of the partner's customers, or for the customer that somebody belongs to, who see
 * what its settings show (money-rules 21).
 */
export async function payLinkModal(
  data: BotData,
  access: Access,
  channelId: string | null,
  prefilled: LinkPrefilled,
): Promise<Modal> {
  const isOwn = access.role === 'customer';
  if (!isOwn && !isAtLeast(access.role, 'manager'))
    return noticeModal(TITLE, refusalText({ kind: 'not_allowed', least: 'manager' }));
  if (!data.takesPayments()) return noticeModal(TITLE, isOwn ? OFF_FOR_CUSTOMERS : OFF);
  const customerId = access.customerId ?? prefilled.customer?.id ?? null;
  const shown = customerId === null ? null : await data.customerBalance(access.partnerId, customerId);
  if (isOwn && !shown?.customer.settings.ai_credits_enabled) return noticeModal(TITLE, NOT_BILLED);
  const showsPrices = !isOwn || shown!.customer.settings.show_pricing_information;
  const plans = await plansFor(data, access.partnerId, customerId, showsPrices);
  if (plans.length === 0 && !showsPrices) return noticeModal(TITLE, NOTHING_TO_BUY);
  const what: Choice[] = [...plans, ...(showsPrices ? [{ value: AMOUNT, text: 'An amount of money' }] : [])];
  return {
    callbackId: FORM,
    title: isOwn ? TITLE : LINK_TITLE,
    submit: 'Get the link',
    close: 'Cancel',
    blocks: [
      section(
        isOwn
          ? 'You pay on a page of Stripe, by card or bank.'
          : 'Whoever has the link pays on a page of Stripe, by card or bank. The credits come once it is paid.',
      ),
      ...(isOwn ? [] : [customerInput(shown?.customer ?? undefined)]),
      ...(plans.length === 0
        ? []
        : [choiceInput({ id: 'plan', label: 'What', choices: what, chosen: prefilled.planId ?? what[0]!.value })]),
      ...(showsPrices
        ? [
            textInput({
              id: 'amount',
              label: shown ? `Amount in ${shown.customer.balance.currency}` : 'Amount of money',
              placeholder: '60',
              most: 40,
              optional: plans.length > 0,
              ...(plans.length > 0 ? { hint: 'Only for “An amount of money”.' } : {}),
            }),
          ]
        : []),
    ],
    context: { channelId, ids: { draft: randomUUID(), ...(isOwn ? { customer: customerId! } : {}) } },
  };
}

const OFF =
  'Payments are not set up here: the service has no Stripe key.\n*Next:* whoever runs it sets STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET. Top-ups by hand work without.';
const OFF_FOR_CUSTOMERS = 'Paying by card is not set up here.\n*Next:* ask your agency to top up your credits.';
const NOT_BILLED = 'Your calls are not paid from credits of yours, so there is nothing to top up.';
const NOTHING_TO_BUY = 'There are no plans to choose from here.\n*Next:* ask your agency to top up your credits.';

async function plansFor(
  data: BotData,
  partnerId: string,
  customerId: string | null,
  showsPrices: boolean,
): Promise<Choice[]> {
  const all =
    customerId === null
      ? await data.activePlans(partnerId)
      : (await data.plans(partnerId, customerId, MOST_PLANS)).plans.map(({ plan }) => plan);
  return all
    .filter(({ price }) => price > 0)
    .slice(0, MOST_PLANS)
    .map(({ id, name, popular, price, currency }) => ({
      value: `plan:${id}`,
      text: `${popular ? '⭐ ' : ''}${inert(name)}`,
      ...(showsPrices ? { description: money(fromWire(price), currency) } : {}),
    }));
}

export const PAY_LINK_FORM: Form = {
  callbackId: FORM,
  least: 'customer',

  submitted({ actor, access, channelId, values, context }, { data }): Reply {
    const customerId = context.ids.customer ?? values.choice('customer');
    const what = values.has('plan') ? (values.choice('plan') ?? AMOUNT) : AMOUNT;
    const amount = plainAmount(values.text('amount'));
    if (customerId === null) return { kind: 'errors', errors: { customer: 'Choose a customer.' } };
    if (what === AMOUNT && amount === '') return { kind: 'errors', errors: { amount: 'Say how much.' } };
    if (what !== AMOUNT && amount !== '')
      return { kind: 'errors', errors: { amount: 'Leave this empty, or choose “An amount of money”.' } };
    const wanted = {
      customerId,
      planId: what === AMOUNT ? null : what.replace(/^plan:/, ''),
      amount: what === AMOUNT ? amount : null,
    };
    const isOwn = access.role === 'customer';
    return {
      kind: 'work',
      refreshHome: false,
      // Stripe is asked, which may take longer than Slack waits.
      work: async () => {
        const link = await data.paymentLink(actor, channelId, context.ids.draft ?? '', wanted);
        return link.kind === 'refused'
          ? noticeModal(LINK_TITLE, `🔴 ${inert(link.detail, 500)}\n*Next:* close this, and ask for the link again.`)
          : linkModal(link, isOwn);
      },
    };
  },
};

/** Whoever pays sees the price on Stripe's page; here a customer's people see the credits only with their prices. */
function linkModal(link: PaymentLink, isOwn: boolean): Modal {
  const what = link.planName === null ? `*${credits(fromWire(link.credits))}*` : `*${inert(link.planName)}*`;
  const bonus = link.bonus > 0 ? ` and a bonus of ${credits(fromWire(link.bonus))}` : '';
  const price = `*${money(fromWire(link.money), link.currency)}*`;
  return {
    ...noticeModal(isOwn ? TITLE : LINK_TITLE),
    blocks: [
      section(
        isOwn ? `💳 ${what} for ${price}.` : `💳 ${what}${bonus} for *${inert(link.customerName)}*, for ${price}.`,
      ),
      buttons(button('Open the page to pay', { action: 'talktime_pay_page', url: link.url, style: 'primary' })),
      ...(isOwn ? [] : [section(`To send it to whoever pays:\n${code(link.url, 2000)}`)]),
      smallPrint(
        `Open until ${moment(link.expiresAt)} · the credits come when Stripe says that it was paid, whether or not anybody comes back here`,
      ),
    ],
  };
}
