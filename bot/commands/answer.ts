import type { Asker, BotDependencies } from '../asker';
import type { Answer, Subcommand } from '../messages';
import type { Role } from '../ports';
import type { Modal } from '../views/modal';

/** A subcommand's question, from somebody who may ask it. */
export interface Question extends Asker {
  readonly partnerId: string;
  /** What stands after the subcommand. */
  readonly argument: string;
  /** The command as the workspace knows it: "/credits". */
  readonly command: string;
}

interface SubcommandFrame extends Subcommand {
  /** The least role that may ask. A customer's people ask about their own customer. */
  readonly least: Role;
  /** It tells of all customers: not in a channel that is one customer's. */
  readonly aboutAll?: boolean;
}

/** A subcommand that answers with a message that only the one who asked sees. */
export interface Answering extends SubcommandFrame {
  answer(question: Question, dependencies: BotDependencies): Promise<Answer>;
}

/**
 * A subcommand that opens a modal: always, or when `opens` says so of what was typed. That is decided from the words alone,
 * since the modal has to open within 3 seconds.
 */
export interface Opening extends SubcommandFrame {
  opens?(argument: string): boolean;
  open(question: Question, dependencies: BotDependencies): Promise<Modal>;
  /** What is answered when it does not open. */
  answer?(question: Question, dependencies: BotDependencies): Promise<Answer>;
}
