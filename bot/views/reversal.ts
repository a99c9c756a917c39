import type { Question } from '../commands/answer';
import { customerMeant, plainAmount } from '../commands/customer';
import { credits, fromWire } from '../messages/amounts';
import { section } from '../messages/message';
import { inert, utc } from '../messages/text';
import type { BotData, CustomerRef, Reversible } from '../ports';
import { confirmModal } from './confirm';
import { customerForm } from './customer-first';
import type { Form } from './form';
import { choiceInput, textInput, type Choice } from './inputs';
import { noticeModal, type Modal, type ModalContext } from './modal';
import { refusedReply } from './refused';

const CUSTOMER_FORM = { callbackId: 'talktime_reverse_customer_form', title: 'Reverse' } as const;
const FORM = 'talktime_reverse_form';
const MOST_SHOWN = 25;

/** What `/credits reverse …` opens: the operations of the customer that was typed, else the question whose. */
export async function reversalModal(
  { access, channelId, partnerId, argument }: Question,
  data: BotData,
): Promise<Modal> {
  const meant = await customerMeant(data, access, argument);
  const context: ModalContext = { channelId, ids: {} };
  return meant.kind === 'one'
    ? operationsModal(data, partnerId, meant.customer, channelId)
    : customerForm(CUSTOMER_FORM, meant, context);
}

async function operationsModal(
  data: BotData,
  partnerId: string,
  customer: CustomerRef,
  channelId: string | null,
): Promise<Modal> {
  const name = `*${inert(customer.name)}*`;
  const operations = await data.reversible(partnerId, customer.id, MOST_SHOWN);
  if (operations.length === 0)
    return noticeModal(
      CUSTOMER_FORM.title,
      `Nothing of ${name} is left to reverse. Calls that your own balance paid are reversed by who runs Talktime for you.`,
    );
  return {
    callbackId: FORM,
    title: CUSTOMER_FORM.title,
    submit: 'Next',
    close: 'Cancel',
    blocks: [
      section(
        operations.length < MOST_SHOWN
          ? `What of ${name} is to be reversed?`
          : `What of ${name} is to be reversed? These are the last ${MOST_SHOWN}.`,
      ),
      choiceInput({ id: 'operation', label: 'Operation', choices: operations.map(operationChoice) }),
      textInput({
        id: 'amount',
        label: 'Credits to reverse',
        placeholder: 'all that is left of it',
        hint: 'Left empty: all that is left of it. A reversed call, even in part, takes no corrections any more.',
        most: 40,
        optional: true,
      }),
      textInput({ id: 'note', label: 'Why', hint: 'Shown in the history, to the customer too.', most: 500 }),
    ],
    context: { channelId, ids: { customer: customer.id } },
  };
}

const KINDS: Record<Reversible['kind'], string> = {
  top_up: 'Top-up',
  payment: 'Payment',
  adjustment: 'Adjustment',
  deduction: 'Deduction',
  plan: 'Plan',
  call: 'Call',
};

function operationChoice({ operationId, kind, amount, left, note, at, callSeconds }: Reversible): Choice {
  const size = credits(fromWire(amount));
  const part = left < Math.abs(amount) ? `, ${credits(fromWire(left))} left` : '';
  const length = callSeconds === null ? '' : ` of ${callSeconds.toLocaleString('en-US')} s`;
  return {
    value: operationId,
    text: `${KINDS[kind]}${length}: ${amount > 0 ? '+' : ''}${size}${part}`,
    description: note === '' ? utc(at) : `${utc(at)} · ${inert(note, 40)}`,
  };
}

export const REVERSAL_FORMS: readonly Form[] = [
  {
    callbackId: CUSTOMER_FORM.callbackId,
    least: 'manager',
    async submitted({ access, channelId, values }, { data }) {
      const customerId = values.choice('customer');
      if (customerId === null) return { kind: 'errors', errors: { customer: 'Choose a customer.' } };
      const meant = await customerMeant(data, access, customerId);
      if (meant.kind !== 'one')
        return { kind: 'errors', errors: { customer: 'This customer is not there, or not one of this channel.' } };
      return { kind: 'show', modal: await operationsModal(data, access.partnerId, meant.customer, channelId) };
    },
  },
  {
    callbackId: FORM,
    least: 'manager',
    async submitted({ actor, channelId, values, context }, { data }) {
      const operationId = values.choice('operation');
      if (operationId === null) return { kind: 'errors', errors: { operation: 'Choose an operation.' } };
      const drafted = await data.draft(actor, channelId, {
        kind: 'reversal',
        customerId: context.ids.customer ?? '',
        operationId,
        amount: plainAmount(values.text('amount')) || null,
        note: values.text('note'),
      });
      if (drafted.kind === 'refused') return refusedReply(drafted, values, 'operation');
      return { kind: 'show', modal: confirmModal('reversal', drafted, context) };
    },
  },
];
