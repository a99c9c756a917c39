import type { AllMiddlewareArgs, App, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { actorOfInteraction, askerOf, logFault, type Asker, type BotDependencies } from '../asker';
import { publishHome } from '../home/publish';
import { failedText, refusalText } from '../messages/trouble';
import { inert } from '../messages/text';
import type { Role, SlackActor } from '../ports';
import { modalView, noticeModal, readContext, WORKING, type Modal, type ModalContext } from './modal';
import { showIn } from './show';
import { FormValues } from './values';

/** A submitted modal, from somebody who may submit it. */
export interface Submission extends Asker {
  /** Slack, as the app of the workspace in which it was submitted. */
  readonly client: AllMiddlewareArgs['client'];
  readonly values: FormValues;
  readonly context: ModalContext;
}

/**
 * What a submission comes to. `refreshHome`: it changed what the Home tab shows, as work does unless it says otherwise; the
 * tab is published anew when the modal was opened there.
 */
export type Reply =
  /** By block ids: what is wrong with what was typed. The modal stays. */
  | { readonly kind: 'errors'; readonly errors: Readonly<Record<string, string>> }
  /** The next modal, in place of this one. */
  | { readonly kind: 'show'; readonly modal: Modal; readonly refreshHome?: boolean }
  /** The next modal, after something that may take longer. */
  | { readonly kind: 'work'; readonly work: () => Promise<Modal>; readonly refreshHome?: boolean }
  | { readonly kind: 'close'; readonly refreshHome?: boolean };

/** A modal's listener. */
export interface Form {
  readonly callbackId: string;
  /** The least role that may submit it. */
  readonly least: Role;
  submitted(submission: Submission, dependencies: BotDependencies): Promise<Reply> | Reply;
  /** What is shown after a fault of ours, when it is more than that: `reference` finds the fault in the log. */
  failed?(context: ModalContext, reference: string): Modal;
}

/** Slack waits 3 seconds for an answer, the way there and back included: after this long it is told that we work on it. */
const PATIENCE_MS = 1_800;
/** Slack must have shown that before it is replaced, or the replacement would be replaced by it. */
const SHOWN_AFTER_MS = 500;

type SubmitArgs = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

/** Listens to the submissions of modals. */
export function registerForms(app: App, forms: readonly Form[], dependencies: BotDependencies): void {
  for (const form of forms)
    app.view<ViewSubmitAction>({ callback_id: form.callbackId, type: 'view_submission' }, (args) =>
      submit(form, args, dependencies),
    );
}

async function submit(form: Form, args: SubmitArgs, dependencies: BotDependencies): Promise<void> {
  const { ack, body, view, context, client } = args;
  const actor = actorOfInteraction(body, context);
  const replying = replyTo(form, args, actor, dependencies);
  const refresh = async ({ refreshHome }: Decided) => {
    if (refreshHome) await publishHome(client, actor, dependencies);
  };
  const reply = await soon(replying);
  if (reply === null) {
    await ack({ response_action: 'update', view: modalView(WORKING) });
    const [late] = await Promise.all([replying, new Promise((shown) => setTimeout(shown, SHOWN_AFTER_MS))]);
    await showIn(client, view.id, lateModal(late));
    return refresh(late);
  }
  switch (reply.kind) {
    case 'errors':
      return ack({ response_action: 'errors', errors: { ...reply.errors } });
    case 'show':
      await ack({ response_action: 'update', view: modalView(reply.modal) });
      break;
    case 'close':
      await ack({ response_action: 'clear' });
      break;
  }
  await refresh(reply);
}

type Decided = Exclude<Reply, { kind: 'work' }> & { readonly refreshHome?: boolean };

/** Never rejects: a fault is logged, and shown. */
async function replyTo(
  form: Form,
  { view, client }: Pick<SubmitArgs, 'view' | 'client'>,
  actor: SlackActor,
  dependencies: BotDependencies,
): Promise<Decided> {
  let modalContext: ModalContext | undefined;
  try {
    modalContext = readContext(view.private_metadata);
    const asker = await askerOf(dependencies, actor, modalContext.channelId, form.least);
    if ('kind' in asker) return show(noticeModal('Talktime', refusalText(asker)));
    const values = new FormValues(view.state.values);
    const reply = await form.submitted({ ...asker, client, values, context: modalContext }, dependencies);
    // Whatever was opened elsewhere than in a channel may have been opened on the Home tab.
    const changes = reply.kind !== 'errors' && (reply.refreshHome ?? reply.kind === 'work');
    const refreshHome = changes && modalContext.channelId === null;
    if (reply.kind === 'work') return { ...show(await reply.work()), refreshHome };
    if (reply.kind !== 'errors') return { ...reply, refreshHome };
    // Slack shows an error only at an input that there is.
    return Object.keys(reply.errors).every((id) => values.has(id)) ? reply : show(errorsModal(reply.errors));
  } catch (err) {
    const reference = logFault(dependencies, err, form.callbackId, actor);
    return show(
      modalContext && form.failed
        ? form.failed(modalContext, reference)
        : noticeModal('Talktime', failedText(reference)),
    );
  }
}

const show = (modal: Modal): Decided => ({ kind: 'show', modal });

/** A promise's value when it comes in time, else null. */
async function soon<T>(promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), PATIENCE_MS)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What is shown when the form itself is no longer there. */
function lateModal(reply: Decided): Modal {
  switch (reply.kind) {
    case 'errors':
      return errorsModal(reply.errors);
    case 'show':
      return reply.modal;
    case 'close':
      return noticeModal('Talktime', '✅ Done.');
  }
}

function errorsModal(errors: Readonly<Record<string, string>>): Modal {
  const texts = [...new Set(Object.values(errors))];
  return noticeModal('Nothing was changed', ...texts.map((text) => `🔴 ${inert(text, 600)}`), '*Next:* start again.');
}
