import type { AllMiddlewareArgs, App, MessageShortcut, SlackShortcutMiddlewareArgs } from '@slack/bolt';
import { customerOfAlert } from '../actions/alert-value';
import { actorOfInteraction, askerOf, channelOf, logFault, type Asker, type BotDependencies } from '../asker';
import { failedText, refusalText } from '../messages/trouble';
import type { CustomerRef, Role } from '../ports';
import { modalOfTopUp } from '../views/money';
import { noticeModal, type Modal } from '../views/modal';
import { openModal } from '../views/show';

/** An entry of a message's menu: it opens a modal about the customer that the message is about, if it is about one. */
interface MessageEntry {
  readonly callbackId: string;
  readonly least: Role;
  open(asker: Asker, customer: CustomerRef | null, dependencies: BotDependencies): Promise<Modal> | Modal;
}

const ENTRIES: readonly MessageEntry[] = [
  {
    callbackId: 'talktime_message_topup',
    least: 'manager',
    open: ({ channelId }, customer) => modalOfTopUp(customer, channelId),
  },
];

/** Listens to the menu of messages. */
export function register(app: App, dependencies: BotDependencies): void {
  for (const entry of ENTRIES)
    app.shortcut<MessageShortcut>({ type: 'message_action', callback_id: entry.callbackId }, (args) =>
      choose(entry, args, dependencies),
    );
}

type ChooseArgs = SlackShortcutMiddlewareArgs<MessageShortcut> & AllMiddlewareArgs;

async function choose(entry: MessageEntry, { ack, body, client, context }: ChooseArgs, dependencies: BotDependencies) {
  await ack();
  const actor = actorOfInteraction(body, context);
  await openModal(client, body.trigger_id, async () => {
    try {
      const asker = await askerOf(dependencies, actor, channelOf(body.channel.id), entry.least);
      if ('kind' in asker) return noticeModal('Talktime', refusalText(asker));
      return await entry.open(asker, await customerOf(body.message, asker, dependencies), dependencies);
    } catch (err) {
      return noticeModal('Talktime', failedText(logFault(dependencies, err, entry.callbackId, actor)));
    }
  });
}

/**
 * The customer that a message is about, by the ids on its buttons. Any app can make a message that looks like ours: that
 * only chooses what the modal begins with, and who may not see a customer is not shown it.
 */
async function customerOf(message: MessageShortcut['message'], { access }: Asker, { data }: BotDependencies) {
  for (const block of listOf(message.blocks))
    for (const element of listOf(block.elements)) {
      const value = typeof element.value === 'string' ? element.value : '';
      const customer = value === '' ? null : await customerOfAlert(data, access, value);
      if (customer) return customer;
    }
  return null;
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value)
    ? value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null)
    : [];
}
