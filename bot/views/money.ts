import { button, section, sectionWithButton } from '../messages/message';
import { PAY_LINK } from '../messages/pay-actions';
import { code, inert } from '../messages/text';
import type { BotDependencies } from '../asker';
import type { Question } from '../commands/answer';
import { customerMeant, plainAmount, splitAmount, type Meant } from '../commands/customer';
import type { BotData, CustomerRef } from '../ports';
import { confirmModal } from './confirm';
import { customerInput, textInput } from './inputs';
import type { Form, Reply, Submission } from './form';
import type { Modal, ModalBlock, ModalContext } from './modal';
import { refusedReply } from './refused';

/** Modals that move an amount: typed, then confirmed, then done once. */
type AmountKind = 'top_up' | 'adjustment';

const WORDS = {
  top_up: {
    title: 'Top up',
    amount: 'Credits to add',
    placeholder: '100',
    note: 'Note',
    noteHint: 'Shown in the history, to the customer too.',
    noteOptional: true,
  },
  adjustment: {
    title: 'Adjust a balance',
    amount: 'Credits: 5 adds, -5 takes away',
    placeholder: '-5',
    note: 'Why',
    noteHint: 'Shown in the history and in the audit log.',
    noteOptional: false,
  },
} as const;

const FORM = { top_up: 'talktime_topup_form', adjustment: 'talktime_adjust_form' } as const;

/** What is in a form before somebody types: the customer that is known already, and what they typed after the command. */
export interface Prefilled {
  readonly customer?: CustomerRef;
  readonly amount?: string;
  readonly note?: string;
  /** Says above the form why it is shown. */
  readonly remark?: string;
}

export function moneyForm(kind: AmountKind, filled: Prefilled, context: ModalContext): Modal {
  const words = WORDS[kind];
  const blocks: ModalBlock[] = [
    ...(filled.remark === undefined ? [] : [section(filled.remark)]),
    customerInput(filled.customer),
    textInput({
      id: 'amount',
      label: words.amount,
      placeholder: words.placeholder,
      value: filled.amount,
      most: 40,
    }),
    textInput({
      id: 'note',
      label: words.note,
      hint: words.noteHint,
      value: filled.note,
      most: 500,
      optional: words.noteOptional,
    }),
    ...(kind === 'top_up'
      ? [
          sectionWithButton(
            'Or let the customer pay by card or bank:',
            button('Send a payment link', { action: PAY_LINK, value: filled.customer?.id }),
          ),
        ]
      : []),
  ];
  return { callbackId: FORM[kind], title: words.title, submit: 'Next', close: 'Cancel', blocks, context };
}

/** The top-up of a customer that a message or a list is about; of anyone, when it is about none. */
export function modalOfTopUp(customer: CustomerRef | null, channelId: string | null): Modal {
  return moneyForm('top_up', customer ? { customer } : {}, { channelId, ids: {} });
}

/** The same for a correction by hand. */
export function adjustForm(customer: CustomerRef | null, channelId: string | null): Modal {
  return moneyForm('adjustment', customer ? { customer } : {}, { channelId, ids: {} });
}

/** What `/credits topup …` and `/credits adjust …` open: the confirmation when all was typed, else the form. */
export async function moneyModal(kind: AmountKind, question: Question, data: BotData): Promise<Modal> {
  const { access, actor, channelId, argument } = question;
  const typed = splitAmount(argument);
  const meant = await customerMeant(data, access, typed.customer);
  const context: ModalContext = { channelId, ids: {} };
  const filled: Prefilled = { amount: typed.amount, note: typed.note };
  if (meant.kind !== 'one') return moneyForm(kind, { ...filled, remark: remarkOn(meant) }, context);
  const { customer } = meant;
  const needsNote = kind === 'adjustment' && typed.note === '';
  if (typed.amount === '' || needsNote) return moneyForm(kind, { ...filled, customer }, context);
  const drafted = await data.draft(actor, channelId, {
    kind,
    customerId: customer.id,
    amount: typed.amount,
    note: typed.note,
  });
  if (drafted.kind === 'refused')
    return moneyForm(kind, { ...filled, customer, remark: `🔴 ${inert(drafted.detail, 400)}` }, context);
  return confirmModal(kind, drafted, context);
}

/** Why the form is shown although a customer was typed. */
export function remarkOn(meant: Exclude<Meant, { kind: 'one' }>): string | undefined {
  switch (meant.kind) {
    case 'unsaid':
      return undefined;
    case 'several':
      return `Several customers are called ${code(meant.typed)}. Choose one.`;
    case 'unknown': {
      const near = meant.near.map(({ name }) => `*${inert(name)}*`).join(', ');
      return `There is no customer ${code(meant.typed)}.${near === '' ? '' : ` Did you mean ${near}?`}`;
    }
  }
}

function submitted(kind: AmountKind) {
  return async ({ actor, channelId, values, context }: Submission, { data }: BotDependencies): Promise<Reply> => {
    const customerId = values.choice('customer');
    if (customerId === null) return { kind: 'errors', errors: { customer: 'Choose a customer.' } };
    const draft = { kind, customerId, amount: plainAmount(values.text('amount')), note: values.text('note') };
    const drafted = await data.draft(actor, channelId, draft);
    if (drafted.kind === 'refused') return refusedReply(drafted, values, 'customer');
    return { kind: 'show', modal: confirmModal(kind, drafted, context) };
  };
}

export const MONEY_FORMS: readonly Form[] = [
  { callbackId: FORM.top_up, least: 'manager', submitted: submitted('top_up') },
  { callbackId: FORM.adjustment, least: 'manager', submitted: submitted('adjustment') },
];
