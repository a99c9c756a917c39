import type { Middleware, SlackCommandMiddlewareArgs } from '@slack/bolt';
import { askerOf, channelOf, logFault, type Asker, type BotDependencies } from '../asker';
import { helpMessage, unknownSubcommandMessage, type Answer } from '../messages';
import { retype } from '../messages/text';
import { failedMessage, failedText, refusalMessage, refusalText, textMessage } from '../messages/trouble';
import { isAtLeast, type SlackActor } from '../ports';
import { noticeModal, type Modal } from '../views/modal';
import { openModal } from '../views/show';
import type { Answering, Opening, Question } from './answer';
import { Chartless, respondTo } from './respond';
import { balance } from './balance';
import { suspense } from './suspense';
import { topUp } from './top-up';
import { adjust } from './adjust';
import { alerts } from './alerts';
import { apply } from './apply';
import { reverse } from './reverse';
import { customers } from './customers';
import { doctor } from './doctor';
import { history } from './history';
import { plans } from './plans';
import { recharge } from './recharge';
import { report } from './report';
import { settings } from './settings';
import { usage } from './usage';

/** In the order in which help lists them. */
export const SUBCOMMANDS: readonly (Answering | Opening)[] = [
  ...[balance, customers, usage, history, plans, report],
  ...[topUp, recharge, apply, adjust, reverse, settings, suspense],
  ...[alerts, doctor],
];
const HELP = { name: 'help', usage: 'help', does: 'this list', least: 'customer' as const };

/**
 * `/credits <subcommand> …`: acknowledged first, since Slack waits 3 seconds, then answered to the one who asked and to
 * nobody else, since money is shown.
 */
export function credits(dependencies: BotDependencies): Middleware<SlackCommandMiddlewareArgs> {
  const chartless = new Chartless();
  return async (args) => {
    const { command, context, ack } = args;
    await ack();
    const actor: SlackActor = {
      teamId: command.team_id,
      enterpriseId: context.enterpriseId ?? null,
      userId: command.user_id,
    };
    const [, word = '', argument = ''] = /^(\S*)\s*(.*)$/s.exec(command.text.trim()) ?? [];
    const typed = { word, argument, command: command.command, channelId: channelOf(command.channel_id) };
    const subcommand = SUBCOMMANDS.find(({ name }) => name === retype(word).toLowerCase());
    if (subcommand && 'open' in subcommand && (subcommand.opens?.(argument) ?? true))
      return openModal(
        args.client,
        command.trigger_id,
        () => opened(subcommand, typed, actor, dependencies),
        (text) => respondTo(args, textMessage(text), chartless, dependencies),
      );
    await respondTo(args, await answered(subcommand, typed, actor, dependencies), chartless, dependencies);
  };
}

interface Typed {
  readonly word: string;
  readonly argument: string;
  readonly command: string;
  readonly channelId: string | null;
}

async function opened(
  subcommand: Opening,
  typed: Typed,
  actor: SlackActor,
  dependencies: BotDependencies,
): Promise<Modal> {
  try {
    const asker = await askerOf(dependencies, actor, typed.channelId, subcommand.least);
    if ('kind' in asker) return noticeModal('Talktime', refusalText(asker));
    if (isElsewhere(subcommand, asker)) return noticeModal('Talktime', refusalText({ kind: 'customers_channel' }));
    return await subcommand.open(questionOf(asker, typed), dependencies);
  } catch (err) {
    return noticeModal('Talktime', failedText(logFault(dependencies, err, subcommand.name, actor)));
  }
}

async function answered(
  subcommand: Answering | Opening | undefined,
  typed: Typed,
  actor: SlackActor,
  dependencies: BotDependencies,
): Promise<Answer> {
  const { word, command, channelId } = typed;
  try {
    const asker = await askerOf(dependencies, actor, channelId, subcommand?.least ?? 'customer');
    if ('kind' in asker) return refusalMessage(asker);
    if (subcommand && isElsewhere(subcommand, asker)) return refusalMessage({ kind: 'customers_channel' });
    if (subcommand?.answer) return await subcommand.answer(questionOf(asker, typed), dependencies);
    const allowed = [...SUBCOMMANDS, HELP].filter(({ least }) => isAtLeast(asker.access.role, least));
    const name = retype(word).toLowerCase();
    if (name === '' || name === HELP.name) return helpMessage(allowed, command);
    return unknownSubcommandMessage(word, allowed, command);
  } catch (err) {
    return failedMessage(logFault(dependencies, err, subcommand?.name ?? 'help', actor));
  }
}

const isElsewhere = ({ aboutAll }: Answering | Opening, { access }: Asker) => aboutAll && access.customerId !== null;

function questionOf(asker: Asker, { argument, command }: Typed): Question {
  return { ...asker, partnerId: asker.access.partnerId, argument, command };
}
