import type { AllMiddlewareArgs, App, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { actorOfInteraction, askerOf, logFault, type Asker, type BotDependencies } from '../asker';
import { publishHome } from '../home/publish';
import { failedText, refusalText } from '../messages/trouble';
import type { Role } from '../ports';
import { modalView, noticeModal, readContext, WORKING, type Modal, type ModalContext } from './modal';
import { FormValues } from './values';

/** A submitted modal, from somebody who may submit it. */
export interface Submission extends Asker {
  readonly values: FormValues;
  readonly context: ModalContext;
}

/**
 * What a submission comes to. `refreshHome`: it changed what the Home tab shows, which is published anew when the modal
 * was opened there.
 */
export type Reply =
  /** By block ids: what is wrong with what was typed. The modal stays. */
  | { readonly kind: 'errors'; readonly errors: Readonly<Record<string, string>> }
  /** The next modal, in place of this one. */
  | { readonly kind: 'show'; readonly modal: Modal; readonly refreshHome?: boolean }
  /** Something that may take longer than Slack waits: "working" is shown until it is done. */
  | { readonly kind: 'work'; readonly work: () => Promise<Modal>; readonly refreshHome?: boolean }
  | { readonly kind: 'close'; readonly refreshHome?: boolean };

/** A modal's listener. */
export interface Form {
  readonly callbackId: string;
  /** The least role that may submit it. */
  readonly least: Role;
  submitted(submission: Submission, dependencies: BotDependencies): Promise<Reply> | Reply;
}

type SubmitArgs = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

/** Listens to the submissions of modals. */
export function registerForms(app: App, forms: readonly Form[], dependencies: BotDependencies): void {
  for (const form of forms)
    app.view<ViewSubmitAction>({ callback_id: form.callbackId, type: 'view_submission' }, (args) =>
      submit(form, args, dependencies),
    );
}

async function submit(form: Form, { ack, body, view, context, client }: SubmitArgs, dependencies: BotDependencies) {
  const actor = actorOfInteraction(body, context);
  const show = (modal: Modal) => ack({ response_action: 'update', view: modalView(modal) });
  const modalContext = readContext(view.private_metadata);
  let reply: Reply;
  try {
    const asker = await askerOf(dependencies, actor, modalContext.channelId, form.least);
    if ('kind' in asker) return await show(noticeModal('Talktime', refusalText(asker)));
    const submission = { ...asker, values: new FormValues(view.state.values), context: modalContext };
    reply = await form.submitted(submission, dependencies);
  } catch (err) {
    return await show(noticeModal('Talktime', failedText(logFault(dependencies, err, form.callbackId, actor))));
  }
  switch (reply.kind) {
    case 'errors':
      return ack({ response_action: 'errors', errors: { ...reply.errors } });
    case 'show':
      await show(reply.modal);
      break;
    case 'close':
      await ack({ response_action: 'clear' });
      break;
    case 'work': {
      await show(WORKING);
      const done = await reply
        .work()
        .catch((err: unknown) =>
          noticeModal('Talktime', failedText(logFault(dependencies, err, form.callbackId, actor))),
        );
      await client.views.update({ view_id: view.id, view: modalView(done) });
    }
  }
  if (reply.refreshHome && modalContext.channelId === null) await publishHome(client, actor, dependencies);
}
