import type { Message, Subcommand } from '../messages';
import type { BotData, BotLogger, SlackActor } from '../ports';

export interface CommandDependencies {
  readonly data: BotData;
  readonly logger: BotLogger;
}

/** A subcommand's question, from somebody whose partner is known. */
export interface Question {
  readonly partnerId: string;
  readonly actor: SlackActor;
  /** Where it was asked. */
  readonly channelId: string;
  /** What stands after the subcommand. */
  readonly argument: string;
  /** The command as the workspace knows it: "/credits". */
  readonly command: string;
}

/** A subcommand: how help describes it, and how it answers. */
export interface Answering extends Subcommand {
  answer(question: Question, data: BotData): Promise<Message>;
}
