import { randomUUID } from 'node:crypto';
import type { Middleware, SlackCommandMiddlewareArgs } from '@slack/bolt';
import { failedMessage, helpMessage, unboundMessage, unknownSubcommandMessage, type Message } from '../messages';
import { retype } from '../messages/text';
import type { SlackActor } from '../ports';
import type { Answering, CommandDependencies } from './answer';
import { balance } from './balance';
import { suspense } from './suspense';

const SUBCOMMANDS: readonly Answering[] = [balance, suspense];
const HELP = { name: 'help', usage: 'help', does: 'this list' };
const DESCRIBED = [...SUBCOMMANDS, HELP];

/**
 * `/credits <subcommand> …`: acknowledged first, since Slack waits 3 seconds, then answered to the one who asked and to
 * nobody else, since money is shown.
 */
export function credits(dependencies: CommandDependencies): Middleware<SlackCommandMiddlewareArgs> {
  return async ({ command, context, ack, respond }) => {
    await ack();
    const actor: SlackActor = {
      teamId: command.team_id,
      enterpriseId: context.enterpriseId ?? null,
      userId: command.user_id,
    };
    const { text, blocks } = await answer(command.command, command.text, actor, command.channel_id, dependencies);
    await respond({ response_type: 'ephemeral', replace_original: false, text, blocks });
  };
}

async function answer(
  command: string,
  text: string,
  actor: SlackActor,
  channelId: string,
  { data, logger }: CommandDependencies,
): Promise<Message> {
  const [, word = '', argument = ''] = /^(\S*)\s*(.*)$/s.exec(text.trim()) ?? [];
  const name = retype(word).toLowerCase();
  if (name === '' || name === HELP.name) return helpMessage(DESCRIBED, command);
  const subcommand = SUBCOMMANDS.find((one) => one.name === name);
  if (!subcommand) return unknownSubcommandMessage(word, DESCRIBED, command);
  try {
    const partnerId = await data.partnerOf(actor);
    if (partnerId === null) return unboundMessage(actor.teamId);
    return await subcommand.answer({ partnerId, actor, channelId, argument, command }, data);
  } catch (err) {
    const reference = randomUUID().slice(0, 8);
    logger.error(
      { err, event: 'slack_command_failed', reference, subcommand: name, ...actor },
      'A Slack command failed',
    );
    return failedMessage(reference);
  }
}
