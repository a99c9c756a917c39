import type { Asker } from '../asker';
import type { Question } from '../commands/answer';
import { customerMeant, plainAmount } from '../commands/customer';
import { section } from '../messages/message';
import { cardLinkBlocks, rechargeBlocks } from '../messages/recharge';
import { inert } from '../messages/text';
import type { BotData, CustomerRef, RechargeShown } from '../ports';
import { customerForm } from './customer-first';
import type { Form, Reply, Submission } from './form';
import { choiceInput, switchesInput, textInput } from './inputs';
import { NO_FORM, noticeModal, type Modal, type ModalBlock } from './modal';
import type { FormValues } from './values';

const CUSTOMER_FORM = { callbackId: 'talktime_recharge_customer_form', title: 'Automatic top-up' } as const;
const FORM = 'talktime_recharge_form';
const CARD_FORM = 'talktime_recharge_card_form';
const TITLE = 'Automatic top-up';

/** What `/credits autotopup …` opens: the settings of the customer that was typed, else the question whose. */
export async function rechargeModal(question: Question, data: BotData): Promise<Modal> {
  const meant = await customerMeant(data, question.access, question.argument);
  return meant.kind === 'one'
    ? settingsOf(question, meant.customer, data)
    : customerForm(CUSTOMER_FORM, meant, { channelId: question.channelId, ids: {} });
}

async function settingsOf({ actor, channelId }: Asker, customer: CustomerRef, data: BotData): Promise<Modal> {
  const opened = await data.openRecharge(actor, channelId, customer.id);
  if (opened.kind === 'refused') return noticeModal(TITLE, `🔴 ${inert(opened.detail, 500)}`);
  const context = { channelId, ids: { customer: customer.id } };
  if (!opened.recharge.card)
    return {
      callbackId: CARD_FORM,
      title: TITLE,
      submit: 'Get a link',
      close: 'Cancel',
      blocks: [
        ...rechargeBlocks(opened),
        section(
          'It charges a saved card, so one has to be there first.\n*Next:* get a link on which its owner saves it; then open this again.',
        ),
      ],
      context,
    };
  return { callbackId: FORM, title: TITLE, submit: 'Save', close: 'Cancel', blocks: formOf(opened), context };
}

function formOf(shown: RechargeShown): ModalBlock[] {
  const { recharge } = shown;
  const text = (value: number | null, usual: string) => (value === null ? usual : String(value));
  return [
    ...rechargeBlocks(shown),
    switchesInput({
      id: 'enabled',
      label: TITLE,
      switches: [
        { value: 'on', text: 'On', description: 'Charges the card when the balance is at or below the threshold.' },
        {
          value: 'other_card',
          text: 'Another card',
          description: 'Shows a link on which its owner saves another one.',
        },
      ],
      on: recharge.enabled ? ['on'] : [],
    }),
    textInput({ id: 'threshold', label: 'Threshold (credits)', value: text(recharge.threshold, '100'), most: 40 }),
    choiceInput({
      id: 'goal',
      label: 'Top up',
      choices: [
        { value: 'target', text: 'up to the credits below' },
        { value: 'amount', text: 'by the credits below' },
      ],
      chosen: recharge.amount === null ? 'target' : 'amount',
    }),
    textInput({ id: 'credits', label: 'Credits', value: text(recharge.target ?? recharge.amount, '1000'), most: 40 }),
    textInput({
      id: 'monthly_money',
      label: `Most money a month (${recharge.currency})`,
      value: text(recharge.monthly_money, ''),
      placeholder: '300',
      hint: 'No more than this is charged by itself in a calendar month (UTC).',
      most: 40,
    }),
    textInput({
      id: 'monthly_count',
      label: 'Most top-ups a month',
      value: text(recharge.monthly_count, '10'),
      most: 4,
    }),
  ];
}

export const RECHARGE_FORMS: readonly Form[] = [
  {
    callbackId: CUSTOMER_FORM.callbackId,
    least: 'manager',
    async submitted(submission, { data }) {
      const customerId = submission.values.choice('customer');
      if (customerId === null) return { kind: 'errors', errors: { customer: 'Choose a customer.' } };
      const meant = await customerMeant(data, submission.access, customerId);
      if (meant.kind !== 'one')
        return { kind: 'errors', errors: { customer: 'This customer is not there, or not one of this channel.' } };
      return { kind: 'show', modal: await settingsOf(submission, meant.customer, data) };
    },
  },
  {
    callbackId: CARD_FORM,
    least: 'manager',
    submitted: (submission, { data }) => ({ kind: 'work', work: () => linkOf(submission, data), refreshHome: false }),
  },
  {
    callbackId: FORM,
    least: 'manager',
    async submitted(submission, { data }): Promise<Reply> {
      const { actor, channelId, values, context } = submission;
      const change = changeOf(values);
      if (change.kind === 'errors') return change;
      const saved = await data.saveRecharge(actor, channelId, context.ids.customer ?? '', change.set);
      if (saved.kind === 'invalid') return { kind: 'errors', errors: saved.errors };
      if (saved.kind === 'refused')
        return { kind: 'show', modal: noticeModal('Nothing was changed', `🔴 ${inert(saved.detail, 500)}`) };
      if (values.choices('enabled').includes('other_card'))
        return { kind: 'work', work: () => linkOf(submission, data) };
      return {
        kind: 'show',
        refreshHome: true,
        modal: {
          callbackId: NO_FORM,
          title: TITLE,
          blocks: [section('✅ Saved.'), ...rechargeBlocks(saved)],
          context: { channelId: null, ids: {} },
        },
      };
    },
  },
];

async function linkOf({ actor, channelId, context }: Submission, data: BotData): Promise<Modal> {
  const link = await data.cardLink(actor, channelId, context.ids.customer ?? '');
  if (link.kind === 'refused') return noticeModal(TITLE, `🔴 ${inert(link.detail, 500)}`);
  return {
    callbackId: NO_FORM,
    title: TITLE,
    blocks: cardLinkBlocks(link.customerName, link.url),
    context: { channelId: null, ids: {} },
  };
}

function changeOf(values: FormValues) {
  const errors: Record<string, string> = {};
  const decimal = (id: string) => {
    const plain = plainAmount(values.text(id));
    if (!/^\d{1,10}(\.\d{1,6})?$/.test(plain)) errors[id] = 'A number, such as 100.';
    return plain;
  };
  const set = {
    enabled: values.choices('enabled').includes('on'),
    threshold: decimal('threshold'),
    [values.choice('goal') === 'amount' ? 'amount' : 'target']: decimal('credits'),
    monthly_money: decimal('monthly_money'),
    monthly_count: Number(decimal('monthly_count')),
  };
  return Object.keys(errors).length > 0 ? ({ kind: 'errors', errors } as const) : ({ kind: 'change', set } as const);
}
