import type { Asker } from '../asker';
import type { Question } from '../commands/answer';
import { customerMeant } from '../commands/customer';
import { savedBlocks } from '../messages/settings';
import { inert } from '../messages/text';
import type { BotData, CustomerRef, SavedSettings } from '../ports';
import { customerForm } from './customer-first';
import type { Form, Reply } from './form';
import { NO_FORM, noticeModal, type Modal } from './modal';
import { changeOf, settingsBlocks } from './settings-form';
import type { FormValues } from './values';

const CUSTOMER_FORM = { callbackId: 'talktime_settings_customer_form', title: 'Customer settings' } as const;
const FORM = 'talktime_settings_form';
const TITLE = 'Customer settings';

/** What `/credits settings …` opens: the panel of the customer that was typed, else the question whose. */
export async function settingsModal(question: Question, data: BotData): Promise<Modal> {
  const meant = await customerMeant(data, question.access, question.argument);
  return meant.kind === 'one'
    ? panelModal(question, meant.customer, data)
    : customerForm(CUSTOMER_FORM, meant, { channelId: question.channelId, ids: {} });
}

/** The panel of a customer that a message or a list is about; when it is about none, the question whose. */
export async function settingsModalOf(asker: Asker, customer: CustomerRef | null, data: BotData): Promise<Modal> {
  return customer
    ? panelModal(asker, customer, data)
    : customerForm(CUSTOMER_FORM, null, { channelId: asker.channelId, ids: {} });
}

async function panelModal({ access, actor, channelId }: Asker, customer: CustomerRef, data: BotData): Promise<Modal> {
  const [opened, plans] = await Promise.all([
    data.openSettings(actor, channelId, customer.id),
    data.activePlans(access.partnerId),
  ]);
  if (opened.kind === 'refused') return noticeModal(TITLE, `🔴 ${inert(opened.detail, 500)}`);
  return {
    callbackId: FORM,
    title: TITLE,
    submit: 'Save',
    close: 'Cancel',
    blocks: settingsBlocks(opened.panel, plans),
    context: { channelId, ids: { panel: opened.panelId } },
  };
}

export const SETTINGS_FORMS: readonly Form[] = [
  {
    callbackId: CUSTOMER_FORM.callbackId,
    least: 'manager',
    async submitted(submission, { data }) {
      const customerId = submission.values.choice('customer');
      if (customerId === null) return { kind: 'errors', errors: { customer: 'Choose a customer.' } };
      const meant = await customerMeant(data, submission.access, customerId);
      if (meant.kind !== 'one')
        return { kind: 'errors', errors: { customer: 'This customer is not there, or not one of this channel.' } };
      return { kind: 'show', modal: await panelModal(submission, meant.customer, data) };
    },
  },
  {
    callbackId: FORM,
    least: 'manager',
    async submitted({ actor, channelId, values, context }, { data }) {
      const panelId = context.ids.panel ?? '';
      const opened = await data.openedSettings(actor, channelId, panelId);
      if (opened.kind === 'refused') return notSaved(opened.detail);
      const { change, errors } = changeOf(values, opened.panel);
      if (Object.keys(errors).length > 0) return { kind: 'errors', errors };
      if (Object.keys(change).length === 0)
        return { kind: 'show', modal: noticeModal(TITLE, 'You changed nothing, so nothing was saved.') };
      return replyOf(await data.saveSettings(actor, channelId, panelId, change), values);
    },
  },
];

function replyOf(saved: SavedSettings, values: FormValues): Reply {
  switch (saved.kind) {
    case 'refused':
      return notSaved(saved.detail);
    case 'invalid': {
      const errors = saved.errors.filter(({ setting }) => values.has(setting));
      if (errors.length === 0) return notSaved(saved.errors.map(({ message }) => message).join(' '));
      return { kind: 'errors', errors: Object.fromEntries(errors.map(({ setting, message }) => [setting, message])) };
    }
    case 'saved':
      return {
        kind: 'show',
        refreshHome: true,
        modal: {
          callbackId: NO_FORM,
          title: TITLE,
          blocks: savedBlocks(saved),
          context: { channelId: null, ids: {} },
        },
      };
  }
}

const notSaved = (detail: string): Reply => ({
  kind: 'show',
  modal: noticeModal('Nothing was changed', `🔴 ${inert(detail, 500)}`),
});
