import type { Asker } from '../asker';
import type { Meant } from '../commands/customer';
import { section } from '../messages/message';
import { suspendedText } from '../messages/suspense';
import { inert } from '../messages/text';
import type { BotData, CustomerRef, MapKind, Waiting } from '../ports';
import { confirmModal } from './confirm';
import type { Form } from './form';
import { choiceInput, customerInput, textInput, type Choice } from './inputs';
import { noticeModal, type Modal, type ModalContext } from './modal';
import { remarkOn } from './money';
import { refusedReply } from './refused';

const ASSIGN = { callbackId: 'talktime_assign_form', title: 'Assign a call' } as const;
const DISMISS = { callbackId: 'talktime_dismiss_form', title: 'Dismiss a call' } as const;
/** The choice that maps nothing. */
const NO_MAP = 'none';

/** What is typed after the call: whose it is, and what of it is the customer's from now on. */
interface Assigned {
  readonly meant: Meant;
  readonly map: MapKind | null;
}

/** Whose a waiting call is: the confirmation with its price when that was typed, else the form. */
export async function assignModal(
  { access, actor, channelId }: Asker,
  data: BotData,
  callId: string,
  typed?: Assigned,
): Promise<Modal> {
  const waiting = await data.suspendedCall(access.partnerId, callId);
  if (!waiting) return settledModal(ASSIGN.title);
  const context: ModalContext = { channelId, ids: { call: callId } };
  if (!typed || typed.meant.kind === 'unsaid') return assignForm(waiting, { map: usualMap(waiting) }, context);
  const { meant, map } = typed;
  if (meant.kind !== 'one') return assignForm(waiting, { map, remark: remarkOn(meant) }, context);
  const { customer } = meant;
  const drafted = await data.draft(actor, channelId, { kind: 'assignment', callId, customerId: customer.id, map });
  return drafted.kind === 'refused'
    ? assignForm(waiting, { customer, map, remark: `🔴 ${inert(drafted.detail, 500)}` }, context)
    : confirmModal('assignment', drafted, context);
}

/** Mapping the agent is the cure where nobody has it; elsewhere somebody else may. */
function usualMap({ call, mappable }: Waiting): MapKind | null {
  return call.reason === 'no_customer' && mappable.some(({ kind }) => kind === 'agent') ? 'agent' : null;
}

function assignForm(
  { call, mappable }: Waiting,
  { customer, map, remark }: { customer?: CustomerRef; map: MapKind | null; remark?: string },
  context: ModalContext,
): Modal {
  return {
    ...ASSIGN,
    submit: 'Next',
    close: 'Cancel',
    blocks: [
      ...(remark === undefined ? [] : [section(remark)]),
      section(suspendedText(call)),
      customerInput(customer),
      ...(mappable.length === 0
        ? []
        : [
            choiceInput({
              id: 'map',
              label: 'From now on',
              hint: 'What you map is found by itself the next time.',
              choices: [{ value: NO_MAP, text: 'Only this call' }, ...mappable.map(mapChoice)],
              chosen: map ?? NO_MAP,
            }),
          ]),
    ],
    context,
  };
}

const MAPS: Record<MapKind, string> = { agent: 'agent', phone_number: 'number', metadata: 'metadata' };

function mapChoice({ kind, value }: Waiting['mappable'][number]): Choice {
  return { value: kind, text: `All calls of ${MAPS[kind]} ${inert(value, 40)}` };
}

/** Closing a waiting call uncharged: the confirmation when the reason was typed, else the form. */
export async function dismissModal(
  { access, actor, channelId }: Asker,
  data: BotData,
  callId: string,
  reason = '',
): Promise<Modal> {
  const waiting = await data.suspendedCall(access.partnerId, callId);
  if (!waiting) return settledModal(DISMISS.title);
  const context: ModalContext = { channelId, ids: { call: callId } };
  if (reason !== '') {
    const drafted = await data.draft(actor, channelId, { kind: 'dismissal', callId, reason: reason.slice(0, 500) });
    return drafted.kind === 'refused'
      ? noticeModal(DISMISS.title, `🔴 ${inert(drafted.detail, 500)}`)
      : confirmModal('dismissal', drafted, context);
  }
  return {
    ...DISMISS,
    submit: 'Next',
    close: 'Cancel',
    blocks: [
      section(suspendedText(waiting.call)),
      textInput({ id: 'note', label: 'Why', placeholder: 'a test of ours', most: 500 }),
    ],
    context,
  };
}

function settledModal(title: string): Modal {
  return noticeModal(title, 'This call does not wait any more: it was assigned or dismissed.');
}

export const SUSPENSE_FORMS: readonly Form[] = [
  {
    callbackId: ASSIGN.callbackId,
    least: 'manager',
    async submitted({ actor, channelId, values, context }, { data }) {
      const customerId = values.choice('customer');
      if (customerId === null) return { kind: 'errors', errors: { customer: 'Choose a customer.' } };
      const drafted = await data.draft(actor, channelId, {
        kind: 'assignment',
        callId: context.ids.call ?? '',
        customerId,
        map: mapKind(values.choice('map')),
      });
      if (drafted.kind === 'refused') return refusedReply(drafted, values, 'customer');
      return { kind: 'show', modal: confirmModal('assignment', drafted, context) };
    },
  },
  {
    callbackId: DISMISS.callbackId,
    least: 'manager',
    async submitted({ actor, channelId, values, context }, { data }) {
      const drafted = await data.draft(actor, channelId, {
        kind: 'dismissal',
        callId: context.ids.call ?? '',
        reason: values.text('note'),
      });
      if (drafted.kind === 'refused') return refusedReply(drafted, values, 'note');
      return { kind: 'show', modal: confirmModal('dismissal', drafted, context) };
    },
  },
];

function mapKind(chosen: string | null): MapKind | null {
  return chosen === 'agent' || chosen === 'phone_number' || chosen === 'metadata' ? chosen : null;
}
