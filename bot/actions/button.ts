import type { AllMiddlewareArgs, App, BlockAction, ButtonAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import { actorOfInteraction, askerOf, channelOf, logFault, type Asker, type BotDependencies } from '../asker';
import type { Message } from '../messages';
import { failedMessage, failedText, refusalMessage, refusalText, textMessage } from '../messages/trouble';
import type { Role } from '../ports';
import { CUSTOMER_PICKER } from '../views/inputs';
import { modalView, noticeModal, type Modal } from '../views/modal';
import { openModal } from '../views/show';

/** A pressed button, from somebody who may press it. */
export interface Press extends Asker {
  /** The opaque id that the button carries; '' when none. */
  readonly value: string;
}

interface ButtonFrame {
  readonly action: string;
  /** The least role that may press it. Sitting in the channel is no role: a shared one has other companies' people. */
  readonly least: Role;
}

/** A button that opens a modal, or one that does something and answers with a message that only who pressed it sees. */
export type ButtonListener =
  | (ButtonFrame & { readonly opens: 'modal'; pressed(press: Press, dependencies: BotDependencies): Promise<Modal> })
  | (ButtonFrame & {
      readonly opens: 'message';
      /** The message takes the place of the one that was pressed: a list's next page. */
      readonly replaces?: boolean;
      /** null: there is nothing to say. */
      pressed(press: Press, dependencies: BotDependencies): Promise<Message | null>;
    });

type PressArgs = SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs;

/** Listens to buttons in messages and on the Home tab. */
export function registerButtons(app: App, listeners: readonly ButtonListener[], dependencies: BotDependencies): void {
  for (const listener of listeners)
    app.action<BlockAction<ButtonAction>>({ type: 'block_actions', action_id: listener.action }, (args) =>
      press(listener, args, dependencies),
    );
  // Links tell of being pressed, too, and old messages may have buttons that are no more: unacknowledged they would look broken.
  const known = listeners.map(({ action }) => action).join('|');
  app.action<BlockAction>(
    { type: 'block_actions', action_id: new RegExp(`^(?!(${known}|${CUSTOMER_PICKER})$)`) },
    async ({ ack }) => ack(),
  );
}

async function press(listener: ButtonListener, args: PressArgs, dependencies: BotDependencies): Promise<void> {
  const { ack, action, body, context } = args;
  await ack();
  const actor = actorOfInteraction(body, context);
  const channelId = channelOf(body.channel?.id);
  const asking = () => askerOf(dependencies, actor, channelId, listener.least);
  // A message has a response address; the Home tab has none.
  const hasAddress = body.response_url !== undefined && body.response_url !== '';
  const answer = ({ text, blocks }: Message, replaces = false) =>
    args.respond({ response_type: 'ephemeral', replace_original: replaces, text, blocks });
  if (listener.opens === 'modal') {
    const load = async () => {
      try {
        const asker = await asking();
        if ('kind' in asker) return noticeModal('Talktime', refusalText(asker));
        return await listener.pressed({ ...asker, value: action.value ?? '' }, dependencies);
      } catch (err) {
        return noticeModal('Talktime', failedText(logFault(dependencies, err, listener.action, actor)));
      }
    };
    await openModal(args.client, body.trigger_id, load, hasAddress ? (text) => answer(textMessage(text)) : undefined);
    return;
  }
  const message = await (async () => {
    try {
      const asker = await asking();
      if ('kind' in asker) return refusalMessage(asker);
      return await listener.pressed({ ...asker, value: action.value ?? '' }, dependencies);
    } catch (err) {
      return failedMessage(logFault(dependencies, err, listener.action, actor));
    }
  })();
  if (message === null) return;
  if (!hasAddress) {
    await args.client.views.open({
      trigger_id: body.trigger_id,
      view: modalView({ ...noticeModal('Talktime'), blocks: message.blocks }),
    });
    return;
  }
  await answer(message, listener.replaces);
}
