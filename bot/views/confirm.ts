import { doneTexts, previewBlocks } from '../messages/moves';
import { code, inert } from '../messages/text';
import type { Drafted, MoneyDraft, Performed } from '../ports';
import type { Form } from './form';
import { noticeModal, type Modal, type ModalContext } from './modal';
import { section } from '../messages/message';

/** The last modal of everything that moves credits: what will be, and one button that does it. */
const CONFIRM = 'talktime_confirm';

const WORDS: Record<MoneyDraft['kind'], { readonly title: string; readonly submit: string }> = {
  top_up: { title: 'Top up', submit: 'Add the credits' },
  adjustment: { title: 'Adjust a balance', submit: 'Change the balance' },
  plan: { title: 'Apply a plan', submit: 'Apply the plan' },
  reversal: { title: 'Reverse', submit: 'Reverse it' },
  assignment: { title: 'Assign a call', submit: 'Charge the call' },
  dismissal: { title: 'Dismiss a call', submit: 'Close it uncharged' },
};

/** Asks once more, with what will be: nothing moves before this is submitted. */
export function confirmModal(
  kind: MoneyDraft['kind'],
  { draftId, preview }: Extract<Drafted, { kind: 'drafted' }>,
  { channelId }: ModalContext,
): Modal {
  return {
    callbackId: CONFIRM,
    ...WORDS[kind],
    close: 'Cancel',
    blocks: previewBlocks(kind, preview),
    context: { channelId, ids: { draft: draftId } },
  };
}

export const CONFIRM_FORM: Form = {
  callbackId: CONFIRM,
  least: 'manager',

  submitted({ actor, channelId, context }, { data }) {
    const draftId = context.ids.draft ?? '';
    return { kind: 'work', work: async () => doneModal(await data.perform(actor, channelId, draftId)) };
  },

  /** Whether it was done is not known when the answer of the database was lost: the same draft can safely be confirmed again. */
  failed: (context, reference) => ({
    callbackId: CONFIRM,
    title: 'Not sure',
    submit: 'Try again',
    close: 'Close',
    blocks: [
      section(
        `🔴 The fault is on our side, and it is not known whether it was done.\n*Next:* try again in a moment. It is done once: if it was done already, that is what you will see. If it stays, tell whoever runs Talktime this reference: ${code(reference)}`,
      ),
    ],
    context,
  }),
};

function doneModal(performed: Performed): Modal {
  return performed.kind === 'refused'
    ? noticeModal('Nothing was changed', `🔴 ${inert(performed.detail, 600)}`)
    : noticeModal('Done', ...doneTexts(performed));
}
