import { setTimeout as after } from 'node:timers/promises';
import type { AllMiddlewareArgs } from '@slack/bolt';
import type { HomeView } from '@slack/types';
import { logFault, type BotDependencies } from '../asker';
import { section, type MessageBlock } from '../messages/message';
import { failedText } from '../messages/trouble';
import type { Access, BotData, SlackActor } from '../ports';
import { consoleBlocks, CUSTOMERS_SHOWN } from './console';
import { customerHomeBlocks, PLANS_SHOWN, USED_DAYS } from './customer';
import { strangerBlocks, unboundBlocks } from './lobby';

type Client = AllMiddlewareArgs['client'];

/** The Home tab is not opened by a command, so it names the one of the manifest. */
export const COMMAND = '/credits';
/** What takes longer than this (sorting thousands of customers, adding up a month's calls) is shown when it comes, the rest at once. */
const PATIENCE_MS = 400;
const OWNERS_NAMED = 3;

/**
 * Shows somebody their Home tab as it is now. It is made for them alone: what it holds follows from who they are. Never
 * throws for what fails on our side; that is said on the tab.
 */
export async function publishHome(client: Client, actor: SlackActor, dependencies: BotDependencies): Promise<void> {
  const publish = (blocks: MessageBlock[]) =>
    client.views.publish({ user_id: actor.userId, view: { type: 'home', blocks: blocks as HomeView['blocks'] } });
  try {
    const access = await dependencies.data.accessOf(actor, null);
    if (access === null) await publish(await lobby(dependencies.data, actor));
    else if (access.customerId !== null) await publish(await ofCustomer(dependencies.data, access, access.customerId));
    else await publishConsole(publish, actor, access, dependencies);
  } catch (err) {
    await publish([section(failedText(logFault(dependencies, err, 'home', actor)))]);
  }
}

async function lobby(data: BotData, actor: SlackActor): Promise<MessageBlock[]> {
  const partnerId = await data.partnerOf(actor);
  if (partnerId === null) return unboundBlocks(actor.installedTeamId ?? actor.teamId);
  return strangerBlocks(await data.ownersOf(partnerId, actor.teamId, OWNERS_NAMED));
}

async function ofCustomer(data: BotData, { partnerId }: Access, customerId: string): Promise<MessageBlock[]> {
  const [shown, used, plans] = await Promise.all([
    data.customerBalance(partnerId, customerId),
    data.usage(partnerId, customerId, USED_DAYS),
    data.plans(partnerId, customerId, PLANS_SHOWN),
  ]);
  return shown
    ? customerHomeBlocks({ shown, used: used.total, plans, takesPayments: data.takesPayments() })
    : strangerBlocks([]);
}

async function publishConsole(
  publish: (blocks: MessageBlock[]) => Promise<unknown>,
  actor: SlackActor,
  access: Access,
  dependencies: BotDependencies,
): Promise<void> {
  const { data } = dependencies;
  const { partnerId } = access;
  const failed = (what: string) => (err: unknown) => {
    logFault(dependencies, err, what, actor);
    return 'failed' as const;
  };
  const margin = data.monthMargin(partnerId).catch(failed('home margin'));
  const customers = data.standings(partnerId, false, 1, CUSTOMERS_SHOWN).catch(failed('home customers'));
  const [console, people, marginSoon, customersSoon] = await Promise.all([
    data.console(partnerId),
    access.role === 'owner' ? peopleOf(data, partnerId) : null,
    soon(margin),
    soon(customers),
  ]);
  const shown = { access, console, people, command: COMMAND };
  await publish(consoleBlocks({ ...shown, margin: marginSoon, customers: customersSoon }));
  if (marginSoon === 'pending' || customersSoon === 'pending')
    await publish(consoleBlocks({ ...shown, margin: await margin, customers: await customers }));
}

const soon = <T>(promise: Promise<T>) =>
  Promise.race([promise, after(PATIENCE_MS, 'pending' as const, { ref: false })]);

async function peopleOf(data: BotData, partnerId: string) {
  const [roles, links, settings] = await Promise.all([
    data.roles(partnerId),
    data.channelLinks(partnerId),
    data.slackSettings(partnerId),
  ]);
  return { roles, links, settings };
}
