import { section, context, type Message } from './message';
import { nearest } from './nearest';
import { code, inert } from './text';

/** A word after the command: what to type, and what it does. */
export interface Subcommand {
  readonly name: string;
  readonly usage: string;
  readonly does: string;
}

export function helpMessage(subcommands: readonly Subcommand[], command: string): Message {
  return {
    text: `What ${inert(command)} can do: ${subcommands.map(({ name }) => name).join(', ')}`,
    blocks: [
      section(['*Talktime* keeps your customers’ call credits.', ...list(subcommands, command)].join('\n')),
      onlyYou(),
    ],
  };
}

/** A word that is none of ours: the nearest that is, and all of them. */
export function unknownSubcommandMessage(typed: string, subcommands: readonly Subcommand[], command: string): Message {
  const [near] = nearest(typed, subcommands, ({ name }) => [name], 1);
  const guess = near ? ` Did you mean ${code(`${command} ${near.name}`)}?` : '';
  return {
    text: `I don't know ${inert(typed)}.${near ? ` Did you mean ${near.name}?` : ''}`,
    blocks: [
      section([`I don't know ${code(typed)}.${guess}`, '', ...list(subcommands, command)].join('\n')),
      onlyYou(),
    ],
  };
}

function list(subcommands: readonly Subcommand[], command: string): string[] {
  return subcommands.map(({ usage, does }) => `• ${code(`${command} ${usage}`)} ${does}`);
}

function onlyYou() {
  return context('Only you can see this');
}
